"""The nodes of ``agreement``: both scores of each sample, how they agree, and a figure of it."""

from __future__ import annotations

import logging
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds
from sparkle_curation.reports.figures import agreement as agreement_figure
from sparkle_curation.reports.figures.parts import Figure
from sparkle_curation.scoring import agreement
from sparkle_curation.spec.stages import STAGES

logger = logging.getLogger(__name__)


def pair_scores(*tables: AnyFrame) -> pl.DataFrame:
    """The released and the new score of each sample at each stage.

    Args:
        tables: the tables of the release by stage, then those of rescores.

    Raises:
        MissingTableError: nothing was rescored.
    """
    sides = zip(STAGES, tables[: len(STAGES)], tables[len(STAGES) :], strict=True)
    return pl.concat(agreement.pair_scores(stage, released, rescored) for stage, released, rescored in sides)


def measure_agreement(
    score_pairs: pl.DataFrame, threshold: float | None, thresholds: Thresholds
) -> tuple[pl.DataFrame, dict[str, Any], pl.DataFrame]:
    """The agreement by stage and theme as a table and as metrics, and who changes sides at every threshold."""
    measured = agreement.measure(score_pairs, resolve_thresholds(threshold, thresholds))
    for row in measured.filter(pl.col("theme") == agreement.TOTAL).to_dicts():
        rank = "none" if row["spearman"] is None else f"{row['spearman']:.3f}"
        logger.info(
            "%s: %s compared, Spearman %s; at the threshold of %s: %s gained, %s lost",
            *(
                row["stage"],
                f"{row['compared']:,}",
                rank,
                row["threshold"],
                f"{row['gained']:,}",
                f"{row['lost']:,}",
            ),
        )
    return measured, agreement.as_metrics(measured), agreement.count_crossings(score_pairs)


def draw_agreement(
    score_pairs: pl.DataFrame,
    measured: pl.DataFrame,
    crossings: pl.DataFrame,
    threshold: float | None,
    thresholds: Thresholds,
) -> Figure:
    """The agreement as a figure for Plotly: a map of both scores per stage, and who changes sides."""
    used = resolve_thresholds(threshold, thresholds)
    return agreement_figure.draw_agreement(score_pairs, measured, crossings, used)
