"""Batches worked on here and in other processes: the same results in the same order, and clear ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.engine.executors import batch_functions as functions

from sparkle_curation.engine.executors.processes import LocalExecutor, WorkerDiedError

BATCHES = [[number, number + 1] for number in range(0, 40, 2)]


def in_processes(processes: int = 2) -> LocalExecutor:
    """An executor that starts its processes at once."""
    return LocalExecutor(processes, head_start_s=0)


@pytest.mark.parametrize(
    "executor",
    [LocalExecutor(1), LocalExecutor(2), in_processes(2), in_processes(3), LocalExecutor()],
    ids=["here", "with a head start", "two", "three", "one a core"],
)
def test_results_come_in_the_order_of_the_batches(executor: LocalExecutor) -> None:
    """Whoever does them, and however long each takes."""
    found = [doubled for _, doubled in executor.map_batches(functions.double_slowly, BATCHES)]
    assert found == [functions.double(batch) for batch in BATCHES]


def test_processes_share_the_work() -> None:
    """Two processes that are not this one each do some of it."""
    done_by = {pid for pid, _ in in_processes().map_batches(functions.double_slowly, BATCHES * 5)}
    assert len(done_by) == 2
    assert os.getpid() not in done_by


def test_short_work_starts_no_process() -> None:
    """What is done within the head start is done here."""
    executor = LocalExecutor(2, head_start_s=60)
    assert {pid for pid, _ in executor.map_batches(functions.double_slowly, BATCHES)} == {os.getpid()}


def test_no_batches_give_no_results() -> None:
    """And start nothing."""
    assert list(in_processes().map_batches(functions.double, [])) == []


def test_a_function_keeps_what_it_has_from_batch_to_batch() -> None:
    """It is sent to each process once: a model is loaded once."""
    last = dict(in_processes().map_batches(functions.Counter(), BATCHES))
    assert sum(last.values()) == len(BATCHES)


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_batches_are_taken_a_few_ahead(processes: int) -> None:
    """However many there are, memory holds a few."""
    taken = 0

    def batches() -> Iterator[list[int]]:
        nonlocal taken
        for number in range(50):
            taken += 1
            yield [number]

    for done, _ in enumerate(in_processes(processes).map_batches(functions.double, batches()), 1):
        assert taken - done <= processes + 1


def test_what_a_function_prints_is_no_answer() -> None:
    """A library that writes to standard output does no harm."""
    found = list(in_processes().map_batches(functions.print_and_double, BATCHES))
    assert found == [functions.double(batch) for batch in BATCHES]


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_of_the_function_comes_where_its_result_would(processes: int) -> None:
    """As it was raised; the results before it are given."""
    results = in_processes(processes).map_batches(functions.fail_at_seven, BATCHES)
    assert [next(results) for _ in range(3)] == [[0, 2], [4, 6], [8, 10]]
    with pytest.raises(ValueError, match="no seven"):
        next(results)


@pytest.mark.parametrize(
    ("function", "how"), [(functions.die_at_seven, "SIGKILL"), (functions.exit_at_seven, "status 3")]
)
def test_a_worker_that_dies_is_reported_with_its_batch(
    function: Callable[[list[int]], list[int]], how: str
) -> None:
    """What killed it, what it had in hand, and what to do."""
    results = in_processes().map_batches(function, BATCHES)
    assert [next(results) for _ in range(3)] == [[0, 2], [4, 6], [8, 10]]
    with pytest.raises(WorkerDiedError, match=rf"(?s)begins with 6.*{how}.*fewer processes"):
        next(results)


def test_an_answer_that_cannot_travel_is_reported() -> None:
    """An error here, not a process that hangs."""
    with pytest.raises(RuntimeError, match="cannot be pickled"):
        list(in_processes().map_batches(functions.return_lambda, BATCHES))


def test_who_stops_early_leaves_no_process_behind() -> None:
    """Closing the results kills the batches in hand."""
    results = in_processes().map_batches(functions.wait_long, [[0], [1], [1], [1]])
    assert next(results) == [0]
    start = time.monotonic()
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - start < 30
    assert _children(os.getpid()) == []


PROGRAM = """
import sys
from tests.engine.executors import batch_functions as functions
from sparkle_curation.engine.executors.processes import LocalExecutor
for _ in LocalExecutor(2, head_start_s=0).map_batches(functions.wait_long, [[0], [1], [1], [1]]):
    print("started", flush=True)
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_workers_end_with_their_parent(ending: signal.Signals, checkout: Path) -> None:
    """Whether it is ended by Ctrl-C or killed, in the midst of their batches."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [*sys.path, str(checkout)]))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert parent.stdout is not None
    assert parent.stderr is not None
    assert parent.stdout.readline() == b"started\n"
    workers = _children(parent.pid)
    assert workers
    os.killpg(parent.pid, ending)  # as a terminal does with Ctrl-C
    parent.wait(timeout=30)
    deadline = time.monotonic() + 30
    while any(map(_is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [pid for pid in workers if _is_running(pid)] == []
    with parent.stdout, parent.stderr:
        assert parent.stderr.read().count(b"Traceback") == (ending == signal.SIGINT), (
            "a worker complained too"
        )


def _children(pid: int) -> list[int]:
    """The workers of a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(status[1]) == pid and status[0] != "Z" and b"engine.executors.worker" in command:
            found.append(int(folder.name))
    return found


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
