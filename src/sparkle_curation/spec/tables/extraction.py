"""The table that lies in a folder of extracted media and says what was brought there."""

from __future__ import annotations

from enum import StrEnum

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS


class Method(StrEnum):
    """How a file came into the folder."""

    COPIED = "copied"
    LINKED = "linked"
    FOUND = "found"


MANIFEST_COLUMNS: tuple[Field, ...] = (
    *ASSET_COLUMNS,
    Field(
        "xxh3_128",
        "string",
        "Digest of the file's bytes as written; null for a link, which is the release's own file and was not read.",
        is_optional=True,
    ),
    Field(
        "method",
        "string",
        "`copied`; `linked`: another name of a file elsewhere; `found`: lay there before, with the same bytes.",
    ),
    Field("modified_ns", "int64", "Time of the file in nanoseconds, when it was checked last."),
    Field(
        "extracted_at",
        "string",
        "When it was brought or checked, UTC; of two rows of a path the later one holds.",
    ),
)
"""Columns of ``manifest.parquet``: one row per file that was brought, in a file for each shard of the work."""
