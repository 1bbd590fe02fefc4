"""Somebody ingests a benchmark, curates without what it shares, builds one of their own, and looks at outputs of models."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import Project
from tests.made.bench import FIRST, MODELS, SECOND, MadeBench

from sparkle_curation.errors import EmptyOutputError, MissingTableError, ParameterError, ReleaseError

LEAKING = "Sparkle_season_000000"
"""A pair of the release whose source clip the benchmark is given too, as a sample of another theme."""


@pytest.fixture(scope="module")
def ingested(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample release as tables, inspected and hashed, beside a benchmark that shares a clip with it."""
    folder = tmp_path_factory.mktemp("benchmark")
    bench = MadeBench(folder / "bench")
    shutil.copy(sample_release / f"season/source_video/{LEAKING}.mp4", bench.source(FIRST))
    params = {"bench_root": folder / "bench"}
    project = Project(release_root=sample_release, data_root=folder / "data", params=params)
    for pipeline in ("ingest", "inspect", "near_duplicates", "bench_ingest"):
        project.run_here(pipeline)
    return project


@pytest.fixture
def own(ingested: Project, tmp_path: Path) -> Project:
    """The same tables in a folder that a test may write to."""
    shutil.copytree(ingested.data_root, tmp_path / "data")
    return replace(ingested, data_root=tmp_path / "data")


def bench_table(project: Project, name: str) -> pl.DataFrame:
    """A table of the benchmark."""
    return pl.read_parquet(project.output("02_intermediate", "benchmark", f"{name}.parquet"))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_clip_that_the_benchmark_shares_is_left_out(own: Project) -> None:
    """Found across themes by its file and its picture; not in the variant, whose card says so; `keep` keeps it."""
    leakage = bench_table(own, "bench_leakage")
    assert leakage.select("sample_id", "release_id", "likeness").rows() == [
        (FIRST, LEAKING, "content"),
        (FIRST, LEAKING, "near_duplicate"),
    ]
    own.run_here("filter")
    left_out = pl.read_csv(own.output("08_reporting", "samples_not_exported.csv"))
    told = f"content of {FIRST}; near_duplicate of {FIRST}"
    assert left_out.rows() == [(LEAKING, "season", "benchmark_leak", told)]
    metrics = json.loads(own.output("08_reporting", "curation_metrics.json").read_text())
    assert (metrics["total"]["exported"], metrics["total"]["benchmark_leaks"]) == (79, 1)
    assert metrics["total"]["agreement"] == {"released": 80, "missing": 1, "extra": 0}
    card = own.output("05_model_input", "kiwi_edit", "README.md").read_text()
    assert "1 samples that are alike to one of the benchmark made Sparkle-Bench were left out" in card
    assert "Not compared with it: content of 30 of 120 samples." in card

    own.run_here("filter", params={"benchmark_leakage": "keep"})
    metrics = json.loads(own.output("08_reporting", "curation_metrics.json").read_text())
    assert (metrics["total"]["exported"], metrics["total"]["leaking"]) == (80, 1)


