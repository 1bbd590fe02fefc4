"""How many cameras are fixed, and why the others are not."""

from __future__ import annotations

import polars as pl

_LISTED_IDS = 10


def count_cameras(camera: pl.DataFrame) -> pl.DataFrame:
    """One row per source, theme, outcome and reason (the first columns), with ``count`` and ``ids``.

    Args:
        camera: columns of ``camera``; ``ids`` are the first ten of its rows.
    """
    by = ["clip_source", "theme", "outcome", "reason"]
    return (
        camera.sort(*by, "id", nulls_last=False)
        .group_by(by, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("count"), pl.col("id").head(_LISTED_IDS).str.join(" ").alias("ids")
        )
    )
