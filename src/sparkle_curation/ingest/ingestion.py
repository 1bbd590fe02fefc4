"""A table being read from the release: its rows, and beside them what was quarantined and what was read.

Nothing is read until the rows are asked for, so a table whose sources have not changed costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from operator import attrgetter
from threading import Lock

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from sparkle_curation.engine.io.spool import Spool
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.engine.table_stream import PartitionedStream, TableStream, digest
from sparkle_curation.ingest.conservation import rows_by_path
from sparkle_curation.ingest.exclusions.resolving import Excluded, excluded_samples
from sparkle_curation.ingest.faults import QUARANTINE_SCHEMA, Fault, quarantine_rows
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.ingested import SOURCE_FILE_COLUMNS

SOURCE_FILE_SCHEMA: pa.Schema = arrow_schema(SOURCE_FILE_COLUMNS)


class Ledger:
    """What an ingestion writes down while it reads.

    What is about a sample that is excluded on request is counted, and written down nowhere.

    Args:
        table: that is read.
        excluded: those samples.

    Attributes:
        retracted: source lines, by theme, of rows that were handed out and must be taken back: the first of
            several conflicting records, known as such only when the others turn up.
        bytes_read: bytes of the source files read so far.
    """

    def __init__(self, table: str, excluded: Excluded | None = None) -> None:
        self._table, self._excluded = table, excluded or Excluded()
        self._excluded_counts: dict[str, int] = {}
        self._excluded_rows: list[pa.Table] = []
        self._sources: list[dict[str, object]] = []
        self._quarantine = Spool(QUARANTINE_SCHEMA)
        self._withdrawn: dict[str, set[int]] = {}
        self.retracted: dict[str, set[int]] = {}
        self.bytes_read = 0

    def quarantine(self, theme: str | None, path: str, faults: Sequence[Fault]) -> None:
        """Put faults of one file into the quarantine."""
        if self._excluded:
            named = [fault for fault in faults if _is_about(fault, self._excluded)]
            lines = sum(fault.line_count for fault in named if not fault.reason.is_row_kept)
            self._excluded_counts[path] = self._excluded_counts.get(path, 0) + lines
            faults = [fault for fault in faults if fault not in named] if named else faults
        if faults:
            self._quarantine.add(quarantine_rows(self._table, theme, path, faults))

    def without_excluded(self, rows: pa.Table) -> pa.Table:
        """The rows without those of excluded samples, which are counted."""
        if not self._excluded:
            return rows
        is_excluded = pc.is_in(rows["id"], pa.array(sorted(self._excluded.ids), pa.string()))
        if not pc.any(is_excluded).as_py():
            return rows
        self._excluded_rows.append(rows.filter(is_excluded))
        return rows.filter(pc.invert(is_excluded))

    def retract(self, theme: str, path: str, source_lines: Sequence[int]) -> None:
        """Take back rows that were handed out, and with them the warnings about them."""
        if source_lines:
            self.retracted.setdefault(theme, set()).update(source_lines)
            self._withdrawn.setdefault(path, set()).update(source_lines)

    def quarantined(self) -> Iterator[pa.Table]:
        """The rows of the quarantine, in the order in which they were quarantined."""
        for table in self._quarantine.tables():
            yield _without_warnings(table, self._withdrawn)

    def close_source(
        self, theme: str | None, path: str, size_bytes: int, record_count: int, xxh3_128: str | None = None
    ) -> None:
        """Note that a source was read to its end, how many records it has, and the digest of its bytes."""
        self._sources.append(
            {
                "table": self._table,
                "theme": theme,
                "path": storable(path),
                "size_bytes": size_bytes,
                "record_count": record_count,
                "xxh3_128": xxh3_128,
            }
        )

    def source_files(self) -> pa.Table:
        """One row per source read, in order."""
        excluded = self._count_excluded()
        sources = [{**each, "excluded_count": excluded.get(str(each["path"]), 0)} for each in self._sources]
        return pa.Table.from_pylist(sources, schema=SOURCE_FILE_SCHEMA)

    def _count_excluded(self) -> dict[str, int]:
        """The records of excluded samples by the path of their source; a row that was taken back is in no table anyway."""
        counts = {storable(path): count for path, count in self._excluded_counts.items()}
        for rows in self._excluded_rows:
            frame = pl.DataFrame(pl.from_arrow(rows))
            for theme, lines in self.retracted.items():
                frame = frame.filter(~((pl.col("theme") == theme) & pl.col("source_line").is_in(list(lines))))
            for _, path, count in rows_by_path(self._table, frame.lazy()).rows():
                counts[path] = counts.get(path, 0) + count
        return counts


class Ingestion:
    """A table of the catalog or a partition of one, read lazily from its source files.

    Its three streams share one reading: whichever is written first starts it, and the others find it done. They are written
    one after the other, in any order.

    Args:
        table: the table's name.
        schema: its Arrow schema.
        sources: the files that it is made of, for the fingerprint; all that is read must be among them.
        files: the release.
        code: a digest of the code that reads.
        read: yields the rows, writing to the ledger what is quarantined. Called again for each reading.
        theme: that all its rows have; None for any.
    """

    def __init__(
        self,
        table: str,
        schema: pa.Schema,
        sources: Sequence[SourceFile],
        files: ReleaseFiles,
        code: str,
        read: Callable[[Ledger], Iterator[pa.Table]],
        theme: str | None = None,
    ) -> None:
        self._table = table
        self._schema = schema
        self._files, self._theme = files, theme
        self._fingerprint = fingerprint(table, code, files, sources, excluded_samples(files).stamp(theme))
        self._total_bytes = sum(source.size for source in sources)
        self._read = read
        self._ledger: Ledger | None = None
        self._is_read = False

    @property
    def is_read(self) -> bool:
        """Whether its sources were read to their end, so that nothing of it reads them again."""
        return self._is_read

    @property
    def rows(self) -> TableStream:
        """The table itself."""
        return self._stream(self._table, self._schema, self._read_rows, lambda: self._done().retracted)

    @property
    def quarantined(self) -> TableStream:
        """The quarantine's rows of this table."""
        title = f"{self._table}, quarantine"
        return self._stream(
            title, QUARANTINE_SCHEMA, lambda: self._done().quarantined(), log_level=logging.WARNING
        )

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
            lambda: self._ledger.bytes_read if self._ledger else 0,
            retracted,
            log_level,
        )

    def _source_files(self) -> Iterator[pa.Table]:
        yield self._done().source_files()

    def _read_rows(self) -> Iterator[pa.Table]:
        self._ledger, self._is_read = Ledger(self._table, excluded_samples(self._files)), False
        yield from map(self._ledger.without_excluded, self._read(self._ledger))
        self._is_read = True

    def _done(self) -> Ledger:
        """The ledger of a finished reading; reads now if the rows were not asked for (their file was kept)."""
        if not self._is_read:
            for _ in self._read_rows():
                pass
        if self._ledger is None:
            raise RuntimeError("an ingestion that was read has a ledger")
        return self._ledger


