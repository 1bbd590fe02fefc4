"""The arithmetic of passes, forward and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.scoring.editscore.score_scale import ScoreScale, is_among, root_sums

score_scales = st.builds(ScoreScale, st.integers(1, 8), st.integers(1, 4))


def test_the_published_example_comes_out() -> None:
    """The card's frame, 9.0 / 8.5 / 8.719958110896453, is these four pairs of answers."""
    sc, pq = [20, 23, 23, 24], [23, 17, 23, 22]
    assert (ScoreScale().mean_score(sc), ScoreScale().mean_score(pq)) == (9.0, 8.5)
    assert ScoreScale().overall(sc, pq) == pytest.approx(8.719958110896453, abs=1e-12)


@pytest.mark.parametrize(
    ("score_scale", "step", "no_score", "out_of_range"),
    [
        (ScoreScale(), 0.1, 12.5, 31.25),
        (ScoreScale(25, 1), 0.4, 12.5, 31.25),
        (ScoreScale(10, 4), 0.25, 5.0, 5.0),
    ],
)
def test_steps_and_imputed_values_follow_from_the_settings(
    score_scale: ScoreScale, step: float, no_score: float, out_of_range: float
) -> None:
    """In an even range the imputed values are whole answers, and so cannot be told from one."""
    assert score_scale.lattice_step == step
    assert (score_scale.no_score_answer, score_scale.out_of_range_answer) == (no_score, out_of_range)


@given(score_scales, st.data())
def test_sums_of_passes_are_among_those_possible(score_scale: ScoreScale, data: st.DataObject) -> None:
    """Whatever the answers, the sum of their roots is found under the sums of the answers."""
    answers = st.lists(
        st.integers(0, score_scale.score_range), min_size=score_scale.passes, max_size=score_scale.passes
    )
    sc, pq = data.draw(answers), data.draw(answers)
    possible = root_sums(score_scale.score_range, score_scale.passes, sum(sc), sum(pq))
    total = math.fsum(math.sqrt(a * b) for a, b in zip(sc, pq, strict=True))
    assert is_among(np.array([total]), possible, 1e-8).all()
    assert (np.diff(possible) > 0).all()


@pytest.mark.parametrize(("sc_sum", "pq_sum"), [(-1, 3), (3, 76), (76, 3)])
def test_sums_out_of_reach_have_no_passes(sc_sum: int, pq_sum: int) -> None:
    """Three answers of 0-25 add up to 0-75."""
    assert root_sums(25, 3, sc_sum, pq_sum).size == 0


def test_nothing_is_among_no_numbers() -> None:
    """No number is near one of none."""
    assert is_among(np.array([0.0]), np.empty(0), 1.0).tolist() == [False]
