"""The records of a dataset of another shape, of whatever format, each with its place; or what is wrong with one."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from sparkle_curation.errors import ReleaseError, did_you_mean
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.file_starts import START_BYTES, check_text
from sparkle_curation.ingest.jsonl.blocks import HEAD_BYTES
from sparkle_curation.ingest.jsonl.line_decoder import LineFaultError, examine_line
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.ingest.shapes.delimited import Row, delimited_rows
from sparkle_curation.ingest.shapes.json_elements import BrokenTextError, Element, json_elements
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.shape.description import TableFiles
from sparkle_curation.spec.shape.paths import KEY, member

_PARQUET_ROWS = 256


@dataclass(frozen=True)
class Record:
    """One record.

    Attributes:
        members: what it says, by name.
        number: its place among the records of its theme, counted from 1, those that cannot be read too.
        file: the file that it stands in.
        raw: its text, or the head of a long one.
        line: its first line in the file; of a Parquet file its row, both counted from 1.
        byte_offset: its first byte in the file.
        byte_count: its length.
    """

    members: Mapping[str, Any]
    number: int
    file: str
    raw: bytes
    line: int
    byte_offset: int
    byte_count: int

    def fault(
        self, reason: Reason, detail: str, *, json_path: str | None = None, sample_id: str | None = None
    ) -> Fault:
        """A fault of this record."""
        where = f"{self.file}: {detail}"
        raw = self.raw[:HEAD_BYTES]
        return Fault(
            reason, where, raw, self.byte_offset, self.byte_count, self.line, 1, sample_id, json_path
        )


def table_sources(files: ReleaseFiles, table: TableFiles, theme: str) -> list[SourceFile]:
    """The files of a theme's records that are there, by name."""
    path = table.path_of(theme)
    folder, _, name = path.rpartition("/")
    return [file for file in files.files_in(folder) if fnmatchcase(file.path.rpartition("/")[2], name)]


def read_records(
    files: ReleaseFiles,
    table: TableFiles,
    sources: Sequence[SourceFile],
    max_bytes: int,
    columns: Sequence[str] | None = None,
) -> Iterator[Record | Fault]:
    """Every record of some files, in order; what cannot be read is a fault in its place.

    Args:
        files: the release.
        table: how they are written.
        sources: the files.
        max_bytes: the longest record that is read.
        columns: the columns of a Parquet file that are read; None for all but those of bytes.

    Raises:
        ReleaseError: a file is of another format.
    """
    number = 0
    for source in sources:
        for found in _of_file(files, table, source, max_bytes, columns):
            for each in _expanded(found, table.each):
                number += 1
                yield replace(each, number=number) if isinstance(each, Record) else each


def _expanded(found: Record | Fault, each: str | None) -> Iterator[Record | Fault]:
    """The records within a record: those of its list, with its own members beside theirs."""
    if each is None or isinstance(found, Fault):
        yield found
        return
    inner = member(found.members, each)
    path = f"$.{each}"
    if inner is None or inner == []:
        yield found.fault(Reason.MISSING_FIELD, f"{path} is absent or empty; it is required", json_path=path)
    elif not isinstance(inner, list):
        yield found.fault(Reason.WRONG_TYPE, f"{path}: allowed a list of objects", json_path=path)
    else:
        outer = {name: value for name, value in found.members.items() if name != each.partition(".")[0]}
        for place, own in enumerate(inner):
            if isinstance(own, dict):
                yield replace(found, members={**outer, **own})
            else:
                detail = f"{path}[{place}]: allowed an object"
                yield found.fault(Reason.NOT_AN_OBJECT, detail, json_path=f"{path}[{place}]")


def _of_file(
    files: ReleaseFiles, table: TableFiles, source: SourceFile, max_bytes: int, columns: Sequence[str] | None
) -> Iterator[Record | Fault]:
    if table.format == "parquet":
        yield from _parquet(files, source, columns)
        return
    with closing(files.open(source.path)) as opened:
        stream = io.BufferedReader(cast(io.RawIOBase, opened))
        # Whatever its name ends in: many a list of lines is called .json.
        check_text(stream.peek(START_BYTES)[:START_BYTES], source.path, "jsonl")
        if table.format == "csv":
            yield from _csv(source, delimited_rows(stream, table.delimiter, max_bytes), table)
        elif table.format == "jsonl":
            yield from _json(source, _lines(stream, max_bytes))
        else:
            yield from _json(source, json_elements(stream, max_bytes, table.member))


# ------------------------------------------------------------------ JSON
def _lines(stream: Any, max_bytes: int) -> Iterator[Element]:
    offset, line = 0, 1
    while start := stream.readline(max_bytes):
        raw, length = start, len(start)
        while not start.endswith(b"\n") and (start := stream.readline(max_bytes)):
            length += len(start)
        yield Element(raw.rstrip(b"\r\n"), offset, length, line, None, length > len(raw))
        offset, line = offset + length, line + 1


