"""How many control videos were made, and which of the released ones fit their mask and clips."""

from __future__ import annotations

import polars as pl

_LISTED_IDS = 10


def count_edges(edges: pl.DataFrame) -> pl.DataFrame:
    """One row per theme, error and released state: ``count``, means of the measures, and ``ids`` (the first ten).

    Args:
        edges: columns of ``edges``.
    """
    by = ["theme", "error", "released_state"]
    means = ("outline_ratio", "released_outline_ratio", "released_iou_mean")
    return (
        edges.sort(*by, "id", nulls_last=False)
        .group_by(by, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("count"),
            *(pl.col(name).mean().round(4) for name in means),
            pl.col("id").head(_LISTED_IDS).str.join(" ").alias("ids"),
        )
    )
