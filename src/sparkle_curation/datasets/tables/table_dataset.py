"""A Parquet table of the catalog: written in pieces under a temporary name, read lazily."""

from __future__ import annotations

import filecmp
import logging
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from kedro.io.core import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.datasets.tables.declared_tables import DECLARED_TABLES
from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.executors.thread_beside import ThreadBeside
from sparkle_curation.engine.io import format_version, parquet
from sparkle_curation.engine.io.atomic import atomic_file, atomic_folder, link_or_copy
from sparkle_curation.engine.io.parquet import (
    FORMAT_KEY,
    FORMAT_METADATA,
    LISTING,
    list_partitions,
    listed_partitions,
    missing_table,
    parquet_files,
    scan_parquet,
)
from sparkle_curation.engine.progress import byte_progress
from sparkle_curation.engine.table_stream import PartitionedStream, TableStream
from sparkle_curation.errors import EmptyOutputError, MissingTableError, UndescribedError
from sparkle_curation.spec.old_names import with_new_names
from sparkle_curation.spec.themes import THEMES

logger = logging.getLogger(__name__)

FINGERPRINT_KEY = b"sparkle.fingerprint"
WRITER_KEY = b"sparkle.writer"
"""Of the file's metadata: what the table was made of, and a digest of the code that wrote it."""

ROW_GROUP_ROWS = 16_384
ROW_GROUP_BYTES = 32 << 20
"""A row group ends at whichever comes first; the bytes bound the memory of a writer of long texts."""

Table = pl.DataFrame | pl.LazyFrame | TableStream | PartitionedStream


