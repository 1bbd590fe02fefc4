"""The manifest of a release is the same for the same content, and another when anything changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import fsspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sparkle_curation.ingest import manifest
from sparkle_curation.ingest.manifest import MANIFEST_SCHEMA, list_media, list_texts
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.layout import (
    annotations_csv_path,
    asset_folder,
    intermediate_jsonl_path,
    shard_path,
)

TEXT = intermediate_jsonl_path("time", "edited_video_score.jsonl")
CSV = annotations_csv_path("time")
SHARD = shard_path("time", "source_video", 0)
FOLDER = asset_folder("time", "edited_frame0")
STRANGER = "time_source_video.part0.tar"
FILES = {
    TEXT: b'{"id": 1}\n',
    CSV: b"prompt\n",
    SHARD: bytes(1024),
    f"{FOLDER}/a.png": b"a",
    f"{FOLDER}/b.png": b"bb",
    STRANGER: b"tar",
    "README.md": b"not read",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small release with a file of each sort."""
    for path, content in FILES.items():
        (tmp_path / "release" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "release" / path).write_bytes(content)
    return tmp_path / "release"


def listed(root: Path | str) -> pl.DataFrame:
    """Both manifests of the release at a root, by path."""
    release = ReleaseFiles(str(root))
    return pl.concat([list_texts(release).manifest, list_media(release).manifest]).sort("path")


def changed(before: pl.DataFrame, after: pl.DataFrame) -> set[str]:
    """The paths whose rows differ, or that only one of them has."""
    rows = {row[0]: row for row in before.rows()}, {row[0]: row for row in after.rows()}
    return {path for path in {*rows[0], *rows[1]} if rows[0].get(path) != rows[1].get(path)}


def test_each_file_that_is_ingested_has_a_row(root: Path) -> None:
    """Text, shards and tars of unknown name are listed one by one, loose assets by their folder; others are not."""
    found = listed(root)
    assert found.select("path", "file_count", "size_bytes").rows() == sorted(
        [(TEXT, 1, 10), (CSV, 1, 7), (SHARD, 1, 1024), (FOLDER, 2, 3), (STRANGER, 1, 3)]
    )
    assert found["version"].str.contains("^content:[0-9a-f]{32}$").all()


def test_texts_and_media_are_apart(root: Path) -> None:
    """A changed score leaves the manifest of the media as it is."""
    release = ReleaseFiles(str(root))
    assert list_texts(release).manifest["path"].to_list() == [TEXT, CSV]
    assert list_media(release).manifest["path"].to_list() == [FOLDER, STRANGER, SHARD]


def test_a_copy_with_other_times_has_the_same_manifest(root: Path, tmp_path: Path) -> None:
    """A clone gets its own times, so what lies in git must be known by content alone."""
    copy = shutil.copytree(root, tmp_path / "copy")
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
    assert_frame_equal(listed(copy), listed(root))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda root: (root / TEXT).write_bytes(b'{"id": 2}\n'), TEXT),
        (lambda root: (root / CSV).unlink(), CSV),
        (lambda root: (root / SHARD).write_bytes(b"1" * 1024), SHARD),
        (lambda root: (root / FOLDER / "a.png").rename(root / FOLDER / "c.png"), FOLDER),
        (lambda root: (root / FOLDER / "b.png").write_bytes(b"cc"), FOLDER),
        (lambda root: (root / STRANGER).write_bytes(b"art"), STRANGER),
    ],
    ids=["text", "absent", "shard", "name", "loose", "unknown tar"],
)
def test_a_change_of_the_same_length_is_seen(root: Path, change: Callable[[Path], object], path: str) -> None:
    """Content, names and presence count, each for its own row alone."""
    before = listed(root)
    change(root)
    assert changed(before, listed(root)) == {path}


def test_large_media_are_known_by_their_times(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit a shard and a folder are not read, and text is all the same."""
    monkeypatch.setattr(manifest, "MAX_READ_BYTES", 2)
    before = listed(root)
    kinds = dict(before.select("path", pl.col("version").str.extract("^([a-z]+):")).rows())
    assert kinds == {
        TEXT: "content",
        CSV: "content",
        SHARD: "modified",
        FOLDER: "modified",
        STRANGER: "modified",
    }
    for path in (SHARD, f"{FOLDER}/a.png", TEXT):
        os.utime(root / path, (1, 1))
    assert changed(before, listed(root)) == {SHARD, FOLDER}


def test_files_elsewhere_are_not_fetched(root: Path) -> None:
    """Behind fsspec the file system's own mark of a version is taken."""
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/manifest/" + TEXT, FILES[TEXT])
    assert listed("memory://manifest")["version"].str.starts_with("modified:").all()
    memory.rm("/manifest", recursive=True)


def test_a_name_that_is_not_utf8_is_listed(root: Path) -> None:
    """A stray name in a folder makes another version, and no error."""
    before = listed(root)
    (root / FOLDER / os.fsdecode(b"\xff.png")).write_bytes(b"")
    assert changed(before, listed(root)) == {FOLDER}


def test_a_tar_whose_name_is_not_utf8_is_listed(root: Path) -> None:
    """With a row of its own; the byte is told in a form that a table can hold."""
    before = listed(root)
    (root / os.fsdecode(b"caf\xe9.tar")).write_bytes(b"")
    assert changed(before, listed(root)) == {"caf�{dce9}.tar"}


def test_an_empty_release_has_an_empty_manifest(tmp_path: Path) -> None:
    """Nothing there is no row, with all columns."""
    assert_frame_equal(listed(tmp_path), pl.DataFrame(schema=MANIFEST_SCHEMA))
