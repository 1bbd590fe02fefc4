"""Whether rejected samples are among the scores is told at run time, for each criterion and theme."""

from __future__ import annotations

import polars as pl
from tests.made.tables import THRESHOLDS, assets, known, same_scores

from sparkle_curation.filtering.censoring import ENOUGH, find_censoring, name_censored
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.spec.stages import PRIMARY_CRITERIA

LOW = "Sparkle_time_900000"


def release(count: int, theme: str, level: float = 9.0) -> dict[str, float | None]:
    """So many samples of a theme with one score."""
    return {f"Sparkle_{theme}_{number:06}": level for number in range(count)}


def censoring(levels: dict[str, float | None], *with_video: str) -> pl.DataFrame:
    """What is told of a release with these scores at all stages, whatever its thresholds."""
    verdicts = apply_thresholds(known(*levels), same_scores(levels), dict.fromkeys(THRESHOLDS, 2.0), "keep")
    return find_censoring(verdicts, assets(*((key, "edited_video") for key in with_video)))


def state(found: pl.DataFrame, theme: str) -> set[str]:
    """The states of a theme's criteria."""
    return set(found.filter(pl.col("theme") == theme)["state"])


def test_a_release_without_rejected_samples_is_censored() -> None:
    """None below the published threshold among enough; one score less is too few, and so is a theme without any."""
    found = censoring(release(ENOUGH, "time") | release(ENOUGH - 1, "season"))
    assert [state(found, theme) for theme in ("time", "season", "location")] == [
        {"censored"},
        {"too_few"},
        {"too_few"},
    ]
    assert name_censored(found) == {each.name: ["time"] for each in PRIMARY_CRITERIA}


def test_a_release_with_rejected_samples_is_not() -> None:
    """One score below suffices, among many or few; those whose videos exist are counted."""
    found = censoring(release(ENOUGH, "time") | {LOW: 3.0, "Sparkle_season_000001": 3.0}, LOW)
    assert state(found, "time") == state(found, "season") == {"not"}
    one = found.filter(pl.col("theme") == "time")
    assert (
        one["rejected_count"].to_list()
        == one["rejected_with_video_count"].to_list()
        == [1] * len(PRIMARY_CRITERIA)
    )
    assert found.filter(pl.col("theme") == "season")["rejected_with_video_count"].sum() == 0
    assert name_censored(found) == {}


def test_a_score_equal_to_the_threshold_is_not_rejected_and_none_is_no_score() -> None:
    """The published threshold keeps what is equal to it; a sample without a score says nothing."""
    level = max(each.published_threshold for each in PRIMARY_CRITERIA)
    assert state(censoring(release(ENOUGH, "time", level)), "time") == {"censored"}
    assert state(censoring({LOW: None}), "time") == {"too_few"}


def test_rescores_do_not_count() -> None:
    """The project's own judge scores what it likes; it is about what the release holds."""
    levels = release(1, "time", 1.0)
    rescored = {
        name: each.with_columns(score_source=pl.lit("rescored")) for name, each in same_scores(levels).items()
    }
    verdicts = apply_thresholds(known(*levels), rescored, THRESHOLDS, "keep")
    found = find_censoring(verdicts, assets())
    assert found["scored_count"].sum() == found["rejected_count"].sum() == 0
