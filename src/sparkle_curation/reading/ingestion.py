"""A table being read from the release: its rows, and beside them what was set aside and what was read.

Nothing is read until the rows are asked for, so a table whose sources have not changed costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from sparkle_curation.reading.faults import QUARANTINE_SCHEMA, Fault, quarantine_rows
from sparkle_curation.reading.release_files import ReleaseFiles, SourceFile
from sparkle_curation.reading.spool import Spool
from sparkle_curation.release.fields import arrow_schema
from sparkle_curation.release.tables import SOURCE_FILE_COLUMNS

READER_VERSION = 3
"""Raised with every change that makes another table of the same files; old tables are then read anew."""

SOURCE_FILE_SCHEMA: pa.Schema = arrow_schema(SOURCE_FILE_COLUMNS)


class Ledger:
    """What an ingestion writes down while it reads.

    Attributes:
        retracted: source lines, by theme, of rows that were handed out and must be taken back: the first of
            several conflicting records, known as such only when the others turn up.
        bytes_read: bytes of the source files read so far.
    """

    def __init__(self, table: str) -> None:
        self._table = table
        self._sources: list[dict[str, object]] = []
        self._set_aside = Spool(QUARANTINE_SCHEMA)
        self._withdrawn: dict[str, set[int]] = {}
        self.retracted: dict[str, set[int]] = {}
        self.bytes_read = 0

    def set_aside(self, theme: str | None, path: str, faults: Sequence[Fault]) -> None:
        """Put faults of one file into the quarantine."""
        if faults:
            self._set_aside.add(quarantine_rows(self._table, theme, path, faults))

    def retract(self, theme: str, path: str, source_lines: Sequence[int]) -> None:
        """Take back rows that were handed out, and with them the warnings about them."""
        if source_lines:
            self.retracted.setdefault(theme, set()).update(source_lines)
            self._withdrawn.setdefault(path, set()).update(source_lines)

    def quarantined(self) -> Iterator[pa.Table]:
        """The rows of the quarantine, in the order in which they were set aside."""
        for table in self._set_aside.tables():
            yield _without_warnings(table, self._withdrawn)

    def close_source(
        self, theme: str | None, path: str, size_bytes: int, record_count: int, xxh3_128: str | None = None
    ) -> None:
        """Note that a source was read to its end, how many records it has, and the digest of its bytes."""
        self._sources.append(
            {
                "table": self._table,
                "theme": theme,
                "path": path,
                "size_bytes": size_bytes,
                "record_count": record_count,
                "xxh3_128": xxh3_128,
            }
        )

    def source_files(self) -> pa.Table:
        """One row per source read, in order."""
        return pa.Table.from_pylist(self._sources, schema=SOURCE_FILE_SCHEMA)


@dataclass(frozen=True)
class TableStream:
    """A table that is not in memory, for a dataset to write piece by piece.

    Attributes:
        title: what is being read, for people.
        schema: its Arrow schema.
        fingerprint: changes when the sources or the reader change; equal fingerprints mean equal tables.
        total_bytes: length of the sources.
        batches: gives the table's pieces, in order; each call reads anew.
        bytes_read: bytes of the sources read so far.
        retracted: after the last piece, source lines by theme of rows to be taken back.
        log_level: how loudly to say that it was written.
    """

    title: str
    schema: pa.Schema
    fingerprint: str
    total_bytes: int
    batches: Callable[[], Iterator[pa.Table]]
    bytes_read: Callable[[], int]
    retracted: Callable[[], dict[str, set[int]]]
    log_level: int = logging.INFO


class Ingestion:
    """One table of the catalog, read lazily from its source files.

    Its three streams share one reading: whichever is written first starts it, and the others find it done.

    Args:
        table: the table's name.
        schema: its Arrow schema.
        sources: the files that it is made of, for the fingerprint; all that is read must be among them.
        root: where the release lies.
        read: yields the rows, writing to the ledger what is set aside. Called anew for each reading.
    """

    def __init__(
        self,
        table: str,
        schema: pa.Schema,
        sources: Sequence[SourceFile],
        root: str,
        read: Callable[[Ledger], Iterator[pa.Table]],
    ) -> None:
        self._table = table
        self._schema = schema
        self._fingerprint = fingerprint(table, root, sources)
        self._total_bytes = sum(source.size for source in sources)
        self._read = read
        self._ledger: Ledger | None = None
        self._is_read = False

    @property
    def rows(self) -> TableStream:
        """The table itself."""
        return self._stream(self._table, self._schema, self._read_rows, lambda: self._done().retracted)

    @property
    def quarantined(self) -> TableStream:
        """The quarantine's rows of this table."""
        title = f"{self._table}, quarantine"
        return self._stream(title, QUARANTINE_SCHEMA, self._quarantined_tables, log_level=logging.WARNING)

    @property
    def source_files(self) -> TableStream:
        """What was read: one row per source."""
        title = f"{self._table}, source files"
        return self._stream(title, SOURCE_FILE_SCHEMA, self._source_files, log_level=logging.DEBUG)

    def _stream(
        self,
        title: str,
        schema: pa.Schema,
        batches: Callable[[], Iterator[pa.Table]],
        retracted: Callable[[], dict[str, set[int]]] = dict,
        log_level: int = logging.INFO,
    ) -> TableStream:
        return TableStream(
            title,
            schema,
            self._fingerprint,
            self._total_bytes,
            batches,
            self._bytes_read,
            retracted,
            log_level,
        )

    def _source_files(self) -> Iterator[pa.Table]:
        yield self._done().source_files()

    def _read_rows(self) -> Iterator[pa.Table]:
        self._ledger, self._is_read = Ledger(self._table), False
        yield from self._read(self._ledger)
        self._is_read = True

    def _quarantined_tables(self) -> Iterator[pa.Table]:
        return self._done().quarantined()

    def _bytes_read(self) -> int:
        return self._ledger.bytes_read if self._ledger else 0

    def _done(self) -> Ledger:
        """The ledger of a finished reading; reads now if the rows were not asked for (their file was kept)."""
        if not self._is_read:
            for _ in self._read_rows():
                pass
        if self._ledger is None:
            raise RuntimeError("an ingestion that was read has a ledger")
        return self._ledger


def _without_warnings(table: pa.Table, withdrawn: dict[str, set[int]]) -> pa.Table:
    """The rows of the quarantine without warnings about the lines (by path) that were taken back."""
    keep = pa.array([True] * table.num_rows)
    for path, lines in withdrawn.items():
        is_line = pc.is_in(table["line"], pa.array(sorted(lines), pa.int32()))
        is_withdrawn = pc.and_(pc.and_(pc.equal(table["path"], path), is_line), table["is_row_kept"])
        keep = pc.and_(keep, pc.invert(is_withdrawn))
    return table.filter(keep)


def fingerprint(table: str, root: str, sources: Sequence[SourceFile]) -> str:
    """A digest of what a table is made of: the reader's version, and path, size and mtime of each source."""
    facts = [READER_VERSION, table, root, [[file.path, file.size, file.modified] for file in sources]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def present(files: ReleaseFiles, paths: Iterable[str]) -> list[SourceFile]:
    """Those of ``paths`` that are there, in order."""
    return [found for path in paths if (found := files.find(path)) is not None]