def _json(source: SourceFile, elements: Iterator[Element]) -> Iterator[Record | Fault]:
    while True:
        try:
            element = next(elements, None)
        except BrokenTextError as error:
            reason = Reason.TRUNCATED_LINE if error.is_cut else Reason.INVALID_JSON
            detail = f"{source.path}: {error.what}; nothing from here on can be read"
            yield Fault(
                reason, detail, error.raw, error.byte_offset, source.size - error.byte_offset, error.line
            )
            return
        if element is None:
            return
        record = Record(
            {}, 0, source.path, element.raw, element.line, element.byte_offset, element.byte_count
        )
        if element.is_overlong:
            yield record.fault(Reason.LINE_TOO_LONG, f"{element.byte_count:,} bytes (shape.max_record_bytes)")
            continue
        try:
            _, members = examine_line(element.raw, ())
        except LineFaultError as error:
            yield record.fault(error.reason, error.detail, json_path=error.json_path)
            continue
        own = {name.removeprefix("$."): value for name, value in members.items()}
        yield replace(record, members=own if element.key is None else {KEY: element.key, **own})


# ------------------------------------------------------------------ CSV
def _csv(source: SourceFile, rows: Iterator[Row], table: TableFiles) -> Iterator[Record | Fault]:
    header = next(rows, None)
    names = header.cells if header else None
    if names is None or len(set(names)) < len(names):
        raise ReleaseError(
            "A CSV has no header that its cells can be told apart by",
            where=f"{source.path}, line 1",
            got=header.raw[:200].decode("utf-8", "backslashreplace") if header else "an empty file",
            allowed=f"names with {table.delimiter!r} between them, each once",
            todo="see shape.tables.delimiter in dataset.yml, and the first line of the file",
        )
    for row in rows:
        raw = row.raw.rstrip(b"\r\n")
        record = Record({}, 0, source.path, raw, row.line, row.byte_offset, len(row.raw))
        if row.cells is None:
            yield record.fault(row.reason or Reason.INVALID_CSV, row.detail)
        elif len(row.cells) != len(names):
            is_cut = len(row.cells) < len(names) and not row.raw.endswith(b"\n")
            reason = Reason.TRUNCATED_LINE if is_cut else Reason.WRONG_COLUMN_COUNT
            yield record.fault(reason, f"{len(row.cells)} cells, but {len(names)} columns")
        else:
            cells = {name: cell or None for name, cell in zip(names, row.cells, strict=True)}
            yield replace(record, members=cells)


# ------------------------------------------------------------------ Parquet
def _parquet(
    files: ReleaseFiles, source: SourceFile, columns: Sequence[str] | None
) -> Iterator[Record | Fault]:
    with closing(files.open(source.path)) as opened:
        try:
            table = pq.ParquetFile(pa.PythonFile(opened, mode="r"))
        except pa.ArrowInvalid as error:
            raise ReleaseError(
                "A file of the release is not what its name says",
                where=source.path,
                got=str(error).partition("\n")[0],
                allowed="a Parquet file",
                todo="download it again; or move it away to curate without it",
            ) from None
        schema = table.schema_arrow
        wanted = (
            columns if columns is not None else [each.name for each in schema if not _has_bytes(each.type)]
        )
        row = 0
        for batch in table.iter_batches(_PARQUET_ROWS, columns=list(wanted)):
            for members in batch.to_pylist():
                row += 1
                raw = json.dumps(members, ensure_ascii=False, default=_shown).encode(
                    "utf-8", "backslashreplace"
                )
                yield Record(members, 0, source.path, raw[:HEAD_BYTES], row, 0, 0)


def _has_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return any(_has_bytes(each.type) for each in kind)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _shown(value: object) -> str:
    return f"<{len(value):,} bytes>" if isinstance(value, bytes) else str(value)


# ------------------------------------------------------------------ what a description names
def check_members(
    files: ReleaseFiles,
    table: TableFiles,
    sources: Sequence[SourceFile],
    named: Mapping[str, str],
    max_bytes: int,
) -> None:
    """Nothing, where the first record that can be read has what the description names, all of it or some.

    Args:
        files: the release.
        table: how the records are written.
        sources: the files.
        named: members of the records that must be there, by their place in the description.
        max_bytes: the longest record that is read.

    Raises:
        ReleaseError: a member is in none of the first records, which is a description of another table.
    """
    first: list[Record] = []
    columns: list[str] | None = None
    if table.format == "parquet" and sources:
        with closing(files.open(sources[0].path)) as opened:
            try:
                columns = pq.ParquetFile(pa.PythonFile(opened, mode="r")).schema_arrow.names
            except pa.ArrowInvalid:
                columns = None
    if columns is None:
        for found in read_records(files, table, sources, max_bytes):
            first += [found] if isinstance(found, Record) else []
            if len(first) >= _LOOKED_AT:
                break
        if not first:
            return
        known = list(dict.fromkeys(name for record in first for name in record.members))
    else:
        known = columns
    for place, path in named.items():
        if path.partition(".")[0] in known or path in known:
            continue
        raise ReleaseError(
            "The description names a member that no record has",
            where=f"shape.{place} in dataset.yml; {sources[0].path}",
            got=path,
            allowed=", ".join(known),
            todo=did_you_mean(path, known) or "correct it to what the records have",
        )


_LOOKED_AT = 20
