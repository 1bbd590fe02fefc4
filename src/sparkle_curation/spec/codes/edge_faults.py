"""Why a sample has no control video, and whether the released one fits: one code, one meaning."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class EdgeFault(Code):
    """An error code of the table ``edges``, beside those of the media."""

    NO_SOURCE = "no_source", "There is no source video of the sample."
    NO_BACKGROUND = "no_background", "There is no background video of the sample (stage 3's clip)."
    NO_MASK = "no_mask", "There is no mask of the sample."
    MASK_SHAPE = (
        "mask_shape",
        "The mask has another number of frames, or another size, than the source video.",
    )
    BACKGROUND_SIZE = (
        "background_size",
        "The background video has another size than the source video; edges of a resized picture are other edges.",
    )
    BACKGROUND_SHORT = "background_short", "The background video has fewer frames than the source video."
    ODD_SIZE = (
        "odd_size",
        "The width or height of the source video is odd, which H.264 that players take cannot hold.",
    )


class ReleasedEdges(Code):
    """What is known of the released control video of a sample."""

    ABSENT = "absent", "The available release has none."
    NOT_COMPARED = "not_compared", "It could not be compared, since none could be made, or it cannot be read."
    OTHER_SHAPE = "other_shape", "It has another number of frames, or another size, than the source video."
    FITS = "fits", "Its edges are those of the mask and the clips, at least to `edges.min_released_iou`."
    DIFFERS = "differs", "Its edges are others: of another mask, other clips, or made otherwise."
