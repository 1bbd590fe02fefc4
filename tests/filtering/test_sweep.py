"""What other thresholds would keep, counted all at once, is what filtering for each of them would give."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.made.tables import THRESHOLDS, sample_ids
from tests.made.versions import version

from sparkle_curation.filtering.funnel import TOTAL
from sparkle_curation.filtering.sweep import surface, surface_thresholds, sweep, sweep_thresholds
from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.stages import PRIMARY_CRITERIA, STAGE_NAMES, STAGES
from sparkle_curation.spec.tables.variant import THRESHOLD_SURFACE_COLUMNS, THRESHOLD_SWEEP_COLUMNS
from sparkle_curation.spec.themes import THEMES

A, B, C = "Sparkle_location_000003", "Sparkle_location_000009", "Sparkle_time_000001"


SWEEP_THRESHOLDS = sweep_thresholds(PRIMARY_CRITERIA[0])
SURFACE_THRESHOLDS = surface_thresholds(PRIMARY_CRITERIA[0])


def verdicts_of(samples: Any, **policies: Any) -> pl.DataFrame:
    """The verdicts on samples with these scores."""
    verdicts = version(samples, **policies).verdicts
    assert verdicts is not None
    return verdicts


def surviving(counts: pl.DataFrame, theme: str, *places: object) -> int:
    """The survivors of a theme at a stage and threshold, or at three thresholds."""
    rows = [row for row in counts.rows() if row[:-1] == (theme, *places)]
    assert len(rows) == 1
    return int(rows[0][-1])


def near(tenths: int) -> list[float]:
    """A threshold, and the numbers right below and above it."""
    threshold = tenths / 10
    return [threshold, math.nextafter(threshold, -1), math.nextafter(threshold, 11)]


edges = st.integers(0, 100).map(near).flatmap(st.sampled_from)
"""Scores on a threshold, and as near to one as a number can be. Some are not of 0-10; no threshold is below 0."""

stage_scores = st.one_of(
    st.none(), edges, st.integers(0, 1000).map(lambda hundredths: hundredths / 100), st.floats(0, 10)
)
worlds = st.dictionaries(
    sample_ids, st.fixed_dictionaries(dict.fromkeys(STAGE_NAMES, stage_scores)), max_size=12
)


# ------------------------------------------------------------------ the thresholds
def test_thresholds_are_the_numbers_that_one_writes() -> None:
    """8.3 as a person writes it, not the sum of 83 tenths, which lies beside it."""
    assert [f"{threshold!r}" for threshold in SWEEP_THRESHOLDS] == [f"{n // 10}.{n % 10}" for n in range(101)]
    assert SWEEP_THRESHOLDS[70:] == SURFACE_THRESHOLDS
    assert sum([0.1] * 83) != 8.3


# ------------------------------------------------------------------ one stage
def test_a_stage_is_swept_alone() -> None:
    """A sample that another stage rejects counts here all the same; a score on the threshold survives it."""
    counts = sweep(
        verdicts_of({A: {"edited_video": 8.3}, B: {"edited_video": 9.0, "edited_frame0": 1.0}}), "reject"
    )
    video = [surviving(counts, "location", "edited_video", threshold) for threshold in (8.3, 8.4, 9.0, 9.1)]
    assert video == [2, 1, 1, 0]
    assert surviving(counts, "location", "edited_frame0", 1.0) == 2
    assert surviving(counts, "location", "edited_frame0", 1.1) == 1
    assert surviving(counts, "time", "edited_video", 0.0) == 0


def test_the_order_is_that_of_the_card() -> None:
    """Themes, then the total; stages; thresholds rising. The total is the sum of the themes."""
    counts = sweep(verdicts_of({A: 8.0, C: 9.0}), "reject")
    assert counts["theme"].unique(maintain_order=True).to_list() == [*THEMES, TOTAL]
    assert counts["stage"].head(303).unique(maintain_order=True).to_list() == list(STAGE_NAMES)
    assert counts["threshold"].head(101).to_list() == list(SWEEP_THRESHOLDS)
    assert surviving(counts, TOTAL, "edited_video", 8.0) == 2
    assert counts.height == (len(THEMES) + 1) * len(STAGES) * len(SWEEP_THRESHOLDS)


@pytest.mark.parametrize(("missing_scores", "lowest", "highest"), [("keep", 2, 1), ("reject", 1, 0)])
def test_a_sample_without_score_survives_all_or_none(
    missing_scores: MissingScores, lowest: int, highest: int
) -> None:
    """By the policy of the run."""
    verdicts = verdicts_of({A: {"edited_video": None}, B: 5.0}, missing_scores=missing_scores)
    counts = sweep(verdicts, missing_scores)
    assert surviving(counts, "location", "edited_video", 0.0) == lowest
    assert surviving(counts, "location", "edited_video", 10.0) == highest


@pytest.mark.parametrize(("imputed_scores", "lowest"), [("keep", 1), ("reject", 0)])
def test_a_imputed_score_survives_none_when_it_shall(imputed_scores: ImputedScores, lowest: int) -> None:
    """Only at the stage where it is imputed."""
    verdicts = verdicts_of({A: 9.0}, imputed={A: "edited_video"}, imputed_scores=imputed_scores)
    counts = sweep(verdicts, "reject", imputed_scores)
    assert surviving(counts, "location", "edited_video", 0.0) == lowest
    assert surviving(counts, "location", "edited_frame0", 9.0) == 1


def test_an_unscored_sample_is_unscored_before_it_is_imputed() -> None:
    """As in filtering: an imputed value cannot stop a sample that has no score there."""
    verdicts = verdicts_of(
        {A: {"edited_video": None}},
        imputed={A: "edited_video"},
        missing_scores="keep",
        imputed_scores="reject",
    )
    assert verdicts["is_kept"].to_list() == [True]
    assert surviving(sweep(verdicts, "keep", "reject"), "location", "edited_video", 10.0) == 1


def test_no_samples_give_zeros() -> None:
    """All rows are there, with the columns that the tables have; all-null scores survive nothing."""
    for counts, columns in (
        (sweep(verdicts_of({}), "reject"), THRESHOLD_SWEEP_COLUMNS),
        (surface(verdicts_of({}), "reject"), THRESHOLD_SURFACE_COLUMNS),
        (sweep(verdicts_of(dict.fromkeys([A, B])), "reject"), THRESHOLD_SWEEP_COLUMNS),
    ):
        assert counts["surviving"].sum() == 0
        assert counts.schema == pl.DataFrame(arrow_schema(columns).empty_table()).schema


# ------------------------------------------------------------------ all three stages
def test_the_surface_counts_who_passes_all_three() -> None:
    """Every triple of thresholds once for each theme and the total."""
    counts = surface(verdicts_of({A: {"edited_frame0": 8.3, "edited_video": 9.1}, B: 8.2}), "reject")
    assert counts.height == (len(THEMES) + 1) * len(SURFACE_THRESHOLDS) ** 3
    assert surviving(counts, "location", 8.2, 8.2, 8.2) == 2
    assert surviving(counts, "location", 8.3, 8.2, 8.2) == 1
    assert surviving(counts, "location", 8.3, 9.0, 9.1) == 1
    assert surviving(counts, "location", 8.3, 9.0, 9.2) == 0
    assert surviving(counts, TOTAL, 7.0, 7.0, 7.0) == 2


def test_the_surface_at_the_thresholds_is_what_was_kept() -> None:
    """So it and the funnel say the same."""
    verdicts = verdicts_of({A: 8.6, B: 8.2, C: {"edited_video": 8.0}})
    counts = surface(verdicts, "reject")
    here = [THRESHOLDS[stage] for stage in STAGE_NAMES]
    kept = verdicts.filter("is_kept")
    assert surviving(counts, TOTAL, *here) == kept.height == 2
    assert [surviving(counts, theme, *here) for theme in ("location", "time")] == [1, 1]


# ------------------------------------------------------------------ against a filter for each threshold
def naive_sweep(verdicts: pl.DataFrame, missing_scores: str) -> dict[tuple[str, str, float], int]:
    """The survivors by filtering for each threshold in turn."""
    return {
        (theme, stage, threshold): verdicts.filter(
            pl.col("theme").is_in(list(THEMES) if theme == TOTAL else [theme]),
            (pl.col(f"{stage}_score") >= threshold).fill_null(missing_scores == "keep"),
        ).height
        for theme in (*THEMES, TOTAL)
        for stage in STAGE_NAMES
        for threshold in SWEEP_THRESHOLDS
    }


@settings(max_examples=10)
@given(worlds, st.sampled_from(["reject", "keep"]))
def test_the_sweep_is_a_filter_for_each_threshold(world: Any, missing_scores: Any) -> None:
    """Also for scores on a threshold and right beside it."""
    verdicts = verdicts_of(world, missing_scores=missing_scores)
    counts = sweep(verdicts, missing_scores)
    assert {row[:-1]: row[-1] for row in counts.rows()} == naive_sweep(verdicts, missing_scores)


@settings(max_examples=60)
@given(
    worlds,
    st.sampled_from(["reject", "keep"]),
    st.fixed_dictionaries(dict.fromkeys(STAGE_NAMES, st.sampled_from(SURFACE_THRESHOLDS))),
)
def test_the_surface_is_what_filtering_would_keep(
    world: Any, missing_scores: Any, thresholds: dict[str, float]
) -> None:
    """At any triple, filtering with those thresholds keeps as many, in each theme."""
    verdicts = verdicts_of(world, thresholds=thresholds, missing_scores=missing_scores)
    here = pl.all_horizontal(pl.col(f"{stage}_threshold") == thresholds[stage] for stage in STAGE_NAMES)
    counts = dict(surface(verdicts, missing_scores).filter(here).select("theme", "surviving").rows())
    kept = verdicts.filter("is_kept")
    assert counts == {
        **{theme: kept.filter(pl.col("theme") == theme).height for theme in THEMES},
        TOTAL: kept.height,
    }


@settings(max_examples=20)
@given(worlds)
def test_neither_order_nor_old_thresholds_matter(world: Any) -> None:
    """A tighter threshold never keeps more."""
    verdicts = verdicts_of(world)
    counts = sweep(verdicts, "reject")
    other_thresholds = verdicts_of(world, thresholds=dict.fromkeys(STAGE_NAMES, 9.9))
    assert_frame_equal(sweep(other_thresholds.reverse(), "reject"), counts)
    rises = counts.select(pl.col("surviving").diff().over("theme", "stage") > 0)
    assert not rises["surviving"].any()
