"""Pieces of work that is not whole yet: a journal notes a job when all of it is done, and each answer may have cost money.

They lie beside the journal, ``.{journal}.pieces``, in records of the same form, each with a JSON list of (key, name, value).
A piece is written as it comes, so that a killed process loses none; the disk is waited for once a second, so that a power
cut loses no more than that. Pieces go once the journal has the work that they are of. All is done under the journal's lock.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sparkle_curation.engine.journal.records import (
    FIRST_LINE,
    body_of,
    bytes_of,
    cut,
    find_records,
    framed,
    replace_file,
)

logger = logging.getLogger(__name__)

_FLUSHED_EVERY_S = 1.0
_LONG_BYTES = 16 << 20
"""A file that grows longer than this, or than twice of what it was rewritten to, is rewritten without what is forgotten."""


class Piece(NamedTuple):
    """One thing that is known of a work.

    Attributes:
        key: of the work, as the journal will have it.
        name: which piece of it: a digest of all that the value depends on.
        value: what JSON can hold.
    """

    key: str
    name: str
    value: Mapping[str, Any]


def pieces_path(journal: Path) -> Path:
    """Where the pieces of a journal lie."""
    return journal.with_name(f".{journal.name}.pieces")


def read_pieces(journal: Path) -> list[Piece]:
    """The pieces beside a journal, in the order in which they came; what a killed run has torn is passed over.

    Raises:
        NotRecordsError: the file is another one.
        NewerRecordsError: it is of a later version of the format.
    """
    path = pieces_path(journal)
    if not path.exists():
        return []
    with path.open("rb") as file:
        bodies = [body_of(bytes_of(file, record)) for record in find_records(file)]
    return [Piece(*each) for body in bodies for each in json.loads(body)]


def drop_pieces(journal: Path, is_dropped: Callable[[Sequence[str]], Iterable[bool]]) -> int:
    """Drop the pieces of some work and what a killed run has torn, in one step; gives how many went.

    Args:
        journal: beside which they lie.
        is_dropped: of keys, which go.
    """
    found, path = read_pieces(journal), pieces_path(journal)
    marks = list(is_dropped([piece.key for piece in found])) if found else []
    kept = [piece for piece, is_lost in zip(found, marks, strict=True) if not is_lost]
    if not kept:
        path.unlink(missing_ok=True)
    elif len(kept) < len(found) or _torn_bytes(path):
        replace_file(path, [_record_of(kept)])
    return len(found) - len(kept)


def carry_pieces(source: Path, target: Path) -> None:
    """Move the pieces beside one journal to those beside another."""
    if carried := read_pieces(source):
        replace_file(pieces_path(target), [_record_of([*read_pieces(target), *carried])])
    pieces_path(source).unlink(missing_ok=True)


class Pieces:
    """The pieces beside an open journal, found and added to by several threads.

    What a killed run has torn, and what the journal has whole, is dropped as they are opened.

    Args:
        journal: beside which they lie.
        is_done: of keys, which work the journal has.
        further: journals whose pieces are only read: a shard may do what the whole run began.

    Raises:
        NotRecordsError: the file is another one.
        NewerRecordsError: it is of a later version of the format.
    """

    def __init__(
        self, journal: Path, is_done: Callable[[Sequence[str]], Iterable[bool]], further: Iterable[Path] = ()
    ) -> None:
        self._journal, self._path = journal, pieces_path(journal)
        if torn := _torn_bytes(self._path):
            logger.warning("%s: cut off %s bytes that a killed run left", self._path, f"{torn:,}")
        drop_pieces(journal, is_done)
        own = read_pieces(journal)
        others = [piece for each in further for piece in read_pieces(each)]
        self._known = {(piece.key, piece.name): piece.value for piece in (*others, *own)}
        self._live = {piece.key for piece in own}
        self._is_stale = False
        self._handle: int | None = None
        self._flushed_at = time.monotonic()
        self._long_bytes = _LONG_BYTES
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many were known as this was opened."""
        return len(self._known)

    def find(self, key: str, name: str) -> Mapping[str, Any] | None:
        """What was noted of a work under that name before this was opened; None for nothing."""
        return self._known.get((key, name))

    def add(self, pieces: Sequence[Piece]) -> None:
        """Note pieces that came together; a process that is killed afterwards has lost none of them.

        Raises:
            OSError: they cannot be written; the file is as it was.
        """
        record = _record_of(pieces)
        with self._lock:
            handle = self._opened()
            end = os.lseek(handle, 0, os.SEEK_END)
            try:
                written = 0
                while written < len(record):
                    written += os.write(handle, record[written:])
                if time.monotonic() - self._flushed_at > _FLUSHED_EVERY_S:
                    os.fsync(handle)
                    self._flushed_at = time.monotonic()
            except OSError:
                cut(handle, end)
                raise
            self._live.update(piece.key for piece in pieces)

    def forget(self, keys: Iterable[str]) -> None:
        """Drop the pieces of work that the journal has now."""
        with self._lock:
            gone = self._live.intersection(keys)
            if not gone:
                return
            self._live -= gone
            self._is_stale = True
            if not self._live and self._handle is not None:
                os.ftruncate(self._handle, len(FIRST_LINE))
                self._is_stale = False
            elif self._path.stat().st_size > self._long_bytes:
                self._rewrite()

    def close(self) -> None:
        """Leave the pieces of what the journal does not have, on the disk; without any the file goes."""
        with self._lock:
            if self._is_stale or not self._live:
                self._rewrite()
            elif self._handle is not None:
                os.fsync(self._handle)
            self._close()

    def _rewrite(self) -> None:
        self._close()
        drop_pieces(self._journal, lambda keys: [key not in self._live for key in keys])
        size = self._path.stat().st_size if self._path.exists() else 0
        self._long_bytes, self._is_stale = max(_LONG_BYTES, 2 * size), False

    def _opened(self) -> int:
        if self._handle is None:
            if not self._path.exists():
                replace_file(self._path, [])
            self._handle = os.open(self._path, os.O_RDWR | os.O_APPEND)
        return self._handle

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _record_of(pieces: Collection[Piece]) -> bytes:
    return framed(json.dumps(pieces, ensure_ascii=False, separators=(",", ":")).encode())


def _torn_bytes(path: Path) -> int:
    """How many bytes of the file are no whole record."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        whole = len(FIRST_LINE) + sum(record.end - record.start for record in find_records(file))
    return max(path.stat().st_size - whole, 0)
