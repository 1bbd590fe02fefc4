"""The figures of each theme: counts, shares and the distribution of scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from sparkle_curation.expectations.slices import collect_in_slices
from sparkle_curation.release.stages import STAGES
from sparkle_curation.release.tables import GROUNDING_R1, GROUNDING_R2
from sparkle_curation.release.themes import THEMES

Tables = Mapping[str, pl.LazyFrame]


def flatten_release(tables: Tables, quarantine: pl.LazyFrame) -> pl.DataFrame:
    """One row per theme that any table has, with its counts, shares and score statistics.

    A count or a share is null where what it counts is absent.
    """
    figures = [
        _theme_rows(tables),
        _file_rows(tables["annotations"]),
        _box_shares(tables),
        _quarantined_shares(tables, quarantine),
        *(_score_figures(tables[stage.table], stage.name, stage.score_column) for stage in STAGES),
    ]
    themes = figures[0]
    for figure in figures[1:]:
        themes = themes.join(figure, on="theme", how="left")
    return themes.sort(pl.col("theme").cast(pl.Enum(THEMES), strict=False))


def _theme_rows(tables: Tables) -> pl.DataFrame:
    return pl.concat([frame.select("theme").unique() for frame in tables.values()]).unique().collect()


def _file_rows(annotations: pl.LazyFrame) -> pl.DataFrame:
    rows = {"csv_rows": "csv_line", "metadata_rows": "metadata_line"}
    counts = [pl.col(line).count().cast(pl.Int64).alias(name) for name, line in rows.items()]
    counted = annotations.group_by("theme").agg(counts).collect()
    return counted.with_columns(pl.when(pl.col(name) > 0).then(pl.col(name)).alias(name) for name in rows)


def _box_shares(tables: Tables) -> pl.DataFrame:
    flat = [
        collect_in_slices(tables[name], [pl.col("theme"), *_box_counts(objects)])
        for name, objects in (
            (GROUNDING_R1.name, pl.col("round1_objects")),
            (GROUNDING_R2.name, pl.col("frame_objects").list.eval(pl.element().explode())),
        )
    ]
    counted = pl.concat(flat).group_by("theme").agg(pl.col("empty_box_count", "box_count").sum())
    share = pl.col("empty_box_count") / pl.col("box_count")
    return counted.select("theme", pl.when(pl.col("box_count") > 0).then(share).alias("empty_box_share"))


def _box_counts(objects: pl.Expr) -> Iterator[pl.Expr]:
    empty = objects.list.eval(pl.element().struct.field("bbox_2d").list.len() == 0)
    yield empty.list.len().cast(pl.Int64).alias("box_count")
    yield empty.list.sum().cast(pl.Int64).alias("empty_box_count")


def _quarantined_shares(tables: Tables, quarantine: pl.LazyFrame) -> pl.DataFrame:
    rows = (
        pl.concat([frame.select("theme") for frame in tables.values()])
        .group_by("theme")
        .len("rows")
        .collect()
    )
    quarantined = (
        quarantine.filter(~pl.col("is_row_kept")).group_by("theme").agg(pl.col("line_count").sum()).collect()
    )
    lost = pl.col("line_count").fill_null(0)
    return rows.join(quarantined, on="theme", how="left").select(
        "theme", (lost / (lost + pl.col("rows"))).alias("quarantined_share")
    )


def _score_figures(scores: pl.LazyFrame, stage: str, column: str) -> pl.DataFrame:
    return (
        scores.group_by("theme")
        .agg(pl.col(column).mean().alias(f"{stage}_mean"), pl.col(column).std().alias(f"{stage}_std"))
        .collect()
    )
