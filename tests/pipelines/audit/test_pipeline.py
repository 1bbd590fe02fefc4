"""The audit pipeline: the sample that is drawn, kept and read again."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from tests.made.tables import THRESHOLDS, known, same_scores

from sparkle_curation.datasets.reports.report_datasets import ReportCSVDataset
from sparkle_curation.filtering.verdicts import apply_thresholds
from sparkle_curation.pipelines.audit.nodes import draw_sample
from sparkle_curation.pipelines.audit.params import AuditGroup


def test_the_sample_is_drawn_and_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With what to do next; where none was drawn there are no rows."""
    levels = {f"Sparkle_time_{number:06}": 5.0 + number % 5 for number in range(40)}
    verdicts = apply_thresholds(known(*levels), same_scores(levels), THRESHOLDS, "reject")
    with caplog.at_level(logging.INFO):
        drawn = draw_sample(verdicts, AuditGroup(size=10, seed=3))
    assert (drawn.height, "10 samples of 5 strata are drawn" in caplog.text) == (10, True)
    dataset = ReportCSVDataset(
        filepath=str(tmp_path / "audit_sample.csv"), text_columns=["id", "stratum"], is_optional=True
    )
    assert dataset.load().columns == ["id", "stratum"]
    dataset.save(drawn)
    assert_frame_equal(dataset.load(), drawn)
