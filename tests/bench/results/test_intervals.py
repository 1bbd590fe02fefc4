"""Intervals of means: that they hold what they promise, and when there is none."""

from __future__ import annotations

import numpy as np
from benchmarks.bench_intervals import simulate
from scipy.stats import bootstrap

from sparkle_curation.bench.results.intervals import mean_intervals

RNG_SEED = 7


def ends(
    values: list[float], groups: list[int], clips: list[int], resamples: int = 400
) -> tuple[float, float]:
    """The interval of one column."""
    low, high = mean_intervals(
        np.array(values)[:, None],
        np.array(groups),
        np.array(clips),
        np.random.default_rng(RNG_SEED),
        resamples,
    )
    return float(low[0]), float(high[0])


def test_the_same_seed_gives_the_same_ends() -> None:
    """And columns beside do not change them."""
    values = np.random.default_rng(1).normal(size=(40, 3))
    groups, clips = np.zeros(40, np.int64), np.arange(40)
    whole = mean_intervals(values, groups, clips, np.random.default_rng(3), 300)
    alone = mean_intervals(values[:, :1], groups, clips, np.random.default_rng(3), 300)
    assert whole[0][0] == alone[0][0]
    assert whole[1][0] == alone[1][0]


def test_nothing_is_said_of_one_clip_or_of_values_all_alike() -> None:
    """Ends are NaN: also of a macro where one theme has a single clip."""
    assert np.isnan(ends([1.0, 2.0], [0, 0], [0, 0])).all()
    assert np.isnan(ends([5.0] * 9, [0] * 9, list(range(9)))).all()
    assert np.isnan(ends([1.0, 2.0, 3.0], [0, 0, 1], [0, 1, 2])).all()


def test_samples_of_one_clip_are_drawn_together() -> None:
    """Each value five times, of one clip: the interval is that of the clips, and not narrower."""
    values = list(np.random.default_rng(2).normal(size=20))
    once = ends(values, [0] * 20, list(range(20)))
    repeated = ends(values * 5, [0] * 100, list(range(20)) * 5)
    assert np.allclose(once, repeated)
    apart = ends(values * 5, [0] * 100, list(range(100)))
    assert apart[1] - apart[0] < 0.6 * (once[1] - once[0])


def test_a_clip_in_two_themes_is_drawn_for_both_at_once() -> None:
    """What varies alike in both does not average out of the macro: as wide as one theme alone."""
    values = list(np.random.default_rng(2).normal(size=30))
    one = ends(values, [0] * 30, list(range(30)), 2_000)
    both = ends(values * 2, [0] * 30 + [1] * 30, list(range(30)) * 2, 2_000)
    apart = ends(values * 2, [0] * 30 + [1] * 30, list(range(60)), 2_000)
    assert np.allclose(one, both)
    assert np.isclose(apart[1] - apart[0], (one[1] - one[0]) / 2**0.5, rtol=0.1)


def test_intervals_cover_the_truth() -> None:
    """Of a simulated benchmark: 95% of themes and macro, at least 90% of subthemes, within what so few simulations allow.

    `python -m benchmarks.bench_intervals` makes 1,000 of them; benchmarks/README.md has the figures.
    """
    coverage = simulate(simulations=16, resamples=300, seed=RNG_SEED)
    for level, low, high in (("macro", 0.93, 0.97), ("theme", 0.93, 0.97), ("subtheme", 0.90, 0.99)):
        share, count = coverage[level].share, coverage[level].count
        allowed = 4 * (0.06 / count) ** 0.5  # four standard errors of a share near 0.94
        assert low - allowed <= share <= high + allowed, level


def test_of_many_clips_the_ends_are_those_of_scipy() -> None:
    """Where clips are many, widening for few is next to nothing, and an independent BCa says the same of a skewed mean."""
    values = np.random.default_rng(4).exponential(size=400)
    resamples = 4_000
    theirs = bootstrap((values,), np.mean, n_resamples=resamples, method="BCa", rng=np.random.default_rng(5))
    low, high = ends(list(values), [0] * 400, list(range(400)), resamples)
    width = high - low
    assert np.allclose([low, high], theirs.confidence_interval, atol=0.03 * width)
    symmetric = values.mean() - low, high - values.mean()
    assert symmetric[1] > symmetric[0] * 1.02  # else a plain interval would pass
