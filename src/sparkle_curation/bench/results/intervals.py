"""Bootstrap intervals of means over clips: samples of one source clip are drawn together, themes are drawn apart.

The method is BCa (Efron 1987) with quantiles widened for small samples (Hesterberg 2015, "What Teachers Should Know
About the Bootstrap"): a subtheme has some 22 samples, for which plain percentiles are too narrow. Why this one, and how
it covers: docs/decisions/0049-intervals-over-clips.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

CONFIDENCE = 0.95
_MIN_CLIPS = 6
"""No draw leaves the range of the clips' values, and of five the mean that they are drawn from lies outside it in 6% of
all cases: 2 * 0.5 ** 5, where it is their median."""

_MIN_STRATUM = 8
"""Clips of several groups are drawn apart where so many are of one combination, else with those of their first group."""


def mean_intervals(
    values: Floats, groups: Codes, clips: Codes, rng: np.random.Generator, resamples: int
) -> tuple[Floats, Floats]:
    """Lower and upper ends of the 95% intervals of the mean of the groups' means, a pair for each column.

    NaN where nothing can be said: too few clips, a theme of a single one, or values that are all alike.

    Args:
        values: (rows, columns); columns are drawn alike, so that differences of two can be a third.
        groups: of each row, counted from 0; one group for the mean of all rows.
        clips: of each row, any integers; rows of one clip are drawn together, in whichever groups they are.
        rng: what draws.
        resamples: how many draws.
    """
    sums, counts, strata = _by_clip(values, groups, clips)
    totals = counts.sum(axis=1)
    means = sums.sum(axis=1) / totals[:, None]
    influence = ((sums - means[:, None, :] * counts[:, :, None]) / totals[:, None, None]).mean(axis=0)
    spread, squares, degrees, skew = _moments(influence, strata)
    drawn = _draw(sums, counts, strata, rng, resamples)
    with np.errstate(all="ignore"):
        from scipy.special import ndtr, ndtri, stdtrit  # noqa: PLC0415 -- costs every run a tenth of a second

        # Student's quantile in place of the normal one, and the variance with its degrees of freedom in place of the drawn.
        wide = -stdtrit(degrees, (1 - CONFIDENCE) / 2) * np.sqrt(spread / squares)
        acceleration = skew / (6 * squares**1.5)
        point = means.mean(axis=0)
        near = 1e-12 * (1 + np.abs(point))
        below = (drawn < point - near).mean(axis=0) + (np.abs(drawn - point) <= near).mean(axis=0) / 2
        bias = ndtri(np.clip(below, 1 / resamples, 1 - 1 / resamples))
        ends = [
            _quantiles(drawn, ndtr(bias + (bias + z) / (1 - acceleration * (bias + z))))
            for z in (-wide, wide)
        ]
    known = (squares > 1e-18) & (degrees >= _MIN_CLIPS - 1 - 1e-9)
    low, high = (np.where(known, end, np.nan) for end in ends)
    return low, high


def _by_clip(values: Floats, groups: Codes, clips: Codes) -> tuple[Floats, Floats, list[Codes]]:
    """Sums (groups, clips, columns) and counts (groups, clips) of the rows, and the clips that are drawn together."""
    _, clip_of_row = np.unique(clips, return_inverse=True)
    group_count, clip_count = int(groups.max()) + 1, int(clip_of_row.max()) + 1
    sums = np.zeros((group_count, clip_count, values.shape[1]))
    counts = np.zeros((group_count, clip_count))
    np.add.at(sums, (groups, clip_of_row), values)
    np.add.at(counts, (groups, clip_of_row), 1.0)
    members: dict[tuple[int, ...], list[int]] = {}
    for clip, has in enumerate((counts > 0).T):
        members.setdefault(tuple(np.flatnonzero(has)), []).append(clip)
    strata: dict[tuple[int, ...], list[int]] = {}
    for combination, of_it in members.items():
        own = len(combination) == 1 or len(of_it) >= _MIN_STRATUM
        strata.setdefault(combination if own else combination[:1], []).extend(of_it)
    return sums, counts, [np.array(sorted(each), np.int64) for each in strata.values()]


def _moments(influence: Floats, strata: list[Codes]) -> tuple[Floats, Floats, Floats, Floats]:
    """Of the mean, by column: unbiased variance, that of the draws, degrees of freedom (Satterthwaite), third moment."""
    columns = influence.shape[1]
    unbiased, drawn, shared, third = (np.zeros(columns) for _ in range(4))
    for of_stratum in strata:
        freedom = len(of_stratum) - 1
        if not freedom:
            return (*(np.full(columns, np.nan) for _ in range(4)),)  # type: ignore[return-value]
        centred = influence[of_stratum] - influence[of_stratum].mean(axis=0)
        squares = (centred**2).sum(axis=0)
        variance = squares * (freedom + 1) / freedom
        unbiased, drawn, third = unbiased + variance, drawn + squares, third + (centred**3).sum(axis=0)
        shared = shared + variance**2 / freedom
    with np.errstate(all="ignore"):
        return unbiased, drawn, unbiased**2 / shared, third


def _draw(
    sums: Floats, counts: Floats, strata: list[Codes], rng: np.random.Generator, resamples: int
) -> Floats:
    """The mean of the groups' means in each draw: (resamples, columns)."""
    weights = np.empty((resamples, counts.shape[1]))
    for of_stratum in strata:
        size = len(of_stratum)
        weights[:, of_stratum] = rng.multinomial(size, np.full(size, 1 / size), size=resamples)
    total: Any = 0.0
    for of_group, rows in zip(sums, counts, strict=True):
        drawn_rows = weights @ rows
        # A draw without any row of a group says nothing of it: the mean of all its rows stands in.
        fallback = of_group.sum(axis=0) / rows.sum()
        means = (weights @ of_group) / np.maximum(drawn_rows, 1)[:, None]
        total = total + np.where(drawn_rows[:, None] > 0, means, fallback)
    return np.asarray(total / len(sums))


def _quantiles(drawn: Floats, shares: Floats) -> Floats:
    """The quantile of each column at a share of its own."""
    ordered = np.sort(drawn, axis=0)
    last = len(ordered) - 1
    place = np.clip(np.nan_to_num(shares, nan=0.5) * (last + 2) - 1, 0, last)
    lower = np.floor(place).astype(np.int64)
    column = np.arange(drawn.shape[1])
    part = place - lower
    return np.asarray(
        ordered[lower, column] * (1 - part) + ordered[np.minimum(lower + 1, last), column] * part
    )
