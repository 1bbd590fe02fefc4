"""Which samples are shown: those that are named, nearest to a threshold, or some of each theme."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.made.tables import THRESHOLDS, assets, known, same_scores, scores

from sparkle_curation.errors import ParameterError
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.reports.sheet.sample_choice import choose_by_theme, choose_named, choose_nearest

IDS = [f"Sparkle_{theme}_{number:06d}" for theme in ("time", "style") for number in range(6)]


def verdicts(*ids: str, **by_stage: dict[str, float | None]) -> pl.DataFrame:
    """Verdicts of the samples; without scores by stage each has 9 at all of them."""
    tables = scores(**by_stage) if by_stage else same_scores(dict.fromkeys(ids, 9.0))
    return apply_thresholds(known(*ids), tables, THRESHOLDS, "keep")


def test_named_samples_come_in_the_order_of_their_names() -> None:
    """A name that is there twice counts once."""
    found = choose_named(verdicts(*IDS), [IDS[3], IDS[0], IDS[3]])
    assert found["id"].to_list() == [IDS[3], IDS[0]]
    assert found.columns == verdicts().columns
    assert choose_named(verdicts(*IDS), []).height == 0


def test_a_name_of_no_sample_is_reported_with_one_that_is_near() -> None:
    """The first such name, and what may have been meant."""
    with pytest.raises(ParameterError) as caught:
        choose_named(verdicts(*IDS), [IDS[0], "Sparkle_time_000009"])
    message = caught.value.format_message()
    assert "Sparkle_time_000009" in message
    assert "did you mean 'Sparkle_time_00000" in message
    with pytest.raises(ParameterError, match="the release has no sample"):
        choose_named(verdicts(), [IDS[0]])


def test_the_nearest_to_a_threshold_are_on_both_sides_of_it() -> None:
    """By distance, then shown by score; samples without a score at the stage are left out."""
    values = dict(zip(IDS[:6], [9.9, 8.1, 7.8, None, 8.0, 5.0], strict=True))
    found = choose_nearest(verdicts(*IDS, edited_video=values), "edited_video", 3)
    assert found.select("id", "edited_video_score").rows() == [(IDS[2], 7.8), (IDS[4], 8.0), (IDS[1], 8.1)]


def test_of_equally_near_ones_the_smaller_id_is_taken() -> None:
    """So that the same release always shows the same samples."""
    values = dict(zip(IDS[:3], [8.5, 7.5, 8.5], strict=True))
    found = choose_nearest(verdicts(*IDS[2::-1], edited_video=values), "edited_video", 2)
    assert found["id"].to_list() == [IDS[1], IDS[0]]


def test_samples_with_more_media_are_drawn_first() -> None:
    """A part of the release has the media of some samples only."""
    media = assets((IDS[4], "source_video"), (IDS[4], "edited_video"), (IDS[2], "source_video"))
    assert choose_by_theme(verdicts(*IDS[:6]), media, 2, 0)["id"].to_list() == [IDS[2], IDS[4]]


@given(st.integers(0, 7), st.integers(0, 3), st.permutations(IDS))
def test_as_many_are_drawn_as_there_are(per_theme: int, seed: int, order: list[str]) -> None:
    """Of each theme so many, by theme and id, whatever the order; others that are not drawn change nothing."""
    found = choose_by_theme(verdicts(*order), assets(), per_theme, seed)
    counts = found.group_by("theme").len()["len"]
    assert all(count == min(per_theme, 6) for count in counts)
    assert found["id"].to_list() == sorted(found["id"], key=lambda name: (name[8] != "t", name))
    assert_frame_equal(found, choose_by_theme(verdicts(*IDS), assets(), per_theme, seed))
    fewer = choose_by_theme(found, assets(), per_theme, seed)
    assert_frame_equal(fewer, found)


def test_another_seed_draws_others() -> None:
    """Not the same two of six each time."""
    drawn = {tuple(choose_by_theme(verdicts(*IDS[:6]), assets(), 2, seed)["id"]) for seed in range(10)}
    assert len(drawn) > 3


def test_nothing_is_chosen_of_nothing() -> None:
    """Empty verdicts, with their columns."""
    empty = verdicts()
    assert_frame_equal(choose_by_theme(empty, assets(), 2, 0), empty)
    assert_frame_equal(choose_nearest(empty, "edited_video", 2), empty)
