"""Results come as they are done, none waits behind a slow one; what fails ends the run after what is under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from sparkle_curation.engine.executors.processes import choose_executor
from sparkle_curation.engine.executors.threads import ThreadsExecutor


def batches(count: int, taken: list[int] | None = None) -> Iterator[list[int]]:
    """Batches of one number each."""
    for number in range(count):
        if taken is not None:
            taken.append(number)
        yield [number]


def test_a_slow_batch_holds_up_no_other() -> None:
    """Three are given while the first is still worked on."""
    others_are_done = threading.Event()

    def slow_at_first(batch: list[int]) -> int:
        if batch == [0]:
            assert others_are_done.wait(60)
        return batch[0]

    results = ThreadsExecutor(2).map_batches(slow_at_first, batches(4))
    assert [next(results) for _ in range(3)] == [1, 2, 3]
    others_are_done.set()
    assert list(results) == [0]


def test_so_many_are_under_way_and_no_more() -> None:
    """Batches are taken as threads are free."""
    taken: list[int] = []
    under_way = most = 0
    lock = threading.Lock()

    def count(batch: list[int]) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.005)
        with lock:
            under_way -= 1
        return batch[0]

    results = ThreadsExecutor(3).map_batches(count, batches(12, taken))
    next(results)
    assert len(taken) <= 4
    assert sorted([*results]) != []
    assert most == 3
    assert taken == list(range(12))


def test_what_is_under_way_when_one_fails_is_given_first() -> None:
    """It may have been paid for; nothing more is begun."""
    has_failed = threading.Event()

    def fail_at_one(batch: list[int]) -> int:
        if batch == [1]:
            has_failed.set()
            raise ValueError("batch 1")
        has_failed.wait(60)
        time.sleep(0.02)
        return batch[0]

    results = ThreadsExecutor(3).map_batches(fail_at_one, batches(9))
    seen = {next(results), next(results)}
    assert seen <= {0, 2, 3}
    with pytest.raises(ValueError, match="batch 1"):
        seen.update(results)
    assert 8 not in seen


@pytest.mark.parametrize("count", [0, 1])
def test_few_batches_need_few_threads(count: int) -> None:
    """None for none."""
    before = threading.active_count()
    results = ThreadsExecutor(8).map_batches(lambda batch: batch[0], batches(count))
    assert list(results) == list(range(count))
    assert threading.active_count() <= before + count


def test_one_place_chooses_threads() -> None:
    """Where the work waits for a server."""
    assert isinstance(choose_executor(is_in_this_process=True, threads=2), ThreadsExecutor)
