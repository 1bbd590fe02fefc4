"""A block of JSON lines as rows, with the lines that could not be trusted quarantined.

A clean block is parsed in bulk by Arrow and vouched for by a few vector checks. Only lines that those point
to are looked at one by one; both ways accept the same lines with the same values.

Arrow never infers a type: for a member that the card does not name it would make a column, or a type as deep as the
member is nested, so one line could cost any amount. Lines with such a member are examined one by one.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.json as pa_json

from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.jsonl.blocks import Block, line_bounds
from sparkle_curation.ingest.jsonl.line_decoder import LineFaultError, examine_line
from sparkle_curation.ingest.jsonl.line_limits import MAX_VALUES
from sparkle_curation.ingest.jsonl.unknown_members import plain_record
from sparkle_curation.ingest.jsonl.vector_checks import (
    NO_ROWS,
    Rows,
    id_numbers,
    invalid_utf8_lines,
    suspect_rows,
    unequal_rows,
)
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.fields import Field, arrow_schema
from sparkle_curation.spec.sample_ids import id_form, parse_sample_id

_OPEN, _CLOSE, _RETURN = b"{"[0], b"}"[0], b"\r"[0]
_MIN_PIECE_LINES, _MAX_PIECE_LINES = 64, 1 << 20
_WARY_BLOCKS = 3
_REFUSED_ROW = re.compile(r"in row (\d+)")
_UNKNOWN_MEMBER = "unexpected field"
"""Arrow's words for it. In other words such a line would be found all the same, by halving to one."""


@dataclass(frozen=True)
class ParsedBlock:
    """What a block of lines came to. Line numbers count from 0 within the block.

    Attributes:
        table: the published members, one row per trusted line, in file order; one chunk a column.
        lines: the line of each row.
        numbers: the sample number of each row.
        faults: one per line that is not in ``table``; their ``line`` is still counted within the block.
        extras: JSON text of the unknown members, by line.
        line_count: lines of the block.
    """

    table: pa.Table
    lines: Rows
    numbers: Rows
    faults: list[Fault]
    extras: dict[int, str]
    line_count: int


