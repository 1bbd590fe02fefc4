"""A Parquet table of the catalog: written in pieces under a temporary name, read lazily."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from kedro.io.core import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.io import format_version, parquet
from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.io.format_version import FORMAT_VERSION
from sparkle_curation.engine.io.parquet import FORMAT_KEY, FORMAT_METADATA, missing_table, scan_parquet
from sparkle_curation.engine.progress import byte_progress
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.errors import EmptyOutputError
from sparkle_curation.spec.old_names import with_new_names

logger = logging.getLogger(__name__)

FINGERPRINT_KEY = b"sparkle.fingerprint"
WRITER_KEY = b"sparkle.writer"
"""Of the file's metadata: what the table was made of, and a digest of the code that wrote it."""

ROW_GROUP_ROWS = 16_384
ROW_GROUP_BYTES = 32 << 20
"""A row group ends at whichever comes first; the bytes bound the memory of a writer of long texts."""

Table = pl.DataFrame | pl.LazyFrame | TableStream


class TableDataset(AbstractDataset[Table, pl.LazyFrame]):
    """One Parquet file.

    Loads as a ``polars.LazyFrame``, so that a node reads only the columns it names. Saves a frame, or a
    ``TableStream`` piece by piece; a stream whose fingerprint the file already carries is not read at all.

    Args:
        filepath: the Parquet file, local.
        made_by: the pipeline that makes it, for who looks for it before.
        is_optional: whether a run goes on without it; it then loads as a frame without columns.
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
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path = Path(filepath)
        self._made_by = made_by
        self._is_optional = is_optional
        self.metadata = metadata

    def load(self) -> pl.LazyFrame:
        """The table, not yet read.

        Raises:
            MissingTableError: it was never written, and must be there.
            FormatVersionError: a newer version of this project wrote it.
        """
        if not self._exists():
            if self._is_optional:
                return pl.LazyFrame()
            raise missing_table(self._path, self._made_by)
        return with_new_names(scan_parquet(self._path, made_by=self._made_by))

    def save(self, data: Table) -> None:
        """Write the whole table, or nothing: the old file stays until the new one is complete.

        Raises:
            EmptyOutputError: the stream has no rows, the file has some, and the stream does not allow that.
        """
        if not isinstance(data, TableStream):
            with atomic_file(self._path) as temporary:
                data.lazy().sink_parquet(
                    temporary, compression="zstd", compression_level=3, metadata=FORMAT_METADATA
                )
        elif stored_fingerprint(self._path) == data.fingerprint:
            level = logging.INFO if data.log_level == logging.INFO else logging.DEBUG
            logger.log(level, "%s: sources unchanged, not read again", data.title)
        else:
            with atomic_file(self._path) as temporary:
                _write_stream(data, temporary)
                self._check_rows(data, temporary)

    def _check_rows(self, stream: TableStream, written: Path) -> None:
        """Nothing, when what was written may take the place of what is there."""
        if stream.allow_empty or pq.read_metadata(written).num_rows:
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

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` rows; only they are read."""
        return table_preview(self.load().head(nrows).collect() if self._exists() else NOT_MADE)

    def stats(self) -> dict[str, int]:
        """Its ``rows``, ``columns`` and ``file_size`` in bytes, from the file's footer; empty where there is no file."""
        if not self._exists():
            return {}
        footer = pq.read_metadata(self._path)
        size = self._path.stat().st_size
        return {"rows": footer.num_rows, "columns": len(footer.schema.to_arrow_schema()), "file_size": size}

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


def stored_fingerprint(path: Path) -> str | None:
    """The fingerprint of the stream that the Parquet file was written from.

    None where it carries none, and where other code wrote it, of a newer format too: this one might write the same stream
    otherwise.
    """
    if not path.is_file():
        return None
    try:
        stored = pq.read_schema(path).metadata or {}
    except (pa.ArrowInvalid, OSError):  # not a whole Parquet file: written by something else, so replace it
        return None
    if stored.get(WRITER_KEY) != _writer() or stored.get(FORMAT_KEY.encode()) != str(FORMAT_VERSION).encode():
        return None
    return stored.get(FINGERPRINT_KEY, b"").decode() or None


def stored_rows(path: Path) -> int:
    """The rows of the Parquet file; 0 where it is none, or is not whole."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowInvalid, OSError):
        return 0


def _writer() -> bytes:
    return code_digest(glue=[__name__, parquet.__name__, format_version.__name__]).encode()


def _write_stream(stream: TableStream, path: Path) -> None:
    with byte_progress(stream.title, stream.total_bytes) as progress:
        _write(_reporting(stream, progress), stream, path)
    retracted = stream.retracted()
    if retracted:
        complete = path.with_name(f"{path.name}.complete")
        path.rename(complete)
        try:
            _write(_without_retracted(complete, retracted), stream, path)
        finally:
            complete.unlink()
    count = pq.read_metadata(path).num_rows
    if count or stream.log_level == logging.INFO:
        logger.log(stream.log_level, "%s: %s", stream.title, f"{count:,} row{'' if count == 1 else 's'}")


def _reporting(stream: TableStream, progress: Any) -> Iterator[pa.Table]:
    for batch in stream.batches():
        yield batch
        progress(stream.bytes_read())


def _write(batches: Iterator[pa.Table], stream: TableStream, path: Path) -> None:
    """Write the batches as row groups, each on a thread of its own while the next one is being read."""
    metadata = {
        **(stream.schema.metadata or {}),
        **{key.encode(): value.encode() for key, value in FORMAT_METADATA.items()},
        FINGERPRINT_KEY: stream.fingerprint.encode(),
        WRITER_KEY: _writer(),
    }
    schema = stream.schema.with_metadata(metadata)
    with (
        pq.ParquetWriter(path, schema, compression="zstd", compression_level=3) as writer,
        ThreadPoolExecutor(1) as pool,
    ):
        written: Future[None] | None = None
        for group in _row_groups(batches):
            if written:
                written.result()
            written = pool.submit(writer.write_table, group)
        if written:
            written.result()


def _row_groups(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The batches, joined until they are large enough for a row group."""
    held: list[pa.Table] = []
    held_rows = held_bytes = 0
    for batch in batches:
        held.append(batch)
        held_rows += batch.num_rows
        held_bytes += batch.nbytes
        if held_rows >= ROW_GROUP_ROWS or held_bytes >= ROW_GROUP_BYTES:
            yield pa.concat_tables(held)
            held, held_rows, held_bytes = [], 0, 0
    if held_rows:
        yield pa.concat_tables(held)


def _without_retracted(path: Path, retracted: dict[str, set[int]]) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            keep = pa.array([True] * table.num_rows)
            for theme, lines in retracted.items():
                is_line = pc.is_in(table["source_line"], pa.array(sorted(lines), pa.int32()))
                keep = pc.and_(keep, pc.invert(pc.and_(pc.equal(table["theme"], theme), is_line)))
            yield table.filter(keep).replace_schema_metadata(None)
