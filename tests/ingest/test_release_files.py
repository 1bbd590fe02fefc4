"""The files of a release are listed and read alike in a local folder, behind fsspec and over http."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import fsspec
import polars as pl
import pytest
import xxhash
from fsspec.spec import AbstractFileSystem
from tests.ingest.local_servers import FailingHandler, PlainHandler, RangeHandler, serving

from sparkle_curation.engine.io import patience
from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.assets.listing import find_asset_sources, list_assets
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.telling import in_words

CONTENTS = {
    "b.txt": b"0123456789",
    "a.txt": b"",
    "time/source_video/Sparkle_time_000001.mp4": b"video",
    "time/source_video/Sparkle_time_000002.mp4": b"videos",
}


@pytest.fixture
def local_root(tmp_path: Path) -> Path:
    """A folder with a few files."""
    root = tmp_path / "release"
    for path, content in CONTENTS.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


@pytest.fixture(params=["local", "memory", "http"])
def files(request: pytest.FixtureRequest, local_root: Path) -> Iterator[ReleaseFiles]:
    """The same files behind three file systems."""
    if request.param == "local":
        yield ReleaseFiles(str(local_root))
    elif request.param == "memory":
        memory = fsspec.filesystem("memory")
        memory.put(str(local_root), "/sparkle_release_files", recursive=True)
        yield ReleaseFiles("memory://sparkle_release_files")
        memory.rm("/sparkle_release_files", recursive=True)
    else:
        pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
        with serving(local_root.parent, RangeHandler) as url:
            yield ReleaseFiles(f"{url}/release/")


def test_a_folder_lists_its_files_by_name(files: ReleaseFiles) -> None:
    """Files only, not those of its folders, each with its path from the root and its size."""
    assert [(file.path, file.size) for file in files.files_in()] == [("a.txt", 0), ("b.txt", 10)]
    assert [(file.path, file.size) for file in files.files_in("time/source_video")] == [
        ("time/source_video/Sparkle_time_000001.mp4", 5),
        ("time/source_video/Sparkle_time_000002.mp4", 6),
    ]


def test_every_file_has_something_to_tell_its_versions_apart(files: ReleaseFiles) -> None:
    """A fingerprint without it would take a changed file of the same length for the old one."""
    assert all(file.modified for file in files.files_in())


@pytest.mark.parametrize("folder", ["nowhere", "nowhere/at/all"])
def test_a_folder_that_is_not_there_has_no_files(files: ReleaseFiles, folder: str) -> None:
    """Any part of a release may be missing."""
    assert files.files_in(folder) == []


def test_a_file_is_no_folder(local_root: Path) -> None:
    """A file in the place of a folder has no files in it."""
    assert ReleaseFiles(str(local_root)).files_in("b.txt") == []


def test_a_file_is_found_by_its_path(files: ReleaseFiles) -> None:
    """As its folder lists it; None when it is not there, or is a folder."""
    assert files.find("b.txt") == files.files_in()[1]
    assert files.find("time/source_video/Sparkle_time_000009.mp4") is None
    assert files.find("time") is None


def test_a_file_is_read_from_its_start(files: ReleaseFiles) -> None:
    """As a stream of bytes."""
    with files.open("b.txt") as stream:
        assert stream.read() == b"0123456789"


def test_any_part_of_a_file_is_read(files: ReleaseFiles) -> None:
    """Fewer bytes at the end of the file, then none."""
    with files.reader("b.txt") as reader:
        assert [reader.read_at(offset, 4) for offset in (0, 3, 8, 10, 99)] == [
            b"0123",
            b"3456",
            b"89",
            b"",
            b"",
        ]
    with files.reader("a.txt") as reader:
        assert reader.read_at(0, 512) == b""


def test_assets_are_listed_over_any_file_system(files: ReleaseFiles) -> None:
    """The loose videos of the folder."""
    [source] = find_asset_sources(files)
    assert list_assets(files, source).rows["size"].to_pylist() == [5, 6]


def test_a_release_below_the_home_folder_is_found(local_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root that begins with ~ is taken for the home folder, as a shell takes it."""
    monkeypatch.setenv("HOME", str(local_root.parent))
    assert ReleaseFiles(f"~/{local_root.name}").files_in("a") == ReleaseFiles(str(local_root)).files_in("a")
    assert (
        ReleaseFiles(f"~/{local_root.name}").folders_in() == ReleaseFiles(str(local_root)).folders_in() != []
    )


def test_a_file_that_changed_is_listed_anew(local_root: Path) -> None:
    """Size and mtime are those of now, in a second run of the same process too."""
    before = ReleaseFiles(str(local_root)).find("b.txt")
    (local_root / "b.txt").write_bytes(b"changed")
    os.utime(local_root / "b.txt", ns=(10**18, 10**18))
    assert ReleaseFiles(str(local_root)).find("b.txt") == SourceFile("b.txt", 7, str(10**18)) != before


class RememberingFileSystem(AbstractFileSystem):
    """A file system that lists a folder once and remembers it, as those of the clouds do."""

    protocol = "remembering"
    names: ClassVar[list[str]] = []

    def ls(self, path: str, detail: bool = True, **_: object) -> object:
        """The files as they were when first asked for."""
        if path not in self.dircache:
            self.dircache[path] = [
                {"name": f"{path}/{name}", "size": 0, "type": "file"} for name in self.names
            ]
        return self.dircache[path]

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forgets all listings."""
        self.dircache.clear()


def test_a_listing_of_an_earlier_run_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a second run in one process would take a changed release for the old one."""
    fsspec.register_implementation("remembering", RememberingFileSystem, clobber=True)
    monkeypatch.setattr(RememberingFileSystem, "names", ["a.txt"])
    assert [file.path for file in ReleaseFiles("remembering://root").files_in()] == ["a.txt"]
    monkeypatch.setattr(RememberingFileSystem, "names", ["a.txt", "b.txt"])
    assert [file.path for file in ReleaseFiles("remembering://root").files_in()] == ["a.txt", "b.txt"]


