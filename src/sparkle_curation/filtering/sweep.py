"""What if: how many samples would survive other thresholds, of one stage alone and of all together.

A score is turned into the number of thresholds that it passes, once, by the comparison that filtering makes; counting
those numbers and adding them up from the top gives the survivors at every threshold. So 29,791 triples cost one pass.
Each stage stands for its primary criterion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame, frame_schema
from sparkle_curation.filtering.funnel import TOTAL
from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores
from sparkle_curation.spec.stages import PRIMARY_CRITERIA, Criterion
from sparkle_curation.spec.tables.variant import THRESHOLD_SURFACE_COLUMNS, THRESHOLD_SWEEP_COLUMNS
from sparkle_curation.spec.tables.verdicts import imputed_column, score_column, threshold_column
from sparkle_curation.spec.themes import THEMES

_STEPS = 100
"""Steps of the whole scale of a criterion in the sweep."""

_SURFACE_STEPS = 30
"""Steps of the strictest part of it in the surface: from 7 on of 0-10, since no release was ever cut lower."""

_MOST_CELLS = 31**3
"""Cells of the surface, by theme: what three criteria in steps of a hundredth of their scale come to."""


def sweep_thresholds(criterion: Criterion) -> tuple[float, ...]:
    """The thresholds of the sweep, rising: a scale of 0-10 gives 0.0, 0.1 and so on to 10.0.

    >>> sweep_thresholds(PRIMARY_CRITERIA[0])[:3]
    (0.0, 0.1, 0.2)
    """
    return _thresholds(criterion, range(_STEPS + 1))


def surface_thresholds(criterion: Criterion) -> tuple[float, ...]:
    """The thresholds of the surface, rising: 7.0, 7.1 and so on to 10.0 of 0-10; fewer for more than three criteria."""
    stride = 1
    while (_SURFACE_STEPS // stride + 1) ** len(PRIMARY_CRITERIA) > _MOST_CELLS:
        stride += 1
    places = range(0, _SURFACE_STEPS + 1, stride)
    strict = [_STEPS - _SURFACE_STEPS + place for place in places] if criterion.is_at_least else places
    return _thresholds(criterion, strict)


def _thresholds(criterion: Criterion, places: Iterable[int]) -> tuple[float, ...]:
    # Dividing gives the number nearest to 8.3, which is what `8.3` in a parameter file is; adding tenths does not.
    low, high = criterion.scale
    return tuple(low + (high - low) * place / _STEPS for place in places)


_Counts = npt.NDArray[np.int64]

_THEMES_AND_TOTAL = (*THEMES, TOTAL)
_THEME_NAMES = pl.Series(_THEMES_AND_TOTAL)


def sweep(
    verdicts: AnyFrame, missing_scores: MissingScores, imputed_scores: ImputedScores = "keep"
) -> pl.DataFrame:
    """The survivors of each stage alone at every one of its ``sweep_thresholds``: ``THRESHOLD_SWEEP_COLUMNS``.

    One row per theme in the order of the card and the total, stage and threshold. A theme without samples has zeros.

    Args:
        verdicts: with ``theme`` and each stage's score and whether it is imputed; their thresholds and outcomes do
            not matter.
        missing_scores: ``keep`` lets a sample without a score survive every threshold; else it survives none.
        imputed_scores: ``reject`` lets a sample with an imputed score survive none.
    """
    if not PRIMARY_CRITERIA:
        return pl.DataFrame(schema=frame_schema(THRESHOLD_SWEEP_COLUMNS))
    verdict_values = _select(verdicts)
    themes, count = _theme_numbers(verdict_values), _STEPS + 1
    survivors = [
        _survivors(
            themes,
            [_passed(verdict_values, each, sweep_thresholds(each), missing_scores, imputed_scores)],
            [each],
            count,
        )
        for each in PRIMARY_CRITERIA
    ]
    theme, stage, threshold = _grid(len(_THEMES_AND_TOTAL), len(PRIMARY_CRITERIA), count)
    thresholds = np.array([sweep_thresholds(each) for each in PRIMARY_CRITERIA])
    return pl.DataFrame(
        {
            "theme": _THEME_NAMES.gather(theme),
            "stage": pl.Series([each.name for each in PRIMARY_CRITERIA]).gather(stage),
            "threshold": thresholds[stage, threshold],
            "surviving": np.stack(survivors, axis=1).ravel(),
        },
        schema=frame_schema(THRESHOLD_SWEEP_COLUMNS),
    )


def surface(
    verdicts: AnyFrame, missing_scores: MissingScores, imputed_scores: ImputedScores = "keep"
) -> pl.DataFrame:
    """The survivors of all stages together at all their ``surface_thresholds`` (``THRESHOLD_SURFACE_COLUMNS``).

    One row per theme in the order of the card and the total, and combination; the last stage's threshold moves fastest.
    Arguments as for ``sweep``. At the thresholds of the verdicts it gives the samples that they keep.
    """
    if not PRIMARY_CRITERIA:
        return pl.DataFrame(schema=frame_schema(THRESHOLD_SURFACE_COLUMNS))
    verdict_values = _select(verdicts)
    steps = [surface_thresholds(each) for each in PRIMARY_CRITERIA]
    passed = [
        _passed(verdict_values, each, thresholds, missing_scores, imputed_scores)
        for each, thresholds in zip(PRIMARY_CRITERIA, steps, strict=True)
    ]
    count = len(steps[0])
    survivors = _survivors(_theme_numbers(verdict_values), passed, PRIMARY_CRITERIA, count)
    theme, *places = _grid(len(_THEMES_AND_TOTAL), *[count] * len(PRIMARY_CRITERIA))
    return pl.DataFrame(
        {
            "theme": _THEME_NAMES.gather(theme),
            **{
                threshold_column(each): pl.Series(thresholds).gather(place)
                for each, thresholds, place in zip(PRIMARY_CRITERIA, steps, places, strict=True)
            },
            "surviving": survivors.ravel(),
        },
        schema=frame_schema(THRESHOLD_SURFACE_COLUMNS),
    )


def _grid(*lengths: int) -> list[_Counts]:
    """The places along each axis of a grid, for every cell of it; the last axis moves fastest."""
    return [axis.ravel() for axis in np.indices(lengths)]


def _select(verdicts: AnyFrame) -> pl.DataFrame:
    columns = [column(each) for each in PRIMARY_CRITERIA for column in (score_column, imputed_column)]
    return verdicts.lazy().select("theme", *columns).collect()


def _theme_numbers(verdict_values: pl.DataFrame) -> _Counts:
    """The place of each sample's theme in ``THEMES``."""
    return verdict_values["theme"].cast(pl.Enum(THEMES)).to_physical().cast(pl.Int64).to_numpy()


