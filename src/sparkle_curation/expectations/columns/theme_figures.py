"""The figures of each theme: how many samples, how many boxes were found, how its scores are spread."""

from __future__ import annotations

import polars as pl

from sparkle_curation.expectations.columns.relations import Tables
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.themes import THEMES


def theme_figures(tables: Tables, boxes: pl.DataFrame, quarantine: pl.LazyFrame) -> pl.DataFrame:
    """One row per theme that any table has, with its counts, shares and score statistics.

    A count or a share is null where what it counts is absent.

    Args:
        tables: all of them.
        boxes: the columns ``theme, box_count, empty_box_count`` of both groundings.
        quarantine: that of all tables.
    """
    themes = pl.concat([frame.select("theme").unique() for frame in tables.values()]).unique().collect()
    lines = {"csv_rows": "csv_line", "metadata_rows": "metadata_line"}
    counts = [pl.col(line).count().cast(pl.Int64).alias(name) for name, line in lines.items()]
    file_rows = tables["annotations"].group_by("theme").agg(counts).collect()
    box_counts = boxes.group_by("theme").agg(pl.col("box_count", "empty_box_count").sum())
    box_share = pl.when(pl.col("box_count") > 0).then(pl.col("empty_box_count") / pl.col("box_count"))
    figures = [
        file_rows.with_columns(pl.when(pl.col(name) > 0).then(pl.col(name)).alias(name) for name in lines),
        box_counts.select("theme", box_share.alias("empty_box_share")),
        _quarantined_shares(tables, quarantine),
    ]
    for each in CRITERIA:
        score = pl.col(each.score_column)
        spread = score.mean().alias(f"{each.name}_mean"), score.std().alias(f"{each.name}_std")
        figures.append(tables[each.table].group_by("theme").agg(spread).collect())
    for figure in figures:
        themes = themes.join(figure, on="theme", how="left")
    return themes.sort(pl.col("theme").cast(pl.Enum(THEMES), strict=False))


def _quarantined_shares(tables: Tables, quarantine: pl.LazyFrame) -> pl.DataFrame:
    themes = pl.concat([frame.select("theme") for frame in tables.values()])
    rows = themes.group_by("theme").len("rows").collect()
    is_lost = quarantine.filter(~pl.col("is_row_kept"))
    quarantined = is_lost.group_by("theme").agg(pl.col("line_count").sum()).collect()
    lost = pl.col("line_count").fill_null(0)
    return rows.join(quarantined, on="theme", how="left").select(
        "theme", (lost / (lost + pl.col("rows"))).alias("quarantined_share")
    )
