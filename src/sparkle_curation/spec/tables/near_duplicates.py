"""The tables of near duplicates: what the first frame of each source clip shows, and which samples share a clip."""

from __future__ import annotations

from enum import StrEnum

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.ingested import ID, THEME

FRAME_HASH_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field(
        "read_from",
        "string",
        f"Asset kind that it was read from, `{KIND.source_frame0}` or `{KIND.source_video}`; null where there is neither.",
        is_optional=True,
    ),
    Field(
        "frame_hash",
        "string",
        "Perceptual hash of the first source frame, 16 hexadecimal digits; those of one clip differ in few bits.",
        is_optional=True,
    ),
    Field(
        "fine_hash",
        "string",
        "The same of four times as many coefficients, 64 digits; it tells figures before one background apart.",
        is_optional=True,
    ),
    Field(
        "detail",
        "float64",
        "Median distance of the picture's slow coefficients from their median, in grey levels of 0-255; near 0 the hash "
        "says nothing: the picture is one colour or one gradient.",
        is_optional=True,
    ),
    Field(
        "error", "string", "Why nothing could be read, as a code of the media; null else.", is_optional=True
    ),
    Field("error_detail", "string", "What was found and what is allowed.", is_optional=True),
)
"""Columns of ``frame_hashes``: one row per sample with a source video or first source frame."""


class JoinedBy(StrEnum):
    """What a sample shares with another one of its group."""

    FILE = "file"
    PICTURE = "picture"
    BOTH = "both"


SAMPLE_GROUP_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field("group", "string", "Name of the group: the smallest id in it."),
    Field("group_size", "int64", "Samples of the group; 1 where nothing is shared.", minimum=1),
    Field(
        "joined_by",
        "string",
        "What it shares with another sample: the `file` of the source video, the `picture` of its first frame, or "
        "`both`; null in a group of one.",
        is_optional=True,
    ),
)
"""Columns of ``sample_groups``: one row per row of ``frame_hashes``, in their order."""