class PartitionedIngestion:
    """A table of the catalog in partitions, each of which is read only when its own sources have changed.

    Args:
        table: the table's name.
        partitions: by the path of their file in the table's folder; at least one.
        ahead: begins with reading some partitions before they are asked for, one after the other; None for none.
    """

    def __init__(
        self,
        table: str,
        partitions: Mapping[str, Ingestion],
        ahead: Callable[[Sequence[str]], AbstractContextManager[None]] | None = None,
    ) -> None:
        self._table, self._partitions, self._ahead = table, partitions, ahead
        self._lock = Lock()

    @property
    def rows(self) -> PartitionedStream:
        """The table itself."""
        return self._stream(self._table, attrgetter("rows"))

    @property
    def quarantined(self) -> PartitionedStream:
        """The quarantine's rows of this table."""
        return self._stream(f"{self._table}, quarantine", attrgetter("quarantined"))

    @property
    def source_files(self) -> PartitionedStream:
        """What was read: one row per source."""
        return self._stream(f"{self._table}, source files", attrgetter("source_files"))

    def _stream(self, title: str, stream_of: Callable[[Ingestion], TableStream]) -> PartitionedStream:
        streams = {path: stream_of(each) for path, each in self._partitions.items()}
        return PartitionedStream(title, streams, self._reading_ahead, self._lock)

    def _reading_ahead(self, paths: Sequence[str]) -> AbstractContextManager[None]:
        unread = [path for path in paths if not self._partitions[path].is_read]
        return self._ahead(unread) if self._ahead else nullcontext()


def _without_warnings(table: pa.Table, withdrawn: dict[str, set[int]]) -> pa.Table:
    """The rows of the quarantine without warnings about the lines (by path) that were taken back."""
    keep = pa.array([True] * table.num_rows)
    for path, lines in withdrawn.items():
        is_line = pc.is_in(table["line"], pa.array(sorted(lines), pa.int32()))
        is_withdrawn = pc.and_(pc.and_(pc.equal(table["path"], path), is_line), table["is_row_kept"])
        keep = pc.and_(keep, pc.invert(is_withdrawn))
    return table.filter(keep)


def fingerprint(
    table: str, code: str, files: ReleaseFiles, sources: Sequence[SourceFile], excluded: str = ""
) -> str:
    """A digest of what a table is made of: the code, path, size and version of each source, and what is excluded."""
    facts = [table, code, files.root, [[file.path, file.size, files.version(file)] for file in sources]]
    return digest([*facts, excluded] if excluded else facts)


def _is_about(fault: Fault, excluded: Excluded) -> bool:
    return fault.id in excluded.ids or excluded.names(fault.raw) or excluded.names(fault.detail.encode())


def present(files: ReleaseFiles, paths: Iterable[str]) -> list[SourceFile]:
    """Those of ``paths`` that are there, in order."""
    return [found for path in paths if (found := files.find(path)) is not None]
