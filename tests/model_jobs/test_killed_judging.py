"""Judging that is killed with SIGKILL, over and over, comes to the same table, and nothing is asked twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.model_jobs.judging_child import BATCH
from tests.models.loopback import Behaviour, serve

from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.grounding import batches as ground_batches
from sparkle_curation.scoring import batches as score_batches

pytestmark = pytest.mark.slow


class Child:
    """The process that judges; each run of it is a child of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._in, self._out = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)

    def start(self) -> int:
        """Begin; gives the process id."""
        self._in.write("run\n")
        self._in.flush()
        return int(self._out.readline())

    def wait(self) -> int:
        """The exit code of what was begun, -9 for a killed one."""
        return int(self._out.readline())


@contextmanager
def judging(what: str, checkout: Path, tables: Path, release: Path, checkpoint: Path) -> Iterator[Child]:
    """A process that scores or grounds into ``tables``."""
    arguments = [what, *map(str, (tables, release, checkpoint))]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.model_jobs.judging_child", *arguments],
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


@pytest.mark.parametrize(
    ("what", "schema", "kills"),
    [
        # At once, before anything is asked; as a batch is asked; while it is answered or noted; and after others were.
        ("score", score_batches.JOURNAL_SCHEMA, [(0, 0.0), (1, 0.0), (1, 0.03), (2, 0.0), (2, 0.05)]),
        ("served", score_batches.JOURNAL_SCHEMA, [(0, 0.0), (1, 0.01), (2, 0.05)]),
        ("ground", ground_batches.JOURNAL_SCHEMA, [(0, 0.0), (1, 0.0), (2, 0.03)]),
    ],
)
def test_kills_lose_and_repeat_nothing(
    what: str,
    schema: pa.Schema,
    kills: Sequence[tuple[int, float]],
    project: Project,
    checkout: Path,
    qwen3_checkpoint: Path,
    server: tuple[Behaviour, str],
    tmp_path: Path,
) -> None:
    """Each run begins with what the journal has; only the batch in hand is asked for again."""
    for pipeline in ("ingest", "inspect"):
        project.run_here(pipeline)
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for folder in (whole, torn):
        folder.mkdir()
        for name in ("media", "assets"):
            shutil.copytree(project.output("02_intermediate", f"{name}.parquet"), folder / f"{name}.parquet")
    behaviour, url = server
    model = qwen3_checkpoint
    if what == "served":
        model = tmp_path / "url"
        model.write_text(url, encoding="utf-8")
    with judging(what, checkout, whole, project.release_root, model) as child:
        child.start()
        assert child.wait() == 0
    journal = Journal(torn / "made.journal", schema)
    killed = 0
    with judging(what, checkout, torn, project.release_root, model) as child:
        for batches, pause_s in kills:
            with journal:
                known = set(journal.read()[KEY].to_pylist())
            before = len(asked(torn))
            pid = child.start()
            wait_for(torn, before + BATCH * batches)
            time.sleep(pause_s)
            os.kill(pid, signal.SIGKILL)
            killed += child.wait() == -signal.SIGKILL
            assert not known & set(asked(torn)[before:])
        child.start()
        assert child.wait() == 0
    assert killed == len(kills)
    assert_frame_equal(*(pl.read_parquet(folder / "made.parquet") for folder in (whole, torn)))
    counts = Counter(asked(torn))
    assert set(counts) == set(asked(whole))
    assert counts.total() <= len(counts) + len(kills) * BATCH
    assert counts.total() > len(counts)  # some kill did hit a batch in hand
    if what == "served":  # two passes of two questions each, of which the passes share a request
        asked_twice = 2 * (counts.total() - len(counts))
        # As often for the whole table; and of a batch that a kill hit, what it had asked by then.
        assert 4 * len(counts) <= len(behaviour.requests) <= 4 * len(counts) + asked_twice
        assert {body["n"] for body in behaviour.requests} == {2}


@pytest.fixture
def server() -> Iterator[tuple[Behaviour, str]]:
    """A server that takes a moment for each request, and gives several answers to one."""
    behaviour = Behaviour(
        say=lambda _body, seed: f'{{"score": [20, {seed % 26}]}}', several="drawn", delay_s=0.02
    )
    with serve(None, behaviour) as url:
        yield behaviour, url


def wait_for(folder: Path, count: int) -> None:
    """Wait until so many keys were asked for: a moment in the work, however fast the machine is."""
    end = time.monotonic() + 60
    while len(asked(folder)) < count and time.monotonic() < end:
        time.sleep(0.002)


def asked(folder: Path) -> list[str]:
    """The keys that were asked for, in order."""
    log = folder / "asked.log"
    return log.read_text(encoding="utf-8").split() if log.exists() else []
