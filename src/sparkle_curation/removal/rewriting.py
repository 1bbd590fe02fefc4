"""Tables and lists without the rows that tell of a clip: each file in one step, every other row as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.journal.key_index import Bools
from sparkle_curation.removal.contents import arrow_bytes
from sparkle_curation.removal.needles import Needles

LINES = (".csv", ".jsonl", ".txt", ".tsv")
"""Endings of files whose records are lines; in a CSV one with a quote that is open goes on in the next line."""
_CHECKED_ROWS = 256
_ID_COLUMNS = ("id", "sample_id")


def tells(rows: pa.Table, needles: Needles) -> Bools:
    """Which rows of a table tell of the clip, in whatever column."""
    found = np.zeros(rows.num_rows, np.bool_)
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


def rewrite_parquet(path: Path, needles: Needles, *, is_dry: bool) -> int:
    """Drop the rows of a Parquet file, and give how many they are; metadata, row groups and time of the others stay."""
    with pq.ParquetFile(path) as file:
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
                    writer.write_table(rows.filter(pa.array(~is_lost)).replace_schema_metadata(metadata))
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
