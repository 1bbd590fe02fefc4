"""What a release consists of, without reading it: terabytes are known by names, sizes and times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
import xxhash

from sparkle_curation.reading.release_files import ReleaseFiles, SourceFile
from sparkle_curation.release.layout import (
    ASSET_KINDS,
    INTERMEDIATE_FOLDER,
    annotation_paths,
    asset_folder,
    intermediate_jsonl_path,
)
from sparkle_curation.release.tables import JSONL_TABLES
from sparkle_curation.release.themes import THEMES

MANIFEST_SCHEMA = {
    "path": pl.String,
    "file_count": pl.Int64,
    "size_bytes": pl.Int64,
    "modified": pl.String,
}


def list_manifest(files: ReleaseFiles) -> pl.DataFrame:
    """One row per text file, tar and folder of loose assets that ingestion would read, by path.

    ``modified`` is what the file system gives to tell versions of a file apart; for a folder a digest of the names,
    sizes and times of its files, of which an extracted release has a million.
    """
    rows = [*_text_files(files), *_tars(files), *_loose_folders(files)]
    return pl.DataFrame(rows, schema=MANIFEST_SCHEMA, orient="row").sort("path")


Row = tuple[str, int, int, str]


def _text_files(files: ReleaseFiles) -> Iterator[Row]:
    for theme in THEMES:
        names = (table.file_name for table in JSONL_TABLES.values())
        paths = (*annotation_paths(theme), *(intermediate_jsonl_path(theme, name) for name in names))
        yield from (_row(found) for path in paths if (found := files.find(path)))


def _tars(files: ReleaseFiles) -> Iterator[Row]:
    for folder in ("", INTERMEDIATE_FOLDER):
        yield from (_row(file) for file in files.files_in(folder) if file.path.endswith(".tar"))


def _loose_folders(files: ReleaseFiles) -> Iterator[Row]:
    for theme in THEMES:
        for kind in ASSET_KINDS:
            folder = asset_folder(theme, kind)
            if found := files.files_in(folder):
                yield folder, len(found), sum(file.size for file in found), _digest(found)


def _row(file: SourceFile) -> Row:
    return file.path, 1, file.size, file.modified


def _digest(files: Sequence[SourceFile]) -> str:
    digest = xxhash.xxh3_128()
    for file in files:
        digest.update(f"{file.path}\0{file.size}\0{file.modified}\n".encode())
    return digest.hexdigest()
