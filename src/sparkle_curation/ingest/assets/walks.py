"""Several shards of a release behind a server walked at once: each header waits only for the one before it in its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager

from sparkle_curation.ingest.assets.listing import AssetListing, AssetSource, list_assets
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import ByteReader


class Walks:
    """Lists the assets of sources, those that were announced on threads of their own, ahead of who asks for them.

    The threads are daemons and stop at the next header once nobody waits for them: after Ctrl-C, or a fault of one
    shard, no server is asked for the rest of the others.

    Args:
        files: the release.
    """

    def __init__(self, files: ReleaseFiles) -> None:
        self._files = files
        self._started: dict[str, Future[AssetListing]] = {}
        self._waiting: deque[AssetSource] = deque()
        self._is_stopped = threading.Event()

    @contextmanager
    def ahead(self, sources: Sequence[AssetSource]) -> Iterator[None]:
        """Within it, the sources are listed ahead, as many at once as the server may be sent requests."""
        if self._files.is_local:
            yield
            return
        self._is_stopped = threading.Event()
        self._waiting = deque(sources)
        try:
            for _ in range(self._files.access.settings.requests):
                self._start_next()
            yield
        finally:
            self._is_stopped.set()
            self._waiting.clear()
            self._started.clear()

    def listing(self, source: AssetSource) -> AssetListing:
        """The assets of a source, walked now where that was not begun before; raises what the walk raised."""
        walk = self._started.pop(source.path, None)
        self._start_next()
        return walk.result() if walk else list_assets(self._files, source)

    def _start_next(self) -> None:
        if self._waiting:
            source = self._waiting.popleft()
            self._started[source.path] = walk = Future[AssetListing]()
            stoppable = _Stoppable(self._files, self._is_stopped.is_set)
            threading.Thread(target=_walk, args=(stoppable, source, walk), daemon=True, name="walk").start()


def _walk(files: _Stoppable, source: AssetSource, walk: Future[AssetListing]) -> None:
    try:
        walk.set_result(list_assets(files, source))
    except BaseException as error:  # noqa: BLE001 -- raised again where the listing is asked for
        walk.set_exception(error)


class _Stoppable:
    """The release, whose readers end a walk that nobody waits for any more."""

    def __init__(self, files: ReleaseFiles, is_stopped: Callable[[], bool]) -> None:
        self._files, self._is_stopped = files, is_stopped
        self.is_local, self.root, self.access = files.is_local, files.root, files.access

    @contextmanager
    def reader(self, path: str) -> Iterator[ByteReader]:
        """As of the release."""
        with self._files.reader(path) as reader:
            yield _StoppableReader(reader, self._is_stopped)


class _StoppableReader:
    def __init__(self, reader: ByteReader, is_stopped: Callable[[], bool]) -> None:
        self._reader, self._is_stopped = reader, is_stopped

    def read_at(self, offset: int, length: int) -> bytes:
        if self._is_stopped():
            raise CancelledError
        return self._reader.read_at(offset, length)
