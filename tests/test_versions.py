"""Variants as versions: a clone is rebuilt by DVC, another cut-off is an experiment, and the two are compared."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import CHECKOUT

pytestmark = pytest.mark.slow

STAGES = ["manifest", "ingest", "validate", "curate", "plots_page"]


@dataclass(frozen=True)
class Clone:
    """A clone of the project with a git identity of its own, and the commands in it."""

    root: Path

    def run(self, *command: str, check: bool = True) -> str:
        """What a command prints, with the clone's own code and this environment's programs."""
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        here = {"PATH": programs, "PYTHONPATH": str(self.root / "src"), "COLUMNS": "200"}
        quiet = {"DO_NOT_TRACK": "1", "DVC_NO_ANALYTICS": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            command,
            cwd=self.root,
            env=os.environ | here | quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def stages_run(self, *command: str) -> list[str]:
        """The stages that a ``dvc`` command ran, without those that it found unchanged."""
        lines = self.run("dvc", *command).splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage")]

    def emitted(self) -> Counter[str]:
        """Emitted samples by theme, counted in the training CSVs by the csv module."""
        folder = self.root / "data" / "05_model_input" / "kiwi_edit" / "prompts"
        counts: Counter[str] = Counter()
        for path in folder.glob("*_train.csv"):
            with path.open(newline="", encoding="utf-8") as file:
                counts[path.name.removesuffix("_train.csv")] = sum(1 for _ in csv.DictReader(file))
        return counts

    def metrics(self) -> dict[str, Any]:
        """The metrics of the variant in the workspace."""
        path = self.root / "data" / "08_reporting" / "curation_metrics.json"
        metrics: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return metrics


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone of what is committed and in the work tree, built by ``dvc repro`` and committed."""
    root = tmp_path_factory.mktemp("versions") / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(CHECKOUT), str(root)], check=True)
    clone = Clone(root)
    for name, value in (("user.email", "tester@example.org"), ("user.name", "Tester")):
        clone.run("git", "config", name, value)
    assert clone.stages_run("repro") == STAGES
    clone.run("git", "add", "--all")
    clone.run("git", "commit", "--quiet", "--message", "The variant by the published cut-offs")
    return clone


def test_a_second_rebuild_does_nothing(built: Clone) -> None:
    """It looks at the release's names, sizes and times, and changes no file."""
    assert built.stages_run("repro") == ["manifest"]
    assert built.run("git", "status", "--porcelain") == ""


def test_another_cut_off_is_an_experiment_and_what_it_costs_is_told(built: Clone) -> None:
    """Only judging runs; metrics, parameters, plots and the difference agree with a count by hand."""
    before = built.emitted()
    setting = "conf/base/curate/parameters.yml:threshold=8.5"
    assert built.stages_run("exp", "run", "--name", "strict", "--set-param", setting) == [
        "manifest",
        "curate",
    ]
    after = built.emitted()
    assert 0 < after.total() < before.total()
    assert {theme: built.metrics()["themes"][theme]["emitted"] for theme in before} == after
    _check_metrics_and_params(built, before, after)
    _check_plots(built)
    built.run("git", "checkout", "--quiet", "--", ".")
    built.run("dvc", "checkout", "--quiet")
    assert built.emitted() == before


def _check_metrics_and_params(built: Clone, before: Counter[str], after: Counter[str]) -> None:
    (metrics,) = json.loads(built.run("dvc", "metrics", "diff", "--json", "HEAD")).values()
    found = {theme: metrics.get(f"themes.{theme}.emitted", {}).get("diff", 0) for theme in before}
    assert found == {theme: after[theme] - before[theme] for theme in before}
    (params,) = json.loads(built.run("dvc", "params", "diff", "--json", "HEAD")).values()
    assert params == {"threshold": {"old": None, "new": 8.5}}
    assert "strict" in built.run("dvc", "exp", "show", "--no-pager", "--csv")


def _check_plots(built: Clone) -> None:
    built.run("dvc", "plots", "diff", "HEAD", "--out", "plots")
    page = (built.root / "plots" / "index.html").read_text(encoding="utf-8")
    assert "<script src" not in page
    for title in ("Samples that pass each stage", "Scores by stage and theme", "at every cut-off"):
        assert title in page


def test_a_changed_score_file_rebuilds_what_hangs_on_it(built: Clone) -> None:
    """The other tables keep their bytes, and the changed sample is no longer emitted."""
    tables = built.root / "data" / "02_intermediate"
    before = {path.name: path.stat().st_mtime_ns for path in tables.glob("*.parquet")}
    emitted = built.emitted()
    release = built.root / "data" / "01_raw" / "sparkle_sample" / "intermediate_data" / "time"
    path = release / "edited_frame0_score.jsonl"
    text = path.read_text(encoding="utf-8")
    task = _first_emitted(built, "time")
    lines = [_with_score(line, 1.0) if f'"{task}"' in line else line for line in text.splitlines()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert built.stages_run("repro") == ["manifest", "ingest", "validate", "curate"]
    after = {file.name: file.stat().st_mtime_ns for file in tables.glob("*.parquet")}
    assert {name for name in before if after[name] != before[name]} == {
        "edited_frame0_scores.parquet",
        "quarantine.parquet",
    }
    assert built.emitted() == emitted - Counter({"time": 1})
    built.run("git", "checkout", "--quiet", "--", ".")


def test_several_cut_offs_are_queued(built: Clone) -> None:
    """Each is an experiment of its own in a folder of its own; the workspace stays as it is."""
    before = built.emitted()
    for cut_off in (7, 9):
        setting = f"conf/base/curate/parameters.yml:threshold={cut_off}"
        built.run("dvc", "exp", "run", "--queue", "--name", f"at-{cut_off}", "--set-param", setting)
    built.run("dvc", "exp", "run", "--run-all", "--jobs", "1")
    table = list(
        csv.DictReader(built.run("dvc", "exp", "show", "--no-pager", "--csv", "--only-changed").splitlines())
    )
    emitted = {row["Experiment"]: row for row in table if row["Experiment"].startswith("at-")}
    assert set(emitted) == {"at-7", "at-9"}
    assert built.emitted() == before


def _first_emitted(built: Clone, theme: str) -> str:
    path = built.root / "data" / "05_model_input" / "kiwi_edit" / "prompts" / f"{theme}_train.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))["task"]


def _with_score(line: str, score: float) -> str:
    record = json.loads(line)
    record["editscore"]["overall"] = score
    return json.dumps(record, ensure_ascii=False)
