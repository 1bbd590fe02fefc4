"""What git keeps of a variant, for ``dvc metrics`` and ``dvc plots``: few numbers by name, and tables to draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from sparkle_curation.errors import StaleTableError
from sparkle_curation.filtering.funnel import TOTAL, Metrics

JOINT = "all"
"""The name under which the sweep of one threshold for all stages stands, beside the stages."""

_SHARE_DIGITS = 5


def check_metrics(metrics: Metrics) -> Metrics:
    """The metrics, if this version of the project made them.

    Raises:
        StaleTableError: an earlier one did, which had other names.
    """
    if "thresholds" not in metrics:
        raise StaleTableError(
            "The metrics of the variant are those of an earlier version of this project",
            where="curation_metrics.json",
            got=", ".join(metrics),
            allowed="thresholds among its members",
            todo="make the variant again: kedro run --pipelines filter",
        )
    return metrics


def name_metrics(metrics: Metrics) -> dict[str, int]:
    """The numbers that tell variants from each other, flat.

    ``kept`` and ``exported`` samples, those ``missing`` of the release's CSVs and ``extra`` to them; and what is exported of
    each theme, under its name.
    """
    total = metrics[TOTAL]
    return {
        "kept": total["kept"],
        "exported": total["exported"],
        "missing": total["agreement"]["missing"],
        "extra": total["agreement"]["extra"],
        **{theme: counts["exported"] for theme, counts in metrics["themes"].items()},
    }


def share_funnel(funnel: pl.DataFrame) -> pl.DataFrame:
    """The funnel with ``share``: of the theme's known samples, those that have passed so far; 0 of none."""
    known = pl.col("in").first().over("theme")
    return funnel.with_columns(_share(pl.col("kept"), known))


def mark_histograms(histograms: pl.DataFrame, thresholds: Mapping[str, float]) -> pl.DataFrame:
    """The histograms with ``share``, of the theme's scores at the stage, and the stage's ``current`` threshold."""
    scored = pl.col("samples").sum().over("stage", "theme")
    return histograms.with_columns(_share(pl.col("samples"), scored), _current(thresholds))


def mark_sweep(sweep: pl.DataFrame, surface: pl.DataFrame, metrics: Metrics) -> pl.DataFrame:
    """The sweep from where it begins to matter, with ``all`` stages at one threshold as one stage more.

    Columns: ``theme``, ``stage``, ``threshold``, ``surviving``, ``share`` of the theme's known samples, ``current``, the
    stage's threshold of this variant (null for ``all``), and ``kept_share``, what all current thresholds keep together.

    Args:
        sweep: ``threshold_sweep``.
        surface: ``threshold_surface``.
        metrics: ``curation_metrics``.
    """
    columns = [name for name in surface.columns if name not in {"theme", "surviving"}]
    is_joint = pl.all_horizontal(pl.col(columns[0]) == pl.col(each) for each in columns)
    joint = surface.filter(is_joint).select(
        "theme", pl.lit(JOINT).alias("stage"), pl.col(columns[0]).alias("threshold"), "surviving"
    )
    counts = {TOTAL: metrics[TOTAL], **metrics["themes"]}
    known, kept = (
        pl.col("theme").replace_strict({theme: each[name] for theme, each in counts.items()})
        for name in ("known", "kept")
    )
    return (
        pl.concat([sweep, joint])
        .filter(pl.col("threshold") >= _beginning(sweep, metrics["thresholds"]))
        .with_columns(
            _share(pl.col("surviving"), known),
            _current(metrics["thresholds"]),
            _share(kept, known, "kept_share"),
        )
    )


def _beginning(sweep: pl.DataFrame, thresholds: Mapping[str, float]) -> float:
    """An integer below which no stage drops a fiftieth of all samples, and no threshold of the variant lies."""
    most = pl.col("surviving").max().over("stage")
    total = sweep.filter(pl.col("theme") == TOTAL)
    lossless = (
        total.filter(pl.col("surviving") >= 0.98 * most).group_by("stage").agg(pl.col("threshold").max())
    )
    return min(float(each // 1) for each in [*lossless["threshold"], *thresholds.values()])


def _share(part: pl.Expr, whole: pl.Expr, name: str = "share") -> pl.Expr:
    return pl.when(whole > 0).then(part / whole).otherwise(0.0).round(_SHARE_DIGITS).alias(name)


def _current(thresholds: Mapping[str, Any]) -> pl.Expr:
    return (
        pl.col("stage")
        .replace_strict(dict(thresholds), default=None, return_dtype=pl.Float64)
        .alias("current")
    )
