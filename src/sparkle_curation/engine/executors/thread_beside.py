"""A thread that does one thing after the other beside its caller, such as writing what the caller reads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class ThreadBeside:
    """Does actions in their order on one thread; the caller waits where the one before the last is not done.

    So at most two are under way, and what they hold is in memory at most twice. When its block ends, all are done.
    What an action raises is raised in the caller: by the next call of ``do``, or where the block ends. Those behind
    it are done all the same.

    >>> done = []
    >>> with ThreadBeside() as thread:
    ...     for number in range(3):
    ...         thread.do(done.append, number)
    >>> done
    [0, 1, 2]
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._last: Future[object] | None = None

    def __enter__(self) -> ThreadBeside:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown()
        if self._last and kind is None:
            self._last.result()

    def do(self, action: Callable[..., object], *args: Any) -> None:
        """Have ``action`` done after all before it."""
        before, self._last = self._last, self._pool.submit(action, *args)
        if before:
            before.result()
