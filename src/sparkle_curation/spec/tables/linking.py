"""The table of a link: which samples of two variants are made of the same source clip."""

from __future__ import annotations

from enum import StrEnum

from sparkle_curation.spec.fields import Field


class LinkOutcome(StrEnum):
    """What became of a sample when its variant was linked to another one."""

    LINKED = "linked"
    THEME = "theme"
    NOT_HASHED = "not_hashed"
    FLAT = "flat"
    HELD_OUT = "held_out"
    NO_MATCH = "no_match"
    MORE_THAN_OTHER = "more_than_other"


class Side(StrEnum):
    """Whose variant a sample is of."""

    THIS = "this"
    OTHER = "other"


LINK_COLUMNS: tuple[Field, ...] = (
    Field(
        "side", "string", "Whose variant it is of: `this` data root's, or the `other` one's (`link.other`)."
    ),
    Field("id", "string", "Id of the sample; both datasets may have it."),
    Field(
        "theme",
        "string",
        "Theme, as its own dataset calls it; empty where `near_duplicates` has not seen it.",
    ),
    Field(
        "outcome",
        "string",
        "`linked`: in the CSVs of the link. Else why not: `theme` (not asked for), `not_hashed`, `flat` (its first frame "
        "says nothing), `held_out` (its clip is in a validation split of either), `no_match`, `more_than_other` (the "
        "other has fewer samples of its clip).",
    ),
    Field(
        "source",
        "string",
        "Name of the source clip, the smallest id of `this` side made of it; null where only one side has the clip.",
        is_optional=True,
    ),
    Field("nearest_id", "string", "The most alike sample of the other side of that clip.", is_optional=True),
    Field(
        "distance",
        "int64",
        "Bits of 63 in which their hashes of the first frame differ.",
        is_optional=True,
        minimum=0,
    ),
    Field(
        "fine_distance",
        "int64",
        "Bits of 255 in which their finer hashes differ.",
        is_optional=True,
        minimum=0,
    ),
)
"""Columns of ``linked_samples``: one row per sample of either variant, in the order of its CSVs, ``this`` first."""
