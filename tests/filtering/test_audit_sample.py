"""The audit sample is stratified, blind and the same again; its answers give a precision with an interval."""

from __future__ import annotations

import polars as pl
import pytest
from tests.made.overrides import decision, frame
from tests.made.tables import THRESHOLDS, known, same_scores

from sparkle_curation.filtering.audit_sample import (
    draw_audit_sample,
    measure_audit,
    measure_precision,
    wilson,
)
from sparkle_curation.filtering.overrides.resolving import resolve
from sparkle_curation.filtering.verdicts import apply_thresholds


def verdicts(levels: dict[str, float | None]) -> pl.DataFrame:
    """The verdicts of samples with one score at all stages."""
    return apply_thresholds(known(*levels), same_scores(levels), THRESHOLDS, "keep")


def many() -> dict[str, float | None]:
    """A hundred good ones and ten bad ones of a theme, five good ones of another, one without a score."""
    return {
        **{f"Sparkle_time_{number:06}": 9.5 for number in range(100)},
        **{f"Sparkle_time_{number:06}": 5.5 for number in range(100, 110)},
        **{f"Sparkle_season_{number:06}": 9.5 for number in range(5)},
        "Sparkle_season_000099": None,
    }


def test_each_stratum_is_drawn_from_and_none_is_named() -> None:
    """Fifteen of three strata are five of each; names tell neither side nor score; one without a score is in none."""
    sample = draw_audit_sample(verdicts(many()), 15)
    assert sample.columns == ["id", "stratum"]
    assert sample["stratum"].value_counts()["count"].to_list() == [5, 5, 5]
    assert sample["stratum"].str.contains("^[0-9a-f]{8}$").all()
    assert "Sparkle_season_000099" not in sample["id"].to_list()
    assert sample["id"].to_list() != sorted(sample["id"])


def test_the_seed_alone_decides() -> None:
    """The same seed gives the same, whatever the order of rows; another gives others; a larger sample holds a smaller."""
    found = verdicts(many())
    small, again, other, large = (
        set(draw_audit_sample(table, size, seed)["id"])
        for table, size, seed in ((found, 15, 0), (found.reverse(), 15, 0), (found, 15, 1), (found, 30, 0))
    )
    assert small == again <= large
    assert small != other
    assert draw_audit_sample(found.clear(), 15).is_empty()


def test_answers_give_precision_with_wilsons_interval() -> None:
    """By theme, side and bin; of nobody's sample nothing counts."""
    found = verdicts(many())
    sample = draw_audit_sample(found, 15)
    answers = frame(
        *(decision(key, "ann", "keep" if "season" in key else "drop") for key in sample["id"]),
        decision(next(key for key in many() if key not in set(sample["id"])), "ann", "keep"),
    )
    precision = measure_precision(found, sample, resolve(answers, "majority"))
    assert precision.select("theme", "passes", "score_bin", "judged", "good").rows() == [
        ("season", True, 0.9, 5, 5),
        ("time", False, 0.5, 5, 0),
        ("time", True, 0.9, 5, 0),
    ]
    assert precision.select("low", "high").row(0) == pytest.approx((0.5655, 1.0), abs=1e-4)
    assert measure_precision(found, sample, resolve(frame(), "majority")).is_empty()


def test_wilsons_interval_holds_the_share() -> None:
    """Between 0 and 1 at the ends too; of nothing it is all."""
    assert wilson(0, 0) == (0.0, 1.0)
    assert all(0 <= low <= good / 9 <= high <= 1 for good in range(10) for low, high in [wilson(good, 9)])


def test_what_was_judged_on_other_content_does_not_count() -> None:
    """Of several people the rule decides; without a sample, or without answers, there is no precision."""
    found = verdicts(many())
    sample = draw_audit_sample(found, 15)
    first, second, third = sample["id"].head(3)
    decisions = [
        (first, "ann", "keep", "applied"),
        (first, "bob", "drop", "outvoted"),
        (second, "ann", "keep", "stale"),
    ]
    listed = pl.DataFrame(
        [
            (key, who, word, "", state)
            for key, who, word, state in [*decisions, (third, "ann", "keep", "unbound")]
        ],
        schema=["id", "annotator", "decision", "reason", "state"],
        orient="row",
    )
    precision = measure_audit(found, sample, listed, "any_keep")
    assert (precision["judged"].sum(), precision["good"].sum()) == (2, 2)
    assert measure_audit(found, sample.clear(), listed, "any_keep").is_empty()
    assert measure_audit(found, sample, listed.clear(), "any_keep").is_empty()
