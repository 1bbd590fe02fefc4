"""Work on threads of this process that mostly waits for others, such as a server: each result as soon as it is there."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar, cast

from sparkle_curation.engine.batch_functions import BatchFunction

Item = TypeVar("Item")
Output = TypeVar("Output")


class ThreadsExecutor:
    """An ``Executor`` whose results come as they are ready, so that none waits behind a slow one before it is kept.

    What one batch raises ends the run after those under way: what they cost is spent, and their results are given first.
    The threads are daemons: after Ctrl-C nobody waits for a server.

    Args:
        threads: batches under way at once.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def map_batches(
        self, function: BatchFunction[Item, Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        """The result of each batch, in the order in which they are done."""
        waiting = iter(batches)
        given: queue.SimpleQueue[list[Item] | None] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[Output | None, Exception | None]] = queue.SimpleQueue()

        started = under_way = 0
        fault: Exception | None = None
        try:
            while True:
                while fault is None and under_way < self.threads and (batch := next(waiting, None)):
                    if started < self.threads:
                        threading.Thread(target=_work, args=(function, given, done), daemon=True).start()
                        started += 1
                    given.put(batch)
                    under_way += 1
                if not under_way:
                    break
                result, error = done.get()
                under_way -= 1
                if error is None:
                    yield cast(Output, result)
                else:
                    fault = fault or error
        finally:
            for _ in range(started):
                given.put(None)
        if fault is not None:
            raise fault


def _work(
    function: BatchFunction[Item, Output],
    given: queue.SimpleQueue[list[Item] | None],
    done: queue.SimpleQueue[tuple[Output | None, Exception | None]],
) -> None:
    """Works on batches until there is None."""
    while (batch := given.get()) is not None:
        try:
            done.put((function(batch), None))
        except Exception as error:  # noqa: BLE001 -- raised again where the results are taken
            done.put((None, error))