def _passed(
    verdict_values: pl.DataFrame,
    criterion: Criterion,
    thresholds: tuple[float, ...],
    missing_scores: MissingScores,
    imputed_scores: ImputedScores,
) -> _Counts:
    """How many of the thresholds, which rise, each sample passes; an upper bound is passed from the highest one down."""
    scores = verdict_values[score_column(criterion)]
    values = scores.fill_null(0.0).to_numpy()
    # A threshold equal to the score is passed too.
    if criterion.is_at_least:
        passed = np.searchsorted(np.asarray(thresholds), values, side="right")
    else:
        passed = len(thresholds) - np.searchsorted(np.asarray(thresholds), values, side="left")
    if imputed_scores == "reject":
        passed = np.where(verdict_values[imputed_column(criterion)].to_numpy(), 0, passed)
    return np.where(scores.is_null().to_numpy(), len(thresholds) if missing_scores == "keep" else 0, passed)


def _survivors(
    themes: _Counts, passed: Sequence[_Counts], criteria: Sequence[Criterion], count: int
) -> _Counts:
    """The samples that pass all given thresholds, by theme and the threshold of each stage; the last theme is the total.

    Args:
        themes: of each sample, its number.
        passed: for each criterion, how many of its ``count`` thresholds each sample passes.
        criteria: these.
        count: the thresholds of a criterion.
    """
    shape = (len(THEMES), *[count + 1] * len(passed))
    cells = np.ravel_multi_index((themes, *passed), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    for axis in range(1, len(shape)):
        counts = np.flip(np.cumsum(np.flip(counts, axis), axis), axis)
    # Who passes at least one threshold passes the first, who passes two the second: cell 0 is who passes any or none.
    survivors = counts[(slice(None), *[slice(1, None)] * len(passed))]
    from_above = tuple(axis for axis, criterion in enumerate(criteria, start=1) if not criterion.is_at_least)
    survivors = np.flip(survivors, from_above)
    return np.concatenate([survivors, survivors.sum(axis=0, keepdims=True)])
