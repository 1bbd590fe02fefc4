"""Parquet files of ours, opened by one door that looks at the version of their format first.

The version stands in the file's own metadata, in the footer that is read in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow.parquet as pq

from sparkle_curation.engine.io.format_version import FORMAT_VERSION, check_format_version

if TYPE_CHECKING:
    import polars as pl

FORMAT_KEY = "sparkle.format_version"
FORMAT_METADATA = {FORMAT_KEY: str(FORMAT_VERSION)}
"""What the metadata of every file of ours has, whoever writes it."""


@contextmanager
def open_parquet(path: Path, *, made_by: str, **options: Any) -> Iterator[pq.ParquetFile]:
    """The file, open.

    Args:
        path: a Parquet file of ours.
        made_by: the pipeline that makes it.
        **options: of ``pyarrow.parquet.ParquetFile``.

    Raises:
        FormatVersionError: it is of a later version of the format.
    """
    footer = pq.read_metadata(path)
    _check(
        footer.metadata, path, made_by
    )  # before the options, which name columns that a newer file may not have
    with pq.ParquetFile(path, metadata=footer, **options) as file:
        yield file


def scan_parquet(path: Path, *, made_by: str) -> pl.LazyFrame:
    """The table, of which nothing but the footer is read yet; arguments and errors as for ``open_parquet``."""
    import polars as pl  # noqa: PLC0415 -- a worker process that opens assets pays for none

    _check(pq.read_metadata(path).metadata, path, made_by)
    return pl.scan_parquet(path)


def read_parquet(source: BinaryIO, *, where: object, made_by: str) -> pl.DataFrame:
    """The table in the bytes of a file, which is ``where``; arguments and errors as for ``open_parquet``."""
    import polars as pl  # noqa: PLC0415

    _check(pq.read_metadata(source).metadata, where, made_by)
    source.seek(0)
    return pl.read_parquet(source)


def _check(metadata: Mapping[bytes, bytes] | None, where: object, made_by: str) -> None:
    found = (metadata or {}).get(FORMAT_KEY.encode())
    text = None if found is None else found.decode(errors="replace")
    # Digits that no version of ours writes, such as "²", are none.
    version = int(text) if text and text.isascii() and text.isdigit() else text
    check_format_version(version, where=where, made_by=made_by)
