"""From a release in tars to a training that starts: the commands of the README, each typed in a process of its own."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.conftest import Project
from tests.loader.reference_loader import Options, load_csv

pytestmark = pytest.mark.slow

MODEL = "models/Wan-AI/Wan2.2-TI2V-5B"
"""Where Kiwi-Edit looks for its base weights, from its checkout."""


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def kedro(project: Project, *arguments: str, **params: object) -> str:
    """What a run that ends well prints."""
    finished = project.run_kedro(*arguments, params=params)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return " ".join((finished.stdout + finished.stderr).split())


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder like a checkout of Kiwi-Edit with its base weights, a checkpoint, and a launcher that notes its arguments."""
    root = tmp_path / "Kiwi-Edit"
    (root / MODEL).mkdir(parents=True)
    (root / MODEL / "base.safetensors").touch()
    (root / "train.py").touch()
    (root / "checkpoint.safetensors").write_bytes(b"weights")
    (root / "bin").mkdir()
    launcher = root / "bin" / "accelerate"
    launcher.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{root}/arguments"\n', encoding="utf-8")
    launcher.chmod(0o755)
    return root


def test_a_variant_trains_by_three_commands(project: Project, checkout: Path) -> None:
    """Curated, made a kit, extracted: no row of the merged CSV is replaced, and the trainer is started with it."""
    kedro(project, "--pipelines", "curate", threshold=8.5)
    told = kedro(project, "--pipelines", "training_kit,extract")
    assert "not_extracted: bring them there with kedro run --pipelines extract" in told
    kit, media = (project.output("05_model_input", name) for name in ("training_kit", "extracted"))
    themes = [read(path) for path in sorted(media.parent.glob("kiwi_edit/prompts/*_train.csv"))]
    rows = read(kit / "train.csv")
    assert sorted(row["task"] for row in rows) == sorted(row["task"] for theme in themes for row in theme)
    loaded = load_csv(kit / "train.csv", media, Options())
    assert len(loaded) == len(rows)
    assert [row for row in loaded if row.error] == []
    environment = {
        **os.environ,
        **dict.fromkeys(["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"], ""),
        "PATH": f"{checkout / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "KIWI_EDIT": str(checkout),
        "CHECKPOINT": str(checkout / "checkpoint.safetensors"),
    }
    started = subprocess.run(
        [str(kit / "train_from_base.sh")],
        env=environment,
        cwd=checkout.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stdout + started.stderr
    words = (checkout / "arguments").read_text("utf-8").splitlines()
    assert Path(words[words.index("--vid_dataset_metadata_path") + 1]).samefile(kit / "train.csv")
    assert Path(words[words.index("--dataset_base_path") + 1]).samefile(media)
    run = json.loads(next(checkout.parent.rglob("run.json")).read_text("utf-8"))
    record = json.loads(project.output("05_model_input", "kiwi_edit", "variant.json").read_text("utf-8"))
    assert record["version"] in json.dumps(run)
    next(media.rglob("*.mp4")).unlink()
    stopped = subprocess.run(
        [str(kit / "train_from_base.sh")],
        env=environment,
        cwd=checkout.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert stopped.returncode != 0
    assert "not_extracted: 1 files" in stopped.stderr
    assert f"kedro run --pipelines extract --params data_root={project.data_root}; or" in stopped.stderr
