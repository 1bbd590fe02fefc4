"""The table of control videos: what was made of each sample's clips and mask, and whether the released one fits them.

Source: the dataset card, stage 5 ("decoupled guidance"): edges of the source inside the mask, of the background outside.
"""

from __future__ import annotations

from sparkle_curation.spec.fields import Field, ListOf
from sparkle_curation.spec.tables.ingested import ID, THEME


def _share(name: str, description: str) -> Field:
    return Field(name, "float64", description, is_optional=True, minimum=0, maximum=1)


MEASURED_EDGES: tuple[Field, ...] = (
    Field("frame_count", "int64", "Frames of the control video that was made.", is_optional=True, minimum=1),
    Field("width_px", "int64", "Its width.", is_optional=True, minimum=1),
    Field("height_px", "int64", "Its height.", is_optional=True, minimum=1),
    _share(
        "foreground_edge_share",
        "Share of edge pixels inside of the mask, over all frames; null for an empty mask.",
    ),
    _share("background_edge_share", "The same outside of the mask; null for a mask that covers all."),
    Field(
        "outline_ratio",
        "float64",
        "Edge density in a band of 6 px along the mask's outline, compared with that elsewhere: about 1 where edges were "
        "mixed; 2 and more where the outline itself was drawn. Null without an outline, or without edges elsewhere.",
        is_optional=True,
        minimum=0,
    ),
    Field(
        "released_outline_ratio",
        "float64",
        "The same of the released control video.",
        is_optional=True,
        minimum=0,
    ),
    Field(
        "released_iou",
        ListOf("float64"),
        "Of each frame, edge pixels that the made and the released control video share, of those that either has; 1 where "
        "neither has any. Null where none was compared.",
        is_optional=True,
    ),
)
"""What is seen only by reading clips and mask."""

EDGE_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    *MEASURED_EDGES,
    Field("size_bytes", "int64", "Length of the control video in bytes.", is_optional=True, minimum=1),
    _share("released_iou_mean", "Mean of `released_iou`."),
    _share("released_iou_min", "Its least value."),
    Field("released_state", "string", "Of the released control video; see `docs/tables.md`."),
    Field("error", "string", "Why none was made; a code of the edges or of the media.", is_optional=True),
    Field("error_detail", "string", "What was found.", is_optional=True),
    Field("settings", "string", "JSON: what edges were made with, and a digest of the code."),
    Field(
        "inputs",
        "string",
        "JSON object: asset kind -> the content that it was made of, as in `media`.",
        is_optional=True,
    ),
)
"""Columns of ``edges``: one row per sample with a source video, a background video, a mask or a released control video."""
