"""What a release consists of, told without reading its terabytes.

A version of a variant is kept with the manifests of its release, so they must be the same wherever the files are: a
clone or a copy has other times. What can be read in seconds is therefore known by its content. Texts and media have a
manifest each, so that another score does not make anyone look at the videos again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl
import xxhash

from sparkle_curation.engine.storable_text import storable
from sparkle_curation.reading.assets import find_asset_sources, unknown_tars
from sparkle_curation.reading.ingestion import present
from sparkle_curation.reading.release_files import ReleaseFiles, SourceFile
from sparkle_curation.release.layout import annotation_paths
from sparkle_curation.release.tables import JSONL_TABLES
from sparkle_curation.release.themes import THEMES

MANIFEST_SCHEMA = {
    "path": pl.String,
    "file_count": pl.Int64,
    "size_bytes": pl.Int64,
    "version": pl.String,
}

MAX_READ_BYTES = 64 << 20
"""Longest shard, or folder, that is known by its content. A shard of the release has 5 GB; the last of a kind less."""

_BLOCK_BYTES = 1 << 20


def list_texts(release: ReleaseFiles) -> pl.DataFrame:
    """One row per text file that ingestion reads, by path: training CSVs, their metadata, scores and groundings.

    Columns: ``path`` from the release root, ``file_count``, ``size_bytes``, ``version``. A version is ``content:`` and a
    digest of the bytes; where a file is not local, ``modified:`` and a digest of what tells its versions apart there.
    """
    return _manifest(release, _find_texts(release))


def list_media(release: ReleaseFiles) -> pl.DataFrame:
    """One row per tar and per folder of loose assets, by path; columns as in ``list_texts``.

    Media of more than ``MAX_READ_BYTES`` are not read: their version is ``modified:``, of the times of their files.
    """
    return _manifest(release, _find_media(release))


@dataclass(frozen=True)
class _Entry:
    path: str
    files: Sequence[SourceFile]
    is_text: bool = False

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.files)


def _manifest(release: ReleaseFiles, entries: Iterable[_Entry]) -> pl.DataFrame:
    rows = [
        (storable(entry.path), len(entry.files), entry.size_bytes, _version(release, entry))
        for entry in entries
    ]
    return pl.DataFrame(rows, schema=MANIFEST_SCHEMA, orient="row").sort("path")


def _find_texts(release: ReleaseFiles) -> Iterator[_Entry]:
    for theme in THEMES:
        tables = (table.path_of(theme) for table in JSONL_TABLES.values() if table.file_name)
        for file in present(release, (*annotation_paths(theme), *tables)):
            yield _Entry(file.path, (file,), is_text=True)


def _find_media(release: ReleaseFiles) -> Iterator[_Entry]:
    for source in find_asset_sources(release):
        yield _Entry(source.path, source.files)
    for tar in unknown_tars(release):
        yield _Entry(tar.path, (tar,))


def _version(release: ReleaseFiles, entry: _Entry) -> str:
    is_read = release.is_local and (entry.is_text or entry.size_bytes <= MAX_READ_BYTES)
    digest = xxhash.xxh3_128()
    for file in entry.files:
        state = _content_hash(release, file) if is_read else file.modified
        # A name that is not UTF-8 is a name all the same.
        digest.update(f"{file.path}\0{file.size}\0{state}\n".encode("utf-8", "surrogateescape"))
    return f"{'content' if is_read else 'modified'}:{digest.hexdigest()}"


def _content_hash(release: ReleaseFiles, file: SourceFile) -> str:
    digest = xxhash.xxh3_128()
    with release.open(file.path) as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