class JsonlBlockReader:
    """Parses blocks of one table's JSONL file; safe to call from many threads.

    Args:
        fields: the members of a line.
        theme: the theme that every id of the file must have.
    """

    def __init__(self, fields: tuple[Field, ...], theme: str) -> None:
        self.fields = fields
        self.theme = theme
        self.pace, self.refusals = _Pace(), _Refusals()
        self._plain_record = msgspec.json.Decoder(plain_record(fields))
        self.schema = pa.schema([pa.field(column.name, column.type) for column in arrow_schema(fields)])

    def parse(self, block: Block) -> ParsedBlock:
        """The rows and faults of ``block``."""
        return self._overlong(block) if block.is_overlong else _BlockParse(self, block).run()

    def bulk_parse(self, data: memoryview | bytes, *, may_have_unknown: bool = False) -> pa.Table:
        """The objects in ``data`` as rows; with ``may_have_unknown`` members that the card does not name are left out.

        Raises:
            pa.ArrowInvalid: something is not JSON, or not of the schema, or else there is an unknown member.
        """
        return pa_json.read_json(
            pa.BufferReader(pa.py_buffer(data)),
            read_options=pa_json.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pa_json.ParseOptions(
                explicit_schema=self.schema,
                unexpected_field_behavior="ignore" if may_have_unknown else "error",
            ),
        )

    def odd_texts(self, texts: Iterable[memoryview]) -> list[int]:
        """The places of texts that are no record by their types, or have a member that the card does not name; fast."""
        odd: list[int] = []
        decode, place, rest = self._plain_record.decode, -1, iter(texts)
        while True:
            try:
                for text in rest:
                    place += 1
                    decode(text)
            except (msgspec.DecodeError, RecursionError):
                odd.append(place)
            else:
                return odd

    def examine(self, text: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        """The known members of one line, and the unknown ones by their JSON path.

        Raises:
            LineFaultError: the line cannot be trusted.
        """
        record, extras = examine_line(text, self.fields)
        _check_rules(record, self.theme)
        return record, extras

    def _overlong(self, block: Block) -> ParsedBlock:
        fault = Fault(
            Reason.LINE_TOO_LONG,
            f"{block.byte_count} bytes; only the first {len(block.data)} are kept here",
            bytes(block.data),
            block.byte_offset,
            block.byte_count,
            line=0,
        )
        return ParsedBlock(pa.Table.from_batches([], self.schema), NO_ROWS, NO_ROWS, [fault], {}, 1)


class _Pace:
    """How many lines are parsed at once: all of a block, or fewer where lines are often refused.

    A refusal costs what was parsed before it, so pieces halve with each one and slowly grow again. The rows
    are the same at any pace; threads may share it without a lock.
    """

    def __init__(self) -> None:
        self._lines = float(_MAX_PIECE_LINES)

    @property
    def lines(self) -> int:
        """Lines of the next piece."""
        return int(self._lines)

    def slow_down(self, piece_lines: int) -> None:
        """A piece of so many lines held a line that was refused."""
        self._lines = max(min(self._lines, piece_lines) / 2, _MIN_PIECE_LINES)

    def quicken(self) -> None:
        """A piece was parsed whole."""
        self._lines = min(self._lines * 1.25, _MAX_PIECE_LINES)


class _Refusals:
    """Whether lines are likely to be refused, so that they are looked at before the bulk parser sees them.

    A look costs a quarter of parsing, a refusal on average half of the block. The rows are the same whatever it says;
    threads may share it without a lock.
    """

    def __init__(self) -> None:
        self._wary_blocks = 0

    @property
    def are_likely(self) -> bool:
        """Whether one of the last few blocks had lines that are refused."""
        return self._wary_blocks > 0

    def note(self, *, are_found: bool) -> None:
        """A block that was looked at has such lines, or none."""
        self._wary_blocks = _WARY_BLOCKS if are_found else max(self._wary_blocks - 1, 0)


class _BlockParse:
    """One block on its way: the pieces parsed so far, and what was quarantined."""

    def __init__(self, reader: JsonlBlockReader, block: Block) -> None:
        self._reader, self._block = reader, block
        self._starts, self._ends = line_bounds(block.data)
        self._limits = np.append(self._starts, len(block.data))  # of line n with its end: n and n + 1
        self._pieces: list[tuple[Rows, pa.Table]] = []
        self._faults: list[Fault] = []
        self._extras: dict[int, str] = {}

    def run(self) -> ParsedBlock:
        """The block, parsed."""
        is_doubtful = ~_are_objects(self._block.data, self._starts, self._ends)
        # A value takes a byte or more: only such a line can have too many, and no line of a release is as long.
        is_doubtful |= self._ends - self._starts > MAX_VALUES
        is_doubtful[invalid_utf8_lines(self._block.data, self._starts)] = True
        self._parse(np.flatnonzero(~is_doubtful))
        for line in np.flatnonzero(is_doubtful).tolist():
            self._parse_alone(line)
        return self._result()

    def _parse(self, lines: Rows) -> None:
        """Parse ``lines``, each an object by its looks; those that cannot be trusted are quarantined."""
        first = 0  # of those that the bulk parser has not found in order
        if not self._reader.refusals.are_likely:
            if self._reader.pace.lines < len(lines):  # of late some were refused that a look did not tell
                self._parse_pieces(lines)
                return
            refusal = self._parse_at_once(lines)
            if refusal is None:
                self._reader.pace.quicken()
                return
            first = _refused_row(refusal, lines) or 0
        odd = self._odd(lines[first:])
        self._reader.refusals.note(are_found=len(odd) > 0)
        self._parse_pieces(lines[~np.isin(lines, odd)])
        self._parse_pieces(odd[self._examined(np.arange(len(odd)), odd)], may_have_unknown=True)

    def _parse_pieces(self, lines: Rows, *, may_have_unknown: bool = False) -> None:
        """Parse ``lines``, some of which the bulk parser may refuse for what a look does not tell.

        Args:
            lines: line numbers, ascending.
            may_have_unknown: those with unknown members have been examined.
        """
        while len(lines):
            piece, lines = np.split(lines, [self._reader.pace.lines])
            self._parse_piece(piece, may_have_unknown)

    def _parse_piece(self, lines: Rows, may_have_unknown: bool) -> None:
        refusal = self._parse_at_once(lines, may_have_unknown=may_have_unknown)
        if refusal is None:
            self._reader.pace.quicken()
        elif _UNKNOWN_MEMBER in refusal:
            suspects = np.flatnonzero(np.isin(lines, self._odd(lines)))
            self._parse_pieces(lines[self._examined(suspects, lines)], may_have_unknown=True)
        else:
            self._reader.pace.slow_down(len(lines))
            if len(lines) == 1:
                self._parse_alone(int(lines[0]))
            else:
                self._parse_around(lines, refusal, may_have_unknown)

    def _parse_at_once(self, lines: Rows, *, may_have_unknown: bool = False) -> str | None:
        """Parse ``lines``, if there are any; None, or what the bulk parser says where it refuses one of them."""
        if not len(lines):
            return None
        try:
            table = self._reader.bulk_parse(self._joined(lines), may_have_unknown=may_have_unknown)
        except pa.ArrowInvalid as error:
            return str(error)
        if table.num_rows != len(lines):
            return "several objects on one line"
        self._pieces.append((lines, table))
        return None

    def _parse_around(self, lines: Rows, refusal: str, may_have_unknown: bool) -> None:
        """Parse what stands before and after the refused line, or each half where none can be told."""
        row = _refused_row(refusal, lines)
        fault = None if row is None else self._fault_of(int(lines[row]))
        if row is None or fault is None:
            # Not named, or named wrongly since an earlier line holds two objects.
            before, after = np.split(lines, [len(lines) // 2])
        else:
            self._quarantine(int(lines[row]), fault)
            before, after = lines[:row], lines[row + 1 :]
        self._parse_pieces(before, may_have_unknown=may_have_unknown)
        self._parse_pieces(after, may_have_unknown=may_have_unknown)

    def _odd(self, lines: Rows) -> Rows:
        """Those of ``lines`` that a typed decoder does not take for a record with no other members."""
        starts, ends = self._starts[lines].tolist(), self._ends[lines].tolist()
        texts = map(self._block.data.__getitem__, map(slice, starts, ends))
        return lines[self._reader.odd_texts(texts)]

    def _parse_alone(self, line: int) -> None:
        """Parse what a closer look finds in a line that does not look like an object, or that was refused."""
        if not self._is_trusted(line):
            return
        record, _ = self._reader.examine(self._text(line))
        try:
            table = self._reader.bulk_parse(msgspec.json.encode(record))
        except pa.ArrowInvalid as error:
            self._extras.pop(line, None)
            self._quarantine(line, LineFaultError(Reason.INVALID_JSON, str(error)))
        else:
            self._pieces.append((np.array([line]), table))

    def _screened(self, table: pa.Table, lines: Rows) -> tuple[npt.NDArray[np.bool_], Rows]:
        """Whether each row can be trusted, and its sample number; lines of the others are quarantined."""
        numbers, bad_ids = id_numbers(table["id"], self._reader.theme)
        suspects = [suspect_rows(table, self._reader.fields), bad_ids]
        if "frame_indices" in self._reader.schema.names:
            suspects.append(unequal_rows(table["frame_indices"], table["editscore"]))
        return self._examined(np.unique(np.concatenate(suspects)), lines), numbers

    def _examined(self, suspects: Rows, lines: Rows) -> npt.NDArray[np.bool_]:
        """Whether each row can be trusted: the suspects if a closer look at their line finds nothing."""
        is_trusted = np.ones(len(lines), bool)
        for row in suspects.tolist():
            is_trusted[row] = self._is_trusted(int(lines[row]))
        return is_trusted

    def _is_trusted(self, line: int) -> bool:
        """Whether a closer look finds the line in order; its unknown members are then written down."""
        try:
            _, extras = self._reader.examine(self._text(line))
        except LineFaultError as fault:
            self._quarantine(line, fault)
            return False
        if extras:
            self._extras[line] = json.dumps(extras, ensure_ascii=False)
        return True

    def _result(self) -> ParsedBlock:
        lines = np.concatenate([NO_ROWS, *(lines for lines, _ in self._pieces)])
        tables = [table for _, table in self._pieces] or [pa.Table.from_batches([], self._reader.schema)]
        table = tables[0] if len(tables) == 1 else pa.concat_tables(tables).combine_chunks()
        is_kept, numbers = self._screened(table, lines)
        rows = np.flatnonzero(is_kept)
        rows = rows[np.argsort(lines[rows])]
        if len(rows) < len(lines) or (np.diff(rows) < 0).any():
            table, lines, numbers = table.take(pa.array(rows)), lines[rows], numbers[rows]
        faults = sorted(self._faults, key=lambda fault: fault.line or 0)
        return ParsedBlock(table, lines, numbers, faults, self._extras, len(self._starts))

    # -------------------------------------------------------------- the block's text
    def _text(self, line: int) -> bytes:
        return bytes(self._block.data[self._starts[line] : self._ends[line]])

    def _joined(self, lines: Rows) -> memoryview | bytes:
        """The text of ``lines``, one after another."""
        if len(lines) == len(self._starts):
            return self._block.data
        breaks = np.flatnonzero(np.diff(lines) != 1)
        firsts, lasts = lines[np.append(0, breaks + 1)], lines[np.append(breaks, len(lines) - 1)]
        runs = zip(self._limits[firsts].tolist(), self._limits[lasts + 1].tolist(), strict=True)
        return b"".join([self._block.data[start:end] for start, end in runs])

    def _fault_of(self, line: int) -> LineFaultError | None:
        try:
            self._reader.examine(self._text(line))
        except LineFaultError as fault:
            return fault
        return None

    def _quarantine(self, line: int, fault: LineFaultError) -> None:
        raw = self._text(line)
        is_cut_short = int(self._ends[line]) == len(self._block.data)
        is_broken = fault.reason in {Reason.INVALID_JSON, Reason.INVALID_UTF8}
        self._faults.append(
            Fault(
                reason=Reason.TRUNCATED_LINE if is_cut_short and is_broken else fault.reason,
                detail=fault.detail,
                raw=raw,
                byte_offset=self._block.byte_offset + int(self._limits[line]),
                byte_count=int(self._limits[line + 1] - self._limits[line]),
                line=line,
                id=readable_id(raw),
                json_path=fault.json_path,
            )
        )


def _refused_row(refusal: str, lines: Rows) -> int | None:
    """The place in ``lines`` of the one that the bulk parser says it refuses; None where it says none."""
    named = _REFUSED_ROW.search(refusal)
    return min(int(named[1]), len(lines) - 1) if named else None


def _are_objects(data: memoryview, starts: Rows, ends: Rows) -> npt.NDArray[np.bool_]:
    """Whether each line begins with ``{`` and ends with ``}``.

    Among such lines every newline lies between two top-level objects, so a parser that finds as many objects
    as there are lines has found one a line: neither two on one line nor one on two.
    """
    octets = np.frombuffer(data, np.uint8)
    are_long = ends - starts >= 2
    lasts = np.where(are_long, ends - 1, 0)
    lasts = lasts - (are_long & (octets[lasts] == _RETURN))
    firsts = np.where(are_long, starts, 0)
    looks: npt.NDArray[np.bool_] = are_long & (octets[firsts] == _OPEN) & (octets[lasts] == _CLOSE)
    return looks


def _check_rules(record: dict[str, Any], theme: str) -> None:
    """The rules of the release that no type tells.

    Raises:
        LineFaultError: the id is none of ``theme``, or there is not one score a frame.
    """
    sample_id = parse_sample_id(record["id"])
    if sample_id is None or sample_id.theme != theme:
        allowed = f"allowed {id_form(theme)}"
        raise LineFaultError(Reason.BAD_SAMPLE_ID, f"$.id: got {record['id']!r}, {allowed}", "$.id")
    if "frame_indices" in record:
        frames, scores = len(record["frame_indices"]), len(record["editscore"])
        if frames != scores:
            detail = f"{frames} frame_indices, but {scores} entries of editscore"
            raise LineFaultError(Reason.UNEQUAL_LENGTHS, detail, "$.editscore")
        if not frames:
            raise LineFaultError(Reason.NO_FRAMES, "frame_indices and editscore are empty", "$.editscore")


def readable_id(raw: bytes) -> str | None:
    """The sample id that the line begins with or holds, if one can be read at all."""
    found = re.search(rb'"id"\s*:\s*"([^"\\]{1,64})"', raw[: io.DEFAULT_BUFFER_SIZE])
    sample_id = parse_sample_id(found[1].decode("ascii", errors="replace")) if found else None
    return str(sample_id) if sample_id else None
