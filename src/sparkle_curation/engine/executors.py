"""Running a function over batches of work: here, or in other processes, with the results in the order of the batches."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Protocol, TypeVar

from sparkle_curation.engine.ordered_map import core_count
from sparkle_curation.errors import SparkleError

Item = TypeVar("Item")
Output = TypeVar("Output")


class WorkerDiedError(SparkleError):
    """A process that worked on a batch ended before the batch was done."""


class Executor(Protocol):
    """Maps a function over batches. A batch is the unit that travels: to a process, or to another machine.

    The function is one that can be pickled: of a module, or an object of a class of one; it may keep nothing
    from one batch for the next.
    """

    def map_batches(
        self, function: Callable[[list[Item]], Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        """``function`` of each batch, in the order of the batches, with a bounded number of them in hand."""
        ...


class LocalExecutor:
    """Processes of this machine.

    Args:
        processes: how many; None for one a core. With one the work is done in this process.
    """

    def __init__(self, processes: int | None = None) -> None:
        self._processes = processes or core_count()

    def map_batches(
        self, function: Callable[[list[Item]], Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        """``function`` of each batch, in order; ``processes + 1`` batches at most are in hand.

        A single batch is worked on in this process: it is done before another one would have started.

        Raises:
            WorkerDiedError: a process was killed, mostly for want of memory.
        """
        waiting = iter(batches)
        first = list(itertools.islice(waiting, 2))
        if self._processes == 1 or len(first) < 2:
            return map(function, itertools.chain(first, waiting))
        return self._map_in_processes(function, itertools.chain(first, waiting))

    def _map_in_processes(
        self, function: Callable[[list[Item]], Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        # Not fork: the threads of polars, Arrow and FFmpeg do not live through one, and their locks do.
        pool = ProcessPoolExecutor(self._processes, get_context("spawn"), initializer=_settle)
        in_hand: deque[Future[Output]] = deque()
        try:
            for batch in batches:
                in_hand.append(pool.submit(function, batch))
                if len(in_hand) > self._processes:
                    yield in_hand.popleft().result()
            while in_hand:
                yield in_hand.popleft().result()
        except BrokenProcessPool as error:
            raise WorkerDiedError(
                "A worker process died while it had a batch in hand",
                where=f"one of {self._processes} processes",
                got="the system killed it, mostly for want of memory, or a library it called crashed",
                todo="run again: what is done stays done. If it dies again, use fewer processes or smaller batches",
            ) from error
        finally:
            _end(pool)


def _end(pool: ProcessPoolExecutor) -> None:
    """Ends the processes now: after the last batch they are idle, after an error nobody waits for theirs."""
    workers = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join()


def _settle() -> None:
    """What a worker does first: leave Ctrl-C to its parent, and end when its parent does, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
