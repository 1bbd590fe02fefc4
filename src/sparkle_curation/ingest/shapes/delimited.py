"""The rows of a CSV with any delimiter, one after the other: a row that cannot be read costs its first line alone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sparkle_curation.ingest.csv.csv_records import MAX_CELL_LINES
from sparkle_curation.spec.codes.quarantine_reasons import Reason

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Row:
    """A row, or why there is none.

    Attributes:
        cells: the cells; None of one that cannot be read.
        line: its first line, counted from 1.
        byte_offset: its first byte in the file.
        raw: its bytes with their line end.
        reason: why it cannot be read.
        detail: what was found.
    """

    cells: list[str] | None
    line: int
    byte_offset: int
    raw: bytes
    reason: Reason | None = None
    detail: str = ""


def delimited_rows(stream: BinaryIO, delimiter: str, max_bytes: int) -> Iterator[Row]:
    r"""The rows of a CSV, its header first.

    >>> import io
    >>> [row.cells for row in delimited_rows(io.BytesIO(b'a;b\n"x;\ny";2\n'), ";", 99)]
    [['a', 'b'], ['x;\ny', '2']]
    """
    lines = _Lines(stream, max_bytes)
    while lines.at(0):
        first = lines.at(0)
        raw, found = first, _parse(first, delimiter)
        taken = 1
        # A quote that is open goes on in the next line.
        while isinstance(found, _Open) and taken <= MAX_CELL_LINES and len(raw) < max_bytes:
            following = lines.at(taken)
            if not following:
                break
            raw, taken = raw + following, taken + 1
            found = _parse(raw, delimiter)
        if isinstance(found, list):
            yield Row(found, lines.line, lines.offset, raw)
            lines.take(taken)
            continue
        is_cut = not first.endswith(b"\n") or (isinstance(found, _Open) and not lines.at(taken))
        reason = Reason.LINE_TOO_LONG if len(first) >= max_bytes else found.reason
        if reason is Reason.INVALID_CSV and is_cut and not lines.at(1):
            reason = Reason.TRUNCATED_LINE
        yield Row(None, lines.line, lines.offset, first, reason, found.detail)
        lines.take(1)


@dataclass(frozen=True)
class _Unread:
    reason: Reason
    detail: str


class _Open(_Unread):
    """A quote is not closed."""


def _parse(raw: bytes, delimiter: str) -> list[str] | _Unread:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _Unread(Reason.INVALID_UTF8, f"byte {error.start} of the line, 0x{raw[error.start]:02x}")
    if not text.strip():
        return _Unread(Reason.BLANK_LINE, "got an empty line, allowed one record a line")
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        kind = _Open if "unexpected end of data" in str(error) else _Unread
        return kind(Reason.INVALID_CSV, f"{error}: the quotes do not add up")
    return rows[0]


class _Lines:
    """The lines of a stream, of which those that are looked at are held."""

    def __init__(self, stream: BinaryIO, max_bytes: int) -> None:
        self._stream, self._max_bytes = stream, max_bytes
        self._held: list[bytes] = []
        self.line, self.offset = 1, 0
        first = self.at(0)
        if first.startswith(_MARK):
            self._held[0], self.offset = first[len(_MARK) :], len(_MARK)

    def at(self, place: int) -> bytes:
        """The line so many behind the present one; none at the end. One that is too long is given in pieces."""
        while len(self._held) <= place:
            line = self._stream.readline(self._max_bytes)
            if not line:
                return b""
            self._held.append(line)
        return self._held[place]

    def take(self, count: int) -> None:
        """Go past some lines."""
        self.offset += sum(map(len, self._held[:count]))
        self.line += sum(line.endswith(b"\n") for line in self._held[:count])
        del self._held[:count]
