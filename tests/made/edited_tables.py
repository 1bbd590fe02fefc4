"""Tables that somebody changes by hand behind the project's back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from sparkle_curation.engine.io.parquet import parquet_files


def edit_table(path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Change the rows of a table, a file or a folder of them, whose files keep their fingerprints.

    Each file gets as many rows as it had, the last one the rest.
    """
    files = parquet_files(path)
    heights = [pq.read_metadata(file).num_rows for file in files]
    changed = change(pl.read_parquet(files))
    start = 0
    for file, height in zip(files, [*heights[:-1], None], strict=True):
        metadata = pq.read_schema(file).metadata
        part = changed.slice(start, height).to_arrow().replace_schema_metadata(metadata)
        pq.write_table(part, file)
        start += height or 0


def table_bytes(path: Path) -> dict[str, bytes]:
    """The content of each file of a table, by its path in the table's folder."""
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in parquet_files(path)}
