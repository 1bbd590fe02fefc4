"""The Parquet files of a table: one file, or a folder of them of the same name, as Spark and Dask write tables."""

from __future__ import annotations

from pathlib import Path


def parquet_files(path: Path) -> list[Path]:
    """The files of the table at ``path``: itself, or those in the folder, by their paths; none where there is no table."""
    return [path] if path.is_file() else sorted(path.rglob("*.parquet"))
