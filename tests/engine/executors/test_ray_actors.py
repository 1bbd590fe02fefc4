"""Work on a Ray cluster of two nodes on this machine: what is lost is done again, and what cannot be done is told."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import CHECKOUT
from tests.engine.executors import batch_functions as functions
from tests.made.ray_cluster import TwoNodes, two_nodes

from sparkle_curation.engine.executors.ray_actors import RayExecutor
from sparkle_curation.engine.executors.worker_faults import WorkerDiedError
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import ParameterError

__all__ = ["two_nodes"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra [ray]"),
]

BATCHES = [[number, number + 1] for number in range(0, 40, 2)]


def test_actors_share_the_work_and_keep_what_they_loaded(two_nodes: TwoNodes, tmp_path: Path) -> None:
    """Two processes that are not this one, the results in order; each counts all batches that it was given."""
    found = list(two_nodes.executor().map_batches(functions.MeetAnother(tmp_path), BATCHES))
    assert [doubled for _, doubled in found] == [functions.double(batch) for batch in BATCHES]
    assert {pid for pid, _ in found} == {int(path.name) for path in tmp_path.iterdir()} - {os.getpid()}
    assert len({pid for pid, _ in found}) == 2
    counts: dict[int, list[int]] = {}
    for pid, calls in two_nodes.executor().map_batches(functions.Counter(), BATCHES):
        counts.setdefault(pid, []).append(calls)
    assert all(sorted(calls) == list(range(1, len(calls) + 1)) for calls in counts.values())
    assert list(two_nodes.executor().map_batches(functions.double, [])) == []


def test_what_a_batch_raises_is_raised_as_it_is(two_nodes: TwoNodes) -> None:
    """Of its own type and words, where it was raised is noted."""
    with pytest.raises(ValueError, match=r"^no seven") as raised:
        list(two_nodes.executor().map_batches(functions.fail_at_seven, BATCHES))
    assert (type(raised.value), str(raised.value)) == (ValueError, "no seven")
    assert "fail_at_seven" in "".join(raised.value.__notes__)


def test_a_batch_that_kills_three_workers_is_named(two_nodes: TwoNodes) -> None:
    """It is sent again twice, alone, and then nobody else is given it; the batches before it are given."""
    results = two_nodes.executor().map_batches(functions.die_at_seven, BATCHES)
    assert [next(results) for _ in range(3)] == [functions.double(batch) for batch in BATCHES[:3]]
    with pytest.raises(WorkerDiedError, match=r"(?s)batch of 2 that begins with 6.*3 workers"):
        next(results)


def test_a_killed_worker_and_a_lost_node_lose_nothing(two_nodes: TwoNodes) -> None:
    """What they had in hand is done by others, and all results come in order."""
    found: list[list[int]] = []
    results = two_nodes.executor().map_batches(functions.double_slowly, BATCHES * 6)
    for number, (pid, doubled) in enumerate(results):
        found.append(doubled)
        if number == 5:
            os.kill(pid, signal.SIGKILL)
        if number == 40:
            two_nodes.cluster.remove_node(two_nodes.other, allow_graceful=False)
    two_nodes.other = two_nodes.cluster.add_node(num_cpus=1)
    assert found == [functions.double(batch) for batch in BATCHES * 6]


DRIVER = """
import sys
from pathlib import Path
from tests.engine.executors.batch_functions import RESULT_SCHEMA, SquaresLogged
from sparkle_curation.engine.executors.ray_actors import RayExecutor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.resumable import run_resumable

folder, address = Path(sys.argv[1]), sys.argv[2]
function = SquaresLogged(folder / "done.log", pause_s=0.05)
with Journal(folder / "ray.journal", RESULT_SCHEMA) as journal:
    executor = RayExecutor(address, workers=2)
    for rows in run_resumable(range(60), str, function, executor, journal, batch_size=2):
        pass
"""


def test_a_killed_driver_goes_on_where_it_was(two_nodes: TwoNodes, tmp_path: Path) -> None:
    """What is in the journal is not done again, and the journal is that of work in this process, byte by byte."""
    command = [sys.executable, "-c", DRIVER, str(tmp_path), two_nodes.address]
    journal = Journal(tmp_path / "ray.journal", functions.RESULT_SCHEMA)
    first = subprocess.Popen(command, cwd=CHECKOUT)
    while first.poll() is None and sum(rows.num_rows for rows in journal.records()) < 10:
        time.sleep(0.02)
    first.kill()
    assert first.wait() == -signal.SIGKILL
    known = journal.read()["key"].to_pylist()
    before = len((tmp_path / "done.log").read_text().split())
    subprocess.run(command, cwd=CHECKOUT, check=True)
    again = (tmp_path / "done.log").read_text().split()[before:]
    assert not set(known) & set(again[8:])  # of the killed run at most four batches were still in hand
    assert journal.read()["key"].to_pylist() == [str(number) for number in range(60)]
    assert journal.read()["square"].to_pylist() == [number**2 for number in range(60)]
    here = functions.SquaresLogged(tmp_path / "here.log")
    whole = Journal(tmp_path / "here.journal", functions.RESULT_SCHEMA)
    with whole:
        for start in range(0, 60, 2):
            whole.append(here([start, start + 1]))  # type: ignore[list-item]
    assert whole.path.read_bytes() == journal.path.read_bytes()


def test_a_model_that_finds_no_gpu_and_a_cluster_that_is_none_are_told(two_nodes: TwoNodes) -> None:
    """In words, with what to do."""
    without = RayExecutor(two_nodes.address, num_gpus=1)
    with pytest.raises(ParameterError, match=r"(?s)no GPU for a model.*device=cpu"):
        list(without.map_batches(functions.double, BATCHES))


@pytest.mark.usefixtures("two_nodes")  # which sets Ray's variables before anybody imports it
@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_where_nobody_listens_is_told(scheme: str) -> None:
    """At once; Ray asks there for more than five minutes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ParameterError, match=r"(?s)cannot be reached.*refused.*ray status"):
            list(RayExecutor(address).map_batches(functions.double, BATCHES))
