"""Timing whole processes in turn, so that a machine that slows down slows down all alike."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Commands = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Usage:
    """What one finished process used.

    Attributes:
        wall_s: from start to end.
        cpu_s: processor time of all its threads.
        peak_mb: largest resident memory.
        work_s: from start to end without imports, where the process says it in its last line; else ``wall_s``.
        told: what the process says in its last line, ``work_s SECONDS`` or a JSON object, whose ``s`` is ``work_s``.
        output: all that it wrote.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    work_s: float
    told: dict[str, Any] = field(default_factory=dict)
    output: str = ""


def run_once(command: Sequence[str]) -> Usage:
    """What one run of ``command`` used, as the operating system accounts for it.

    Raises:
        RuntimeError: it ended with another status than 0; its output is in the message.
    """
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(
            f"{' '.join(command)} ended with {process.returncode}:\n{output.decode(errors='replace')}"
        )
    wall = time.perf_counter() - start
    text = output.decode(errors="replace")
    told = _told(text.rstrip().rpartition("\n")[2])
    cpu = usage.ru_utime + usage.ru_stime
    return Usage(wall, cpu, usage.ru_maxrss / 1024, float(told.get("s", wall)), told, text)


def _told(last_line: str) -> dict[str, Any]:
    if last_line.startswith("{"):
        found: dict[str, Any] = json.loads(last_line)
        return found
    words = last_line.split()
    return {"s": float(words[1])} if words[:1] == ["work_s"] else {}


def run_in_turn(commands: Commands, rounds: int) -> dict[str, list[Usage]]:
    """What each command used in each round; a round runs every command once, one after another."""
    used: dict[str, list[Usage]] = {name: [] for name in commands}
    for number in range(1, rounds + 1):
        for name, command in commands.items():
            usage = run_once(command)
            used[name].append(usage)
            print(f"  round {number}: {name}: {usage.wall_s:.2f} s, {usage.peak_mb:.0f} MB", flush=True)
    return used


def drop_from_cache(root: Path) -> None:
    """Have the system forget what it keeps in memory of the files under ``root``; what is being written stays."""
    for path in root.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def as_table(used: Mapping[str, Sequence[Usage]], base: str) -> str:
    """Medians of each command, and the medians of its ratios to ``base`` round by round, as Markdown."""
    lines = [
        f"| | wall s | work s | cpu s | peak MB | wall / {base} | work / {base} | cpu / {base} | memory / {base} |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, runs in used.items():
        medians = [statistics.median(figures) for figures in zip(*map(_figures, runs), strict=True)]
        pairs = [
            [own / other for own, other in zip(_figures(run), _figures(against), strict=True)]
            for run, against in zip(runs, used[base], strict=True)
        ]
        ratios = [statistics.median(figures) for figures in zip(*pairs, strict=True)]
        wall, work, cpu, peak = medians
        shown = " | ".join(f"{ratio:.2f}" for ratio in ratios)
        lines.append(f"| {name} | {wall:.2f} | {work:.2f} | {cpu:.2f} | {peak:.0f} | {shown} |")
    return "\n".join(lines)


def _figures(usage: Usage) -> tuple[float, float, float, float]:
    return usage.wall_s, usage.work_s, usage.cpu_s, usage.peak_mb
