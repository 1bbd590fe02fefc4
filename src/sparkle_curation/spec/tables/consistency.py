"""The table of consistency: whether the assets of a sample fit each other.

Source of what belongs together: dataset card, "Pipeline Intermediates".
"""

from __future__ import annotations

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.ingested import ID, THEME


def _check(name: str, description: str) -> Field:
    return Field(name, "bool", f"{description}; null where a side is absent or broken.", is_optional=True)


def _share(name: str, description: str) -> Field:
    return Field(name, "float64", description, is_optional=True, minimum=0, maximum=1)


HEADER_CHECKS: tuple[Field, ...] = (
    _check("is_pair_frame_count_equal", "Whether source and edited video have as many frames"),
    _check("is_pair_fps_equal", "Whether they have as many frames a second"),
    _check("is_pair_size_equal", "Whether they have the same width and height"),
    _check(
        "is_mask_shape_equal",
        "Whether the mask has as many frames, and the width and height, as the source video",
    ),
    _check(
        "is_source_frame0_size_equal",
        "Whether the first source frame is as wide and high as the source video",
    ),
    _check(
        "is_edited_frame0_size_equal",
        "Whether the edited first frame is as wide and high as the edited video",
    ),
    Field(
        "has_edges_video",
        "bool",
        "Whether a sample with an edited video has a whole edges video; null where the release has none of the theme.",
        is_optional=True,
    ),
    _check(
        "is_edges_shape_equal", "Whether it has as many frames, and the width and height, as the edited video"
    ),
    _check(
        "is_grounding_frame_count_equal",
        "Whether round 2 of the grounding has boxes for as many frames as the source video has at 2 a second",
    ),
)
"""What the headers of the media say."""

MASK_MEASURES: tuple[Field, ...] = (
    _share("mask_share", "Mean share of the picture that the mask covers."),
    _share("smallest_mask_share", "The same of the frame that it covers least; 0 where it vanishes."),
    _share("largest_mask_share", "The same of the frame that it covers most."),
    _share("mask_flicker", "Mean share of the picture in which the mask changes from one frame to the next."),
    _share("mask_jump", "The largest such share."),
)
BOX_MEASURES: tuple[Field, ...] = (
    _share(
        "boxes_in_mask_share",
        "Mean share of a grounding box's area that the mask covers, over all boxes of round 2 (round 1, where there is "
        "no round 2).",
    ),
    _share(
        "smallest_box_in_mask_share",
        "The same of the box that is covered least; 0 for an object without a mask.",
    ),
    _share(
        "mask_in_boxes_share",
        "Mean share of the mask that lies in the boxes, over the frames that have both.",
    ),
)
FRAME_MEASURES: tuple[Field, ...] = (
    Field(
        "source_frame0_difference",
        "float64",
        "Mean absolute difference of the first source frame and frame 0 of the source video, in levels of 0-255.",
        is_optional=True,
        minimum=0,
        maximum=255,
    ),
    Field(
        "edited_frame0_difference",
        "float64",
        "Mean absolute difference of the edited first frame and frame 0 of the edited video, in levels of 0-255.",
        is_optional=True,
        minimum=0,
        maximum=255,
    ),
)
MEASURES: tuple[Field, ...] = (*MASK_MEASURES, *BOX_MEASURES, *FRAME_MEASURES)
"""What is seen only by reading masks and frames; null where it was not asked for, or a side is absent or broken."""

CONSISTENCY_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    *HEADER_CHECKS,
    *MEASURES,
    Field(
        "error",
        "string",
        "Why an asset of the sample is broken, as a code of the media; of several the first.",
        is_optional=True,
    ),
    Field("error_detail", "string", "Each broken asset, and what was found.", is_optional=True),
)
"""Columns of ``consistency``: one row per sample with any asset."""
