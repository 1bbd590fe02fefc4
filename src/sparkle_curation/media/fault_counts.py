"""How many samples have what was measured or made of them, and why the others lack it."""

from __future__ import annotations

import polars as pl

from sparkle_curation.spec.themes import THEMES

_LISTED_IDS = 10


def count_faults(table: pl.DataFrame) -> pl.DataFrame:
    """One row per theme and error, those without an error first: ``theme``, ``error``, ``count``, ``ids`` (the first ten).

    Args:
        table: with ``id``, ``theme`` and ``error``, null where all went well.
    """
    return (
        table.sort(pl.col("theme").cast(pl.Enum(list(THEMES))), "error", "id", nulls_last=False)
        .group_by("theme", "error", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("count"), pl.col("id").head(_LISTED_IDS).str.join(" ").alias("ids")
        )
        .select(pl.col("theme").cast(pl.String), "error", "count", "ids")
    )
