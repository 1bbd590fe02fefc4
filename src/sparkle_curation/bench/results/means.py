"""Results and differences of models: means over all samples with intervals, by macro, theme and subtheme.

The arithmetic of the means is the published evaluator's, in its order: sums of whole numbers by dimension, the overall as
the mean of those means, the macro as the mean over themes. On complete data its table comes out to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import combinations
from operator import add
from typing import Any

import numpy as np
import polars as pl

from sparkle_curation.bench.results.intervals import Floats, mean_intervals
from sparkle_curation.bench.results.panel import Panel, Unit
from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.spec.tables.bench_results import (
    BENCH_DIFFERENCE_COLUMNS,
    BENCH_RESULT_COLUMNS,
    MACRO,
    OVERALL,
)

UNKNOWN_TUNING = "unknown"
"""Until the ledger says more."""


def measure(panels: Sequence[Panel], *, resamples: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The results (``BENCH_RESULT_COLUMNS``) and the differences of each pair of models (``BENCH_DIFFERENCE_COLUMNS``).

    Models and pairs are drawn together, so that their intervals are of the same draws.

    Args:
        panels: from ``build_panels``.
        resamples: draws of each interval.
        seed: of the draws; the same one gives the same intervals.
    """
    results: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    work = [(panel, place, unit) for panel in panels for place, unit in enumerate(panel.units())]
    with item_progress("intervals", len(work)) as done:
        for count, (panel, place, unit) in enumerate(work, start=1):
            pairs = list(combinations(range(len(panel.models)), 2))
            low, high = unit_intervals(panel, unit, pairs, np.random.default_rng([seed, place]), resamples)
            results += _result_rows(panel, unit, low, high)
            of_pairs = slice(len(panel.models), None)
            differences += _difference_rows(panel, unit, pairs, low[of_pairs], high[of_pairs])
            done(count, 0)
    return (
        pl.DataFrame(results, schema=frame_schema(BENCH_RESULT_COLUMNS), orient="row"),
        pl.DataFrame(differences, schema=frame_schema(BENCH_DIFFERENCE_COLUMNS), orient="row"),
    )


def unit_intervals(
    panel: Panel, unit: Unit, pairs: Sequence[tuple[int, int]], rng: np.random.Generator, resamples: int
) -> tuple[Floats, Floats]:
    """Ends of the intervals, (models and pairs, dimensions and the overall)."""
    values = panel.capped[unit.rows]
    values = np.concatenate([values, values.mean(axis=2, keepdims=True)], axis=2)
    first, second = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    values = np.concatenate([values, values[:, first] - values[:, second]], axis=1)
    groups = panel.themes[unit.rows] if unit.level == MACRO else np.zeros(len(unit.rows), np.int64)
    low, high = mean_intervals(
        values.reshape(len(unit.rows), -1), groups, panel.clips[unit.rows], rng, resamples
    )
    return low.reshape(values.shape[1:]), high.reshape(values.shape[1:])


def _result_rows(panel: Panel, unit: Unit, low: Floats, high: Floats) -> Iterator[dict[str, Any]]:
    for code, model in enumerate(panel.models):
        capped, raw = panel.capped[:, code], panel.raw[:, code]
        judged = unit.rows[panel.is_judged[unit.rows, code]]
        headline, over_judged = _means(panel, unit, capped, unit.rows), _means(panel, unit, capped, judged)
        is_known = len(judged) > 0 and not np.isnan(raw[judged]).any()
        before_cap = _means(panel, unit, raw, judged) if is_known else None
        is_cut = (capped < raw)[judged].mean(axis=0) if is_known else None
        for place, dimension in enumerate((*panel.dimensions, OVERALL)):
            of_one = over_judged[place] if over_judged else None
            share = (
                None if is_cut is None else float(is_cut.mean() if dimension == OVERALL else is_cut[place])
            )
            yield {
                "model": model,
                **_named(panel, unit, dimension),
                "n_rows": len(unit.rows),
                "n_judged": len(judged),
                "n_clips": len(np.unique(panel.clips[unit.rows])),
                "mean_failures_worst": headline[place] if headline else None,
                "ci_low": _number(low[code, place]),
                "ci_high": _number(high[code, place]),
                "mean_judged": of_one,
                "cut_by_cap": before_cap[place] - of_one if before_cap and of_one is not None else None,
                "cut_share": share,
                "tuned_on_bench": UNKNOWN_TUNING,
            }


def _difference_rows(
    panel: Panel, unit: Unit, pairs: Sequence[tuple[int, int]], low: Floats, high: Floats
) -> Iterator[dict[str, Any]]:
    for number, (first, second) in enumerate(pairs):
        both = unit.rows[panel.is_judged[unit.rows][:, [first, second]].all(axis=1)]
        sides = [
            (
                _means(panel, unit, panel.capped[:, code], unit.rows),
                _means(panel, unit, panel.capped[:, code], both),
            )
            for code in (first, second)
        ]
        (one, one_judged), (other, other_judged) = sides
        for place, dimension in enumerate((*panel.dimensions, OVERALL)):
            yield {
                "model": panel.models[first],
                "other_model": panel.models[second],
                **_named(panel, unit, dimension),
                "n_rows": len(unit.rows),
                "n_both_judged": len(both),
                "mean_difference": one[place] - other[place] if one and other else None,
                "ci_low": _number(low[number, place]),
                "ci_high": _number(high[number, place]),
                "mean_difference_judged": one_judged[place] - other_judged[place]
                if one_judged and other_judged
                else None,
            }


def _named(panel: Panel, unit: Unit, dimension: str) -> dict[str, Any]:
    return {
        "rubric": panel.rubric,
        "judge": panel.judge,
        "level": unit.level,
        "theme": unit.theme,
        "subtheme": unit.subtheme,
        "dimension": dimension,
    }


def _means(panel: Panel, unit: Unit, values: Floats, rows: Any) -> list[float] | None:
    """The mean of each dimension, then the overall; None where rows are lacking, of a theme too where it is the macro."""
    if unit.level != MACRO:
        means = _means_of(values[rows]) if len(rows) else None
    else:
        by_theme = [values[rows[panel.themes[rows] == code]] for code in range(len(panel.theme_names))]
        if not all(map(len, by_theme)):
            return None
        parts = [_means_of(each) for each in by_theme]
        # One after the other, as theirs: from Python 3.12 on `sum` rounds otherwise.
        means = [
            reduce(add, (part[place] for part in parts)) / len(parts) for place in range(values.shape[1])
        ]
    return None if means is None else [*means, sum(means) / len(means)]


def _means_of(values: Floats) -> list[float]:
    # Whole numbers add up without a rounding, in whichever order; the division is the one of the published code.
    return [float(total) / len(values) for total in values.sum(axis=0)]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
