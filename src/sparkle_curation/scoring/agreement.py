"""How the released scores and the rescores agree: as numbers in order, and as decisions at a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import MissingTableError
from sparkle_curation.spec.stages import MAX_SCORE, PRIMARY_CRITERIA, STAGE_NAMES, Stage
from sparkle_curation.spec.themes import THEMES

TOTAL = "total"
_MIN_RANKED = 2
_TENTHS = 10

_RELEASED, _RESCORED = pl.col("released"), pl.col("rescored")
_IS_COMPARED = _RELEASED.is_not_null() & _RESCORED.is_not_null()


def pair_scores(stage: Stage, released: AnyFrame, rescored: AnyFrame) -> pl.DataFrame:
    """Both scores of each sample that has one: ``stage``, ``theme``, ``id``, ``released``, ``rescored``; null for none.

    Args:
        stage: whose scores.
        released: the ingested scores.
        rescored: those of the ``score`` pipeline.

    Raises:
        MissingTableError: nothing was rescored.
    """
    if not rescored.lazy().collect_schema():
        raise MissingTableError(
            "Nothing was rescored, so there is nothing to compare",
            where=f"the table rescored_{stage.table}",
            todo="score first: kedro run --pipelines score",
        )
    score = pl.col(stage.score_column)
    sides = [
        table.lazy().filter(score.is_finite()).select("id", "theme", score.alias(name))
        for name, table in (("released", released), ("rescored", rescored))
    ]
    pairs = sides[0].join(sides[1], on=["id", "theme"], how="full", coalesce=True)
    columns = (pl.lit(stage.name).alias("stage"), "theme", "id", "released", "rescored")
    return pairs.select(columns).sort(pl.col("theme").cast(pl.Enum(THEMES)), "id").collect()


def measure(pairs: pl.DataFrame, thresholds: Mapping[str, float]) -> pl.DataFrame:
    """The agreement: one row per stage and theme that has scores, and the total of each stage.

    Columns: ``stage``, ``theme``; ``compared``, ``only_released``, ``only_rescored``: samples; ``spearman``: null for
    fewer than two samples, or where all scores of a side are one; ``mean_absolute_difference`` and
    ``mean_difference``, rescored minus released: null without a sample; ``threshold``; ``gained`` and ``lost``:
    samples that only the rescore keeps, and only the release.

    Args:
        pairs: from ``pair_scores``, of any stages.
        thresholds: by the stage's name.
    """
    every = pl.concat([pairs, pairs.with_columns(pl.lit(TOTAL).alias("theme"))])
    threshold = pl.col("stage").replace_strict(dict(thresholds), return_dtype=pl.Float64)
    found = every.with_columns(threshold.alias("threshold")).group_by("stage", "theme").agg(_figures())
    return found.sort(
        pl.col("stage").cast(pl.Enum(STAGE_NAMES)), pl.col("theme").cast(pl.Enum([*THEMES, TOTAL]))
    )


def _figures() -> list[pl.Expr]:
    difference = (_RESCORED - _RELEASED).filter(_IS_COMPARED)
    ranks = [side.filter(_IS_COMPARED).rank("average") for side in (_RELEASED, _RESCORED)]
    spearman = pl.when(_IS_COMPARED.sum() >= _MIN_RANKED).then(pl.corr(*ranks))
    gained, lost = _crossing(pl.col("threshold"))
    return [
        _IS_COMPARED.sum().cast(pl.Int64).alias("compared"),
        (_RELEASED.is_not_null() & _RESCORED.is_null()).sum().cast(pl.Int64).alias("only_released"),
        (_RELEASED.is_null() & _RESCORED.is_not_null()).sum().cast(pl.Int64).alias("only_rescored"),
        spearman.fill_nan(None).alias("spearman"),
        difference.abs().mean().alias("mean_absolute_difference"),
        difference.mean().alias("mean_difference"),
        pl.col("threshold").first(),
        gained.sum().cast(pl.Int64).alias("gained"),
        lost.sum().cast(pl.Int64).alias("lost"),
    ]


def _crossing(threshold: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Whether a compared sample is kept by the rescore alone, and by the release alone."""
    was_kept, is_kept = (is_met(score, threshold) for score in (_RELEASED, _RESCORED))
    return _IS_COMPARED & ~was_kept & is_kept, _IS_COMPARED & was_kept & ~is_kept


def is_met(score: pl.Expr, threshold: pl.Expr) -> pl.Expr:
    """Whether the primary criterion of the row's ``stage`` keeps the score."""
    upper = [each.name for each in PRIMARY_CRITERIA if not each.is_at_least]
    return pl.when(pl.col("stage").is_in(upper)).then(score <= threshold).otherwise(score >= threshold)


def count_crossings(pairs: pl.DataFrame) -> pl.DataFrame:
    """Samples that change sides at every threshold of 0.0, 0.1 to 10.0.

    One row per stage, theme (and the total) and threshold: ``stage``, ``theme``, ``threshold``, ``gained``, ``lost``.
    """
    every = pl.concat([pairs, pairs.with_columns(pl.lit(TOTAL).alias("theme"))])
    steps = [tenth / _TENTHS for tenth in range(int(MAX_SCORE) * _TENTHS + 1)]
    parts = [every.group_by("stage", "theme").agg(_crossings_at(step)) for step in steps]
    return pl.concat(parts).sort(
        pl.col("stage").cast(pl.Enum(STAGE_NAMES)),
        pl.col("theme").cast(pl.Enum([*THEMES, TOTAL])),
        "threshold",
    )


def _crossings_at(step: float) -> Sequence[pl.Expr]:
    gained, lost = _crossing(pl.lit(step))
    return [
        pl.lit(step).alias("threshold"),
        gained.sum().cast(pl.Int64).alias("gained"),
        lost.sum().cast(pl.Int64).alias("lost"),
    ]


def as_metrics(measured: pl.DataFrame) -> dict[str, Any]:
    """The agreement as nested objects, stage -> theme -> figure, for DVC."""
    metrics: dict[str, Any] = {}
    for row in measured.to_dicts():
        stage, theme = row.pop("stage"), row.pop("theme")
        metrics.setdefault(stage, {})[theme] = row
    return metrics
