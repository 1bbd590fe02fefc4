"""The end of a run: what it made and of what, what changed, where to look, and what is of other data."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node

from sparkle_curation.datasets import KiwiEditDataset, ReportCSVDataset
from sparkle_curation.hooks.run_summary import (
    RunSummary,
    describe_change,
    describe_columns,
    describe_settings,
)
from sparkle_curation.spec.stages import CRITERION_NAMES

ONE, OTHER = "1" * 32, "2" * 32
METRICS = {
    "thresholds": dict.fromkeys(CRITERION_NAMES, 8.4999999),
    "missing_scores": "reject",
    "imputed_scores": "reject",
    "score_source": "released",
    "preflight": {"unloadable_pairs": "drop", "num_frames": 81},
    "split": {"val_share": 0.1},
    "scope": {"themes": ["a", "b"]},
}


def test_settings_are_told_as_they_were_used() -> None:
    """Thresholds with all their digits, each policy, and what ``auto`` came to."""
    told = describe_settings(METRICS, {"imputed_scores": "auto"})
    assert told["thresholds"] == ", ".join(f"{name} >= 8.4999999" for name in CRITERION_NAMES)
    assert told["policies"] == (
        "missing_scores reject, imputed_scores reject (auto: the thresholds are not the published ones), "
        "score_source released, unloadable_pairs drop, val_share 0.1, themes a b"
    )
    assert "auto" not in describe_settings(METRICS, {"imputed_scores": "reject"})["policies"]


def test_columns_say_what_they_count() -> None:
    """Those that are shown, the stages in one line."""
    funnel = pl.DataFrame(
        {"theme": ["total"], "known": [3], **{name: [2] for name in CRITERION_NAMES}, "val": [0]}
    )
    lines = list(describe_columns(funnel.with_columns(exported=1, missing=1)))
    assert len(lines) == 4
    assert lines[-1] == "missing: rows of the released CSVs that the variant lacks"


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (None, ["a"], "1 pairs; there was no variant before"),
        (["a", "b", "c"], ["c", "d"], "2 pairs; against the variant before 1 came and 2 went"),
        ([], ["a"], "1 pairs; against the variant before 1 came and 0 went"),
        (["a"], [], "0 pairs; against the variant before 0 came and 1 went"),
    ],
)
def test_what_came_and_went_is_counted(before: list[str] | None, now: list[str], told: str) -> None:
    """By sample, whatever became of its row."""
    old = None if before is None else pl.Series(before, dtype=pl.String)
    assert describe_change(old, pl.Series(now, dtype=pl.String)) == told


def made(*names: str) -> Pipeline:
    """A pipeline that makes these."""
    return Pipeline([node(lambda: tuple(names), None, list(names), name="make")])


def test_the_variant_before_is_known_at_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Though the run has replaced it."""
    row = dict.fromkeys(("prompt", "src_video", "tgt_video", "edit_type"), "x")
    rest = dict.fromkeys(("chosen_keyword", "original_scene", "extra_fields"))

    def samples(*ids: str) -> pl.DataFrame:
        return pl.DataFrame([{"id": each, "theme": "time", **row, **rest} for each in ids]).cast(pl.String)

    catalog = DataCatalog(
        {
            "funnel_table": ReportCSVDataset(filepath=str(tmp_path / "funnel_table.csv")),
            "variant_samples": KiwiEditDataset(filepath=str(tmp_path / "variant")),
        }
    )
    pipeline, summary = made("funnel_table", "variant_samples"), RunSummary()
    catalog.save("variant_samples", samples("Sparkle_time_000001", "Sparkle_time_000002"))
    summary.before_pipeline_run(pipeline, catalog)
    catalog.save("variant_samples", samples("Sparkle_time_000002", "Sparkle_time_000003"))
    funnel = {"theme": ["total"], "known": [3], **{name: [2] for name in CRITERION_NAMES}, "exported": [2]}
    catalog.save("funnel_table", pl.DataFrame(funnel))
    summary.after_pipeline_run(pipeline, catalog)
    assert "against the variant before 1 came and 1 went" in capsys.readouterr().out
