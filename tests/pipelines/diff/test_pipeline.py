"""Two curations compared, by Kedro, from the sample release to the summary."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from tests.conftest import Project
from tests.datasets.variant.kept_versions import FIRST, LOW, NEW, PATHS, keep_versions, write_version

from sparkle_curation.datasets import (
    ReportCSVDataset,
    TableDataset,
    TableSchemaValidator,
    TextDataset,
    VariantStoreDataset,
)
from sparkle_curation.errors import VersionError
from sparkle_curation.ingest.exclusions.resolving import Excluded
from sparkle_curation.pipelines.diff.pipeline import create_pipeline
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.versions.version import VariantVersion

REPORTS = "08_reporting"


@pytest.fixture(scope="module")
def published(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample, curated at the published thresholds; read only."""
    project = Project(release_root=sample_release, data_root=tmp_path_factory.mktemp("published"))
    project.run_here("curate")
    return project


@pytest.fixture(scope="module")
def strict(published: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same release at a threshold of 8.5; read only."""
    data_root = tmp_path_factory.mktemp("strict") / "data"
    shutil.copytree(published.data_root, data_root)
    project = replace(published, data_root=data_root)
    project.run_here("filter", params={"threshold": 8.5})
    return project


@pytest.fixture
def comparing(published: Project, tmp_path: Path) -> Project:
    """A run whose outputs lie in a folder of their own."""
    return replace(published, data_root=tmp_path / "compared")


def tasks_of(project: Project, theme: str) -> set[str]:
    """The ids in a theme's training CSV, as Python's csv reads it."""
    path = project.output(PATHS["prompts"], f"{theme}_train.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {row["task"] for row in csv.DictReader(file)}


def difference(project: Project) -> pl.DataFrame:
    """The table that a run wrote."""
    return pl.read_parquet(project.output(REPORTS, "variant_diff.parquet"))


def test_counts_are_those_of_the_csvs(published: Project, strict: Project, comparing: Project) -> None:
    """`kedro run --pipelines diff` finds by theme what a count over both sets of CSVs finds, and shows it."""
    params = {"base": published.data_root, "other": strict.data_root}
    finished = comparing.run_kedro("--pipelines", "diff", params=params)
    assert finished.returncode == 0, finished.stderr
    diff = difference(comparing)
    for theme in THEMES:
        old, new = tasks_of(published, theme), tasks_of(strict, theme)
        rows = diff.filter(pl.col("theme") == theme)
        assert set(rows.filter(pl.col("change") == "removed")["id"]) == old - new
        assert set(rows.filter(pl.col("change") == "added")["id"]) == new - old
    assert set(diff["change"]) == {"removed"}
    counts = pl.read_csv(comparing.output(REPORTS, "variant_diff_counts.csv"))
    assert counts["sample_count"].sum() == diff.height == 40
    by_reason = Counter(dict(diff["reason"].value_counts().rows()))
    assert by_reason == {"threshold:edited_frame0": 27, "threshold:edited_video": 13}
    summary = comparing.output(REPORTS, "variant_diff_summary.md").read_text(encoding="utf-8")
    assert "80 samples + 0 added - 40 removed = 40 samples; 0 changed." in summary
    assert summary in finished.stdout
    assert str(comparing.output(REPORTS, "variant_diff_summary.md")) in finished.stdout


def test_a_removed_sample_is_one_that_its_score_lets_fall(
    published: Project, strict: Project, comparing: Project
) -> None:
    """Each row's own scores lie between the thresholds that its reason names; the other way round all come back."""
    comparing.run_here("diff", params={"base": published.data_root, "other": strict.data_root})
    rows = difference(comparing)
    for row in rows.rows(named=True):
        stage = row["reason"].removeprefix("threshold:")
        assert 8.0 <= row[f"base_{stage}_score"] == row[f"other_{stage}_score"] < 8.5
        assert (row["base_rejected_by"], row["other_rejected_by"]) == (None, stage)
        assert row["detail"] == f"threshold:{stage} 8.0 -> 8.5"
    comparing.run_here("diff", params={"base": strict.data_root, "other": published.data_root})
    back = difference(comparing)
    assert set(back["change"]) == {"added"}
    assert back["id"].to_list() == rows["id"].to_list()
    assert set(back["detail"]) == {detail.replace("8.0 -> 8.5", "8.5 -> 8.0") for detail in rows["detail"]}


def test_a_data_root_is_the_workspace(strict: Project, published: Project, tmp_path: Path) -> None:
    """`other` is the current data root unless it is said; CSVs alone can be compared, without reasons."""
    root = tmp_path / "data"
    shutil.copytree(strict.data_root, root)
    project = replace(strict, data_root=root)
    project.run_here("diff", params={"base": published.output("05_model_input", "kiwi_edit")})
    assert difference(project)["reason"].value_counts().rows() == [("unknown", 40)]


def edited_release(release: Path, folder: Path, prompt_of: str, scores: dict[str, float], gone: str) -> Path:
    """A copy of a release in which one prompt and some scores of the first stage are others, and a sample is gone."""
    shutil.copytree(release, folder)
    csv_path = folder / "prompts" / "season_train.csv"
    with csv_path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["task"] != gone]
    for row in rows:
        if row["task"] == prompt_of:
            row["prompt"] = "Another prompt, with a comma"
    with csv_path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for path in [
        folder / "prompts" / "season_train_metadata.jsonl",
        *folder.glob("intermediate_data/season/*.jsonl"),
    ]:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for record in records:
            if path.name == "edited_frame0_score.jsonl" and record["id"] in scores:
                record["editscore"]["overall"] = scores[record["id"]]
        kept = [json.dumps(record, ensure_ascii=False) for record in records if record["id"] != gone]
        path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    for path in folder.rglob(f"{gone}*"):
        path.unlink()
    return folder


