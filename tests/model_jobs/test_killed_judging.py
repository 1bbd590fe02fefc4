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
from dataclasses import dataclass
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


@pytest.fixture(scope="module")
def inspected(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample release, inspected; read only."""
    project = Project(sample_release, tmp_path_factory.mktemp("inspected"), {}, env="test")
    for pipeline in ("ingest", "inspect"):
        project.run_here(pipeline)
    return project


@dataclass(frozen=True)
class Models:
    """Who can be asked.

    Attributes:
        checkpoint: a tiny model.
        address: a file with the address of a server that takes a moment for each request, and gives several answers to one.
        behaviour: of the server.
    """

    checkpoint: Path
    address: Path
    behaviour: Behaviour


@pytest.fixture
def models(qwen3_checkpoint: Path, tmp_path: Path) -> Iterator[Models]:
    """All of them."""
    answer = '{"score": [20, 21]}'
    behaviour = Behaviour(say=lambda _, seed: f"{seed}</think>{answer}", several="drawn", delay_s=0.02)
    address = tmp_path / "address"
    with serve(None, behaviour) as url:
        address.write_text(url, encoding="utf-8")
        yield Models(qwen3_checkpoint, address, behaviour)


@pytest.mark.parametrize(
    ("what", "schema", "kills"),
    [
        # At once, before anything is asked; as a batch is asked; while it is answered or noted; and after others were.
        ("score", score_batches.JOURNAL_SCHEMA, [(0, 0.0), (1, 0.0), (1, 0.03), (2, 0.05)]),
        ("served", score_batches.JOURNAL_SCHEMA, [(0, 0.0), (1, 0.01), (2, 0.05)]),
        ("ground", ground_batches.JOURNAL_SCHEMA, [(0, 0.0), (1, 0.0), (2, 0.03)]),
    ],
)
def test_kills_lose_and_repeat_nothing(
    what: str,
    schema: pa.Schema,
    kills: Sequence[tuple[int, float]],
    checkout: Path,
    inspected: Project,
    models: Models,
    tmp_path: Path,
) -> None:
    """Each run begins with what the journal has; only the batch in hand is asked for again."""
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for folder in (whole, torn):
        folder.mkdir()
        for name in ("media", "assets"):
            shutil.copytree(
                inspected.output("02_intermediate", f"{name}.parquet"), folder / f"{name}.parquet"
            )
    model = models.address if what == "served" else models.checkpoint
    behaviour = models.behaviour
    with judging(what, checkout, whole, inspected.release_root, model) as child:
        child.start()
        assert child.wait() == 0
    journal = Journal(torn / "made.journal", schema)
    killed = 0
    with judging(what, checkout, torn, inspected.release_root, model) as child:
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


def wait_for(folder: Path, count: int) -> None:
    """Wait until so many keys were asked for: a moment in the work, however fast the machine is."""
    end = time.monotonic() + 60
    while len(asked(folder)) < count and time.monotonic() < end:
        time.sleep(0.002)


def asked(folder: Path) -> list[str]:
    """The keys that were asked for, in order."""
    log = folder / "asked.log"
    return log.read_text(encoding="utf-8").split() if log.exists() else []
