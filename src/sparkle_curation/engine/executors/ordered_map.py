"""Mapping a function over inputs on threads, with the results in the order of the inputs."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Input = TypeVar("Input")
Output = TypeVar("Output")


def core_count() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(
    function: Callable[[Input], Output], inputs: Iterable[Input], *, threads: int | None = None
) -> Iterator[Output]:
    """``function`` of each input, in order, computed on ``threads`` threads (default: one a core).

    At most ``threads + 1`` results wait to be taken, so memory does not grow with the number of inputs. For
    functions that leave the interpreter lock, such as Arrow's parsers.

    >>> list(ordered_map(str.upper, "abc", threads=2))
    ['A', 'B', 'C']
    """
    threads = threads or core_count()
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Output]] = deque()
        try:
            for item in inputs:
                waiting.append(pool.submit(function, item))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
