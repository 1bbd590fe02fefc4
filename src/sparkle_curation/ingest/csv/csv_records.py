"""The records of a training CSV, each with its place in the file; those that do not parse quarantined.

A record may run over several lines inside quotes. When one does not parse, its first line alone is quarantined
 and reading starts afresh on the next, so that one stray quote does not swallow the rest of the file.
What then follows may be the rest of a prompt, up to the quote that ends it: readers take such a quote as part of
the cell, so a cell that holds a quote without being quoted itself is not trusted (no writer of CSV makes one).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from sparkle_curation.ingest.faults import Fault
from sparkle_curation.spec.codes.quarantine_reasons import Reason

_BOM = b"\xef\xbb\xbf"
_CELL = rb'(?:"[^"]*(?:""[^"]*)*"|[^",\r\n]*)'
_WELL_QUOTED = re.compile(rb"%b(?:,%b)*[\r\n]*" % (_CELL, _CELL))


@dataclass(frozen=True)
class CsvRecord:
    """One record: its cells, and the lines that it takes.

    Attributes:
        cells: the cells, unquoted.
        line: its first line, counted from 1.
        line_count: lines that it takes.
        byte_offset: its first byte in the file.
        raw: the record as it stands in the file, with its line ends.
    """

    cells: list[str]
    line: int
    line_count: int
    byte_offset: int
    raw: bytes

    def fault(self, reason: Reason, detail: str, *, sample_id: str | None = None) -> Fault:
        """A fault of this record."""
        return Fault(
            reason,
            detail,
            self.raw.rstrip(b"\r\n"),
            self.byte_offset,
            len(self.raw),
            self.line,
            self.line_count,
            sample_id,
        )


def csv_records(data: bytes) -> Iterator[CsvRecord | Fault]:
    r"""Every record of a CSV file, the header first, or the fault of a line that is part of none.

    A record has as many cells as the header.

    >>> [record.cells for record in csv_records(b'prompt,task\n"a, b",x\n')]
    [['prompt', 'task'], ['a, b', 'x']]
    """
    start = len(_BOM) if data.startswith(_BOM) else 0
    lines = _lines(data[start:])
    offsets = [start, *(start + end for end in accumulate(map(len, lines)))]
    index, width = 0, None
    while index < len(lines):
        for found in _records_from(lines, offsets, index):
            record = found
            if isinstance(found, CsvRecord):
                width = width or len(found.cells)
                if len(found.cells) != width:
                    record = _width_fault(lines, offsets, index, len(found.cells), width)
            yield record
            index += record.line_count
            if isinstance(record, Fault):
                break


def _lines(data: bytes) -> list[bytes]:
    """Lines with their ends, which are newlines alone: a bare carriage return is content."""
    *lines, last = data.split(b"\n")
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _records_from(lines: list[bytes], offsets: list[int], start: int) -> Iterator[CsvRecord | Fault]:
    """Records from line index ``start`` on, up to and including the first fault."""
    feed = _Feed(lines, start)
    reader = csv.reader(feed, strict=True)
    first = start
    while first < len(lines):
        try:
            cells = next(reader, None)
        except (csv.Error, UnicodeDecodeError) as error:
            yield _line_fault(lines, offsets, first, error)
            return
        if cells is None:
            return
        raw = lines[first] if feed.taken == first + 1 else b"".join(lines[first : feed.taken])
        if any('"' in cell for cell in cells) and not _WELL_QUOTED.fullmatch(raw):
            yield _line_fault(lines, offsets, first, csv.Error("a quote in a cell that is not quoted"))
            return
        record = CsvRecord(cells, first + 1, feed.taken - first, offsets[first], raw)
        if not cells:
            yield record.fault(Reason.BLANK_LINE, "got an empty line, allowed one record a line")
            return
        yield record
        first = feed.taken


class _Feed:
    """Lines as text, counted as they are taken."""

    def __init__(self, lines: list[bytes], start: int) -> None:
        self._lines, self.taken = lines, start

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if self.taken >= len(self._lines):
            raise StopIteration
        line = self._lines[self.taken]
        self.taken += 1
        return line.decode("utf-8")


def _width_fault(lines: list[bytes], offsets: list[int], index: int, cells: int, width: int) -> Fault:
    """The fault of the first line of a record of another width; its further lines are read afresh."""
    record = CsvRecord([], index + 1, 1, offsets[index], lines[index])
    reason = (
        Reason.TRUNCATED_LINE if cells < width and _is_cut_short(lines, index) else Reason.WRONG_COLUMN_COUNT
    )
    return record.fault(reason, f"{cells} cells, but {width} columns")


def _line_fault(lines: list[bytes], offsets: list[int], index: int, error: Exception) -> Fault:
    raw = lines[index]
    record = CsvRecord([], index + 1, 1, offsets[index], raw)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        return record.fault(
            Reason.INVALID_UTF8, f"byte {broken.start} of the line, 0x{raw[broken.start]:02x}"
        )
    reason = Reason.TRUNCATED_LINE if _is_cut_short(lines, index) else Reason.INVALID_CSV
    return record.fault(reason, str(error))


def _is_cut_short(lines: list[bytes], index: int) -> bool:
    return index == len(lines) - 1 and not lines[index].endswith(b"\n")
