"""The table of tracked masks: how each came about, how steady it is, and how it agrees with boxes and the released mask."""

from __future__ import annotations

from sparkle_curation.spec.codes.track_faults import TrackFault
from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.ingested import ID, THEME


def _count(name: str, description: str) -> Field:
    return Field(name, "int64", description, is_optional=True, minimum=0)


def _share(name: str, description: str) -> Field:
    return Field(name, "float64", description, is_optional=True, minimum=0, maximum=1)


MEASURED: tuple[Field, ...] = (
    Field(
        "index_hash",
        "string",
        "Digest of the npz' size and checksums, as in `media`; null without a mask.",
        is_optional=True,
    ),
    _count("size_bytes", "Of the npz."),
    _count("pass_count", "Passes that voted: anchors with a box."),
    _count("tied_px_count", "Pixels of all frames on which as many passes said foreground as not."),
    _share(
        "agreement",
        "Pixels that two passes share as a share of those that one of them has, over all pairs of passes; null with one "
        "pass, or where none found a pixel.",
    ),
    _share(
        "worst_anchor_iou", "IoU, over the whole clip, with the vote of the pass that agrees with it least."
    ),
    _count("worst_anchor_frame", "The frame that this pass began on, counted from 0."),
    _count("empty_frame_count", "Frames without a foreground pixel."),
    _share(
        "area_jump",
        "Largest change of the covered area from one frame to the next, as a share of the larger of the two; 1 where the "
        "foreground appears or is lost.",
    ),
    _share("mask_share", "Mean share of the picture that is covered."),
    _share("boxes_in_mask_share", "Mean share of a box's area that the mask covers, over all boxes."),
    _share(
        "smallest_box_in_mask_share",
        "That of the box that is covered least; 0 for an object that the mask lacks.",
    ),
    _share(
        "mask_in_boxes_share", "Mean share of the mask inside of the boxes, over the frames that have both."
    ),
    _share(
        "released_iou_mean",
        "Mean over the frames of the IoU with the released mask; null without one of this shape.",
    ),
    _share("released_iou_min", "That of the frame where it is least."),
    _count("released_iou_min_frame", "That frame, counted from 0."),
)
"""What is found by tracking and voting."""

PROVENANCE: tuple[Field, ...] = (
    Field("backend", "string", "`transformers`."),
    Field("model", "string", "Name of the tracker."),
    Field("revision", "string", "Its commit; of a local folder the digest of its files."),
    Field(
        "settings",
        "string",
        "JSON object of all else that a mask depends on: number format, threshold, ties, boxes.",
    ),
)

TRACK_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field(
        "frame_count",
        "int64",
        "Frames of the source video; null where it is broken.",
        is_optional=True,
        minimum=0,
    ),
    Field("width_px", "int64", "Width of the source video as shown.", is_optional=True, minimum=0),
    Field("height_px", "int64", "Height of the source video as shown.", is_optional=True, minimum=0),
    Field("anchor_count", "int64", "Sampled frames that have a box with an area.", minimum=0),
    Field("box_count", "int64", "Boxes with an area on all of them.", minimum=0),
    *MEASURED,
    *PROVENANCE,
    Field(
        "inputs",
        "string",
        "JSON object: asset kind -> the content that it was made of, as in `media`; boxes of `ground` stand for the edited "
        "first frame that they were found by.",
        is_optional=True,
    ),
    Field(
        "error",
        "string",
        f"Why there is no mask: {', '.join(f'`{fault}`' for fault in TrackFault)}, `not_asked` beyond the limit, "
        "`not_passed` or `not_judged` of a draft as in `generated`, or a code of the media.",
        is_optional=True,
    ),
    Field("error_detail", "string", "What was found.", is_optional=True),
)
"""Columns of ``tracks``: one row per sample with a source video."""
