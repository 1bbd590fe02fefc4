"""The headers of a tar behind a server: each request reads a little more than a header, or many small members."""

from __future__ import annotations

from sparkle_curation.engine.io.remote.ahead import GAP_BYTES, MOST_JOINED_BYTES
from sparkle_curation.ingest.remote_files import ByteReader

_HEADERS_BYTES = 4 << 10
"""A header with a long name or pax fields before it takes 1,536 bytes."""


class HeaderReader:
    """A ``ByteReader`` for who goes from one header to the next.

    Where the next header is no farther than what a request costs as much as, the bytes between are read too, and twice as
    many with each time that this was so.

    Args:
        reader: of the tar.
    """

    def __init__(self, reader: ByteReader) -> None:
        self._reader = reader
        self._start, self._block = 0, b""
        self._ahead = _HEADERS_BYTES

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from ``offset``, at most ``length`` of them: fewer at the end of the file."""
        start = offset - self._start
        if start < 0 or start + length > len(self._block):
            is_near = self._block and 0 <= offset - self._start - len(self._block) <= GAP_BYTES
            self._ahead = (
                min(max(2 * self._ahead, GAP_BYTES), MOST_JOINED_BYTES) if is_near else _HEADERS_BYTES
            )
            self._block = self._reader.read_at(offset, max(length, self._ahead))
            self._start, start = offset, 0
        return self._block[start : start + length]
