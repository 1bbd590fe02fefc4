"""Judging that is killed with SIGKILL, over and over, comes to the same table, and nothing is asked twice."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.made.killed import Child, child_process
from tests.made.ray_cluster import TwoNodes, two_nodes
from tests.model_jobs import judging_child
from tests.model_jobs.judging_child import BATCH
from tests.models.loopback import Behaviour, serve

from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.pieces import pieces_path, read_pieces
from sparkle_curation.engine.shards import WorkPlace
from sparkle_curation.grounding import batches as ground_batches
from sparkle_curation.scoring import batches as score_batches

__all__ = ["two_nodes"]

pytestmark = pytest.mark.slow

SCHEMAS = {"score": score_batches.JOURNAL_SCHEMA, "ground": ground_batches.JOURNAL_SCHEMA}


@pytest.fixture(scope="module")
def inspected(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample release, inspected; read only."""
    project = Project(sample_release, tmp_path_factory.mktemp("inspected"), {}, env="test")
    for pipeline in ("ingest", "inspect"):
        project.run_here(pipeline)
    return project


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One process for all runs."""
    with child_process("tests.model_jobs.judging_child", "torch") as process:
        yield process


@pytest.fixture
def folders(inspected: Project, tmp_path: Path) -> tuple[Path, Path]:
    """Folders for a run that is never killed, and for runs that are."""
    found = tmp_path / "whole", tmp_path / "torn"
    for folder in found:
        folder.mkdir()
        for name in ("media", "assets"):
            table = f"{name}.parquet"
            shutil.copytree(inspected.output("02_intermediate", table), folder / table)
    return found


@pytest.mark.parametrize(
    ("what", "kills"),
    [
        # At once, before anything is asked; as a batch is asked; while it is answered or noted; and after others were.
        ("score", [(0, 0.0), (1, 0.0), (1, 0.03), (2, 0.05)]),
        ("ground", [(0, 0.0), (1, 0.0), (2, 0.03)]),
    ],
)
def test_kills_lose_and_repeat_nothing(
    what: str,
    kills: Sequence[tuple[int, float]],
    child: Child,
    inspected: Project,
    qwen3_checkpoint: Path,
    folders: tuple[Path, Path],
) -> None:
    """Each run begins with what the journal has; only the batch in hand is asked for again."""
    whole, torn = folders
    child.run(what, whole, inspected.release_root, qwen3_checkpoint)
    journal = Journal(torn / "made.journal", SCHEMAS[what])
    for batches, pause_s in kills:
        with journal:
            known = set(journal.read()[KEY].to_pylist())
        before = len(asked(torn))
        pid = child.start(what, torn, inspected.release_root, qwen3_checkpoint)
        wait_for(torn, before + BATCH * batches)
        time.sleep(pause_s)
        os.kill(pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        assert not known & set(asked(torn)[before:])
    child.run(what, torn, inspected.release_root, qwen3_checkpoint)
    assert_frame_equal(*(pl.read_parquet(folder / "made.parquet") for folder in (whole, torn)))
    counts = Counter(asked(torn))
    assert set(counts) == set(asked(whole))
    assert counts.total() <= len(counts) + len(kills) * BATCH
    assert counts.total() > len(counts)  # some kill did hit a batch in hand


@pytest.mark.parametrize(("what", "answers"), [("score", 2), ("ground", 1)])
def test_a_server_is_asked_for_no_answer_again_that_came(
    what: str, answers: int, child: Child, inspected: Project, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    """Of scores two passes share a request. Killed in the middle of batches: what is asked is exactly what had no answer."""
    whole, torn = folders
    boxes = '[{"bbox_2d": [1, 2, 3, 4], "label": "dog"}]'
    said = {"score": '{"score": [20, 21]}', "ground": boxes}[what]
    address = tmp_path / "address"

    @contextmanager
    def served(most_replies: int | None = None) -> Iterator[Behaviour]:
        """A server of its own for each run, so that what a killed one has sent is answered to nobody."""
        behaviour = Behaviour(
            say=lambda _, seed: f"{seed}</think>{said}",
            several="drawn",
            is_silent=True,
            most_replies=most_replies,
        )
        with serve(None, behaviour) as url:
            address.write_text(url, encoding="utf-8")
            yield behaviour

    replied: list[dict[str, Any]] = []
    for more in (1, 2, 5):
        with served(more) as behaviour:
            wanted = answers * (len(replied) + more)
            is_there = partial(answers_in, torn, what, wanted)
            assert child.kill_when(is_there, what, torn, inspected.release_root, address)
            replied += behaviour.replied
    with served() as behaviour:
        child.run(what, torn, inspected.release_root, address)
        assert behaviour.requests == behaviour.replied
        replied += behaviour.replied
    with served() as behaviour:
        child.run(what, whole, inspected.release_root, address)
    assert counted(replied) == counted(behaviour.replied), (
        "another answer is paid than by a run that nobody kills"
    )
    assert_frame_equal(*(pl.read_parquet(folder / "made.parquet") for folder in (whole, torn)))
    assert not pieces_path(torn / "made.journal").exists()


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra [ray]")
def test_actors_of_ray_come_to_the_same_bytes(
    two_nodes: TwoNodes, inspected: Project, qwen3_checkpoint: Path, folders: tuple[Path, Path]
) -> None:
    """Scores, and boxes; a worker that is killed with a batch in hand changes nothing."""
    cluster = WorkPlace(executor="ray", ray_address=two_nodes.address)
    killed: list[int] = []

    def kill_first() -> None:
        wait_for(torn, 1)
        killed.append(int(noted(torn)[0][1]))
        os.kill(killed[0], signal.SIGKILL)

    for judge in (judging_child.score, judging_child.ground):
        made = []
        for folder, place in zip(folders, (judging_child.HERE, cluster), strict=True):
            torn = folder
            killer = threading.Thread(target=kill_first, daemon=True)
            if place is cluster and not killed:
                killer.start()
            judge(folder, inspected.release_root, qwen3_checkpoint, place, 4)
            made.append((Journal(folder / "made.journal", SCHEMAS[judge.__name__]), folder / "made.parquet"))
        (here, here_table), (there, there_table) = made
        assert here.path.read_bytes() == there.path.read_bytes()
        assert_frame_equal(pl.read_parquet(here_table), pl.read_parquet(there_table))
        pids = {int(pid) for _, pid in noted(folders[1])}
        assert os.getpid() not in pids
        assert set(asked(folders[0])) == set(asked(folders[1]))
        for folder in folders:
            for name in ("made.journal", "asked.log"):
                (folder / name).unlink()
    assert len(killed) == 1


def counted(bodies: Sequence[dict[str, Any]]) -> Counter[str]:
    """How often each question was replied to."""
    return Counter(json.dumps(body, sort_keys=True) for body in bodies)


def answers_in(folder: Path, what: str, count: int) -> bool:
    """Whether so many single answers are kept, in the journal or beside it."""
    path = folder / "made.journal"
    if not path.exists():
        return False
    noted = Journal(path, SCHEMAS[what]).records(["key", "answers"])
    done = {row["key"]: len(row["answers"]) for rows in noted for row in rows.to_pylist()}
    return sum(done.values()) + sum(piece.key not in done for piece in read_pieces(path)) == count


def wait_for(folder: Path, count: int) -> None:
    """Wait until so many keys were asked for: a moment in the work, however fast the machine is."""
    end = time.monotonic() + 60
    while len(asked(folder)) < count and time.monotonic() < end:
        time.sleep(0.002)


def asked(folder: Path) -> list[str]:
    """The keys that were asked for, in order."""
    return [key for key, _ in noted(folder)]


def noted(folder: Path) -> list[list[str]]:
    """Key and process of what was asked for, in order."""
    log = folder / "asked.log"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [line.split() for line in lines]
