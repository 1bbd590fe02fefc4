"""The tables of regroundings: what a model of this project found, in the columns of the release, and where it is from."""

from __future__ import annotations

from sparkle_curation.spec.fields import Field, ListOf
from sparkle_curation.spec.tables.ingested import COLUMNS, ID, THEME
from sparkle_curation.spec.tables.reruns.rescores import PROVENANCE

_OF_A_FILE = ("source_line", "extra_fields", "id", "theme")
_ALWAYS = ("edit_type",)


def _regrounded(table: str) -> tuple[Field, ...]:
    released = [field for field in COLUMNS[table] if field.name not in _OF_A_FILE]
    columns = [
        Field(field.name, field.type, field.description, is_optional=field.name not in _ALWAYS)
        for field in released
    ]
    return (ID, THEME, *columns, *PROVENANCE)


REGROUNDED_TABLES: dict[str, tuple[Field, ...]] = {
    "regrounded_r1": _regrounded("grounding_r1"),
    "regrounded_r2": (
        *_regrounded("grounding_r2"),
        Field(
            "surplus_labels",
            ListOf(ListOf("string")),
            "Labels of each frame's answer that were not asked for, or once too often.",
            is_optional=True,
        ),
        Field(
            "unanswered_sampled_frames",
            ListOf("int32"),
            "Places, from 0, of the frames of which no answer could be read: their boxes are all empty.",
            is_optional=True,
        ),
    ),
}
"""Columns of each table of regroundings: one row per sample that has the assets of the round."""