class TableDataset(AbstractDataset[Table, pl.LazyFrame]):
    """One Parquet file, or a folder of them.

    Loads as a ``polars.LazyFrame``, so that a node reads only the columns it names. Saves a frame, or a
    ``TableStream`` piece by piece; a stream whose fingerprint the file already carries is not read at all.
    A ``PartitionedStream`` becomes a folder of the path's name with a file for each partition, as Spark and Dask
    write tables: only the partitions that changed are read, and all change at once.

    Args:
        filepath: the Parquet file or folder, local.
        made_by: the pipeline that makes it, for who looks for it before.
        is_optional: whether a run goes on without it; it then loads as a frame without columns.
        columns_of: the table whose described columns it must have when it is read: an earlier version may have written
            fewer. Not for tables of a release, which ``validate`` looks at.
        is_by_theme: whether it becomes a folder with a file for each theme of the dataset, by the column ``theme``.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            consistency:
              type: sparkle_curation.datasets.TableDataset
              filepath: data/02_intermediate/consistency.parquet
              made_by: consistency
              validator:
                class: sparkle_curation.datasets.TableSchemaValidator
                "on": save
                options: { table: consistency }
    """

    def __init__(
        self,
        *,
        filepath: str,
        made_by: str = "ingest",
        is_optional: bool = False,
        columns_of: str | None = None,
        is_by_theme: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path = Path(filepath)
        self._made_by = made_by
        self._is_optional = is_optional
        self._is_by_theme = is_by_theme
        # A file that is gone is missed, and one that was put there is no part of the table.
        self._names = {f"{theme}.parquet" for theme in THEMES} if is_by_theme else set()
        self._columns = [field.name for field in DECLARED_TABLES[columns_of]] if columns_of else []
        self.metadata = metadata

    def load(self) -> pl.LazyFrame:
        """The table, not yet read.

        Raises:
            MissingTableError: it was never written, and must be there; or one of its files is gone or torn.
            FormatVersionError: a newer version of this project wrote it.
        """
        if not self._exists():
            if self._is_optional:
                return pl.LazyFrame()
            raise missing_table(self._path, self._made_by)
        table = with_new_names(scan_parquet(self._path, made_by=self._made_by, names=self._names))
        names = table.collect_schema().names() if self._columns else []
        if lacking := [name for name in self._columns if name not in names]:
            raise MissingTableError(
                "A table lacks columns that this version of the project reads",
                where=self._path,
                got=f"no column {', '.join(lacking)}",
                allowed="the columns of docs/tables.md; an earlier version wrote others",
                todo=f"make it again: kedro run --pipelines {self._made_by}",
            )
        return table

    def save(self, data: Table) -> None:
        """Write the whole table, or nothing: the old file stays until the new one is complete.

        Raises:
            EmptyOutputError: the stream has no rows, the file has some, and the stream does not allow that.
        """
        if isinstance(data, PartitionedStream):
            with data.lock:
                self._save_partitions(data)
        elif self._is_by_theme:
            self._save_by_theme(data)
        elif not isinstance(data, TableStream):
            with atomic_file(self._path) as temporary:
                _with_text(data).sink_parquet(
                    temporary, compression="zstd", compression_level=3, metadata=FORMAT_METADATA
                )
        elif stored_fingerprint(self._path) == data.fingerprint:
            _tell_unchanged(data.title, data.log_level)
        else:
            with atomic_file(self._path) as temporary:
                with byte_progress(data.title, data.total_bytes) as progress, ThreadBeside() as thread:
                    _write_stream(data, temporary, progress, thread)
                self._check_rows(data, stored_rows(temporary))
                _tell_rows(data.title, data.log_level, stored_rows(temporary))

    def _save_partitions(self, data: PartitionedStream) -> None:
        """Write the partitions that changed beside the others, and let the folder of all take the old one's place."""
        streams = {f"{path}.parquet": stream for path, stream in data.partitions.items()}
        stored = {file.relative_to(self._path).as_posix() for file in parquet_files(self._path)}
        kept = {
            path
            for path, stream in streams.items()
            if path in stored and stored_fingerprint(self._path / path) == stream.fingerprint
        }
        any_stream = next(iter(streams.values()))
        is_listed = listed_partitions(self._path) == set(streams)
        if is_listed and kept == set(streams) == stored:
            return _tell_unchanged(data.title, any_stream.log_level)
        changed = {path: stream for path, stream in streams.items() if path not in kept}
        done_bytes = 0
        with (
            byte_progress(data.title, sum(each.total_bytes for each in changed.values())) as progress,
            atomic_folder(self._path) as temporary,
            data.ahead([path for path in data.partitions if f"{path}.parquet" in changed]),
        ):
            for path in sorted(kept):
                (temporary / path).parent.mkdir(parents=True, exist_ok=True)
                link_or_copy(self._path / path, temporary / path)
            with ThreadBeside() as thread:
                for path, stream in changed.items():
                    (temporary / path).parent.mkdir(parents=True, exist_ok=True)
                    _write_stream(
                        stream, temporary / path, partial(_add_progress, progress, done_bytes), thread
                    )
                    done_bytes += stream.total_bytes
            # What is kept is of this schema, so the list of the same files is too.
            if kept and is_listed:
                link_or_copy(self._path / LISTING, temporary / LISTING)
            else:
                list_partitions(temporary, data.schema, streams)
            row_count = stored_rows(temporary)
            self._check_rows(any_stream, row_count)
        _tell_rows(data.title, any_stream.log_level, row_count, len(kept), len(streams))
        return None

    def _save_by_theme(self, data: pl.DataFrame | pl.LazyFrame | TableStream) -> None:
        """Write a file for each theme, also for one without rows, and let their folder take the old one's place."""
        stored = {file.relative_to(self._path).as_posix() for file in parquet_files(self._path)}
        if not isinstance(data, TableStream):
            with atomic_folder(self._path) as temporary:
                frame = _with_text(data)
                themes = pl.PartitionBy(
                    temporary,
                    key="theme",
                    include_key=True,
                    file_path_provider=lambda part: f"{part.partition_keys['theme'].item()}.parquet",
                    approximate_bytes_per_file=None,
                )
                frame.sink_parquet(themes, compression="zstd", compression_level=3, metadata=FORMAT_METADATA)
                nothing = pl.DataFrame(schema=frame.collect_schema())
                for name in self._names - {file.name for file in temporary.iterdir()}:
                    nothing.write_parquet(temporary / name, metadata=FORMAT_METADATA)
                for name in stored & self._names:
                    _keep_if_same(self._path / name, temporary / name)
        elif stored >= self._names and stored_fingerprint(self._path) == data.fingerprint:
            _tell_unchanged(data.title, data.log_level)
        else:
            with atomic_folder(self._path) as temporary:
                _write_by_theme(data, temporary)
                row_count = stored_rows(temporary)
                self._check_rows(data, row_count)
            _tell_rows(data.title, data.log_level, row_count)

    def _check_rows(self, stream: TableStream, row_count: int) -> None:
        """Nothing, when what was written may take the place of what is there."""
        if stream.allow_empty or row_count:
            return
        if before := stored_rows(self._path):
            raise EmptyOutputError(
                "A table would lose all its rows",
                where=self._path,
                got=f"no row from its sources, in place of {before:,}",
                allowed="rows; what cannot be trusted of the sources is quarantined and makes none",
                todo="look at the sources; with another data_root they are ingested, and its quarantine.parquet says what "
                "is wrong with them; if the table shall be empty: --params allow_empty=true",
            )

    def gone_files(self) -> list[str]:
        """The files of its folder that it was written with, or has for each theme, and that are there no more."""
        wanted = self._names or listed_partitions(self._path) or set()
        there = {file.relative_to(self._path).as_posix() for file in parquet_files(self._path)}
        return sorted(wanted - there) if self._path.is_dir() else []

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` rows; only they are read."""
        return table_preview(self.load().head(nrows).collect() if self._exists() else NOT_MADE)

    def stats(self) -> dict[str, int]:
        """Its ``rows``, ``columns`` and ``file_size`` in bytes, from the file's footer; empty where there is no file."""
        if not self._exists():
            return {}
        files = parquet_files(self._path)
        return {
            "rows": stored_rows(self._path),
            "columns": len(pq.read_schema(files[0])),
            "file_size": sum(file.stat().st_size for file in files),
        }

    def _exists(self) -> bool:
        return bool(parquet_files(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


def stored_fingerprint(path: Path) -> str | None:
    """The fingerprint of the stream that the Parquet file, or each file of the folder, was written from.

    None where one carries none or another, and where other code wrote it, of a newer format too: this one might write
    the same stream otherwise.
    """
    found = {_fingerprint_in(file) for file in parquet_files(path)}
    return found.pop() if len(found) == 1 else None


def _fingerprint_in(path: Path) -> str | None:
    try:
        stored = pq.read_schema(path).metadata or {}
    except (pa.ArrowInvalid, OSError):  # not a whole Parquet file: written by something else, so replace it
        return None
    if (
        stored.get(WRITER_KEY) != _writer()
        or stored.get(FORMAT_KEY.encode()) != FORMAT_METADATA[FORMAT_KEY].encode()
    ):
        return None
    return stored.get(FINGERPRINT_KEY, b"").decode() or None


def stored_rows(path: Path) -> int:
    """The rows of the Parquet file, or of all in the folder; 0 for what is none, or is not whole."""
    count = 0
    for file in parquet_files(path):
        with suppress(pa.ArrowInvalid, OSError):
            count += pq.read_metadata(file).num_rows
    return count


def _writer() -> bytes:
    return code_digest(glue=[__name__, parquet.__name__, format_version.__name__]).encode()


def _with_text(data: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """The frame to be written: words that memory holds as an enumeration are text in a file."""
    return data.lazy().with_columns(cs.enum().cast(pl.String))


def _tell_unchanged(title: str, log_level: int) -> None:
    level = logging.INFO if log_level == logging.INFO else logging.DEBUG
    logger.log(level, "%s: sources unchanged, not read again", title)


def _tell_rows(title: str, log_level: int, count: int, kept: int = 0, total: int = 1) -> None:
    rows = f"{count:,} row{'' if count == 1 else 's'}"
    if kept:
        rows += f", {kept:,} of {total:,} partitions unchanged and not read again"
    if count or log_level == logging.INFO:
        logger.log(log_level, "%s: %s", title, rows)


def _write_stream(
    stream: TableStream, path: Path, progress: Callable[[int], None], thread: ThreadBeside
) -> None:
    """Write the whole stream to a file that is not there yet; the thread may still be at its end."""
    _write(_reporting(stream, progress), stream, path, thread)
    thread.do(_settle, stream, path, stream.retracted())


def _settle(stream: TableStream, path: Path, retracted: dict[str, set[int]]) -> None:
    """Take back the rows that were written too early, and have the file on the disk while the next is being read."""
    if retracted:
        complete = path.with_name(f"{path.name}.complete")
        path.rename(complete)
        try:
            with ThreadBeside() as thread:
                _write(_without_retracted(complete, retracted), stream, path, thread)
        finally:
            complete.unlink()
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _add_progress(progress: Callable[[int], None], before: int, done: int) -> None:
    progress(before + done)


def _reporting(stream: TableStream, progress: Callable[[int], None]) -> Iterator[pa.Table]:
    for batch in stream.batches():
        yield batch
        progress(stream.bytes_read())


def _write(batches: Iterator[pa.Table], stream: TableStream, path: Path, thread: ThreadBeside) -> None:
    """Write the batches to one file."""
    _write_routed(((path, batch) for batch in batches), stream, [path], thread)


def _write_by_theme(stream: TableStream, folder: Path) -> None:
    """Write the whole stream to a file for each theme of the dataset."""
    paths = {theme: folder / f"{theme}.parquet" for theme in THEMES}

    def routed() -> Iterator[tuple[Path, pa.Table]]:
        for batch in stream.batches():
            themes = pc.unique(batch["theme"]).to_pylist()
            if not set(themes) <= paths.keys():
                raise UndescribedError(themes, THEMES, where=f"themes of the table {stream.title}")
            for theme in themes:
                yield paths[theme], batch.filter(pc.equal(batch["theme"], theme))

    with ThreadBeside() as thread:
        _write_routed(routed(), stream, paths.values(), thread)


def _write_routed(
    batches: Iterator[tuple[Path, pa.Table]],
    stream: TableStream,
    paths: Collection[Path],
    thread: ThreadBeside,
) -> None:
    """Have each batch written to its file as row groups, each group while the next one is being read."""
    metadata = {
        **(stream.schema.metadata or {}),
        **{key.encode(): value.encode() for key, value in FORMAT_METADATA.items()},
        FINGERPRINT_KEY: stream.fingerprint.encode(),
        WRITER_KEY: _writer(),
    }
    schema = stream.schema.with_metadata(metadata)
    with ExitStack() as stack:
        writers = {
            path: stack.enter_context(pq.ParquetWriter(path, schema, compression="zstd", compression_level=3))
            for path in paths
        }
        closing = stack.pop_all()
    try:
        for path, group in _row_groups(batches):
            thread.do(writers[path].write_table, group)
            del group  # not held here while the next one is being read
    finally:
        thread.do(closing.close)


def _row_groups(batches: Iterator[tuple[Path, pa.Table]]) -> Iterator[tuple[Path, pa.Table]]:
    """The batches of each file, joined until they are large enough for a row group."""
    held: dict[Path, list[pa.Table]] = {}
    for path, batch in batches:
        group = held.setdefault(path, [])
        group.append(batch)
        if (
            sum(each.num_rows for each in group) >= ROW_GROUP_ROWS
            or sum(each.nbytes for each in group) >= ROW_GROUP_BYTES
        ):
            yield path, pa.concat_tables(held.pop(path))
    for path, group in held.items():
        if any(each.num_rows for each in group):
            yield path, pa.concat_tables(group)


def _keep_if_same(before: Path, written: Path) -> None:
    """Put the file of before in the place of one of the same bytes: what copies or hashes tables sees that it stayed."""
    if filecmp.cmp(before, written, shallow=False):
        written.unlink()
        link_or_copy(before, written)


def _without_retracted(path: Path, retracted: dict[str, set[int]]) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            keep = pa.array([True] * table.num_rows)
            for theme, lines in retracted.items():
                is_line = pc.is_in(table["source_line"], pa.array(sorted(lines), pa.int32()))
                keep = pc.and_(keep, pc.invert(pc.and_(pc.equal(table["theme"], theme), is_line)))
            yield table.filter(keep).replace_schema_metadata(None)
