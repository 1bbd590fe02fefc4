"""Tables and lists without the rows that tell of a clip: each file in one step, every other row as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.journal.key_index import Bools
from sparkle_curation.removal.contents import arrow_bytes, described_bytes
from sparkle_curation.removal.needles import Needles

LINES = (".csv", ".jsonl", ".txt", ".tsv")
"""Endings of files whose records are lines; in a CSV one with a quote that is open goes on in the next line."""
_CHECKED_ROWS = 256
_ID_COLUMNS = ("id", "sample_id")


def tells(rows: pa.Table, needles: Needles) -> Bools:
    """Which rows of a table tell of the clip, in whatever column; what its schema says is of no row."""
    found = np.zeros(rows.num_rows, np.bool_)
    rows = rows.replace_schema_metadata(None)
    if any(map(_has_dictionary, rows.schema.types)):
        # The bytes of a row would have all texts of the dictionary in them, those of other rows too.
        return np.array([needles.are_in(_texts_of(row)) for row in rows.to_pylist()], np.bool_)
    for name in _ID_COLUMNS if needles.names else ():
        if name in rows.column_names:
            found |= np.isin(np.array(rows[name].to_pylist(), object), list(needles.names))
    for start in range(0, rows.num_rows, _CHECKED_ROWS):
        part = rows.slice(start, _CHECKED_ROWS).combine_chunks()
        if not needles.are_in(arrow_bytes(part)):
            continue
        for place in range(part.num_rows):
            row = part.slice(place, 1)
            # Cut out: a slice is written with its own bytes alone.
            found[start + place] |= needles.are_in(arrow_bytes(row.take(pa.array([0]))))
    return found


def _has_dictionary(kind: pa.DataType) -> bool:
    children = (kind.field(place).type for place in range(kind.num_fields))
    return pa.types.is_dictionary(kind) or any(map(_has_dictionary, children))


def _texts_of(value: object) -> bytes:
    """The texts and bytes of a row, whatever they lie in."""
    if isinstance(value, dict):
        return b"\0".join(_texts_of(each) for each in (*value, *value.values()))
    if isinstance(value, list | tuple):
        return b"\0".join(map(_texts_of, value))
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def _filtered(rows: pa.Table, is_kept: Bools) -> pa.Table:
    """The rows, and of a dictionary the texts that they have alone."""
    kept = rows.filter(pa.array(is_kept))
    for place, column in enumerate(kept.columns):
        if _has_dictionary(column.type):
            renewed = pa.array(column.to_pylist(), column.type)
            kept = kept.set_column(place, kept.schema.field(place), renewed)
    return kept


def rewrite_parquet(path: Path, needles: Needles, *, is_dry: bool) -> int:
    """Drop the rows of a Parquet file, and give how many they are; metadata, row groups and time of the others stay.

    None of one whose schema or metadata tell of the clip, which no row of it takes with it.
    """
    with pq.ParquetFile(path) as file:
        if needles.are_in(described_bytes(file)):
            return 0
        count = 0
        marks: list[Bools] = []
        for group in range(file.num_row_groups):
            marks.append(tells(file.read_row_group(group), needles))
            count += int(marks[-1].sum())
        if not count or is_dry:
            return count
        # Those of the file, which its Arrow schema need not have.
        metadata = {
            name: text for name, text in (file.metadata.metadata or {}).items() if name != b"ARROW:schema"
        }
        schema = file.schema_arrow.with_metadata(metadata)
        with (
            atomic_file(path) as temporary,
            pq.ParquetWriter(temporary, schema, compression="zstd", compression_level=3) as writer,
        ):
            for group, is_lost in enumerate(marks):
                rows = file.read_row_group(group)
                if not is_lost.all():
                    writer.write_table(_filtered(rows, ~is_lost).replace_schema_metadata(metadata))
    return count


def rewrite_lines(path: Path, needles: Needles, *, is_dry: bool) -> int:
    """Drop the records of a file of lines, and give how many they are; its first line, a header, stays."""
    count = 0
    with path.open("rb") as file:
        records = _csv_records(file) if path.suffix == ".csv" else iter(file)
        kept = []
        for record in records:
            if needles.are_in(record):
                count += 1
            else:
                kept.append(record)
    if count and not is_dry:
        with atomic_file(path) as temporary:
            temporary.write_bytes(b"".join(kept))
    return count


def _csv_records(lines: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for line in lines:
        held += line
        if held.count(b'"') % 2 == 0:
            yield held
            held = b""
    if held:
        yield held


Rewriter = Callable[..., int]


def rewriter_of(path: Path, start: bytes) -> Rewriter | None:
    """What takes rows out of a file of this form; None where it has none and goes as a whole."""
    if start.startswith(b"PAR1"):
        return rewrite_parquet
    return rewrite_lines if path.suffix in LINES else None
