"""A block of JSON lines as rows, with the lines that could not be trusted set aside.

A clean block is parsed in bulk by Arrow and vouched for by a few vector checks. Only where those fail are
lines looked at one by one; both ways accept the same lines with the same values.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.json as pa_json

from sparkle_curation.reading.blocks import Block, line_bounds
from sparkle_curation.reading.faults import Fault
from sparkle_curation.reading.line_decoder import LineFaultError, examine_line, typed_decoder
from sparkle_curation.reading.screens import Rows, id_numbers, suspect_rows, unequal_rows
from sparkle_curation.release.fields import Field, arrow_schema
from sparkle_curation.release.reasons import Reason
from sparkle_curation.release.sample_ids import parse_sample_id

_OPEN, _CLOSE, _RETURN = b"{"[0], b"}"[0], b"\r"[0]
_BAD_ROW = re.compile(r"in row (\d+)")


@dataclass(frozen=True)
class ParsedBlock:
    """What a block of lines came to. Line numbers count from 0 within the block.

    Attributes:
        table: the published members, one row per trusted line, in file order.
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


@dataclass
class _Triage:
    """Lines of a block sorted by hand: the trusted ones (as bytes for the bulk parser), and the others."""

    trusted: list[tuple[int, bytes]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    extras: dict[int, str] = field(default_factory=dict)


class JsonlBlockReader:
    """Parses blocks of one table's JSONL file; safe to call from many threads.

    Args:
        fields: the members of a line.
        theme: the theme that every id of the file must have.
    """

    def __init__(self, fields: tuple[Field, ...], theme: str) -> None:
        self._fields = fields
        self._theme = theme
        self._decoder = typed_decoder(fields)
        self._schema = arrow_schema(fields).remove_metadata()
        self._schema = pa.schema([pa.field(column.name, column.type) for column in self._schema])
        self._parse_options = pa_json.ParseOptions(
            explicit_schema=self._schema, unexpected_field_behavior="error"
        )

    def parse(self, block: Block) -> ParsedBlock:
        """The rows and faults of ``block``."""
        if block.is_overlong:
            return self._overlong(block)
        starts, ends = line_bounds(block.data)
        if _are_objects(block.data, starts, ends):
            try:
                table = self._bulk_parse(block.data)
            except pa.ArrowInvalid:
                table = self._schema.empty_table()
            if table.num_rows == len(starts):
                return self._screened(block, table, np.arange(len(starts)), _Triage(), (starts, ends))
        return self._triaged(block, (starts, ends))

    # -------------------------------------------------------------- the fast way
    def _bulk_parse(self, data: memoryview | bytes) -> pa.Table:
        options = pa_json.ReadOptions(use_threads=False, block_size=len(data) + 1)
        table = pa_json.read_json(
            pa.BufferReader(pa.py_buffer(data)), read_options=options, parse_options=self._parse_options
        )
        table.validate(full=True)  # UTF-8 among others: Arrow's parser does not look
        return table

    def _screened(
        self, block: Block, table: pa.Table, lines: Rows, triage: _Triage, bounds: tuple[Rows, Rows]
    ) -> ParsedBlock:
        """The block with its suspect rows examined one by one, and the guilty ones set aside."""
        numbers, bad_ids = id_numbers(table["id"], self._theme)
        suspects = [suspect_rows(table, self._fields), bad_ids]
        if "frame_indices" in table.column_names:
            suspects.append(unequal_rows(table["frame_indices"], table["editscore"]))
        is_kept = np.ones(table.num_rows, bool)
        for row in np.unique(np.concatenate(suspects)).tolist():
            line = int(lines[row])
            fault = self._fault_of(_line(block.data, bounds, line))
            if fault is not None:
                is_kept[row] = False
                triage.faults.append(_placed(fault, block, bounds, line))
        if not is_kept.all():
            table, lines, numbers = table.filter(pa.array(is_kept)), lines[is_kept], numbers[is_kept]
        triage.faults.sort(key=lambda fault: fault.line or 0)
        return ParsedBlock(table, lines, numbers, triage.faults, triage.extras, len(bounds[0]))

    # -------------------------------------------------------------- the careful way
    def _triaged(self, block: Block, bounds: tuple[Rows, Rows]) -> ParsedBlock:
        triage = _Triage()
        raw = bytes(block.data)
        for line, (start, end) in enumerate(zip(bounds[0].tolist(), bounds[1].tolist(), strict=True)):
            self._sort_line(triage, block, bounds, line, raw[start:end])
        return self._parse_trusted(block, triage, bounds)

    def _sort_line(
        self, triage: _Triage, block: Block, bounds: tuple[Rows, Rows], line: int, text: bytes
    ) -> None:
        try:
            self._decoder.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self._examine(triage, block, bounds, line, text)
        else:
            triage.trusted.append((line, text))

    def _examine(
        self, triage: _Triage, block: Block, bounds: tuple[Rows, Rows], line: int, text: bytes
    ) -> None:
        fault = self._fault_of(text)
        if fault is not None:
            triage.faults.append(_placed(fault, block, bounds, line))
            return
        record, extras = examine_line(text, self._fields)
        if extras:
            triage.extras[line] = json.dumps(extras, ensure_ascii=False)
        triage.trusted.append((line, msgspec.json.encode(record)))

    def _parse_trusted(self, block: Block, triage: _Triage, bounds: tuple[Rows, Rows]) -> ParsedBlock:
        """The trusted lines parsed in bulk; one that the bulk parser still refuses is set aside too."""
        while triage.trusted:
            lines = np.array([line for line, _ in triage.trusted], np.int64)
            try:
                table = self._bulk_parse(b"\n".join(text for _, text in triage.trusted) + b"\n")
            except pa.ArrowInvalid as error:
                self._set_aside(triage, block, bounds, str(error))
            else:
                return self._screened(block, table, lines, triage, bounds)
        empty = self._schema.empty_table()
        none = np.empty(0, np.int64)
        return ParsedBlock(empty, none, none, triage.faults, triage.extras, len(bounds[0]))

    def _set_aside(self, triage: _Triage, block: Block, bounds: tuple[Rows, Rows], message: str) -> None:
        named = _BAD_ROW.search(message)
        row = int(named[1]) if named else self._first_refused(triage.trusted)
        line, _ = triage.trusted.pop(row)
        triage.extras.pop(line, None)
        fault = self._fault_of(_line(block.data, bounds, line)) or LineFaultError(
            Reason.INVALID_JSON, message
        )
        triage.faults.append(_placed(fault, block, bounds, line))

    def _first_refused(self, trusted: Sequence[tuple[int, bytes]]) -> int:
        for row, (_, text) in enumerate(trusted):
            try:
                self._bulk_parse(text + b"\n")
            except pa.ArrowInvalid:
                return row
        return 0

    def _fault_of(self, text: bytes) -> LineFaultError | None:
        """What is wrong with one line; None when it can be trusted."""
        try:
            record, _ = examine_line(text, self._fields)
            self._check_rules(record)
        except LineFaultError as fault:
            return fault
        return None

    def _check_rules(self, record: dict[str, Any]) -> None:
        sample_id = parse_sample_id(record["id"])
        if sample_id is None or sample_id.theme != self._theme:
            allowed = f"allowed Sparkle_{self._theme}_ and 6 digits"
            raise LineFaultError(Reason.BAD_SAMPLE_ID, f"$.id: got {record['id']!r}, {allowed}", "$.id")
        if "frame_indices" in record:
            counts = len(record["frame_indices"]), len(record["editscore"])
            if counts[0] != counts[1]:
                detail = f"{counts[0]} frame_indices, but {counts[1]} entries of editscore"
                raise LineFaultError(Reason.UNEQUAL_LENGTHS, detail, "$.editscore")
            if not counts[0]:
                raise LineFaultError(Reason.NO_FRAMES, "frame_indices and editscore are empty", "$.editscore")

    def _overlong(self, block: Block) -> ParsedBlock:
        fault = Fault(
            Reason.LINE_TOO_LONG,
            f"{block.byte_count} bytes; only the first {len(block.data)} are kept here",
            bytes(block.data),
            block.byte_offset,
            block.byte_count,
            line=0,
        )
        none = np.empty(0, np.int64)
        return ParsedBlock(self._schema.empty_table(), none, none, [fault], {}, 1)


def _are_objects(data: memoryview, starts: Rows, ends: Rows) -> bool:
    """Whether each line begins with ``{`` and ends with ``}``.

    With that, every newline lies between two top-level objects, so a parser that finds as many objects as
    there are lines has found one a line: neither two on one line nor one on two.
    """
    if not len(starts) or (ends - starts < 2).any():
        return False
    octets = np.frombuffer(data, np.uint8)
    lasts = ends - 1
    lasts = lasts - (octets[lasts] == _RETURN)
    return bool((octets[starts] == _OPEN).all() and (octets[lasts] == _CLOSE).all())


def _line(data: memoryview, bounds: tuple[Rows, Rows], line: int) -> bytes:
    return bytes(data[bounds[0][line] : bounds[1][line]])


def _placed(fault: LineFaultError, block: Block, bounds: tuple[Rows, Rows], line: int) -> Fault:
    raw = _line(block.data, bounds, line)
    is_last = line + 1 == len(bounds[0])
    next_start = len(block.data) if is_last else int(bounds[0][line + 1])
    is_cut_off = is_last and int(bounds[1][line]) == len(block.data)
    is_broken = fault.reason in {Reason.INVALID_JSON, Reason.INVALID_UTF8}
    return Fault(
        reason=Reason.TRUNCATED_LINE if is_cut_off and is_broken else fault.reason,
        detail=fault.detail,
        raw=raw,
        byte_offset=block.byte_offset + int(bounds[0][line]),
        byte_count=next_start - int(bounds[0][line]),
        line=line,
        id=_readable_id(raw),
        json_path=fault.json_path,
    )


def _readable_id(raw: bytes) -> str | None:
    """The sample id that the line begins with or holds, if one can be read at all."""
    found = re.search(rb'"id"\s*:\s*"([^"\\]{1,64})"', raw[: io.DEFAULT_BUFFER_SIZE])
    sample_id = parse_sample_id(found[1].decode("ascii", errors="replace")) if found else None
    return str(sample_id) if sample_id else None


def unknown_members(extras: Iterable[str]) -> set[str]:
    """JSON paths of all unknown members, with list positions left out.

    >>> sorted(unknown_members(['{"$.editscore[3].x": 1}', '{"$.note": 2, "$.editscore[0].x": 1}']))
    ['$.editscore[...].x', '$.note']
    """
    return {re.sub(r"\[\d+\]", "[...]", path) for text in extras for path in json.loads(text)}
