"""How far the walk of a tar behind a server came, so that a run that was killed need not ask for its headers again.

A file of records (``engine.journal.records``) for each tar that is walked, in a folder of this machine: what the walk has
read, before each further request. A tar is known by its root, path, length and what the server gives to tell versions apart;
one of which a server tells no version is walked anew. All go once the tables are made, see ``hooks.walk_forgetter``.
"""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from xxhash import xxh3_128_hexdigest

from sparkle_curation.engine.io.disk import is_full
from sparkle_curation.engine.journal.records import (
    FIRST_LINE,
    NewerRecordsError,
    NotRecordsError,
    body_of,
    bytes_of,
    find_records,
    framed,
)
from sparkle_curation.ingest.assets.header_reader import HeaderReader
from sparkle_curation.ingest.release_files import SourceFile
from sparkle_curation.ingest.remote_files import ByteReader, RemoteAccess

WALK_SUFFIX = ".walk"
_STATE = struct.Struct("<QQ")
_READ = struct.Struct("<QII")
"""First byte of a part, bytes asked for, bytes that came; they follow."""


class WalkedFiles(Protocol):
    """A release whose tars are walked; ``ReleaseFiles`` is one."""

    @property
    def is_local(self) -> bool:
        """Whether the files lie on this machine."""
        ...

    @property
    def root(self) -> str:
        """Its root."""
        ...

    @property
    def access(self) -> RemoteAccess:
        """How it is reached, and where walks are noted."""
        ...


@contextmanager
def tar_headers(files: WalkedFiles, file: SourceFile, reader: ByteReader) -> Iterator[ByteReader]:
    """A reader for who goes from header to header of a tar; what a killed run has read is not asked for again.

    Args:
        files: the release.
        file: the tar.
        reader: of the tar.
    """
    if files.is_local:
        yield reader
        return
    folder = files.access.walks
    if folder is None or not file.modified:
        yield HeaderReader(reader)
        return
    known = [files.root, file.path, str(file.size), file.modified]
    name = xxh3_128_hexdigest("\0".join(known).encode("utf-8", "surrogateescape"))
    note = _Note(Path(folder) / f"{name}{WALK_SUFFIX}")
    try:
        yield _NotedReader(HeaderReader(reader, note.begun), note)
    finally:
        note.close()


def forget_walks(folder: Path) -> None:
    """Drop all notes of walks; none is fine."""
    shutil.rmtree(folder, ignore_errors=True)


class _NotedReader:
    """Reads what was noted before, and notes what it reads before another request is made."""

    def __init__(self, headers: HeaderReader, note: _Note) -> None:
        self._headers, self._note = headers, note

    def read_at(self, offset: int, length: int) -> bytes:
        known = self._note.known.get((offset, length))
        if known is not None:
            return known
        if not self._headers.holds(offset, length):
            self._note.write()
        found = self._headers.read_at(offset, length)
        self._note.add(offset, length, found, self._headers.begun)
        return found


class _Note:
    """The note of one tar.

    It is written without waiting for the disk: what a power cut leaves unwritten or torn is asked for again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[tuple[int, int], bytes] = {}
        self.begun: tuple[int, int] | None = None
        self._handle: int | None = None
        self._new: list[bytes] = []
        self._is_given_up = False
        self._take_up()

    def _take_up(self) -> None:
        try:
            with self._path.open("rb") as file:
                for record in find_records(file):
                    self._take(zlib.decompress(body_of(bytes_of(file, record))))
        except FileNotFoundError:
            return
        except (NotRecordsError, NewerRecordsError):
            self._path.unlink()

    def _take(self, body: bytes) -> None:
        self.begun = _STATE.unpack_from(body)
        place = _STATE.size
        while place < len(body):
            offset, length, count = _READ.unpack_from(body, place)
            place += _READ.size
            self.known[offset, length] = body[place : place + count]
            place += count

    def add(self, offset: int, length: int, found: bytes, begun: tuple[int, int] | None) -> None:
        """Hold what was read, until ``write``; ``begun`` is how the reader goes on from there."""
        self.begun = begun
        self._new.append(_READ.pack(offset, length, len(found)) + found)

    def write(self) -> None:
        """Write what is held; on a full disk nothing is noted any more, and the walk goes on."""
        if not self._new or self._is_given_up or self.begun is None:
            return
        record = framed(zlib.compress(_STATE.pack(*self.begun) + b"".join(self._new), 1))
        self._new = []
        try:
            if self._handle is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
                if not os.fstat(self._handle).st_size:
                    record = FIRST_LINE + record
            while record:
                record = record[os.write(self._handle, record) :]
        except OSError as error:
            if not is_full(error):
                raise
            self._is_given_up = True

    def close(self) -> None:
        """Write what is held, and let go of the file."""
        self.write()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
