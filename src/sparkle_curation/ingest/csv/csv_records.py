"""The records of a training CSV, each with its place in the file; those that do not parse quarantined.

A record may run over several lines inside quotes. When one does not parse, its first line alone is quarantined
 and reading starts afresh on the next, so that one stray quote does not swallow the rest of the file.
What then follows may be the rest of a prompt, up to the quote that ends it: readers take such a quote as part of
the cell, so a cell that holds a quote without being quoted itself is not trusted (no writer of CSV makes one).
And the lines between may look like records, of ids that stand in a prompt: they are quarantined as ``broken_cell``,
good ones among them, up to ``MAX_CELL_LINES``; a line with quotes of its own that add up ends the doubt.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import PurePosixPath

from sparkle_curation.ingest.faults import Fault
from sparkle_curation.spec.codes.bench_reasons import BenchReason
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.sample_ids import parse_sample_id

MAX_CELL_LINES = 100
"""Most lines that are taken for the inside of one broken cell. Prompts of the release have one line each."""

_BOM = b"\xef\xbb\xbf"
_CELL = rb'(?:"[^"]*(?:""[^"]*)*"|[^",\r\n]*)'
_CLOSES = re.compile(rb'(?:[^"]|"")*"(?:,|\r?\n?\Z)')
"""A line that begins inside of a cell, and whose first quote ends it."""
_BROKEN = frozenset(
    {Reason.INVALID_CSV, Reason.INVALID_UTF8, Reason.WRONG_COLUMN_COUNT, Reason.TRUNCATED_LINE}
)
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

    def fault(self, reason: Reason | BenchReason, detail: str, *, sample_id: str | None = None) -> Fault:
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


def csv_records(data: bytes, id_column: str = "task") -> Iterator[CsvRecord | Fault]:
    r"""Every record of a CSV file, the header first, or the fault of a line that is part of none.

    A record has as many cells as the header, and does not stand where the inside of a broken cell may be.

    Args:
        data: the file.
        id_column: the column that holds a sample id, or the path of a file with its name: by it a record is known.

    >>> [record.cells for record in csv_records(b'prompt,task\n"a, b",x\n')]
    [['prompt', 'task'], ['a, b', 'x']]
    """
    found = list(_records(data))
    if not any(isinstance(each, Fault) for each in found):
        yield from found
        return
    header = found[0].cells if isinstance(found[0], CsvRecord) else []
    doubtful = _doubtful(found, header, id_column)
    for place, each in enumerate(found):
        if isinstance(each, CsvRecord) and place in doubtful:
            detail = f"may be the inside of a cell of line {doubtful[place]}, whose quotes do not add up"
            yield each.fault(Reason.BROKEN_CELL, detail)
        else:
            yield each


def _records(data: bytes) -> Iterator[CsvRecord | Fault]:
    """The records and faults as each line gives them."""
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


def _doubtful(found: Sequence[CsvRecord | Fault], header: list[str], id_column: str) -> dict[int, int]:
    """The places that may be inside of a broken cell, each with the line of the record that is broken.

    After a line that may open a cell and does not end as a record does, all are, up to the next line with a quote. Before
    one that ends a cell which nothing opened, all are, back to what may have opened it: a line that is no record by itself,
    or a record of several lines, whose own end may be another's beginning.
    """
    doubtful: dict[int, int] = {}
    opened, line_count = 0, 0  # the line that may have opened a cell, and how many lines that cell would have
    for place, each in enumerate(found):
        line_count += each.line_count
        if b'"' not in each.raw:
            if opened and line_count <= MAX_CELL_LINES:
                doubtful[place] = opened
        elif not _is_broken(each):
            opened = 0
        else:
            closes = _CLOSES.match(each.raw)
            if not _ends_as_record(each.raw, header, id_column):
                opened, line_count = each.line or 0, 0
            elif closes:
                opened = 0
            if closes and (opener := _opener(found, place, header, id_column)):
                doubtful |= dict.fromkeys(range(opener, place), each.line or 0)
    return doubtful


def _opener(found: Sequence[CsvRecord | Fault], place: int, header: list[str], id_column: str) -> int:
    """The place of what may have opened the cell that ``place`` ends; 0, which is the header's, where nothing may have."""
    first = 0
    for at in range(place - 1, max(0, place - 1 - MAX_CELL_LINES), -1):
        each = found[at]
        if b'"' in each.raw:
            return at if _is_broken(each) or each.line_count > 1 else first
        if _is_broken(each) or not _ends_as_record(each.raw, header, id_column):
            first = at
    return first


def _is_broken(each: CsvRecord | Fault) -> bool:
    return isinstance(each, Fault) and each.reason in _BROKEN


def _ends_as_record(raw: bytes, header: list[str], id_column: str) -> bool:
    """Whether a line, its quotes left aside, ends with the cells of a record: one of them has a sample id."""
    cells = raw.replace(b'"', b"").rstrip(b"\r\n").split(b",")
    if id_column not in header or len(cells) < len(header):
        return False
    cell = cells[header.index(id_column) - len(header)].decode("utf-8", "replace")
    return parse_sample_id(PurePosixPath(cell).stem) is not None


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
