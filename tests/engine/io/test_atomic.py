"""Nobody ever sees a half-written file or folder, whenever the writer is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.full_disk import files_of_at_most

from sparkle_curation.engine.io import atomic
from sparkle_curation.engine.io.atomic import atomic_file, atomic_folder
from sparkle_curation.errors import DiskError

FILES = 20
KILLS = 6

# Loads the module alone: a child that is to be killed shall not import polars first.
WRITER = f"""
import itertools, runpy, sys
from pathlib import Path
atomic = runpy.run_path(sys.argv[1])
target = Path(sys.argv[3])
for version in itertools.count(int(sys.argv[4])):
    with atomic[sys.argv[2]](target) as temporary:
        paths = [temporary / f"{{name}}.csv" for name in range({FILES})] if temporary.is_dir() else [temporary]
        for path in paths:
            path.write_text(f"{{version}} " * 2000)
    print(version, flush=True)
"""


def left_over(folder: Path) -> list[str]:
    """The names in a folder that a person did not ask for."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def dead_pid() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    return child.pid


def versions(target: Path) -> set[str]:
    """The versions that the words of a target's files tell; one, when nothing is half-written."""
    paths = [target / f"{name}.csv" for name in range(FILES)] if target.is_dir() else [target]
    texts = [path.read_text() for path in paths]
    assert {len(text.split()) for text in texts} == {2000}
    return {word for text in texts for word in set(text.split())}


