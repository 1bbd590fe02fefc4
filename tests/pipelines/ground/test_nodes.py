"""What the second round says when it ends."""

from __future__ import annotations

import polars as pl
import pytest

from sparkle_curation.pipelines.ground.nodes import publish_regroundings


def regrounded(surplus: list[list[str]], unanswered: list[int]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Two samples of both rounds: one that was grounded, and one that was not asked for."""
    columns = {"id": ["a", "b"], "theme": ["time", "time"], "fault": [None, "not_asked"]}
    second = {"surplus_labels": [surplus, None], "unanswered_sampled_frames": [unanswered, None]}
    return pl.LazyFrame(columns), pl.LazyFrame({**columns, **second})


def test_odd_labels_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    """How many, and where they are."""
    publish_regroundings(*regrounded([["fox"], [], ["hare", "fox"]], [1]))
    assert "3 labels not asked for (surplus_labels), 1 frames without an answer" in caplog.text


def test_samples_of_a_draft_that_wait_are_told_with_what_to_run(caplog: pytest.LogCaptureFixture) -> None:
    """Of each round, where something changed since it was judged; what has not passed waits without a word."""
    for fault, told in (("not_judged", 2), ("not_passed", 0)):
        caplog.clear()
        first, second = (table.with_columns(fault=pl.lit(fault)) for table in regrounded([[], []], []))
        publish_regroundings(first, second)
        assert caplog.text.count("2 samples wait to be judged; look at what is new: kedro run") == told


def test_nothing_odd_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """No warning where there is nothing to look at."""
    publish_regroundings(*regrounded([[], []], []))
    assert "surplus" not in caplog.text
