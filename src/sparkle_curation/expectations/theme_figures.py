"""The figures of each theme: how many samples, how many boxes were found, how its scores are spread."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from sparkle_curation.expectations.box_columns import box_counts
from sparkle_curation.expectations.nested import Elements
from sparkle_curation.expectations.relations import Tables
from sparkle_curation.expectations.slices import slices_of
from sparkle_curation.release.stages import STAGES
from sparkle_curation.release.tables import GROUNDING_R1, GROUNDING_R2
from sparkle_curation.release.themes import THEMES


def theme_figures(tables: Tables, quarantine: pl.LazyFrame) -> pl.DataFrame:
    """One row per theme that any table has, with its counts, shares and score statistics.

    A count or a share is null where what it counts is absent.
    """
    themes = pl.concat([frame.select("theme").unique() for frame in tables.values()]).unique().collect()
    figures = [
        _file_rows(tables["annotations"]),
        _box_shares(tables),
        _quarantined_shares(tables, quarantine),
        *(_score_figures(tables[stage.table], stage.name, stage.score_column) for stage in STAGES),
    ]
    for figure in figures:
        themes = themes.join(figure, on="theme", how="left")
    return themes.sort(pl.col("theme").cast(pl.Enum(THEMES), strict=False))


def _file_rows(annotations: pl.LazyFrame) -> pl.DataFrame:
    rows = {"csv_rows": "csv_line", "metadata_rows": "metadata_line"}
    counts = [pl.col(line).count().cast(pl.Int64).alias(name) for name, line in rows.items()]
    counted = annotations.group_by("theme").agg(counts).collect()
    return counted.with_columns(pl.when(pl.col(name) > 0).then(pl.col(name)).alias(name) for name in rows)


def _box_shares(tables: Tables) -> pl.DataFrame:
    counted = pl.concat(_box_counts(tables)).group_by("theme").agg(pl.all().sum())
    share = pl.col("empty_box_count") / pl.col("box_count")
    return counted.select("theme", pl.when(pl.col("box_count") > 0).then(share).alias("empty_box_share"))


def _box_counts(tables: Tables) -> Iterator[pl.DataFrame]:
    """The boxes of both rounds, a row each sample, slice by slice."""
    for table, column, depth in ((GROUNDING_R1, "round1_objects", 1), (GROUNDING_R2, "frame_objects", 2)):
        for rows in slices_of(tables[table.name].select("theme", column)):
            objects = Elements.of(rows[column])
            for _ in range(depth):
                objects = objects.inside()
            yield rows.select("theme", *box_counts(objects, rows.height))


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
