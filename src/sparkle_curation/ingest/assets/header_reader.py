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
        begun: what ``begun`` of another one was, from where this one goes on as that would have; None at the start.

    Attributes:
        begun: where the part that was asked for last ends, and how long it was to be; None before any was.
    """

    def __init__(self, reader: ByteReader, begun: tuple[int, int] | None = None) -> None:
        self._reader = reader
        self._start, self._block = 0, b""
        self.begun = begun

    def holds(self, offset: int, length: int) -> bool:
        """Whether the bytes are there without another request."""
        return self._start <= offset and offset + length <= self._start + len(self._block)

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from ``offset``, at most ``length`` of them: fewer at the end of the file."""
        if not self.holds(offset, length):
            end, ahead = self.begun or (0, 0)
            is_near = end > 0 and 0 <= offset - end <= GAP_BYTES
            ahead = min(max(2 * ahead, GAP_BYTES), MOST_JOINED_BYTES) if is_near else _HEADERS_BYTES
            self._block = self._reader.read_at(offset, max(length, ahead))
            self._start, self.begun = offset, (offset + len(self._block), ahead)
        start = offset - self._start
        return self._block[start : start + length]
