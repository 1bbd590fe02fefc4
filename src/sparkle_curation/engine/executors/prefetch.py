"""Work in this process, of which the first step is done for the next batch while the second is done for this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sparkle_curation.engine.batch_functions import BatchFunction, TwoSteps

Item = TypeVar("Item")
Output = TypeVar("Output")


class PrefetchExecutor:
    """An ``Executor`` in this process, which holds the model: a GPU or a server does not wait for the disk.

    Of a function of two steps (``TwoSteps``) one batch is prepared beside the one that is being finished, so two are in
    memory; any other is called batch by batch. Nothing of the second step is done ahead: what a killed run loses is the
    batch in hand.
    """

    def map_batches(
        self, function: BatchFunction[Item, Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        """The result of each batch, in their order; batches are taken one ahead where the function has two steps."""
        if not isinstance(function, TwoSteps):
            yield from map(function, batches)
            return
        prepared: deque[tuple[list[Item], Future[Any]]] = deque()
        with ThreadPoolExecutor(1, thread_name_prefix="prefetch") as thread:
            for batch in batches:
                prepared.append((batch, thread.submit(function.prepare, batch)))
                if len(prepared) > 1:
                    this, its_first_step = prepared.popleft()
                    yield function.finish(this, its_first_step.result())
            for this, its_first_step in prepared:
                yield function.finish(this, its_first_step.result())
