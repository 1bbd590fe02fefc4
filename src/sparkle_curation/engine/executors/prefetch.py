"""Work in this process, of which the first step is done for the next batch while the second is done for this one."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sparkle_curation.engine.batch_functions import BatchFunction, TwoSteps

Item = TypeVar("Item")
Output = TypeVar("Output")


class PrefetchExecutor:
    """An ``Executor`` in this process, which holds the model: a GPU or a server does not wait for the disk.

    Of a function of two steps (``TwoSteps``) batches are prepared beside the one that is being finished, one by each
    reader, so one more than there are readers is in memory; any other is called batch by batch. Nothing of the second step
    is done ahead: what a killed run loses is the batch in hand.

    Args:
        readers: threads that prepare.
    """

    def __init__(self, readers: int = 1) -> None:
        self.readers = readers
        self._rates = {"reads": _Rate(), "answers": _Rate()}

    def describe_rates(self) -> str:
        """How many items a second each of the two steps does, or would do if it did not wait for the other; the less holds.

        Empty until both have done something.
        """
        if not all(rate.seconds for rate in self._rates.values()):
            return ""
        rates = {
            "reads": self._rates["reads"].per_second * self.readers,
            "answers": self._rates["answers"].per_second,
        }
        return ", ".join(f"{name} {rate:,.1f}/s" for name, rate in rates.items())

    def map_batches(
        self, function: BatchFunction[Item, Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        """The result of each batch, in their order; where the function has two steps, one is taken ahead for each reader."""
        if not isinstance(function, TwoSteps):
            yield from map(function, batches)
            return
        prepared: deque[tuple[list[Item], Future[Any]]] = deque()
        with ThreadPoolExecutor(self.readers, thread_name_prefix="prefetch") as thread:
            for batch in batches:
                prepared.append((batch, thread.submit(self._timed, "reads", batch, function.prepare)))
                if len(prepared) > self.readers:
                    this, its_first_step = prepared.popleft()
                    yield self._timed("answers", this, function.finish, its_first_step.result())
            for this, its_first_step in prepared:
                yield self._timed("answers", this, function.finish, its_first_step.result())

    def _timed(self, step: str, batch: list[Item], function: Callable[..., Output], *others: Any) -> Output:
        start = time.perf_counter()
        result = function(batch, *others)
        self._rates[step].add(len(batch), time.perf_counter() - start)
        return result


class _Rate:
    """Of a step: how many items, and how long it took, in all threads together."""

    def __init__(self) -> None:
        self.items, self.seconds = 0, 0.0
        self._lock = threading.Lock()

    @property
    def per_second(self) -> float:
        """Items a second of one thread."""
        return self.items / self.seconds

    def add(self, items: int, seconds: float) -> None:
        """Some more."""
        with self._lock:
            self.items += items
            self.seconds += seconds