@pytest.mark.slow
def test_what_changed_in_the_release_is_found(published: Project, comparing: Project, tmp_path: Path) -> None:
    """A prompt, a score that matters, one that does not, and a sample that is gone: each with its reason and file."""
    season = sorted(tasks_of(published, "season"))
    reworded, lowered, nudged, gone = season[:4]
    release = edited_release(
        published.release_root, tmp_path / "release", reworded, {lowered: 7.9, nudged: 8.4}, gone
    )
    edited = Project(release_root=release, data_root=tmp_path / "edited")
    edited.run_here("curate")
    comparing.run_here("diff", params={"base": published.data_root, "other": edited.data_root})
    diff = difference(comparing)
    scores = {row["id"]: row["base_edited_frame0_score"] for row in diff.rows(named=True)}
    found = {row[0]: row[1:] for row in diff.select("id", "change", "detail", "source_files").rows()}
    score_file, csv_file = "intermediate_data/season/edited_frame0_score.jsonl", "prompts/season_train.csv"
    assert found == {
        gone: ("removed", "source_removed", [csv_file]),
        reworded: ("changed", "prompt", [csv_file]),
        lowered: ("removed", f"score:edited_frame0 {scores[lowered]} -> 7.9", [score_file]),
        nudged: ("changed", f"score:edited_frame0 {scores[nudged]} -> 8.4", [score_file]),
    }
    row = diff.filter(pl.col("id") == reworded).row(0, named=True)
    assert row["other_prompt"] == "Another prompt, with a comma"
    assert row["base_prompt"] != row["other_prompt"]
    summary = comparing.output(REPORTS, "variant_diff_summary.md").read_text(encoding="utf-8")
    assert f"`{score_file}`" in summary


# ------------------------------------------------------------------ revisions
def make_catalog(repository: Path, base: str | None, other: str | None) -> DataCatalog:
    """The catalog of a project in a repository of its own."""
    folder = repository / "data" / REPORTS
    table = TableDataset(filepath=str(folder / "variant_diff.parquet"))
    return DataCatalog(
        {
            "variant_versions": VariantStoreDataset(
                path=str(repository / "data"),
                repository={"path": str(repository), "data_root": "data"},
                files=PATHS,
            ),
            "params:base": MemoryDataset(base),
            "params:other": MemoryDataset(other),
            "excluded_samples": MemoryDataset(Excluded()),
            "variant_diff": table,
            "variant_diff_counts": ReportCSVDataset(filepath=str(folder / "variant_diff_counts.csv")),
            "variant_diff_summary": TextDataset(filepath=str(folder / "variant_diff_summary.md")),
        }
    )


def test_revisions_are_compared_with_the_work_tree(tmp_path: Path) -> None:
    """`base=HEAD~1` is the first version, the workspace the second; the summary says how to have both again."""
    keep_versions(tmp_path)
    catalog = make_catalog(tmp_path, "HEAD~1", "workspace")
    SequentialRunner().run(create_pipeline(), catalog)
    diff = catalog.load("variant_diff").collect()
    TableSchemaValidator(table="variant_diff").validate(diff)
    assert diff.select("id", "change", "reason").rows() == [
        (LOW, "removed", "score:edited_video"),
        (NEW, "added", "source_added"),
    ]
    assert catalog.load("variant_diff_counts").rows() == [
        ("location", "removed", "score:edited_video", 1),
        ("time", "added", "source_added", 1),
    ]
    assert "git checkout" in catalog.load("variant_diff_summary")


def test_a_version_that_is_not_there_stops_before_anything_is_written(tmp_path: Path) -> None:
    """The last difference stays as it was."""
    from tests.made.versions import version  # noqa: PLC0415

    made: VariantVersion = version(FIRST)
    write_version(tmp_path / "data", made)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(VersionError, match="revision cannot be read"):
        SequentialRunner().run(create_pipeline(), make_catalog(tmp_path, "HEAD", None))
    assert sorted(tmp_path.rglob("*")) == before


# ------------------------------------------------------------------ mistakes
@pytest.mark.slow
def test_a_name_of_nothing_is_reported_plainly(project: Project) -> None:
    """What was asked for and what may stand there; no traceback, and nothing written."""
    finished = project.run_kedro("--pipelines", "diff", params={"base": "nowhere"})
    assert finished.returncode == 1
    told = finished.stdout + finished.stderr
    assert "There is neither a folder nor a git revision of that name." in told
    assert "got:     nowhere" in told
    assert "Traceback" not in told
    assert not project.data_root.exists()
