"""Judging that is killed with SIGKILL, over and over, comes to the same tables, and asks for no answer again that came."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import polars as pl
import pytest
import xxhash
from polars.testing import assert_frame_equal
from tests.bench.judging.loopback_judge import Asked, LoopbackJudge, Said, sensible, serving
from tests.bench.judging.made import make_journal

pytestmark = pytest.mark.slow

KILLS = 3
UNDER_WAY = 4


class Child:
    """The process that judges; each run of it is a child of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._in, self._out = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)

    def start(self, folder: Path) -> int:
        """Begin; gives the process id."""
        folder.mkdir(exist_ok=True)
        self._in.write(f"{folder}\n")
        self._in.flush()
        return int(self._out.readline())

    def wait(self) -> int:
        """The exit code of what was begun, -9 for a killed one."""
        return int(self._out.readline())


@contextmanager
def judging(url: str, checkout: Path) -> Iterator[Child]:
    """A process that judges with the judge behind the address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.judging.judging_child", url],
        cwd=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Child(process)
    finally:
        process.kill()
        process.wait()


def signed(asked: Asked) -> Said:
    """Sensible, with a mark of both videos in it, so that the journal tells which answers it has."""
    said = sensible(asked)
    return Said(f"{said.text}\n{key_of(asked)}")


def key_of(asked: Asked) -> str:
    """Which sample a request is about."""
    return xxhash.xxh3_128_hexdigest(b"\0".join(asked.videos))


def known_in(folder: Path) -> set[str]:
    """The samples whose answers the journal has."""
    journal = make_journal(folder)
    with journal:
        return {row["answers"][-1]["text"].splitlines()[-1] for row in journal.read().to_pylist()}


def test_kills_lose_what_is_under_way_and_repeat_nothing(checkout: Path, tmp_path: Path) -> None:
    """Published: scores are written at the end of a theme, and one exception loses it."""
    moments = random.Random(20)  # noqa: S311 -- moments, not secrets
    torn, whole = tmp_path / "torn", tmp_path / "whole"
    counts: Counter[str] = Counter()
    with (
        serving(LoopbackJudge(answer=signed, delay_s=0.04)) as loopback,
        judging(loopback.openai_url, checkout) as child,
    ):
        known: set[str] = set()
        for _ in range(KILLS):
            loopback.asked.clear()
            pid = child.start(torn)
            # A request beyond those under way is sent when an answer is in the journal.
            end = time.monotonic() + 60
            while len(loopback.asked) < 5 + moments.randrange(4) and time.monotonic() < end:
                time.sleep(0.002)
            os.kill(pid, signal.SIGKILL)
            assert child.wait() == -signal.SIGKILL
            time.sleep(0.1)  # what was sent has come
            asked = Counter(key_of(each) for each in loopback.asked)
            assert not known & set(asked), "what the journal has is asked for again"
            counts += asked
            known = known_in(torn)
            assert len(set(asked) - known) <= UNDER_WAY, "more is lost than what was under way"
        assert 0 < len(known) < 24
        loopback.asked.clear()
        child.start(torn)
        assert child.wait() == 0
        rest = [key_of(each) for each in loopback.asked]
        assert sorted(rest) == sorted(set(rest))
        assert set(rest) | known == set(counts) | set(rest)
        assert len(rest) == 24 - len(known)
        loopback.delay_s = 0.0
        child.start(whole)
        assert child.wait() == 0
    for name in ("judgments", "scores"):
        assert_frame_equal(*(pl.read_parquet(folder / f"{name}.parquet") for folder in (torn, whole)))
