"""What was measured of samples beside scores, and where scores say nothing: signals, and the criteria's censored themes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.filtering.censoring import Censoring, find_censoring
from sparkle_curation.spec.stages import PRIMARY_CRITERIA
from sparkle_curation.spec.tables.signals import SIGNALS
from sparkle_curation.spec.tables.verdicts import score_column, source_column

Values = np.ndarray[Any, np.dtype[np.float64]]


def read_signals(ids: pl.Series, signals: AnyFrame) -> dict[str, Values]:
    """The values of each signal that any sample has, in the order of ``ids``, NaN for none; empty where nobody measured."""
    present = signals.lazy().collect_schema().names()
    names = [each.name for each in SIGNALS if each.name in present]
    if not names:
        return {}
    measured = signals.lazy().select("id", pl.col(names).cast(pl.Float64)).unique("id", keep="first")
    found = ids.to_frame("id").lazy().join(measured, on="id", how="left", maintain_order="left").collect()
    values = {name: found[name].fill_null(float("nan")).to_numpy().astype("<f8") for name in names}
    return {name: each for name, each in values.items() if np.isfinite(each).any()}


def describe_signals(
    values: Mapping[str, Values], bounds: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Any]]:
    """For the page: each measured signal, from where to where its values go, and the bounds of the present variant."""
    described = {each.name: each.description for each in SIGNALS}
    return [
        {
            "name": name,
            "title": described[name],
            "low": float(np.nanmin(each)),
            "high": _above(float(np.nanmin(each)), float(np.nanmax(each))),
            "bounds": dict(bounds.get(name, {})),
        }
        for name, each in values.items()
    ]


def _above(low: float, high: float) -> float:
    """The upper end of an axis: one value alone has an axis too."""
    return high if high > low else math.nextafter(low, math.inf) + 1


def find_unobserved(verdicts: AnyFrame, themes: Sequence[str]) -> dict[str, dict[str, list[int]]]:
    """By the name of a primary criterion and the word ``censored`` or ``too_few``: the numbers of the themes that are so."""
    columns = [column(each) for each in PRIMARY_CRITERIA for column in (score_column, source_column)]
    present = verdicts.lazy().collect_schema().names()
    if not set(columns) <= set(present):
        return {}
    # Which rejects have a video is for the report: the page counts none.
    nothing = pl.DataFrame(schema={"id": pl.String, "kind": pl.String})
    found = find_censoring(verdicts.lazy().select("id", "theme", *columns), nothing)
    numbers = {theme: number for number, theme in enumerate(themes)}
    unobserved: dict[str, dict[str, list[int]]] = {}
    for name, theme, state in found.select("criterion", "theme", "state").iter_rows():
        if state != Censoring.NOT.value and theme in numbers:
            unobserved.setdefault(name, {}).setdefault(state, []).append(numbers[theme])
    return unobserved
