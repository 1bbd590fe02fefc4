"""The end of a run: what it made and of what, what changed, where to look, and what is of other data."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import polars as pl
import pytest
from kedro.framework.project import pipelines
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from sparkle_curation.datasets import KiwiEditDataset, ReportCSVDataset
from sparkle_curation.hooks.run_summary import (
    ENDINGS,
    EndTeller,
    RunSummary,
    describe_change,
    describe_columns,
    describe_settings,
)
from sparkle_curation.spec.stages import CRITERION_NAMES
from sparkle_curation.variant.provenance import DataVersion

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


@pytest.mark.usefixtures("kedro_project")
def test_every_pipeline_ends_with_where_to_look() -> None:
    """Each has a line, or a summary; and what the lines name are its outputs."""
    with_summary = {"filter", "filter_keep", "diff", "curate", "__default__"}
    as_another = {"camera_clips"}  # makes what `camera` does
    assert set(pipelines) == set(ENDINGS) | with_summary | as_another
    for name, (_, outputs) in ENDINGS.items():
        assert set(outputs) <= pipelines[name].all_outputs(), name


def test_a_pipeline_says_what_it_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In one line with the paths; a run of other steps says nothing of it."""
    catalog = DataCatalog(
        {name: ReportCSVDataset(filepath=str(tmp_path / f"{name}.csv")) for name in ENDINGS["ingest"][1]}
    )
    counts = {"record_count": [1200, 3], "row_count": [1199, 3], "quarantined_count": [1, 0]}
    catalog.save("ingest_counts", pl.DataFrame(counts))
    with caplog.at_level(logging.INFO, logger="sparkle_curation"):
        EndTeller().after_pipeline_run(made("ingest_counts"), catalog)
        assert caplog.text == ""
        EndTeller().after_pipeline_run(made(*ENDINGS["ingest"][1]), catalog)
    assert "ingest: 1,203 records, of which 1,202 are rows and 1 in the quarantine; see " in caplog.text
    assert str(tmp_path / "quarantine.csv") in caplog.text
    catalog.save("ingest_counts", pl.DataFrame(counts).clear())
    with caplog.at_level(logging.INFO, logger="sparkle_curation"):
        EndTeller().after_pipeline_run(made(*ENDINGS["ingest"][1]), catalog)
    assert "ingest: 0 records, of which 0 are rows" in caplog.text


def test_verdicts_without_their_variant_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As after ``--to-outputs verdicts``: the variant there is of the verdicts before; without one nothing is said."""
    catalog = DataCatalog({"variant_samples": KiwiEditDataset(filepath=str(tmp_path))})
    EndTeller().after_pipeline_run(made("verdicts", "x"), catalog)
    assert caplog.text == ""
    (tmp_path / "prompts").mkdir()
    EndTeller().after_pipeline_run(made("verdicts", "x"), catalog)
    assert "the variant there is of the verdicts before these" in caplog.text


@pytest.mark.parametrize("moment", ["after_pipeline_run", "on_pipeline_error"])
@pytest.mark.parametrize(("then", "is_told"), [(ONE, False), (OTHER, True), (None, False)])
def test_a_variant_of_other_data_than_the_tables_is_told(
    moment: str, then: str | None, is_told: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where a run fails half way; without a variant, or of the same data, nothing is said."""
    catalog = DataCatalog(
        {
            "variant_samples": KiwiEditDataset(filepath=str(tmp_path)),
            "data_version": MemoryDataset(DataVersion(ONE, 1, 1, 1)),
        }
    )
    if then:
        (tmp_path / "variant.json").write_text(json.dumps({"data": {"digest": then}}), encoding="utf-8")
    with caplog.at_level(logging.WARNING, logger="sparkle_curation"):
        getattr(EndTeller(), moment)(made("something", "else"), catalog)
        assert caplog.text == ""
        getattr(EndTeller(), moment)(made("annotations"), catalog)
    assert (f"of data version {OTHER}" in caplog.text) == is_told
    assert ("kedro run --pipelines curate" in caplog.text) == is_told
