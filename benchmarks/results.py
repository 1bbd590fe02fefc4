"""What runs came to, one JSON line each, and on what machine, load, versions and commit."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("polars", "pyarrow", "duckdb", "pandas", "datasets", "great-expectations", "kedro", "av")


@dataclass(frozen=True)
class Result:
    """One run of one contender.

    Attributes:
        benchmark: of ``registry.BENCHMARKS``.
        contender: what ran, by its name there.
        samples: the size of the release that the work is a part of.
        round: from 1; contenders of one round ran one after another.
        wall_s: from start to end of the process.
        work_s: the same without imports, where the process says it.
        cpu_s: processor time of the process, its threads and the children that it waited for.
        peak_mb: largest resident memory of the process, without its children.
        bytes_read: where the process says it.
        requests: to a server, where the process says it.
        load: the machine's load over a minute when it started; a quiet machine has less than one.
        told: what else it said, by name.
    """

    benchmark: str
    contender: str
    samples: int
    round: int
    wall_s: float
    work_s: float
    cpu_s: float
    peak_mb: float
    bytes_read: int | None = None
    requests: int | None = None
    load: float = 0.0
    told: dict[str, Any] = field(default_factory=dict)


def write_results(path: Path, results: Iterable[Result]) -> None:
    """Add the results to the file, in the place of those of the same benchmark and size, each with where it was taken."""
    found = list(results)
    taken = {(each.benchmark, each.samples) for each in found}
    kept = [line for line in _lines(path) if (line["benchmark"], line["samples"]) not in taken]
    context = _context()
    lines = [*kept, *({**asdict(each), **context} for each in found)]
    lines.sort(key=lambda line: (line["benchmark"], line["samples"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(
        "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), encoding="utf-8"
    )
    partial.replace(path)


def read_results(path: Path) -> list[dict[str, Any]]:
    """The lines of the file: the attributes of ``Result``, and ``machine``, ``versions``, ``commit``, ``at``."""
    return list(_lines(path))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _context() -> dict[str, Any]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {
        "machine": {"cores": cores, "memory_gb": round(memory_gb, 1), "system": platform.platform()},
        "versions": {"python": platform.python_version(), **dict(_versions())},
        "commit": _commit(),
        "at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
    }


def _versions() -> Iterator[tuple[str, str]]:
    for package in _PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def _commit() -> str:
    """The commit of this checkout, with a plus where files differ from it; empty where there is no git."""
    root = Path(__file__).resolve().parents[1]
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said.stdout.strip()
