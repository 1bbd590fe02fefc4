"""Why a pair has no signals, or not all of them: one code, one meaning."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class SignalFault(Code):
    """An error code of the table ``signals``, beside those of the media."""

    NO_VIDEO = "no_video", "The available release has no source video or no edited video of the sample."
    NO_MASK = "no_mask", "The available release has no mask of the sample."
    MASK_SHAPE = (
        "mask_shape",
        "The mask has another number of frames, or another width or height, than the source video.",
    )
    PAIR_SHAPE = (
        "pair_shape",
        "The edited video is wider or narrower for its height than the source video, so no pixel has a fellow.",
    )
    TOO_FEW_FRAMES = (
        "too_few_frames",
        "The shorter video of the pair has fewer frames than one measurement needs.",
    )
    TOO_FEW_PIXELS = (
        "too_few_pixels",
        "Inside or outside of the mask too few pixels are left in every frame; the signals of the other side are there.",
    )
