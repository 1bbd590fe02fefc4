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
    figures = [
        _file_rows(tables["annotations"]),
        _box_shares(boxes),
        _quarantined_shares(tables, quarantine),
        *(_score_figures(tables[each.table], each.name, each.score_column) for each in CRITERIA),
    ]
    for figure in figures:
        themes = themes.join(figure, on="theme", how="left")
    return themes.sort(pl.col("theme").cast(pl.Enum(THEMES), strict=False))


def _file_rows(annotations: pl.LazyFrame) -> pl.DataFrame:
    rows = {"csv_rows": "csv_line", "metadata_rows": "metadata_line"}
    counts = [pl.col(line).count().cast(pl.Int64).alias(name) for name, line in rows.items()]
    counted = annotations.group_by("theme").agg(counts).collect()
    return counted.with_columns(pl.when(pl.col(name) > 0).then(pl.col(name)).alias(name) for name in rows)


def _box_shares(boxes: pl.DataFrame) -> pl.DataFrame:
    counted = boxes.group_by("theme").agg(pl.col("box_count", "empty_box_count").sum())
    share = pl.col("empty_box_count") / pl.col("box_count")
    return counted.select("theme", pl.when(pl.col("box_count") > 0).then(share).alias("empty_box_share"))


def _quarantined_shares(tables: Tables, quarantine: pl.LazyFrame) -> pl.DataFrame:
    themes = pl.concat([frame.select("theme") for frame in tables.values()])
    rows = themes.group_by("theme").len("rows").collect()
    is_lost = quarantine.filter(~pl.col("is_row_kept"))
    quarantined = is_lost.group_by("theme").agg(pl.col("line_count").sum()).collect()
    lost = pl.col("line_count").fill_null(0)
    return rows.join(quarantined, on="theme", how="left").select(
        "theme", (lost / (lost + pl.col("rows"))).alias("quarantined_share")
    )


def _score_figures(scores: pl.LazyFrame, stage: str, column: str) -> pl.DataFrame:
    figures = [pl.col(column).mean().alias(f"{stage}_mean"), pl.col(column).std().alias(f"{stage}_std")]
    return scores.group_by("theme").agg(figures).collect()
