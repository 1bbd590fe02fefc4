"""What a run file does before a GPU is taken: looks whether all is in its place, and writes ``run.json``.

A copy of this file lies in every training kit and is called by its run files, with the Python of Kiwi-Edit's own
environment: it needs the standard library alone, of Python 3.10 or later.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import shlex
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

PATHS = ("src_video", "tgt_video", "ref_image")
_BLOCK_BYTES = 1 << 24
_SHOWN = 3


def missing_media(csvs: list[Path], root: Path) -> list[str]:
    """The paths of the CSVs that are no file below the root; each folder is listed once."""
    paths: set[str] = set()
    for path in csvs:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                paths.update(row[column] for column in PATHS if row.get(column))
    files: dict[str, set[str]] = {}
    for folder in {os.path.dirname(path) for path in paths}:  # noqa: PTH120 -- a text of the CSV, not a path of ours
        try:
            with os.scandir(root / folder) as entries:
                files[folder] = {entry.name for entry in entries if entry.is_file()}
        except OSError:
            files[folder] = set()
    return sorted(path for path in paths if os.path.basename(path) not in files[os.path.dirname(path)])  # noqa: PTH119, PTH120


def extract_command(kit: Path) -> str:
    """What brings the media of a kit; with its data root where the kit lies in one, since the default may be another."""
    command = "kedro run --pipelines extract"
    if kit.parent.name != "05_model_input":
        return command
    return f"{command} --params {shlex.quote(f'data_root={kit.parents[1]}')}"


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def find_problems(
    csvs: list[Path], media_root: Path, checkpoint: Path, output: Path, kiwi_edit: Path, weights: str
) -> list[str]:
    """What would stop the training, or spoil it without a word; with what mends it."""
    problems = []
    missing = missing_media(csvs, media_root)
    if missing:
        problems.append(
            f"not_extracted: {len(missing):,} files of the CSVs are not below {media_root} ({', '.join(missing[:_SHOWN])}"
            "...); Kiwi-Edit would put random other rows in their place. "
            f"Bring them there: {extract_command(Path(__file__).resolve().parent)}; or set MEDIA_ROOT to the folder that "
            "has them"
        )
    if not checkpoint.is_file():
        problems.append(f"the checkpoint to start from is no file: {checkpoint}")
    if not (kiwi_edit / "train.py").is_file():
        problems.append(f"no checkout of Kiwi-Edit: {kiwi_edit} has no train.py")
    elif not any(path.is_file() for path in (kiwi_edit / "models" / weights).rglob("*")):
        problems.append(
            f"the base weights are not where Kiwi-Edit looks, and it downloads none: {kiwi_edit / 'models' / weights}"
        )
    left = sorted(
        path.name for path in output.glob("*.safetensors")
    )  # a run.json alone is of a start that failed
    if left:
        problems.append(
            f"another run lies in {output} ({left[0]}), which this one would write over: set OUTPUT to another folder"
        )
    if "14b" in str(output):
        problems.append(f"inference takes a checkpoint with 14b in its path for the 14B model: {output}")
    return problems


def lacking_language_model(name: str) -> bool:
    """Whether the cache of the model hub lacks a model, wherever the environment has that cache."""
    home = os.environ.get("HF_HOME") or os.path.join(  # noqa: PTH118 -- texts of the environment
        os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"
    )
    caches = (
        os.environ.get(each) for each in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE")
    )
    folder = f"models--{name.replace('/', '--')}"
    return not any(
        any(Path(cache).expanduser().joinpath(folder, "snapshots").glob("*/*.safetensors"))
        for cache in (*filter(None, caches), f"{home}/hub")
    )


def revision_of(checkout: Path) -> str | None:
    """The git revision of a checkout; None where git says none."""
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- fixed words
    except OSError:
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None


def main(arguments: list[str] | None = None) -> int:
    """Look, and write ``run.json``; 0 where the training may start."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    for name in ("media_root", "checkpoint", "output", "kiwi_edit"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--run", required=True, help="the run file that calls")
    given = parser.parse_args(arguments)
    kit = Path(__file__).resolve().parent
    facts = json.loads((kit / "kit.json").read_text("utf-8"))
    csvs = [kit / name for name in facts["run"]["csvs"]]
    problems = find_problems(
        csvs, given.media_root, given.checkpoint, given.output, given.kiwi_edit, facts["run"]["weights"]
    )
    model = facts["run"]["language_model"]
    if lacking_language_model(model):
        told = f"the language model {model} is not in the model hub's cache; to bring it there: hf download {model}"
        if {"1", "true", "yes", "on"} & {
            os.environ.get(name, "").lower() for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
        }:
            problems.append(told)
        else:
            sys.stderr.write(f"{given.run}: {told}, or each process downloads it when it starts\n")
    if problems:
        sys.stderr.write("".join(f"{given.run}: {problem}\n" for problem in problems))
        return 1
    given.output.mkdir(parents=True, exist_ok=True)
    record = {
        **facts,
        "run_file": given.run,
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),  # noqa: UP017 -- Python 3.10
        "base_checkpoint": {"path": str(given.checkpoint), "sha256": sha256(given.checkpoint)},
        "csv_sha256": {path.name: sha256(path) for path in csvs},
        "kiwi_edit_revision": revision_of(given.kiwi_edit),
    }
    (given.output / "run.json").write_text(
        json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