# ------------------------------------------------------------------ kill -9
@pytest.mark.parametrize("writer", ["atomic_file", "atomic_folder"])
def test_a_killed_writer_leaves_one_whole_version(writer: str, tmp_path: Path) -> None:
    """A child that writes without end is killed at any moment: each time all files are of one version."""
    target = tmp_path / "variant"
    moments = random.Random(5)  # noqa: S311 -- moments of a kill, not secrets
    newest = 0
    for _ in range(KILLS):
        command = [sys.executable, "-c", WRITER, atomic.__file__, writer, str(target), str(newest)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(moments.uniform(0, 0.05))
            child.send_signal(signal.SIGKILL)
        (seen,) = versions(target)
        assert int(seen) >= newest
        newest = int(seen) + 1
    with getattr(atomic, writer)(target) as temporary:
        if writer == "atomic_file":
            temporary.write_text("done")
    assert left_over(tmp_path) == []


# ------------------------------------------------------------------ files
def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    """Until then the old one stands, and parents are made."""
    target = tmp_path / "deep" / "report.json"
    with atomic_file(target) as temporary:
        temporary.write_text("old")
        assert not target.exists()
    with atomic_file(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert left_over(target.parent) == []


def test_a_failed_block_leaves_the_old_file(tmp_path: Path) -> None:
    """The exception goes on to the caller, and the temporary is gone."""
    target = tmp_path / "report.json"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError), atomic_file(target) as temporary:
        temporary.write_text("ne\ud800", encoding="utf-8")
    assert target.read_text() == "old"
    assert left_over(tmp_path) == []


def test_a_block_that_writes_nothing_is_reported(tmp_path: Path) -> None:
    """A missing temporary is an error, not an empty file."""
    with pytest.raises(FileNotFoundError), atomic_file(tmp_path / "report.json"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    """An output may be a link into a cache; the cache must not be written through it."""
    cached, target = tmp_path / "cached", tmp_path / "report.json"
    cached.write_text("old")
    target.symlink_to(cached)
    with atomic_file(target) as temporary:
        temporary.write_text("new")
    assert (cached.read_text(), target.read_text(), target.is_symlink()) == ("old", "new", False)


# ------------------------------------------------------------------ folders
def write_folder(target: Path, **texts: str) -> None:
    """Replace a folder by one with these files."""
    with atomic_folder(target) as temporary:
        for name, text in texts.items():
            (temporary / name).write_text(text)


def read_folder(target: Path) -> dict[str, str]:
    """The files of a folder."""
    return {path.name: path.read_text() for path in target.iterdir()}


@pytest.fixture(params=["exchange", "two renames"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to take a folder's place: in one step, and where the system has none."""
    if request.param == "two renames":
        monkeypatch.setattr(atomic, "_exchange", lambda *_: False)


@pytest.mark.usefixtures("_way")
def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    """No file of the old folder is in the new one, and nothing is left beside it."""
    target = tmp_path / "deep" / "prompts"
    write_folder(target, a="1", b="2")
    write_folder(target, b="3")
    assert read_folder(target) == {"b": "3"}
    assert left_over(target.parent) == []


@pytest.mark.usefixtures("_way")
def test_a_failed_block_leaves_the_old_folder(tmp_path: Path) -> None:
    """A variant that fails half way changes nothing."""
    target = tmp_path / "prompts"
    write_folder(target, a="1")
    with pytest.raises(UnicodeEncodeError):
        write_folder(target, a="2", b="\ud800")
    assert read_folder(target) == {"a": "1"}
    assert left_over(tmp_path) == []


@pytest.mark.usefixtures("_way")
def test_folders_within_are_taken_too(tmp_path: Path) -> None:
    """Nested files arrive and go with their folder."""
    target = tmp_path / "prompts"
    for text in ("1", "2"):
        with atomic_folder(target) as temporary:
            (temporary / "inner").mkdir()
            (temporary / "inner" / "a").write_text(text)
    assert (target / "inner" / "a").read_text() == "2"
    assert left_over(tmp_path) == []


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("is_dangling", [True, False])
def test_a_link_to_a_folder_is_replaced(tmp_path: Path, is_dangling: bool) -> None:
    """The link goes, what it pointed to stays, and no link is left under a temporary name."""
    cached, target = tmp_path / "cached", tmp_path / "prompts"
    if not is_dangling:
        write_folder(cached, a="1")
    target.symlink_to(cached)
    write_folder(target, a="2")
    assert (read_folder(target), target.is_symlink()) == ({"a": "2"}, False)
    assert cached.exists() != is_dangling
    assert left_over(tmp_path) == []


@pytest.mark.usefixtures("_way")
def test_a_file_in_the_place_of_a_folder_is_replaced(tmp_path: Path) -> None:
    """What stood there under the name is gone, whatever it was."""
    (tmp_path / "prompts").write_text("a file")
    write_folder(tmp_path / "prompts", a="1")
    assert read_folder(tmp_path / "prompts") == {"a": "1"}
    assert left_over(tmp_path) == []


# ------------------------------------------------------------------ what killed writers leave
def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    """Files, folders and links under the temporary names of dead processes go with the next write."""
    pid = dead_pid()
    (tmp_path / f".prompts.{pid}.tmp").mkdir()
    (tmp_path / f".prompts.{pid}.tmp" / "a").write_text("half")
    (tmp_path / f".prompts.{pid}.tmp.old").symlink_to(tmp_path)
    (tmp_path / f".prompts.{os.getpid()}.tmp").write_text("of this process, from before")
    write_folder(tmp_path / "prompts", a="1")
    assert left_over(tmp_path) == []


def test_a_live_writers_temporary_is_not_touched(tmp_path: Path) -> None:
    """Another process may be writing the same output."""
    name = f".prompts.{os.getppid()}.tmp"
    (tmp_path / name).mkdir()
    write_folder(tmp_path / "prompts", a="1")
    assert left_over(tmp_path) == [name]


@pytest.mark.parametrize(
    "name", [".prompts.tmp", ".prompts.notes.tmp", ".prompts2.{pid}.tmp", "prompts.{pid}.tmp"]
)
def test_files_of_others_are_not_touched(tmp_path: Path, name: str) -> None:
    """Only names that this module makes, and makes for this target, are removed."""
    stranger = tmp_path / name.format(pid=dead_pid())
    stranger.write_text("keep me")
    write_folder(tmp_path / "prompts", a="1")
    assert stranger.read_text() == "keep me"


def test_a_name_with_wildcards_is_a_name(tmp_path: Path) -> None:
    """`[` and `*` in an output's name stand for themselves."""
    stranger, own = tmp_path / f".ab.{dead_pid()}.tmp", tmp_path / f".[a]*.{dead_pid()}.tmp"
    stranger.write_text("keep me")
    own.write_text("half")
    with atomic_file(tmp_path / "[a]*") as temporary:
        temporary.write_text("whole")
    assert left_over(tmp_path) == [stranger.name]


def test_a_folder_that_was_moved_aside_comes_back(tmp_path: Path) -> None:
    """Where two renames are needed, a kill between them is mended by the next writer, even one that fails."""
    aside = tmp_path / f".prompts.{dead_pid()}.tmp.old"
    aside.mkdir()
    (aside / "a").write_text("old")
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "prompts"):
        raise RuntimeError
    assert read_folder(tmp_path / "prompts") == {"a": "old"}
    assert left_over(tmp_path) == []


def write(writer: str, target: Path) -> None:
    """Write 400,000 bytes that do not pack, as this project writes them."""
    data = os.urandom(200_000).hex()
    with (atomic_folder if writer == "folder" else atomic_file)(target) as temporary:
        if writer == "polars":
            pl.LazyFrame({"a": [data]}).sink_parquet(temporary)
        elif writer == "pyarrow":
            pq.write_table(pa.table({"a": [data]}), temporary)
        else:
            (temporary / "new" if writer == "folder" else temporary).write_text(data)


@pytest.mark.parametrize("writer", ["polars", "pyarrow", "text", "folder"])
def test_a_full_disk_is_reported_and_costs_nothing(writer: str, tmp_path: Path) -> None:
    """In words, whoever finds it; the old content stays and nothing beside it."""
    target = tmp_path / "made"
    old = target / "old" if writer == "folder" else target
    old.parent.mkdir(exist_ok=True)
    old.write_text("old")
    told = r"(?s)The disk is full.*made.*free some space"
    with files_of_at_most(10_000), pytest.raises(DiskError, match=told):
        write(writer, target)
    assert left_over(tmp_path) == []
    assert old.read_text() == "old"


def test_another_error_is_itself(tmp_path: Path) -> None:
    """Only a full disk is reported in words of ours."""
    with pytest.raises(ZeroDivisionError), atomic_file(tmp_path / "made"):
        _ = 1 / 0
