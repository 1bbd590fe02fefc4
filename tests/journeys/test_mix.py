"""A mix of three datasets of different shapes, as a person makes it: curated apart, mixed, and their media brought."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from tests.journeys.derived import ProjectCopy, derive_release
from tests.journeys.test_other_datasets import as_other, other_dataset, other_path
from tests.made.shape_faults import FAULTY
from tests.made.shapes import SHAPES

from sparkle_curation.spec.description.reading import read_description

pytestmark = pytest.mark.slow

MEMBERS: dict[str, Any] = {
    "clips": {"data_root": "data_other", "weight": 1},
    "sparkle": {"data_root": "data", "weight": 2, "thresholds": {"edited_video": 7}, "quota": {"style": 3}},
    "tasks": {"data_root": "data_tasks", "weight": 1},
}
"""The first one keeps what it shares with the second one, of which it was made."""


@pytest.fixture(scope="module")
def project(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> ProjectCopy:
    """Sparkle's sample, a dataset derived of it, and one of another shape: each curated in an environment of its own."""
    root = tmp_path_factory.mktemp("mix")
    derive_release(sample_release, root / "clips", other_path, as_other)
    FAULTY["per_task"].put(root / "tasks")
    project = ProjectCopy(root / "project")
    project.change_dataset(other_dataset, "other")
    conf = project.root / "conf"
    (conf / "tasks").mkdir()
    (conf / "tasks/dataset.yml").write_text(yaml.safe_dump(SHAPES["per_task"][0]), "utf-8")
    for env, release in {"other": root / "clips", "tasks": root / "tasks"}.items():
        roots = {"release_root": str(release), "data_root": f"data_{env}"}
        (conf / env / "globals.yml").write_text(yaml.safe_dump(roots), "utf-8")
    (project.root / "data/01_raw").mkdir(parents=True)
    (project.root / "data/01_raw/sparkle_sample").symlink_to(sample_release)
    for env, pipelines in {
        "base": "ingest,inspect,filter,near_duplicates",
        "other": "ingest,inspect,filter,near_duplicates",
        "tasks": "ingest,inspect,filter",
    }.items():
        run = project.run("--env", env, "--pipelines", pipelines)
        assert run.returncode == 0, run.stderr[-3000:]
    return project


def counts(project: ProjectCopy) -> dict[tuple[str, str], int]:
    """Samples by member and outcome."""
    table = pl.read_csv(project.root / "data/08_reporting/mix_counts.csv")
    return {
        (member, outcome): count
        for member, outcome, count in table.group_by("member", "outcome").agg(pl.col("count").sum()).rows()
    }


def test_three_datasets_become_one_training_file(project: ProjectCopy) -> None:
    """Near duplicates are left out, each member has its share, licence and reasons, and all paths resolve."""
    parameters = {"mix": {"members": MEMBERS}}
    (project.root / "conf/local").mkdir(exist_ok=True)
    (project.root / "conf/local/parameters.yml").write_text(
        yaml.safe_dump(parameters, sort_keys=False), "utf-8"
    )
    run = project.run("--pipelines", "mix,extract", "--params", "extract.of=mix")
    assert run.returncode == 0, run.stderr[-3000:]
    assert "tasks has no hashes of first frames" in " ".join((run.stdout + run.stderr).split())
    mix = project.root / "data/05_model_input/mix"
    with (mix / "prompts/mix_train.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["prompt", "src_video", "tgt_video", "task"]
    assert Counter(row["task"].partition("/")[0] for row in rows) == {"sparkle": 17, "clips": 8, "tasks": 8}
    media = project.root / "data/05_model_input/extracted_mix"
    assert all((media / row[side]).is_file() for row in rows for side in ("src_video", "tgt_video"))
    assert counts(project) == {
        ("clips", "train"): 8,
        ("clips", "weight"): 24,
        ("clips", "rejected"): 16,
        ("sparkle", "train"): 17,
        ("sparkle", "rejected"): 31,
        ("sparkle", "near_duplicate"): 32,
        ("sparkle", "quota"): 15,
        ("sparkle", "weight"): 25,
        ("tasks", "train"): 8,
        ("tasks", "rejected"): 5,
        ("tasks", "unloadable"): 1,
    }

    record = json.loads((mix / "mix.json").read_text("utf-8"))
    assert record["sample_count"] == len(rows)
    assert record["members"]["sparkle"]["thresholds"]["edited_video"] == 7
    assert record["members"]["clips"]["share_wanted"] == 0.25
    card = (mix / "README.md").read_text("utf-8")
    assert "| clips | Clips | 48 | 8 | 0 | 1 (25.0%) | 24.2% |" in card
    assert "| clips | `cc0-1.0` | 8 |" in card
    assert "Content was not compared for tasks" in card
    described = read_description(mix / "dataset.yml")
    assert [theme.name for theme in described.themes] == ["clips", "sparkle", "tasks"]
    assert sum(len(path.read_text("utf-8").splitlines()) for path in (mix / "records").iterdir()) == len(rows)
    assert project.differing_sources() == []
