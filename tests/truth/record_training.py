"""Writes what Kiwi-Edit's own data sets make of a training kit: ``python -m tests.truth.record_training CHECKOUT``.

Run it from the root of the repository, in the environment of ``record.py``. It has the project curate, make a kit and
extract, in folders of its own; starts the kit's run file with a launcher that notes its options; lets the checkout's own
``train.py`` make its data sets of them, up to where it would make the model; and asks these for every row. The answers go
to ``training_answers.json`` beside it. Nothing of the checkout is kept.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from tests.truth.record import PACKAGES, commit_of

ANSWERS = Path(__file__).with_name("training_answers.json")
RUN_FILE = "train_from_base.sh"
_LOADER, _PARSER, _TRAINER = (
    "diffsynth/trainers/unified_dataset.py",
    "diffsynth/trainers/utils.py",
    "train.py",
)
_WEIGHTS = "models/Wan-AI/Wan2.2-TI2V-5B"
_FAILED = "Error "
"""What the loader prints before it takes another row, and of which one."""


class Kit(NamedTuple):
    """What a kit is made of.

    Attributes:
        release: the release.
        curate: parameters of the variant.
        kit: parameters of the kit.
    """

    release: Path
    curate: dict[str, object]
    kit: dict[str, object]


def kits(real: Path) -> dict[str, Kit]:
    """The kits by name: all tasks of the sample, with repeated rows; and the real pairs, where they are."""
    every_task = "video_edit first_frame_edit foreground_removal control_video reference_guided"
    weighted = {"training_kit.tasks": every_task, "training_kit.shares.time": 2}
    made = {"sample": Kit(Path("data/01_raw/sparkle_sample").absolute(), {"threshold": 8.5}, weighted)}
    if real.is_dir():
        made["real"] = Kit(real, {"missing_scores": "keep"}, {"training_kit.shares": "even"})
    return made


def real_pairs() -> Path:
    """Where the real pairs are looked for."""
    return Path(os.environ.get("SPARKLE_REAL", Path("../shared/sparkle_real").absolute()))


def main(arguments: Sequence[str]) -> None:
    """Record the answers of one checkout."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkout", type=Path, help="a clone of Kiwi-Edit")
    parser.add_argument("--python", default=".venv/bin/python", help="of the project's environment")
    given = parser.parse_args(arguments)
    checkout: Path = given.checkout.absolute()
    answers = {}
    for name, kit in kits(real_pairs()).items():
        with tempfile.TemporaryDirectory() as folder:
            answers[name] = _record(checkout, kit, Path(folder), given.python)
    recorded = {
        "upstream": {
            "repository": "showlab/Kiwi-Edit",
            "commit": commit_of(checkout),
            "files": [_TRAINER, _LOADER, _PARSER],
        },
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in PACKAGES}},
        "kits": answers,
    }
    ANSWERS.write_text(json.dumps(recorded, indent=1) + "\n")
    rows = [row for kit in answers.values() for csv in kit.values() for row in csv["extracted"]]
    retried = sum("retried" in row for row in rows)
    sys.stdout.write(f"{len(rows)} rows, {retried} retried once extracted; in {ANSWERS}\n")


def _record(checkout: Path, kit: Kit, folder: Path, python: str) -> dict[str, dict[str, Any]]:
    """By CSV of the kit: the option that takes it, what each row loads, and the numbers of those that fail unextracted."""
    data = folder / "data"
    roots = {"data_root": data, "release_root": kit.release}
    for pipelines, params in (("curate", kit.curate), ("training_kit,extract", kit.kit)):
        items = ",".join(f"{name}={value}" for name, value in {**roots, **params}.items())
        command = [python, "-m", "kedro", "run", "--pipelines", pipelines, "--params", items]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=_own_environment())
    options = start_run_file(data / "05_model_input/training_kit", folder)
    answers: dict[str, dict[str, Any]] = {}
    for option, dataset in _datasets(checkout, options):
        answers[Path(dataset.metadata_path).name] = {
            "option": option,
            "extracted": [_describe(*_ask(dataset, place)) for place in range(len(dataset))],
        }
    unextracted = ["--dataset_base_path", str(kit.release)]
    for _, dataset in _datasets(checkout, [*options, *unextracted]):
        failed = (str(place) for place in range(len(dataset)) if _ask(dataset, place)[2])
        answers[Path(dataset.metadata_path).name]["fails_unextracted"] = " ".join(failed)
    return answers


