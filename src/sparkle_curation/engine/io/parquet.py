"""Parquet tables of ours, opened by one door that looks at the version of their format first.

A table is one file, or a folder of them of the same name, as Spark and Dask write tables.

The version stands in the file's own metadata, in the footer that is read in any case. A folder whose files hang on what
was ingested has one file more, without rows, whose footer names the others: so a file that was lost is missed, and the
folder is still read whole by whatever reads Parquet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from sparkle_curation.engine.io.format_version import (
    FORMAT_VERSION,
    check_format_version,
)
from sparkle_curation.errors import MissingTableError

if TYPE_CHECKING:
    import polars as pl

FORMAT_KEY = "sparkle.format_version"
FORMAT_METADATA = {FORMAT_KEY: str(FORMAT_VERSION)}
"""What the metadata of every file of ours has, whoever writes it."""

LISTING = "_partitions.parquet"
"""In a folder: the file without rows that names the others."""
_PARTITIONS_KEY = b"sparkle.partitions"


def parquet_files(path: Path) -> list[Path]:
    """The files at ``path``: itself, or those in the folder, by their paths; none where there is no table.

    Whether they are all is not looked at, see ``whole_table``.
    """
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*.parquet") if file.is_file() and file != path / LISTING)


def whole_table(path: Path, *, made_by: str, names: Collection[str] = ()) -> list[Path]:
    """The files of the table at ``path``, by their paths: all that were written, and none that was put there.

    Args:
        path: a file or folder of ours.
        made_by: the pipeline that makes it.
        names: of the files in the folder, where they are known; else those that it was written with, or, in a folder
            of before they were noted, whatever is there.

    Raises:
        MissingTableError: it was never written, or one of its files is gone.
    """
    files = parquet_files(path)
    if not files:
        raise missing_table(path, made_by)
    wanted = set(names or listed_partitions(path) or ())
    if not wanted or path.is_file():
        return files
    there = {file.relative_to(path).as_posix(): file for file in files}
    if gone := sorted(wanted - there.keys()):
        other = sorted(there.keys() - wanted) if names else []
        raise MissingTableError(
            "A table lacks some of its files",
            where=path,
            got=f"no {', '.join(gone[:3])}{f' and {len(gone) - 3:,} more' if len(gone) > 3 else ''}"
            + (
                f", but {', '.join(other)}: the description was another one when it was made" if other else ""
            ),
            allowed=f"the {len(wanted):,} files that it consists of",
            todo=f"make it whole: kedro run --pipelines {'curate' if other else made_by}",
        )
    return [file for name, file in there.items() if name in wanted]


def listed_partitions(path: Path) -> set[str] | None:
    """The files, by their paths in it, that the folder was written with; None where that was not noted, or is torn."""
    with suppress(OSError, pa.ArrowInvalid, ValueError):
        found = (pq.read_metadata(path / LISTING).metadata or {}).get(_PARTITIONS_KEY)
        return None if found is None else set(json.loads(found))
    return None


def list_partitions(folder: Path, schema: pa.Schema, names: Iterable[str]) -> None:
    """Note in a folder which files it consists of."""
    metadata = {
        **(schema.metadata or {}),
        FORMAT_KEY: str(FORMAT_VERSION),
        _PARTITIONS_KEY: json.dumps(sorted(names)),
    }
    pq.write_table(pa.Table.from_batches([], schema).replace_schema_metadata(metadata), folder / LISTING)


def open_table(path: Path, *, made_by: str, **options: Any) -> Iterator[pq.ParquetFile]:
    """Each file of the table, open until the next one is asked for; arguments and errors as for ``whole_table``."""
    for file in whole_table(path, made_by=made_by):
        with open_parquet(file, made_by=made_by, **options) as opened:
            yield opened


@contextmanager
def open_parquet(path: Path, *, made_by: str, **options: Any) -> Iterator[pq.ParquetFile]:
    """The file, open.

    Args:
        path: a Parquet file of ours.
        made_by: the pipeline that makes it.
        **options: of ``pyarrow.parquet.ParquetFile``.

    Raises:
        MissingTableError: it was never written, or is no whole Parquet file.
        FormatVersionError: it is of a later version of the format.
    """
    footer = _footer(path, made_by)
    # Before it is opened: the options name columns, which a newer file may not have.
    _check(footer.metadata, path, made_by)
    with pq.ParquetFile(path, metadata=footer, **options) as file:
        yield file


def scan_parquet(path: Path, *, made_by: str, names: Collection[str] = ()) -> pl.LazyFrame:
    """The table, of which the footers alone are read yet; arguments and errors as for ``whole_table``."""
    import polars as pl  # noqa: PLC0415 -- a worker process that opens assets pays for none

    files = whole_table(path, made_by=made_by, names=names)
    for file in files:
        _check(_footer(file, made_by).metadata, file, made_by)
    return pl.scan_parquet(files)


def read_parquet(source: BinaryIO, *, where: object, made_by: str) -> pl.DataFrame:
    """The table in the bytes of a file, which is ``where``; arguments and errors as for ``open_parquet``."""
    import polars as pl  # noqa: PLC0415

    _check(pq.read_metadata(source).metadata, where, made_by)
    source.seek(0)
    return pl.read_parquet(source)


def missing_table(path: Path, made_by: str) -> MissingTableError:
    """What is said of a table that a step reads and that is not there; with the old one, where that had another name."""
    from sparkle_curation.spec.old_names import old_paths  # noqa: PLC0415 -- imports polars

    old = next((each for each in old_paths(str(path)) if Path(each).is_file()), None)
    todo = f"make it first: kedro run --pipelines {made_by}"
    if made_by in {"ingest", "inspect", "validate"}:
        todo += ", or kedro run --pipelines curate for all"
    elif made_by == "filter":  # which needs the tables of the others: whoever has none gets on by this alone
        todo = "make it first: kedro run --pipelines curate"
    return MissingTableError(
        "A table is not there",
        where=path,
        got=f"{old}, which an earlier version of this project made and this one does not read"
        if old
        else None,
        todo=todo,
    )


def _footer(path: Path, made_by: str) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except FileNotFoundError as error:
        raise missing_table(path, made_by) from error
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # no right to read it, a disk with a fault: the system says so
        size = path.stat().st_size
        raise MissingTableError(
            "A table is no whole Parquet file",
            where=path,
            got=f"{size:,} bytes: {str(error).partition('. ')[0]}" if size else "an empty file",
            allowed="a Parquet file as this project writes it",
            todo=f"make it again: kedro run --pipelines {made_by}",
        ) from error


def _check(metadata: Mapping[bytes, bytes] | None, where: object, made_by: str) -> None:
    found = (metadata or {}).get(FORMAT_KEY.encode())
    text = None if found is None else found.decode(errors="replace")
    version = int(text) if text is not None and re.fullmatch("[0-9]{1,9}", text) else text
    check_format_version(version, where=where, made_by=made_by)
