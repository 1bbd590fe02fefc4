"""Writes what Kiwi-Edit's own loader makes of the odd files: ``python -m tests.truth.record CHECKOUT``.

Run it from the root of the repository, in an environment that has what the loader imports (imageio, imageio-ffmpeg,
Pillow, torch, torchvision, pandas). It makes the files of ``recipes.py``, has the class of the checkout open each, and
writes ``answers.json`` beside itself. Nothing of the checkout is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.truth.making import make_files
from tests.truth.recipes import MAX_PIXELS, NUM_FRAMES, PLAIN, RECIPES

ANSWERS = Path(__file__).with_name("answers.json")
_LOADER = "diffsynth/trainers/unified_dataset.py"
PACKAGES = ("imageio", "imageio-ffmpeg", "numpy", "pandas", "pillow", "torch", "torchvision")
_MULTIPLE = 32  # of width and height, as the checkout's train.py has it
_TIMES = 2  # each file is loaded, so that an answer that changes is seen


def main(arguments: Sequence[str]) -> None:
    """Record the answers of one checkout."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkout", type=Path, help="a clone of Kiwi-Edit")
    checkout: Path = parser.parse_args(arguments).checkout
    loader = _import_loader(checkout / _LOADER)
    import imageio_ffmpeg  # noqa: PLC0415 -- only the environment of the loader must have it

    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    with tempfile.TemporaryDirectory() as folder:
        paths = make_files(RECIPES, ffmpeg, Path(folder))
        answers = _ask(loader, paths)
        hashes = {name: hash_file(path) for name, path in paths.items()}
    recorded = {
        "upstream": {"repository": "showlab/Kiwi-Edit", "commit": commit_of(checkout), "file": _LOADER},
        "versions": {
            "python": sys.version.split()[0],
            "ffmpeg": imageio_ffmpeg.get_ffmpeg_version(),
            **{name: version(name) for name in PACKAGES},
        },
        "settings": {"num_frames": NUM_FRAMES, "max_pixels": MAX_PIXELS},
        "files": {name: {"sha256": hashes[name], **answers[name]} for name in paths},
    }
    ANSWERS.write_text(json.dumps(recorded, indent=1) + "\n")
    loads = sum("frames" in answer for answer in answers.values())
    sys.stdout.write(f"{len(answers)} files: {loads} load, {len(answers) - loads} do not; in {ANSWERS}\n")


def hash_file(path: Path) -> str:
    """The first half of the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def _import_loader(path: Path) -> ModuleType:
    """The module of the checkout alone: its package would bring the models too."""
    spec = importlib.util.spec_from_file_location("kiwi_edit_loader", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise SystemExit(f"{path} is not there: give the folder of a clone of Kiwi-Edit")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commit_of(checkout: Path) -> str:
    """The commit that a checkout is at."""
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _ask(loader: ModuleType, paths: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """The loader's answer for each file, and for the pair of the plain clip and it."""
    load = loader.UnifiedDataset.default_video_operator(
        max_pixels=MAX_PIXELS,
        height_division_factor=_MULTIPLE,
        width_division_factor=_MULTIPLE,
        num_frames=NUM_FRAMES,
    )
    compare = loader.UnifiedDataset.check_paired_size
    plain = load(str(paths[PLAIN]))

    def answer(path: Path) -> dict[str, Any]:
        try:
            frames = load(str(path))
            mismatch = compare(None, plain, frames)
        except Exception as error:  # noqa: BLE001 -- the loader catches everything, and then takes another row
            return {"error": type(error).__name__}
        width, height = frames[0].size
        digest = hashlib.sha256(b"".join(frame.tobytes() for frame in frames)).hexdigest()[:32]
        return {
            "frames": len(frames),
            "width": width,
            "height": height,
            "pixels": digest,
            "mismatch": mismatch or None,
        }

    with ThreadPoolExecutor(2) as pool:
        rounds = [list(pool.map(answer, paths.values())) for _ in range(_TIMES)]
    answers: dict[str, dict[str, Any]] = {}
    for name, *given in zip(paths, *rounds, strict=True):
        if any(each != given[0] for each in given):
            sys.stdout.write(f"{name}: not the same each time: {given}\n")
            changing = {key for each in given for key in each if each.get(key) != given[0].get(key)}
            given[0] = {key: value for key, value in given[0].items() if key not in changing - {"error"}}
            given[0]["changes"] = sorted(changing)
        answers[name] = given[0]
    return answers


if __name__ == "__main__":
    main(sys.argv[1:])
