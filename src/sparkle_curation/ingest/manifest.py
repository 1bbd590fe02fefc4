"""What a release consists of, told without reading its terabytes.

A version of a variant is kept with the manifests of its release, so they must be the same wherever the files are: a
clone or a copy has other times. What can be read in seconds is therefore known by its content. Texts and media have a
manifest each, so that another score does not make anyone look at the videos again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import polars as pl
import xxhash

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.ingest.assets.listing import find_asset_sources, unknown_files
from sparkle_curation.ingest.exclusions.resolving import Excluded, excluded_samples
from sparkle_curation.ingest.ingestion import present
from sparkle_curation.ingest.noted_contents import CONTENT_COLUMNS
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.spec.description.benchmarks import Benchmark, ListedBenchmark
from sparkle_curation.spec.layout import annotation_paths
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.spec.themes import THEMES

MANIFEST_SCHEMA = {
    "path": pl.String,
    "file_count": pl.Int64,
    "size_bytes": pl.Int64,
    "version": pl.String,
}

CONTENT_SCHEMA = {name: pl.Int64 if name == "size_bytes" else pl.String for name in CONTENT_COLUMNS}
"""Of the contents that were seen."""

MAX_READ_BYTES = 64 << 20
"""Longest shard, or folder, that is known by its content. A shard of the release has 5 GB; the last of a kind less."""


class Listing(NamedTuple):
    """What a release consists of, and what was seen on the way.

    Attributes:
        manifest: one row per file, tar or folder of loose assets, the same wherever the release lies.
        contents: the content of each file that was read (``CONTENT_COLUMNS``), for who looks at sizes and times alone;
            none of a sample that is excluded on request.
    """

    manifest: pl.DataFrame
    contents: pl.DataFrame


def list_texts(release: ReleaseFiles) -> Listing:
    """One row per text file that ingestion reads, by path: training CSVs, their metadata, scores and groundings.

    Columns of the manifest: ``path`` from the release root, ``file_count``, ``size_bytes``, ``version``.
    A version is ``content:`` and a digest of the bytes; where a file is not local, ``modified:`` and a digest of what
    tells its versions apart there.
    """
    tables = [table for table in JSONL_TABLES.values() if table.has_source]
    paths = (
        path
        for theme in THEMES
        for path in (*annotation_paths(theme), *(table.path_of(theme) for table in tables))
    )
    texts = (_Entry(file.path, (file,), is_text=True) for file in present(release, paths))
    return _manifest(release, texts, Excluded())


def list_media(release: ReleaseFiles) -> Listing:
    """One row per tar, folder of loose assets and file that no table is made of, by path; columns as in ``list_texts``.

    Media of more than ``MAX_READ_BYTES`` are not read: their version is ``modified:``, of the times of their files.
    """
    sources = (_Entry(source.path, source.files) for source in find_asset_sources(release) if source.files)
    unknown = (_Entry(file.path, (file,)) for file in unknown_files(release))
    return _manifest(release, chain(sources, unknown), excluded_samples(release))


def list_benchmark(files: ReleaseFiles | None, benchmark: Benchmark | ListedBenchmark | None) -> pl.DataFrame:
    """One row per text of a benchmark and folder of its media, by path; columns as in ``list_texts``.

    Args:
        files: the benchmark; None for none.
        benchmark: as described; None where the dataset has none.
    """
    if files is None or benchmark is None:
        return pl.DataFrame(schema=MANIFEST_SCHEMA)
    texts = (_Entry(file.path, (file,), is_text=True) for file in files.files_in())
    if isinstance(benchmark, ListedBenchmark):  # where its videos lie, the CSV alone says
        media = iter(files.folders_in())
    else:
        roots = (benchmark.source_videos, benchmark.ref_images)
        media = (f"{root}/{name}" for root in roots for name in files.folders_in(root))
    folders = (_Entry(folder, found) for folder in media if (found := files.files_in(folder)))
    return _manifest(files, chain(texts, folders), Excluded()).manifest


@dataclass(frozen=True)
class _Entry:
    path: str
    files: Sequence[SourceFile]
    is_text: bool = False

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files)


def _manifest(release: ReleaseFiles, entries: Iterable[_Entry], excluded: Excluded) -> Listing:
    rows: list[tuple[object, ...]] = []
    contents: list[tuple[object, ...]] = []
    for entry in entries:
        is_read = release.is_local and (entry.is_text or entry.size_bytes <= MAX_READ_BYTES)
        digest = xxhash.xxh3_128()
        for file in entry.files:
            state = release.content_hash(file.path) if is_read else file.modified
            # A name that is not UTF-8 is a name all the same; but no table can hold it, so its file is known by its time.
            digest.update(f"{file.path}\0{file.size}\0{state}\n".encode("utf-8", "surrogateescape"))
            if is_read and _is_text(file.path) and not excluded.names(file.path.encode()):
                contents.append((release.root, file.path, file.size, file.modified, state))
        version = f"{'content' if is_read else 'modified'}:{digest.hexdigest()}"
        rows.append((storable(entry.path), len(entry.files), entry.size_bytes, version))
    return Listing(
        pl.DataFrame(rows, schema=MANIFEST_SCHEMA, orient="row").sort("path"),
        pl.DataFrame(contents, schema=CONTENT_SCHEMA, orient="row"),
    )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