def test_a_server_that_sends_whole_files_is_not_trusted(local_root: Path) -> None:
    """It answers a range with the file from its start, which would be taken for the part asked for."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    with serving(local_root, PlainHandler) as url:
        files = ReleaseFiles(url)
        with files.reader("b.txt") as reader, pytest.raises(ReleaseError, match="does not send the part"):
            reader.read_at(4, 4)


@pytest.mark.parametrize(
    ("path", "got"), [("nowhere", "nothing there"), ("release/b.txt", "a file")], ids=["absent", "file"]
)
def test_a_root_that_is_no_folder_says_what_to_do(local_root: Path, path: str, got: str) -> None:
    """The error names what was found and how to point to the download."""
    with pytest.raises(ReleaseError, match=r"--params release_root=") as caught:
        ReleaseFiles(str(local_root.parent / path))
    assert caught.value.got == got


def test_an_address_with_a_query_is_refused(local_root: Path) -> None:
    """The paths of files would come after it, and each file would seem to be the folder; a token is not told."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    with serving(local_root, RangeHandler) as url, pytest.raises(ReleaseError, match="has a query") as caught:
        ReleaseFiles(f"{url}/?token=hidden")
    assert caught.value.where == f"release_root={url}/?***"


@pytest.fixture
def failing(local_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[int]]]:
    """The address of a release, and the faults that its server still has to give."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    faults: list[int] = []
    monkeypatch.setattr(FailingHandler, "faults", faults)
    with serving(local_root.parent, FailingHandler) as url:
        yield f"{url}/release/", faults


@pytest.mark.parametrize("status", [503, 429, 500])
def test_a_server_that_fails_once_is_asked_again(failing: tuple[str, list[int]], status: int) -> None:
    """As it is listed, opened and read: what comes is what comes from one that does not fail."""
    url, faults = failing
    faults[:] = [status]
    files = ReleaseFiles(url)
    faults[:] = [status]
    assert [file.path for file in files.files_in()] == ["a.txt", "b.txt"]
    faults[:] = [status]
    with files.open("b.txt") as file:
        faults[:] = [status]
        assert file.read() == b"0123456789"
    with files.reader("b.txt") as reader:
        faults[:] = [status]
        assert reader.read_at(2, 3) == b"234"
    assert faults == []


def test_a_server_that_goes_on_failing_is_told(
    failing: tuple[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as a folder that is not there; which a server that says so is, at once."""
    url, faults = failing
    monkeypatch.setattr(patience.ask_patiently, "__defaults__", ((0.0, 0.0),))
    faults[:] = [503] * 20
    with pytest.raises(Exception, match="503") as caught:
        ReleaseFiles(url)
    told = in_words(caught.value)
    assert isinstance(told, ReleaseError)
    assert "503" in str(told.got)
    faults[:] = []
    with pytest.raises(ReleaseError, match="nothing there"):
        ReleaseFiles(f"{url}nowhere/")


# ------------------------------------------------------------------ versions of files
def note(root: Path, path: str, content: str, other: Mapping[str, object]) -> pl.DataFrame:
    """What a manifest notes of a file, or something else of it."""
    facts = (root / path).stat()
    row = {
        "root": str(root),
        "path": path,
        "size_bytes": facts.st_size,
        "modified": str(facts.st_mtime_ns),
        "xxh3_128": content,
    }
    return pl.DataFrame([{**row, **other}])


@pytest.mark.parametrize(
    ("other", "is_known"),
    [({}, True), ({"root": "/elsewhere"}, False), ({"size_bytes": 9}, False), ({"modified": "1"}, False)],
)
def test_a_noted_content_counts_while_size_and_time_are_the_same(
    local_root: Path, tmp_path: Path, other: dict[str, object], is_known: bool
) -> None:
    """A note about another root, size or time says nothing of the file: then its time is its version."""
    note(local_root, "b.txt", "abc", other).write_parquet(tmp_path / "noted.parquet")
    files = ReleaseFiles(str(local_root), contents=[tmp_path / "absent.parquet", tmp_path / "noted.parquet"])
    file = files.find("b.txt")
    assert file is not None
    assert files.version(file) == ("content:abc" if is_known else file.modified)
    assert "abc" not in str(pickle.loads(pickle.dumps(files)).__dict__)  # noqa: S301 -- our own


def test_without_trust_the_content_is_read(local_root: Path, tmp_path: Path) -> None:
    """Whatever was noted, the bytes decide; the same digest as a manifest's."""
    note(local_root, "b.txt", "abc", {}).write_parquet(tmp_path / "noted.parquet")
    files = ReleaseFiles(str(local_root), contents=[tmp_path / "noted.parquet"], trusts_times=False)
    file = files.find("b.txt")
    assert file is not None
    assert files.version(file) == f"content:{xxhash.xxh3_128_hexdigest((local_root / 'b.txt').read_bytes())}"


def test_a_damaged_note_says_nothing(local_root: Path, tmp_path: Path) -> None:
    """What is no table of contents is passed by: the next manifest writes it again."""
    (tmp_path / "noted.parquet").write_bytes(b"PAR1")
    files = ReleaseFiles(str(local_root), contents=[tmp_path / "noted.parquet"])
    file = files.find("b.txt")
    assert file is not None
    assert files.version(file) == file.modified
