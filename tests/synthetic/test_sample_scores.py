"""The made scores are what EditScore gives with a range of 25 and four passes."""

from __future__ import annotations

import json
import math
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.spec.themes import THEMES
from synthetic.editscores import (
    PASSES,
    Pass,
    draw_passes,
    frame_scores,
    mean_score,
    overall_score,
    still_scores,
)

if TYPE_CHECKING:
    from conftest import MadeRelease

ANSWERS = st.tuples(st.integers(0, 25), st.integers(0, 25))
FOUR_PASSES = st.lists(st.builds(Pass, ANSWERS, ANSWERS), min_size=PASSES, max_size=PASSES)


def test_the_published_example_comes_out() -> None:
    """The card's first frame, 9.0 / 8.5 / 8.719958110896453, is these four pairs of answers."""
    pairs = ((20, 23), (23, 17), (23, 23), (24, 22))
    scores = frame_scores([Pass((sc, sc), (pq, pq)) for sc, pq in pairs])

    assert (scores["SC_score"], scores["PQ_score"]) == (9.0, 8.5)
    assert scores["O_score"] == pytest.approx(8.719958110896453, abs=1e-12)


@given(FOUR_PASSES)
def test_scores_stay_on_the_lattice_and_below_the_product_of_their_parts(passes: list[Pass]) -> None:
    """Multiples of 0.1 from 0 to 10; the overall score is at most the root of the means' product."""
    still, frame = still_scores(passes), frame_scores(passes)

    parts = [
        still["prompt_following"],
        still["consistency"],
        still["perceptual_quality"],
        frame["SC_score"],
        frame["PQ_score"],
    ]
    assert all(is_on_lattice(score) for score in parts)
    assert still["overall"] == frame["O_score"] == overall_score(passes)
    assert frame["O_score"] <= math.sqrt(frame["SC_score"] * frame["PQ_score"]) + 1e-9
    lower = min(still["prompt_following"], still["consistency"])
    assert still["overall"] <= math.sqrt(lower * still["perceptual_quality"]) + 1e-9


@given(st.lists(st.integers(0, 25), min_size=1, max_size=9))
def test_a_mean_of_answers_is_scaled_to_ten(answers: list[int]) -> None:
    """The mean lies between the lowest and the highest answer, scaled."""
    assert min(answers) / 2.5 - 1e-9 <= mean_score(answers) <= max(answers) / 2.5 + 1e-9


@given(seed=st.integers(0, 2**32), low=st.floats(3.0, 9.3), width=st.floats(0.2, 0.6))
def test_drawn_passes_score_within_their_band(seed: int, low: float, width: float) -> None:
    """The lower end belongs to the band, the upper does not."""
    passes = draw_passes(np.random.default_rng(seed), low, low + width)
    assert len(passes) == PASSES
    assert low <= overall_score(passes) < low + width


def test_a_band_that_no_answers_reach_is_refused() -> None:
    """Ten is the most there is."""
    with pytest.raises(ValueError, match="no four passes"):
        draw_passes(np.random.default_rng(0), 10.5, 11.0)


@pytest.mark.parametrize("theme", THEMES)
def test_the_scores_of_the_release_are_on_the_lattice(made_release: MadeRelease, theme: str) -> None:
    """All parts are multiples of 0.1, and no overall score beats its parts."""
    for table in ("edited_frame0_scores", "foreground_removed_scores"):
        for record in made_release.records(theme, table).values():
            scores = record["editscore"]
            parts = [scores[name] for name in ("prompt_following", "consistency", "perceptual_quality")]
            assert all(map(is_on_lattice, parts))
            assert scores["overall"] <= math.sqrt(min(parts[:2]) * parts[2]) + 1e-9
    for frame in frames_of(made_release, theme):
        assert is_on_lattice(frame["SC_score"])
        assert is_on_lattice(frame["PQ_score"])
        assert frame["O_score"] <= math.sqrt(frame["SC_score"] * frame["PQ_score"]) + 1e-9


@pytest.mark.parametrize("theme", THEMES)
def test_raw_answers_are_json_with_the_reason_and_two_answers(made_release: MadeRelease, theme: str) -> None:
    """The raw output repeats the reason and gives two integers of 0-25."""
    for frame in frames_of(made_release, theme):
        for name in ("SC", "PQ"):
            answer = json.loads(frame[f"{name}_raw_output"])
            assert list(answer) == ["reasoning", "score"]
            assert answer["reasoning"] == frame[f"{name}_score_reasoning"]
            assert len(answer["score"]) == 2
            assert all(isinstance(score, int) and 0 <= score <= 25 for score in answer["score"])


@pytest.mark.parametrize("theme", THEMES)
def test_four_frames_are_scored_and_the_first_is_not_among_them(
    made_release: MadeRelease, theme: str
) -> None:
    """Indices rise, lie within the clip, and each has its scores."""
    for sample, record in made_release.records(theme, "edited_video_scores").items():
        indices = record["frame_indices"]
        frame_count = 8 * len(made_release.records(theme, "grounding_r2")[sample]["frame_objects"])
        assert len(indices) == len(record["editscore"]) == 4
        assert indices == sorted(set(indices))
        assert indices[0] > 0
        assert indices[-1] < frame_count


def frames_of(made_release: MadeRelease, theme: str) -> list[dict[str, Any]]:
    """The scores of all frames of a theme's edited videos."""
    records = made_release.records(theme, "edited_video_scores").values()
    return list(chain.from_iterable(record["editscore"] for record in records))


def is_on_lattice(score: float) -> bool:
    """Whether the score is written as a multiple of 0.1 from 0 to 10."""
    return 0 <= score <= 10 and score == round(score, 1)