def test_a_benchmark_is_built_twice_alike_and_can_be_ingested(own: Project) -> None:
    """Of pairs that a stricter last stage rejects; nothing of it is odd, and all of it leaks from the release."""
    stricter = {"thresholds.edited_video": 9, "bench_build.per_scene": 2, "bench_root": "null"}
    with pytest.raises(MissingTableError, match="kedro run --pipelines curate"):
        own.run_here("bench_build", params=stricter)
    own.run_here("filter", params=stricter)
    own.run_here("bench_build", params=stricter)
    built = own.output("05_model_input", "benchmark")
    first = contents(built)
    own.run_here("bench_build", params=stricter)
    assert contents(built) == first

    candidates = pl.read_csv(own.output("08_reporting", "benchmark", "bench_candidates.csv"))
    facts = json.loads(first["benchmark.json"])
    assert (candidates["fate"] == "chosen").sum() == facts["counts"]["samples"]
    assert facts["rule"]["thresholds"]["edited_video"] == 9
    own.run_here("bench_ingest", params={"bench_root": built})
    samples = bench_table(own, "bench_samples")
    assert samples.height == facts["counts"]["samples"]
    assert bench_table(own, "bench_quarantine").is_empty()
    assert samples["ref_image_path"].null_count() == 0
    labelled = samples.filter(pl.col("scene") != "unlisted")
    assert labelled.group_by("theme", "subtheme", "scene").len()["len"].max() == 2
    same = bench_table(own, "bench_leakage").filter(likeness="id")
    assert same["sample_id"].to_list() == samples["sample_id"].to_list()
    assert "is in no training CSV of the variant" in first["README.md"].decode()
    own.run_here("filter", params={"bench_root": built})
    kept = pl.concat(
        pl.read_csv(path) for path in own.output("05_model_input", "kiwi_edit", "prompts").glob("*.csv")
    )
    assert not set(kept["task"]) & set(samples["sample_id"])

    unlabelled = {**stricter, "bench_build.themes": "openve3m"}
    with pytest.raises(EmptyOutputError, match="No sample can be one of a benchmark"):
        own.run_here("bench_build", params={**unlabelled, "bench_build.unknown_scenes": "drop"})
    assert contents(built) == first
    own.run_here("bench_build", params=unlabelled)
    own.run_here("bench_ingest", params={"bench_root": built})
    assert bench_table(own, "bench_samples")["theme"].unique().to_list() == ["openve3m"]


def test_outputs_of_models_are_looked_at(own: Project) -> None:
    """Of two models, by name; a model that is no folder, and none, are refused."""
    models = {f"bench_models.{name}": MODELS / name for name in ("good", "poor")}
    own.run_here("bench_outputs", params=models)
    outputs = bench_table(own, "bench_outputs")
    assert outputs.group_by("model", maintain_order=True).len().rows() == [("good", 24), ("poor", 24)]
    counts = pl.read_csv(own.output("08_reporting", "benchmark", "bench_output_counts.csv"))
    totals = counts.filter(theme="total").select("model", "there_count", "missing_count", "broken_count")
    assert totals.rows() == [("good", 24, 0, 0), ("poor", 15, 3, 6)]
    with pytest.raises(MissingTableError) as caught:
        replace(own, data_root=own.data_root / "other").run_here("bench_outputs", params=models)
    assert caught.value.todo == "make it first: kedro run --pipelines bench_ingest"
    with pytest.raises(ParameterError, match="No model is named"):
        own.run_here("bench_outputs")
    with pytest.raises(EmptyOutputError, match="No model has an output"):
        own.run_here("bench_outputs", params={"bench_models.good": own.data_root / "02_intermediate"})
    assert bench_table(own, "bench_outputs").equals(outputs)
    with pytest.raises(ReleaseError, match="The folder of the model 'good' is not there"):
        own.run_here("bench_outputs", params={"bench_models.good": "/nowhere"})


def test_without_a_benchmark_the_tables_are_empty_and_curation_is_as_before(own: Project) -> None:
    """`bench_root: null`; and a folder that is not there is refused with what to type."""
    own.run_here("bench_ingest", params={"bench_root": "null"})
    assert bench_table(own, "bench_samples").is_empty()
    own.run_here("filter")
    metrics = json.loads(own.output("08_reporting", "curation_metrics.json").read_text())
    assert metrics["total"]["exported"] == 80
    assert "benchmark" not in metrics
    with pytest.raises(ReleaseError, match="The root of the benchmark is not a folder") as caught:
        own.run_here("bench_ingest", params={"bench_root": "/nowhere"})
    assert "hf download stdKonjac/Sparkle-Bench" in str(caught.value.todo)


def test_a_benchmark_is_of_use_without_a_release(ingested: Project, tmp_path: Path) -> None:
    """It is read and checked, and what could not be compared is counted as such."""
    alone = replace(ingested, data_root=tmp_path / "data")
    alone.run_here("bench_ingest")
    assert bench_table(alone, "bench_samples")["sample_id"].head(2).to_list() == [FIRST, SECOND]
    assert bench_table(alone, "bench_comparison")["release_count"].to_list() == [0, 0, 0, 0]
