"""The release: what of it is at hand, and whether a run would lose what earlier tables were made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.core import split_protocol
from kedro.io import DatasetError

from sparkle_curation.doctor.finding import Finding, State, counted, listed, of_error
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.engine.io.parquet import parquet_files
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.errors import SparkleError
from sparkle_curation.ingest.conservation import expected_sources, shard_gaps
from sparkle_curation.ingest.release_files import ReleaseFiles, check_address
from sparkle_curation.ingest.sources_at_hand import check_release as require_release
from sparkle_curation.ingest.sources_at_hand import sources_at_hand
from sparkle_curation.spec.layout import BASE_FOLDERS, parse_shard_path
from sparkle_curation.spec.tables.ingested import COLUMNS
from sparkle_curation.spec.themes import THEMES

HERE = frozenset({None, "file", "local"})
"""Protocols of this machine's own disks."""


def open_release(setup: Setup) -> ReleaseFiles | None:
    """The files of the release; None where it is behind a network, which is not asked.

    Raises:
        ReleaseError: there is no folder at the root.
    """
    protocol, _ = split_protocol(str(setup.roots["release_root"]))
    if protocol not in HERE:
        check_address(str(setup.roots["release_root"]))
        return None
    try:
        files: ReleaseFiles = setup.catalog["release"].load()
    except DatasetError as error:
        raise (error.__cause__ if isinstance(error.__cause__, SparkleError) else error) from None
    return files


def sizes_now(files: ReleaseFiles) -> dict[str, int]:
    """The size of each text and shard that the layout knows and the release has, by path; nothing is read."""
    texts = expected_sources().filter(pl.col("table") != "assets")["path"].to_list()
    folders = dict.fromkeys(path.rpartition("/")[0] for path in texts)
    wanted = set(texts)
    found = {
        file.path: file.size for folder in folders for file in files.files_in(folder) if file.path in wanted
    }
    for folder in ("", *BASE_FOLDERS):
        found |= {file.path: file.size for file in files.files_in(folder) if parse_shard_path(file.path)}
    return found


def sources_then(setup: Setup) -> pl.DataFrame:
    """What the tables in the data root were made of: ``table``, ``theme``, ``path``, ``size_bytes``, ``record_count``."""
    paths = [setup.path_of(f"{table}_source_files") for table in COLUMNS]
    there = [file for path in paths if path for file in parquet_files(path) if _is_whole(file)]
    columns = {"table": pl.String, "theme": pl.String, "path": pl.String}
    empty = pl.DataFrame(schema={**columns, "size_bytes": pl.Int64, "record_count": pl.Int64})
    return pl.concat(
        [empty, *(pl.read_parquet(path, columns=empty.columns).cast(empty.schema) for path in there)]
    )


def _is_whole(file: Path) -> bool:
    """Whether a file is a Parquet file; one that is none is told by the check of the outputs."""
    try:
        return bool(pq.read_metadata(file))
    except (pa.ArrowInvalid, OSError):
        return False


def check_release(setup: Setup) -> Iterator[Finding]:
    """Which tables, themes and shards are at hand; whether any is gone that earlier tables have rows of."""
    subject = "release"
    try:
        files = open_release(setup)
    except SparkleError as error:
        yield of_error(subject, error)
        return
    root = setup.roots["release_root"]
    if files is None:
        yield Finding(subject, State.OK, f"{root} is a URL: not looked at, since no network is asked here")
        return
    then = sources_then(setup)
    try:
        require_release(files, then, allow_empty=bool(setup.parameters.get("allow_empty")))
    except SparkleError as error:
        yield of_error(subject, error)
        return
    themes: dict[str, set[str]] = {table: set() for table in COLUMNS}
    for table, theme in sources_at_hand(files):
        themes[table].add(theme)
    whole = [table for table, there in themes.items() if len(there) == len(THEMES)]
    partly = [
        f"{table} of {', '.join(theme for theme in THEMES if theme in there)}"
        for table, there in themes.items()
        if 0 < len(there) < len(THEMES)
    ]
    absent = [table for table, there in themes.items() if not there]
    said = [
        f"all {len(THEMES)} themes of {', '.join(whole)}" if whole else "",
        f"a part: {'; '.join(partly)}" if partly else "",
        f"nothing of {', '.join(absent)}" if absent else "",
    ]
    now = sizes_now(files)
    shards = [path for path in now if parse_shard_path(path)]
    yield Finding(
        subject, State.OK, f"{root} has {', and '.join(filter(None, said))}; {counted(len(shards), 'shard')}"
    )
    yield from _missing(files, now, then)


def _missing(files: ReleaseFiles, now: dict[str, int], then: pl.DataFrame) -> Iterator[Finding]:
    """Sources that are gone since the tables were made, and shards that are not there between others."""
    there = {storable(path) for path in now}
    gone = [
        (path, count)
        for path, count in then.filter(pl.col("record_count") > 0).select("path", "record_count").rows()
        if path not in there and files.find(path) is None and not files.has_files(path)
    ]
    if gone:
        names, lost = listed([path for path, _ in gone]), counted(sum(count for _, count in gone), "record")
        yield Finding(
            "release",
            State.PROBLEM,
            f"gone since the tables were made: {names}; the next ingest drops their {lost}",
            "give the release that has them, or take another data_root for this one",
        )
    gaps = shard_gaps(
        pl.DataFrame({"path": list(now), "is_present": True}, schema_overrides={"path": pl.String})
    )
    if gaps:
        yield Finding(
            "release",
            State.WARNING,
            f"shards absent between others, and with them their assets: {listed(gaps)}",
            "download them, if they are wanted",
        )
