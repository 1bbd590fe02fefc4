"""What a run says at its end that made no variant."""

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
from sparkle_curation.hooks.run_endings import ENDINGS, EndTeller
from sparkle_curation.variant.provenance import DataVersion

ONE, OTHER = "1" * 32, "2" * 32


def made(*names: str) -> Pipeline:
    """A pipeline that makes these."""
    return Pipeline([node(lambda: tuple(names), None, list(names), name="make")])


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
