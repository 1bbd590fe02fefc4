"""The next batch is prepared while this one is finished, and nothing else is done ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from tests.engine.executors.batch_functions import double

from sparkle_curation.engine.executors.prefetch import PrefetchExecutor
from sparkle_curation.engine.executors.processes import LocalExecutor, choose_executor


@dataclass
class Steps:
    """Notes its steps; the second one waits until the next batch is prepared, if there is one.

    Attributes:
        count: batches that there are.
        fails_at: a batch that cannot be prepared.
    """

    count: int
    fails_at: int = -1
    prepared: list[int] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    told: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, batch: list[int]) -> int:
        """Both steps."""
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[int]) -> int:
        """The number of the batch times ten."""
        if batch[0] == self.fails_at:
            raise ValueError(f"batch {batch[0]}")
        with self.told:
            self.prepared.append(batch[0])
            self.threads.add(threading.current_thread().name)
            self.told.notify_all()
        return batch[0] * 10

    def finish(self, batch: list[int], prepared: int) -> int:
        """One more than that."""
        following = min(batch[0] + 1, self.count - 1)
        with self.told:
            assert self.told.wait_for(lambda: following in self.prepared, timeout=60), (
                "not prepared meanwhile"
            )
        self.finished.append(batch[0])
        return prepared + 1


def batches(count: int) -> Iterator[list[int]]:
    """Batches of one number each."""
    return ([number] for number in range(count))


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_the_next_batch_is_prepared_beside_this_one(count: int) -> None:
    """Results come in order; one thread prepares, another one finishes."""
    steps = Steps(count)
    assert list(PrefetchExecutor().map_batches(steps, batches(count))) == [
        number * 10 + 1 for number in range(count)
    ]
    assert steps.finished == list(range(count))
    assert threading.current_thread().name not in steps.threads
    assert len(steps.threads) <= 1


def test_no_more_than_one_batch_is_ahead() -> None:
    """Pictures of two batches are in memory, however many there are."""
    steps = Steps(10)
    results = PrefetchExecutor().map_batches(steps, batches(10))
    next(results)
    assert steps.prepared == [0, 1]
    assert steps.finished == [0]
    list(results)


def test_what_cannot_be_prepared_ends_the_run_in_its_turn() -> None:
    """The batches before it are done."""
    steps = Steps(3, fails_at=2)
    steps.count = 2  # the last one that can be prepared
    results = PrefetchExecutor().map_batches(steps, batches(3))
    assert [next(results), next(results)] == [1, 11]
    with pytest.raises(ValueError, match="batch 2"):
        next(results)


def test_a_function_of_one_step_is_called_batch_by_batch() -> None:
    """Any function will do, as for every executor; nothing is taken ahead."""
    taken: list[int] = []

    def noting() -> Iterator[list[int]]:
        for batch in batches(3):
            taken.append(batch[0])
            yield batch

    results = PrefetchExecutor().map_batches(double, noting())
    assert (next(results), taken) == ([0], [0])
    assert list(results) == [[2], [4]]


def test_one_place_chooses_who_works() -> None:
    """Work that holds a model stays in this process; other work goes to so many."""
    assert isinstance(choose_executor(is_in_this_process=True), PrefetchExecutor)
    local = choose_executor(processes=3)
    assert isinstance(local, LocalExecutor)
    assert local.processes == 3
