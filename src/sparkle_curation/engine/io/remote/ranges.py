"""Parts of files behind a server, many under way at once and each sent again where that may help.

The requests live on the event loop that fsspec keeps in a thread of its own, so whoever wants a part waits for it in any
other thread, or lets it come while something else is done.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Future
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

from fsspec.asyn import get_loop
from fsspec.exceptions import FSTimeoutError

from sparkle_curation.engine.io.patience import may_pass, wanted_pause_s
from sparkle_curation.engine.io.remote.settings import RemoteSettings
from sparkle_curation.engine.io.server_faults import server_error

logger = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
_BEGUN_AT_ONCE = 8192
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 20.0


class Range(NamedTuple):
    """Bytes ``start`` to ``end``, which is not among them, of the file at ``path``."""

    path: str
    start: int
    end: int


class RangeSource(Protocol):
    """Asks one kind of server for a part of a file, once."""

    async def fetch(self, part: Range) -> bytes:
        """The bytes of the part: fewer where the file ends within it, none where it ends before.

        Raises:
            FileNotFoundError: there is no such file.
            ReleaseError: the server sends something else than the part.
            Exception: what its library raises; see ``patience.may_pass`` and ``server_faults``.
        """
        ...


class RangeReader:
    """Parts of files of one source.

    Args:
        source: what asks the server.
        settings: how many requests at once, and how patiently.
        loop: where its requests must be made; None for that of fsspec.
    """

    def __init__(
        self, source: RangeSource, settings: RemoteSettings, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self._source, self._settings = source, settings
        self._loop = loop or get_loop()
        self._slots = asyncio.Semaphore(settings.requests)

    def start(self, part: Range) -> Future[bytes]:
        """The part as it will be there; it is asked for as soon as one of the requests may be made."""
        return self._submit(lambda: self._source.fetch(part))

    def read(self, part: Range) -> bytes:
        """The part; raises as ``finish``."""
        return self.finish(self.start(part), part.path)

    def finish(self, future: Future[ResultT], path: str) -> ResultT:
        """What was asked for, once it is there.

        Raises:
            FileNotFoundError: there is no such file.
            ServerError: the server cannot be reached, or does not give it.
            ReleaseError: it sends something else.
        """
        try:
            return future.result()
        except Exception as error:
            if told := server_error(path, error):
                raise told from error
            raise

    def ask_all(self, asks: Iterable[tuple[str, Callable[[], Awaitable[ResultT]]]]) -> list[ResultT]:
        """The answer to each of many small requests, in their order; each is told with its path. Raises as ``finish``."""
        waiting = iter(asks)
        answers: list[ResultT] = []
        # Of a million files the requests would take gigabytes, were all of them begun.
        while started := [(self._submit(ask), path) for path, ask in islice(waiting, _BEGUN_AT_ONCE)]:
            try:
                answers += [self.finish(future, path) for future, path in started]
            finally:
                for future, _ in started:
                    future.cancel()
        return answers

    def _submit(self, ask: Callable[[], Awaitable[ResultT]]) -> Future[ResultT]:
        patient: Coroutine[Any, Any, ResultT] = self._ask(ask)
        return asyncio.run_coroutine_threadsafe(patient, self._loop)

    async def _ask(self, ask: Callable[[], Awaitable[ResultT]]) -> ResultT:
        # The slot is kept over the pauses: a server that is too busy gets fewer requests, and not the others at once.
        async with self._slots:
            pause_s = _FIRST_PAUSE_S
            for _ in range(self._settings.retries):
                try:
                    return await self._ask_once(ask)
                except Exception as error:
                    if not may_pass(error):
                        raise
                    logger.debug("a server is asked again: %s: %s", type(error).__name__, error)
                    wanted_s = min(wanted_pause_s(error), _LONGEST_PAUSE_S)
                await asyncio.sleep(max(wanted_s, pause_s * random.uniform(0.5, 1.5)))  # noqa: S311 -- not all at once
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            return await self._ask_once(ask)

    async def _ask_once(self, ask: Callable[[], Awaitable[ResultT]]) -> ResultT:
        try:
            async with asyncio.timeout(self._settings.timeout_s) as limit:
                return await ask()
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise FSTimeoutError(f"no answer within {self._settings.timeout_s:g} s") from error
