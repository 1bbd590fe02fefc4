"""Datasets of other shapes, from a release with the ten likeliest faults of its shape to a training CSV: each in one run."""

from __future__ import annotations

import csv
import io
import subprocess
from pathlib import Path

import polars as pl
import pytest
import yaml
from tests.journeys.derived import ProjectCopy
from tests.made.shape_faults import FAULTY
from tests.made.shapes import SHAPES

pytestmark = pytest.mark.slow


def run_shape(root: Path, name: str) -> tuple[ProjectCopy, Path, subprocess.CompletedProcess[str]]:
    """The run of a faulty release in an environment of its own: the project, its data root, and how it went."""
    description, _ = SHAPES[name]
    faulty = FAULTY[name]
    faulty.put(root / "release")
    project = ProjectCopy(root / "project")
    folder = project.root / "conf" / name
    folder.mkdir()
    (folder / "dataset.yml").write_text(yaml.safe_dump(description), "utf-8")
    roots = {"release_root": str(root / "release"), "data_root": "made"}
    (folder / "globals.yml").write_text(yaml.safe_dump(roots), "utf-8")
    params = ["--params", faulty.params] if faulty.params else []
    run = project.run("--env", name, "--pipelines", "ingest,inspect,filter", *params)
    return project, project.root / "made", run


@pytest.mark.parametrize("name", FAULTY)
def test_a_dataset_of_another_shape_becomes_a_training_csv(name: str, tmp_path: Path) -> None:
    """Each fault is in the quarantine with its reason, all other pairs in the CSV, and no line of code is another."""
    project, made, run = run_shape(tmp_path, name)
    assert run.returncode == 0, run.stderr[-3000:] + run.stdout[-3000:]

    faulty = FAULTY[name]
    quarantine = pl.read_parquet(made / "02_intermediate/quarantine.parquet")
    counts = quarantine.group_by("table", "reason").agg(pl.col("line_count").sum()).rows()
    assert {(table, reason): count for table, reason, count in counts} == faulty.found
    assert not quarantine.filter(pl.col("detail") == "").height

    rows = [
        row
        for path in (made / "05_model_input/kiwi_edit/prompts").glob("*_train.csv")
        for row in csv.DictReader(io.StringIO(path.read_text("utf-8")))
    ]
    assert len(rows) == faulty.pairs
    assets = pl.read_parquet(made / "02_intermediate/assets.parquet/**/*.parquet")
    assert {row[side] for row in rows for side in ("src_video", "tgt_video")} <= set(assets["path"])
    sources = pl.read_csv(made / "08_reporting/ingest_counts.csv")
    sums = sources["row_count"] + sources["quarantined_count"] + sources["excluded_count"]
    assert sums.to_list() == sources["record_count"].to_list()
    assert project.differing_sources() == []