def _own_environment() -> dict[str, str]:
    return os.environ | {"DO_NOT_TRACK": "1", "PYTHONPATH": "src"}


def start_run_file(kit: Path, folder: Path) -> list[str]:
    """The options that the kit's run file starts ``train.py`` with: its own check ran before, and took no objection."""
    checkout = folder / "Kiwi-Edit"
    (checkout / _WEIGHTS).mkdir(parents=True)
    (checkout / _WEIGHTS / "base.safetensors").touch()
    (checkout / _TRAINER).touch()
    (checkout / "model.safetensors").write_bytes(b"weights")
    launcher = checkout / "accelerate"
    launcher.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder}/options"\n', encoding="utf-8")
    launcher.chmod(0o755)
    environment = os.environ | {
        **dict.fromkeys(["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"], ""),
        "PATH": f"{checkout}{os.pathsep}{os.environ['PATH']}",
        "KIWI_EDIT": str(checkout),
        "CHECKPOINT": str(checkout / "model.safetensors"),
    }
    subprocess.run([str(kit / RUN_FILE)], env=environment, cwd=folder, check=True)
    words = (folder / "options").read_text("utf-8").splitlines()
    return words[words.index(_TRAINER) + 1 :]


# ------------------------------------------------------------------ the checkout's own code
def _datasets(checkout: Path, options: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The data sets that the checkout's trainer makes of the options, each with the option that named its CSV."""
    loader = _import_alone(checkout / _LOADER)
    trainer = ast.parse((checkout / _TRAINER).read_text("utf-8"))
    parser = ast.parse((checkout / _PARSER).read_text("utf-8"))
    # Up to the model: what is behind needs a GPU. The modules themselves would bring the models in.
    (start,) = (node for node in trainer.body if isinstance(node, ast.If))
    ends = (place for place, node in enumerate(start.body) if ast.unparse(node).startswith("model = "))
    steps: list[ast.stmt] = [
        *(node for node in parser.body if isinstance(node, ast.FunctionDef) and node.name == "wan_parser"),
        *start.body[: next(ends)],
    ]
    names: dict[str, Any] = {"argparse": argparse, "UnifiedDataset": loader.UnifiedDataset}
    before, sys.argv = sys.argv, [_TRAINER, *options]
    try:
        exec(compile(ast.Module(steps, []), str(checkout / _TRAINER), "exec"), names)  # noqa: S102 -- the checkout's
    finally:
        sys.argv = before
    for option, name in (
        ("img_dataset_metadata_path", "dataset"),
        ("vid_dataset_metadata_path", "vid_dataset"),
        ("vid_ref_dataset_metadata_path", "vid_ref_dataset"),
    ):
        if names[name] is not None:
            yield option, names[name]


def _import_alone(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("kiwi_edit_datasets", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SystemExit(f"{path} is not there: give the folder of a clone of Kiwi-Edit")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _ask(dataset: Any, place: int) -> tuple[dict[str, Any], dict[str, Any], int]:
    """The row that was asked for, the one that came, and how many times another one was tried in its place."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            found = dataset[place]
        except ValueError:  # after 30 of them
            found = {}
    return dataset.data[place], found, printed.getvalue().count(_FAILED)


def _describe(asked: dict[str, Any], found: dict[str, Any], retries: int) -> str:
    if retries or (asked["task"], asked["prompt"]) != (found.get("task"), found.get("prompt")):
        return f"{asked['task']} retried {retries}"
    shown = [found[key] for key in ("src_video", "tgt_video", "ref_image") if key in found]
    return " ".join(
        [asked["task"], *(f"{len(frames)}x{'x'.join(map(str, frames[0].size))}" for frames in shown)]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
