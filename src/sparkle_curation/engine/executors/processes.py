"""Running a function over batches of work, here or in other processes, with the results in the order of the batches."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import BinaryIO, Generic, Protocol, TypeVar, cast

from sparkle_curation.engine.batch_functions import BatchFunction
from sparkle_curation.engine.executors.ordered_map import core_count
from sparkle_curation.engine.executors.prefetch import PrefetchExecutor
from sparkle_curation.engine.executors.ray_actors import RayExecutor
from sparkle_curation.engine.executors.threads import ThreadsExecutor
from sparkle_curation.engine.executors.worker_faults import WorkerDiedError, died
from sparkle_curation.engine.shards import WorkPlace

Item = TypeVar("Item")
Output = TypeVar("Output")

HEAD_START_S = 1.0
"""Until then batches are worked on where they are: starting a process takes about as long."""


class Executor(Protocol):
    """Maps a function over batches. A batch is the unit that travels: to a process, or to another machine."""

    def map_batches(
        self, function: BatchFunction[Item, Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        """``function`` of each batch, with a bounded number of them in hand: in their order, or each as it is done."""
        ...


def choose_executor(
    *,
    processes: int | None = None,
    is_in_this_process: bool = False,
    threads: int | None = None,
    readers: int = 1,
    place: WorkPlace = WorkPlace(),  # noqa: B008 -- it cannot be changed
    num_gpus: float = 0,
) -> Executor:
    """What runs the work of a pipeline: the one place where that is decided.

    Args:
        processes: how many of this machine; None for one a core.
        is_in_this_process: whether the work holds what other processes cannot share, such as a model.
        threads: of this process, for work that waits for a server and whose results are kept one by one; None for none.
        readers: threads that do the first of two steps ahead, where it is in this process.
        place: whether Ray does it, and where.
        num_gpus: that each actor of Ray takes.
    """
    if place.executor == "ray" and threads is None:
        return RayExecutor(place.ray_address, workers=processes, num_gpus=num_gpus)
    if threads is not None:
        return ThreadsExecutor(threads)
    return PrefetchExecutor(readers) if is_in_this_process else LocalExecutor(processes)


class LocalExecutor:
    """Processes of this machine.

    They start again and are not forked: threads of polars, Arrow and FFmpeg do not live through a fork, and the
    locks that they hold do. A worker ends with this process, however that ends.

    Args:
        processes: how many; None for one a core. With one all is done in this process.
        head_start_s: how long batches are worked on in this process before others are started.
    """

    def __init__(self, processes: int | None = None, *, head_start_s: float = HEAD_START_S) -> None:
        self.processes = processes or core_count()
        self._head_start_s = head_start_s

    def map_batches(
        self, function: BatchFunction[Item, Output], batches: Iterable[list[Item]]
    ) -> Iterator[Output]:
        """``function`` of each batch, in order; at most ``processes + 1`` batches are in hand.

        Raises:
            WorkerDiedError: a process was killed, mostly for want of memory, or crashed.
        """
        waiting = iter(batches)
        is_alone = self.processes == 1
        start = time.monotonic()
        while is_alone or time.monotonic() - start < self._head_start_s:
            for batch in waiting:
                yield function(batch)
                break
            else:
                return
        yield from _map_in_processes(function, waiting, self.processes)


def _map_in_processes(
    function: BatchFunction[Item, Output], batches: Iterator[list[Item]], processes: int
) -> Iterator[Output]:
    # One thread for each worker hands it batches and waits for it; a worker is started with its first batch.
    idle: queue.LifoQueue[_Worker[Item, Output]] = queue.LifoQueue()
    workers: list[_Worker[Item, Output]] = [_Worker(function) for _ in range(processes)]
    for worker in workers:
        idle.put(worker)
    in_hand: deque[Future[Output]] = deque()
    threads = ThreadPoolExecutor(processes)
    try:
        for batch in batches:
            in_hand.append(threads.submit(_work, idle, batch))
            if len(in_hand) > processes:
                yield in_hand.popleft().result()
        while in_hand:
            yield in_hand.popleft().result()
    finally:
        # Killed before their threads are waited for: after Ctrl-C nobody waits for the batches in hand.
        for future in in_hand:
            future.cancel()
        for worker in workers:
            worker.kill()
        threads.shutdown()
        for worker in workers:
            worker.close()


def _work(idle: queue.LifoQueue[_Worker[Item, Output]], batch: list[Item]) -> Output:
    worker = idle.get()
    try:
        return worker.work(batch)
    finally:
        idle.put(worker)


class _Worker(Generic[Item, Output]):
    """One process, started with its first batch; see ``engine.executors.worker``."""

    def __init__(self, function: BatchFunction[Item, Output]) -> None:
        self._function = function
        self._process: subprocess.Popen[bytes] | None = None
        self._is_killed = False
        self._lock = threading.Lock()

    def work(self, batch: list[Item]) -> Output:
        """The function of one batch, or what it raised."""
        process = self._started()
        try:
            self._send(process, batch)
            is_done, answer = pickle.load(cast(BinaryIO, process.stdout))  # noqa: S301 -- from our own child
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            raise _died(process, batch) from error
        if not is_done:
            raise answer
        return cast(Output, answer)

    def kill(self) -> None:
        """End the process now, whatever it does; one that was not started will not be."""
        with self._lock:
            self._is_killed = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """Let go of a process that was killed."""
        if self._process is None:
            return
        self._process.wait()
        for channel in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was written and not taken cannot be written any more
                cast(BinaryIO, channel).close()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._is_killed:
                raise CancelledError
            if self._process is None:
                self._process = _start()
                self._send(self._process, self._function)
            return self._process

    @staticmethod
    def _send(process: subprocess.Popen[bytes], what: object) -> None:
        channel = cast(BinaryIO, process.stdin)
        pickle.dump(what, channel, protocol=pickle.HIGHEST_PROTOCOL)
        channel.flush()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "sparkle_curation.engine.executors.worker"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for this process, which then ends its workers
    )


def _died(process: subprocess.Popen[bytes], batch: Sequence[object]) -> WorkerDiedError:
    status = process.wait()
    how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"it ended with status {status}"
    return died(batch, how)
