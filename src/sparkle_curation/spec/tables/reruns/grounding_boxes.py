"""The table of the boxes of the groundings, flat."""

from __future__ import annotations

from sparkle_curation.spec.fields import Field, ListOf
from sparkle_curation.spec.tables.ingested import ID, THEME

GROUNDING_BOX_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field("round", "int32", "Grounding round, 1 or 2.", minimum=1, maximum=2),
    Field("sampled_frame_index", "int32", "Place of the frame among those grounded, from 0.", minimum=0),
    Field(
        "frame_index",
        "int32",
        "Frame of the source video, counted from 0: `sampled_frame_index * fps / 2`, rounded, which is inferred; null where "
        "the video is unknown or has no such frame.",
        is_optional=True,
        minimum=0,
    ),
    Field("object_index", "int32", "Place of the object in its list, from 0.", minimum=0),
    Field("label", "string", "Label of the object; not unique within a frame."),
    Field("bbox_2d", ListOf("float64"), "The box as published, in 0-1000 of width and height."),
    Field(
        "bbox_xyxy_px",
        ListOf("int32"),
        "[x1, y1, x2, y2] in pixels of the source video, corners in order, the last pixel inside; null for no box, or "
        "where the video is unknown.",
        is_optional=True,
    ),
    Field("is_found", "bool", "Whether `bbox_2d` is a box that covers a part of the picture."),
)
"""Columns of ``grounding_boxes``: one row per sample, round, sampled frame and object, found or not."""
