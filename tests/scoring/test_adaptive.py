"""When one pass decides: never against what the others could say, unless a margin says so."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparkle_curation.model_jobs.answers import Answer
from sparkle_curation.scoring.adaptive import AdaptiveRule
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import Attempt, Scoring
from sparkle_curation.scoring.kept_answers import records_of, values_of
from sparkle_curation.spec.stages import STAGES

STILL, VIDEO = STAGES[0], STAGES[-1]
Pair = tuple[int, int]


def scoring(*passes: tuple[Pair, Pair]) -> Scoring:
    """The answers to SC and PQ of each pass."""
    sides = [[Attempt("", Answer(pair, None), 1) for pair in side] for side in zip(*passes, strict=True)]
    return Scoring({"SC": sides[0], "PQ": sides[1]})


@pytest.mark.parametrize(
    ("first", "threshold", "margin", "outcome"),
    [
        ((25, 25), 8.0, None, None),  # of the best first pass the others may make 2.5
        ((5, 5), 8.0, None, None),  # 2.0, and 30 of 3 passes: 8.0, which is kept
        ((4, 5), 8.0, None, False),  # 1.79: 7.95 at most
        ((20, 20), 2.0, None, True),  # 8.0: 2.0 at least, which is kept
        ((19, 20), 2.0, None, None),
        ((25, 25), 8.0, 2.0, True),  # 10.0 is as far as the margin
        ((24, 24), 8.0, 2.0, None),
        ((15, 15), 8.0, 2.0, False),
        ((20, 20), 8.0, 0.0, True),
        ((19, 20), 8.0, 0.0, False),
    ],
)
def test_the_bounds_and_the_margin(
    first: Pair, threshold: float, margin: float | None, outcome: bool | None
) -> None:
    """Both inclusive, as the threshold is."""
    rule = AdaptiveRule({STILL.name: threshold}, margin, ScoreScale())
    one = scoring(((first[0], first[0]), (first[1], first[1])))
    assert rule.outcome(STILL, [one]) is outcome
    assert AdaptiveRule({VIDEO.name: threshold}, margin, ScoreScale()).outcome(VIDEO, [one] * 4) is outcome


pairs = st.tuples(st.integers(0, 4), st.integers(0, 4))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(pairs, pairs), min_size=2, max_size=2), st.sampled_from([0.5, 2.5, 5.0, 7.5, 9.0]))
def test_what_is_certain_is_so_for_every_answer(first: list[tuple[Pair, Pair]], threshold: float) -> None:
    """On a small scale what the second pass could say is gone through: no other outcome than the one that was told."""
    score_scale = ScoreScale(4, 2)
    rule = AdaptiveRule({VIDEO.name: threshold}, None, score_scale)
    told = rule.outcome(VIDEO, [scoring(frame) for frame in first])

    def is_kept(frames: list[Scoring]) -> bool:
        return rule.is_kept(VIDEO, values_of(records_of(frames, VIDEO, score_scale), VIDEO))

    kept = {
        is_kept([scoring(frame, second) for frame, second in zip(first, seconds, strict=True)])
        for seconds in product([((a, a), (b, b)) for a in (0, 2, 4) for b in (0, 2, 4)], repeat=2)
    }
    assert (told is None) == (len(kept) == 2)
    assert told is None or kept == {told}
