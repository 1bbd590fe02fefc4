"""Scores are counted by stage, theme and tenth of a point, each in the bin that its digits say."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sparkle_curation.filtering.score_histograms import count_scores
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES
from sparkle_curation.spec.tables.verdicts import score_column

COLUMNS = {"theme": pl.String, **{score_column(stage): pl.Float64 for stage in STAGES}}


def verdicts(*rows: tuple[str, float | None, float | None, float | None]) -> pl.DataFrame:
    """Verdicts with these themes and scores."""
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def test_counts_by_stage_theme_and_tenth() -> None:
    """A bin has its lower edge and not its upper one; who has no score is in none."""
    found = count_scores(
        verdicts(("time", 8.3, 8.39, None), ("time", 8.38, 8.4, 10.0), ("style", 0.0, None, 9.99))
    )
    assert found.rows() == [
        ("edited_frame0", "style", 0.0, 1),
        ("edited_frame0", "time", 8.3, 2),
        ("foreground_removed", "time", 8.3, 1),
        ("foreground_removed", "time", 8.4, 1),
        ("edited_video", "style", 9.9, 1),
        ("edited_video", "time", 10.0, 1),
    ]
    assert found.columns == ["stage", "theme", "score", "samples"]


@pytest.mark.parametrize("rows", [[], [("time", None, None, None)]], ids=["empty", "all null"])
def test_without_scores_there_is_no_row(rows: list[tuple[str, None, None, None]]) -> None:
    """The columns are those of any other count."""
    found = count_scores(verdicts(*rows))
    assert found.is_empty()
    assert found.schema == count_scores(verdicts(("time", 1.0, 1.0, 1.0))).schema


@given(st.integers(0, 100))
def test_a_score_of_one_decimal_is_in_its_own_bin(tenths: int) -> None:
    """Though 8.3 * 10 is a little less than 83."""
    score = tenths / 10
    assert count_scores(verdicts(("time", score, None, None)))["score"].to_list() == [score]


@given(st.lists(st.tuples(st.sampled_from(["time", "style"]), *[st.none() | st.floats(0, 10)] * 3)))
def test_every_score_is_counted_once(
    rows: list[tuple[str, float | None, float | None, float | None]],
) -> None:
    """The counts of a stage add up to its scores, and the order of the samples does not matter."""
    found = count_scores(verdicts(*rows))
    for place, stage in enumerate(STAGE_NAMES, start=1):
        assert found.filter(stage=stage)["samples"].sum() == sum(row[place] is not None for row in rows)
    assert_frame_equal(count_scores(verdicts(*reversed(rows))), found)
