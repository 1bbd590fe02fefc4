"""The manifest of a folder of extracted media: a Parquet file for each share of the work, and a log while it is being done.

A file is named before it gets its final name, so that whatever lies under a final name and is ours is known to be. The log
becomes a part of the table when a run ends; after a kill, when the next one begins.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.engine.io.parquet import FORMAT_METADATA, parquet_files, scan_parquet
from sparkle_curation.errors import FileError
from sparkle_curation.extraction.paths import MANIFEST, is_unsafe
from sparkle_curation.extraction.settings import Shard
from sparkle_curation.spec.tables.extraction import MANIFEST_COLUMNS

SCHEMA = pl.Schema(
    {column.name: pl.Int64 if column.type == "int64" else pl.String for column in MANIFEST_COLUMNS}
)
_PART = re.compile(r"part-(\d+)-of-(\d+)")


def part_name(shard: Shard) -> str:
    """The name of a share's part.

    >>> part_name(Shard(2, 4))
    'part-2-of-4'
    """
    return f"part-{shard.number}-of-{shard.of}"


def part_path(folder: Path, part: str) -> Path:
    """The file of a part."""
    return folder / MANIFEST / f"{part}.parquet"


def parts_of(folder: Path) -> list[str]:
    """The parts that are there, by name."""
    return [path.stem for path in parquet_files(folder / MANIFEST)]


def absent_parts(parts: Iterable[str]) -> list[str]:
    """The parts that would make the shares of some parts whole, and are not among them.

    >>> absent_parts(["part-1-of-3", "part-3-of-3", "part-1-of-1"]), absent_parts(["part-1-of-2"])
    ([], ['part-2-of-2'])
    """
    there = set(parts)
    counts = {int(found[2]) for part in there if (found := _PART.fullmatch(part))}
    lacking = {
        count: [
            name for number in range(1, count + 1) if (name := part_name(Shard(number, count))) not in there
        ]
        for count in counts
    }
    # Work that was shared out anew leaves parts of before: one set that is whole has all.
    return min(lacking.values(), key=len, default=[])


def read_part(folder: Path, part: str) -> pl.DataFrame:
    """The rows of a part; none where it is not there.

    Raises:
        FileError: it names a file outside of the folder: nothing of ours has written that.
        FormatVersionError: a newer version of this project wrote it.
    """
    path = part_path(folder, part)
    if not path.is_file():
        return pl.DataFrame(schema=SCHEMA)
    rows = scan_parquet(path, made_by="extract").select(*SCHEMA).cast(dict(SCHEMA)).collect()  # type: ignore[arg-type]
    return _safe(rows, path)


def read_manifest(folder: Path) -> pl.DataFrame:
    """What all parts say, each path once: of several rows the one of the last time."""
    parts = [read_part(folder, part) for part in parts_of(folder)]
    return latest(pl.concat([pl.DataFrame(schema=SCHEMA), *parts]))


def latest(rows: pl.DataFrame) -> pl.DataFrame:
    """Each path once, by its path, with its row of the last time."""
    return rows.sort("path", "extracted_at", maintain_order=True).unique(
        "path", keep="last", maintain_order=True
    )


def write_part(folder: Path, part: str, rows: pl.DataFrame) -> None:
    """The part with these rows in the place of what was there; without any rows none.

    Raises:
        DiskError: the disk is full.
    """
    path = part_path(folder, part)
    if rows.is_empty() and not path.is_file():
        return
    with atomic_file(path) as temporary:
        latest(rows.select(*SCHEMA)).write_parquet(temporary, metadata=FORMAT_METADATA)


def append_log(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """Rows at the end of a log, on the disk when this returns."""
    data = "".join(f"{json.dumps(row, ensure_ascii=True)}\n" for row in rows).encode()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        os.write(handle, data)
        os.fdatasync(handle)
    finally:
        os.close(handle)


def read_log(path: Path) -> pl.DataFrame:
    """The rows of a log; a last line that was cut by a kill or a full disk is none."""
    if not path.is_file():
        return pl.DataFrame(schema=SCHEMA)
    rows = []
    for line in path.read_bytes().splitlines():
        try:
            rows.append(read_json(line))
        except ValueError:
            continue
    return _safe(pl.DataFrame(rows, schema=SCHEMA), path)


def _safe(rows: pl.DataFrame, where: Path) -> pl.DataFrame:
    unsafe = rows.filter(is_unsafe(pl.col("path")))["path"]
    if len(unsafe):
        raise FileError(
            "A manifest names what lies outside of its folder",
            where=where,
            got=repr(unsafe[0]),
            allowed="paths below the folder",
            todo=f"do not use this folder, or remove {MANIFEST} in it and extract again: what lies there is compared",
        )
    return rows
