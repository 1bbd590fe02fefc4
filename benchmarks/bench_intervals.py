"""How often the intervals of a benchmark's means hold the truth: ``python -m benchmarks.bench_intervals``.

A simulated benchmark has the shape of Sparkle-Bench: 458 samples in 4 themes and 21 subthemes, some of one source clip with
others, of another theme too. Each draw takes clips, and of each sample an answer, from pools whose means are known exactly:
of a strong, a middling and a weak model, whose answers about one sample hang together, with failures.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import polars as pl

from sparkle_curation.bench.results.intervals import Codes, Floats
from sparkle_curation.bench.results.means import unit_intervals
from sparkle_curation.bench.results.panel import Panel, Unit
from sparkle_curation.spec.tables.bench_results import LEVELS, MACRO

MODELS = {"strong": (4.5, 0.02), "middling": (3.4, 0.05), "weak": (2.1, 0.10)}
"""Where the scores of a model lie before they are rounded, and the share of failures."""

_SUBTHEMES = (5, 5, 5, 6)
_SAMPLES = 458
_DIMENSIONS = 6
_DIFFICULTIES = (-0.4, -0.2, 0.0, 0.2, 0.4)
_CLIPS, _ANSWERS = 300, 60
"""Of a pool: clips, and answers about each."""


@dataclass
class Coverage:
    """How many intervals hold the truth.

    Attributes:
        held: those that do.
        count: all.
        width: the sum of their widths.
    """

    held: int = 0
    count: int = 0
    width: float = 0.0

    @property
    def share(self) -> float:
        """The share that does."""
        return self.held / max(1, self.count)


def simulate(*, simulations: int, resamples: int, seed: int) -> dict[str, Coverage]:
    """The coverage by level: of overall scores under its name, of single dimensions and of differences beside it."""
    rng = np.random.default_rng(seed)
    pools = _make_pools(rng)
    panel, difficulty = _design(rng)
    units = list(panel.units())
    pairs = list(combinations(range(len(MODELS)), 2))
    truth = [_truth(panel, unit, pools, difficulty, pairs) for unit in units]
    found = {f"{level}{what}": Coverage() for what in ("", " dimensions", " differences") for level in LEVELS}
    for _ in range(simulations):
        drawn = replace(panel, capped=_draw(rng, panel, pools, difficulty))
        for unit, true in zip(units, truth, strict=True):
            low, high = unit_intervals(drawn, unit, pairs, rng, resamples)
            held, known = (low <= true) & (true <= high), ~np.isnan(low)
            parts = {
                "": np.s_[: len(MODELS), -1],
                " dimensions": np.s_[: len(MODELS), :-1],
                " differences": np.s_[len(MODELS) :, -1],
            }
            for what, part in parts.items():
                one = found[unit.level + what]
                one.held += int(held[part][known[part]].sum())
                one.count += int(known[part].sum())
                one.width += float(np.nansum((high - low)[part]))
    return found


def _make_pools(rng: np.random.Generator) -> Floats:
    """Answers: (difficulties, clips, answers, models, dimensions)."""
    shape = (len(_DIFFICULTIES), _CLIPS, _ANSWERS)
    clip = rng.normal(scale=0.6, size=(1, _CLIPS, 1, 1, 1))
    sample = rng.normal(scale=0.5, size=(*shape, 1, 1))
    centre = np.array([place for place, _ in MODELS.values()])[:, None]
    latent = centre + clip + sample + rng.normal(scale=0.8, size=(*shape, len(MODELS), _DIMENSIONS))
    latent += np.array(_DIFFICULTIES)[:, None, None, None, None]
    scores = np.clip(np.rint(latent), 1, 5)
    scores[..., 1:] = np.minimum(scores[..., 1:], scores[..., :1])
    failures = np.array([share for _, share in MODELS.values()])
    scores[rng.random((*shape, len(MODELS))) < failures] = 1
    return scores


def _design(rng: np.random.Generator) -> tuple[Panel, Codes]:
    """The samples of the benchmark, with nothing judged yet, and the difficulty of each."""
    names = [
        (f"theme{theme}", f"subtheme{place}")
        for theme, count in enumerate(_SUBTHEMES)
        for place in range(count)
    ]
    of_subtheme = np.sort(np.arange(_SAMPLES) % len(names))
    samples = pl.DataFrame(
        [(f"s{place:03}", *names[code]) for place, code in enumerate(of_subtheme)],
        schema=["sample_id", "theme", "subtheme"],
        orient="row",
    )
    themes = np.array([int(name[-1]) for name in samples["theme"]])
    clips = np.arange(_SAMPLES)
    for place in range(
        _SAMPLES
    ):  # a quarter shares its clip with a sample of its theme, a few with one of another
        chance = rng.random()
        if chance < 0.29:
            others = np.flatnonzero(themes == themes[place]) if chance < 0.25 else np.arange(_SAMPLES)
            clips[place] = clips[rng.choice(others)]
    shape = (_SAMPLES, len(MODELS), _DIMENSIONS)
    panel = Panel(
        rubric="made",
        judge="made",
        models=tuple(MODELS),
        dimensions=tuple(f"d{place}" for place in range(_DIMENSIONS)),
        samples=samples,
        themes=themes,
        theme_names=tuple(f"theme{theme}" for theme in range(len(_SUBTHEMES))),
        clips=np.unique(clips, return_inverse=True)[1].astype(np.int64),
        capped=np.zeros(shape),
        raw=np.zeros(shape),
        is_judged=np.ones(shape[:2], dtype=bool),
    )
    return panel, of_subtheme % len(_DIFFICULTIES)


def _draw(rng: np.random.Generator, panel: Panel, pools: Floats, difficulty: Codes) -> Floats:
    """An answer about each sample: of the clip that its clip has become in this draw."""
    clips = rng.integers(_CLIPS, size=panel.clips.max() + 1)[panel.clips]
    return np.asarray(pools[difficulty, clips, rng.integers(_ANSWERS, size=len(clips))])


def _truth(
    panel: Panel, unit: Unit, pools: Floats, difficulty: Codes, pairs: Sequence[tuple[int, int]]
) -> Floats:
    """What a unit's means would be of all draws: (models and pairs, dimensions and the overall)."""
    of_row = pools.mean(axis=(1, 2))[difficulty]
    if unit.level == MACRO:
        means = np.mean(
            [of_row[panel.themes == code].mean(axis=0) for code in range(len(_SUBTHEMES))], axis=0
        )
    else:
        means = of_row[unit.rows].mean(axis=0)
    means = np.concatenate([means, means.mean(axis=1, keepdims=True)], axis=1)
    return np.concatenate([means, np.array([means[first] - means[second] for first, second in pairs])])


def main(arguments: Sequence[str]) -> None:
    """Print the coverage of each level."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--simulations", type=int, default=1_000)
    parser.add_argument("--resamples", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=16)
    given = parser.parse_args(arguments)
    began = time.perf_counter()
    found = simulate(simulations=given.simulations, resamples=given.resamples, seed=given.seed)
    print(f"{given.simulations:,} simulations, {given.resamples:,} resamples, seed {given.seed}")
    print("| intervals of | hold the truth | half width | intervals |\n|---|---|---|---|")
    for name, one in found.items():
        print(f"| {name} | {one.share:.1%} | {one.width / 2 / max(1, one.count):.3f} | {one.count:,} |")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
