"""A media file as a window on the file that holds it, a tar or itself, and the error for one that is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sparkle_curation.spec.codes.media_faults import MediaFault

PIECE_BYTES = 1 << 20


class BrokenMediaError(Exception):
    """A media file cannot be used: an error on its way to becoming a row.

    Args:
        fault: why, as a code.
        detail: what was found and what is allowed.
    """

    def __init__(self, fault: MediaFault, detail: str) -> None:
        self.fault, self.detail = fault, detail
        super().__init__(f"{fault}: {detail}")

    def __reduce__(self) -> tuple[type[BrokenMediaError], tuple[MediaFault, str]]:
        """As its two arguments, so that it crosses from one process to another."""
        return type(self), (self.fault, self.detail)


class ReadAt(Protocol):
    """Reads any part of an open file; ``ingest.remote_files.ByteReader`` is one."""

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from ``offset``, at most ``length`` of them: fewer at the end of the file, then none."""
        ...


@dataclass(frozen=True)
class Reading:
    """A function that reads, as a ``ReadAt``."""

    function: Callable[[int, int], bytes]

    def read_at(self, offset: int, length: int) -> bytes:
        """What the function gives."""
        return self.function(offset, length)


class ByteWindow:
    """Bytes ``offset`` to ``offset + size`` of a file, counted from 0.

    Args:
        reader: reads the file.
        offset: first byte of the window.
        size: length of the window in bytes.

    Attributes:
        size: the same.
        bytes_read: how many bytes were asked of the reader so far.
    """

    def __init__(self, reader: ReadAt, offset: int, size: int) -> None:
        self._reader, self._offset, self.size = reader, offset, size
        self._block, self._block_start = b"", 0
        self.bytes_read = 0

    def part(self, offset: int, size: int) -> ByteWindow:
        """A window on a part of this one."""
        return ByteWindow(self._reader, self._offset + offset, size)

    def read_at(self, offset: int, length: int, *, ahead: int = 0) -> bytes:
        """The bytes from ``offset``, at most ``length`` of them and none from outside the window.

        Args:
            offset: where, from the start of the window.
            length: how many; a length that a file claims must have been compared with ``size`` before.
            ahead: read at least so many in one go; what is left over serves the next call if it can.
        """
        length = max(0, min(length, self.size - offset))
        start = offset - self._block_start
        if start < 0 or start + length > len(self._block):
            self._block = self._reader.read_at(
                self._offset + offset, min(max(length, ahead), self.size - offset)
            )
            self._block_start, start = offset, 0
            self.bytes_read += len(self._block)
        return self._block[start : start + length]

    def read_exactly(self, offset: int, length: int, *, ahead: int = 0) -> bytes:
        """As ``read_at``, all ``length`` bytes.

        Raises:
            BrokenMediaError: the window or the file ends before (``truncated``).
        """
        found = self.read_at(offset, length, ahead=ahead)
        if len(found) < length:
            detail = f"{length} bytes from byte {offset}; the file ends at byte {offset + len(found)}"
            raise BrokenMediaError(MediaFault.TRUNCATED, detail)
        return found


def pieces(window: ByteWindow, start: int, end: int) -> Iterator[bytes]:
    """The bytes from ``start`` to ``end``, a megabyte at a time.

    Raises:
        BrokenMediaError: the file ends before.
    """
    for place in range(start, end, PIECE_BYTES):
        yield window.read_exactly(place, min(PIECE_BYTES, end - place))
