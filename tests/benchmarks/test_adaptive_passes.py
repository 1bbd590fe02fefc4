"""The simulation of adaptive passes: the same each time, and by the rule that the pipeline goes by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.adaptive_passes import SCALE, recorded, save, simulate

from sparkle_curation.model_jobs.answers import Answer
from sparkle_curation.scoring.adaptive import AdaptiveRule
from sparkle_curation.scoring.editscore.scoring import Attempt, Scoring
from sparkle_curation.spec.stages import STAGES

STILL, VIDEO = STAGES[0], STAGES[-1]


def first_of(sc: int, pq: int) -> Scoring:
    """One pass."""
    attempts = [Attempt("", Answer((answer, answer), None), 1) for answer in (sc, pq)]
    return Scoring({"SC": attempts[:1], "PQ": attempts[1:]})


@pytest.mark.parametrize("margin", [None, 0.25, 1.0, 3.0])
@pytest.mark.parametrize("threshold", [0.2, 2.0, 8.0, 9.9])
def test_the_rule_of_the_pipeline_is_simulated(margin: float | None, threshold: float) -> None:
    """Of every first pass of two equal answers: decided or open."""
    rule = AdaptiveRule({STILL.name: threshold}, margin, SCALE)
    for answer in range(26):
        outcome = rule.outcome(STILL, [first_of(answer, answer)])
        first = np.array([answer / 2.5])
        saved, changed = save(first, first, threshold, margin)
        assert (saved, changed) == (0.75 * (outcome is not None), 0.0)
        assert outcome in {None, answer / 2.5 >= threshold}


def test_what_is_saved_and_what_it_costs() -> None:
    """Of four first passes a margin of 1 decides three, one of them wrongly; 9 of 16 passes are saved."""
    first, whole = np.array([9.5, 9.0, 6.9, 8.5]), np.array([9.0, 7.9, 7.0, 7.0])
    assert save(first, whole, 8.0, 1.0) == (9 / 16, 1 / 4)


def test_the_same_seed_draws_the_same(sample_release: Path) -> None:
    """And a first pass wavers more than the mean of four; of a video less than of a still."""
    scores = np.array([score for score, _ in recorded(sample_release, VIDEO)])
    assert len(scores) == 90
    twice = [simulate(VIDEO, scores, 2.4, 2_000, 1) for _ in range(2)]
    assert all(np.array_equal(one, other) for one, other in zip(*twice, strict=True))
    errors = [
        np.std(np.subtract(*simulate(stage, np.array([8.0]), 2.4, 2_000, 1))) for stage in (STILL, VIDEO)
    ]
    assert errors[0] > 1.8 * errors[1] > 0


def test_first_passes_are_read_of_the_release(sample_release: Path) -> None:
    """Of a video where all its answers can be read, of a still never."""
    assert all(first is None for _, first in recorded(sample_release, STILL))
    known = [(whole, first) for whole, first in recorded(sample_release, VIDEO) if first is not None]
    assert known
    assert all(abs(whole - first) < 1.5 for whole, first in known)
