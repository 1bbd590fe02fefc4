"""Releases and projects derived from the sample: another theme, another stage, another dataset altogether."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from tests.conftest import CHECKOUT

Rename = Callable[[str], str | None]
"""Of a path from the release root, or of the text of a line: what becomes of it; None to leave a path out."""


def derive_release(source: Path, target: Path, of_path: Rename, of_text: Callable[[str], str]) -> None:
    """Write a release again with other paths, those inside tars too, and other texts; media stay as they are."""
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        place = path.relative_to(source).as_posix()
        renamed = of_path(place)
        if renamed is None:
            continue
        out = target / renamed
        out.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".tar":
            _derive_tar(path, out, partial(_member, base=path.parent.relative_to(source), of_path=of_path))
        elif path.suffix in {".csv", ".jsonl"}:
            out.write_text(of_text(path.read_text("utf-8")), "utf-8", newline="")
        else:
            shutil.copyfile(path, out)


def _member(name: str, base: Path, of_path: Rename) -> str | None:
    renamed = of_path((base / name).as_posix())
    return Path(renamed).relative_to(base).as_posix() if renamed else None


def _derive_tar(source: Path, target: Path, of_name: Rename) -> None:
    with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as new:
        for member in old:
            name = of_name(member.name)
            if name is None:
                continue
            content = old.extractfile(member)
            data = content.read() if content else b""
            info = tarfile.TarInfo(name)
            info.size = len(data)
            new.addfile(info, io.BytesIO(data))


def words(mapping: Mapping[str, str]) -> Callable[[str], str]:
    """A function that replaces each of these texts, the longest first."""
    pattern = re.compile("|".join(re.escape(old) for old in sorted(mapping, key=len, reverse=True)))
    return lambda text: pattern.sub(lambda found: mapping[found[0]], text)


class ProjectCopy:
    """A copy of the project in a folder of its own, run as a person would: configuration and code, no outputs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("src", "conf"):
            shutil.copytree(
                CHECKOUT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
            )
        shutil.copyfile(CHECKOUT / "pyproject.toml", root / "pyproject.toml")

    def change_dataset(self, change: Callable[[dict[str, Any]], None], environment: str = "base") -> None:
        """Change the description of the dataset, in base or in another environment that gets a copy of it."""
        content = yaml.safe_load((self.root / "conf" / "base" / "dataset.yml").read_text("utf-8"))
        change(content)
        path = self.root / "conf" / environment / "dataset.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``kedro run`` with these arguments, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "kedro", "run", *arguments],
            cwd=self.root,
            env=os.environ | {"DO_NOT_TRACK": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def differing_sources(self) -> list[str]:
        """Files of ``src`` that are not those of the checkout."""
        own, theirs = (dict(_sources(root / "src")) for root in (self.root, CHECKOUT))
        return sorted(name for name in own.keys() | theirs.keys() if own.get(name) != theirs.get(name))


def _sources(root: Path) -> Iterator[tuple[str, str]]:
    for path in root.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in str(path):
            yield path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()


def read_jsonl(paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Records by their id."""
    lines = (line for path in paths for line in path.read_text("utf-8").splitlines())
    return {record["id"]: record for record in map(json.loads, lines)}
