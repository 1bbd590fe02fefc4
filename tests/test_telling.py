"""What is expected to go wrong is a sentence, whoever raises it; a defect keeps its traceback."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml
from kedro.io.core import DatasetError
from omegaconf import OmegaConf
from tests.conftest import Project
from tests.full_disk import files_of_at_most

from sparkle_curation.errors import DiskError, FileError, ParameterError, ReleaseError, SparkleError
from sparkle_curation.models.servers.chat_replies import ReplyShapeError, read_replies
from sparkle_curation.telling import in_words


def told(action: Callable[[], object]) -> SparkleError | None:
    """What is told of the error of an action that Kedro has wrapped."""
    try:
        try:
            action()
        except Exception as error:
            raise DatasetError("failed while loading") from error
    except DatasetError as error:
        return in_words(error)
    raise AssertionError("no error")


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    """A link that leads to itself."""
    path = tmp_path / "loop"
    path.symlink_to(path)
    return path


@pytest.mark.parametrize(
    "read",
    [Path.read_bytes, Path.mkdir, pl.read_parquet, pl.read_csv, pq.read_table],
    ids=lambda read: read.__name__,
)
def test_a_link_to_itself_is_told(loop: Path, read: Callable[[Path], Any]) -> None:
    """By whichever library it is met, with its path."""
    error = told(lambda: read(loop))
    assert isinstance(error, FileError)
    assert str(loop) in str(error.where)


@pytest.mark.parametrize(
    ("code", "todo"),
    [
        (errno.EACCES, "chmod"),
        (errno.EROFS, "data_root"),
        (errno.ELOOP, "circle"),
        (errno.EIO, "system's log"),
    ],
)
def test_each_fault_of_a_file_has_its_advice(code: int, todo: str) -> None:
    """By the number, in a Python error and in the text of one from polars."""

    def fail(error: Exception) -> None:
        raise error

    for error in (
        OSError(code, "x", "/a"),
        pl.exceptions.ComputeError(f"failed: /a: Oh no (os error {code})"),
    ):
        found = told(lambda error=error: fail(error))  # type: ignore[misc]
        assert isinstance(found, FileError)
        assert todo in str(found.todo)
        assert "/a" in str(found.where)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """Where nothing of ours was writing, too."""
    with files_of_at_most(1_000):
        error = told(lambda: (tmp_path / "a").write_bytes(b"a" * 10_000))
    assert isinstance(error, DiskError)


@pytest.mark.parametrize(("url", "what"), [("s3://bucket/x", "package"), ("nonsense://x", "not known")])
def test_a_url_that_cannot_be_read_here_is_told(url: str, what: str) -> None:
    """Its package is not installed, or there is no such kind."""
    if what == "package" and _has_s3fs():
        pytest.skip("s3fs is installed")
    error = told(lambda: fsspec.core.url_to_fs(url))
    assert isinstance(error, ReleaseError)
    assert what in error.what


def _has_s3fs() -> bool:
    try:
        import s3fs  # noqa: F401, PLC0415
    except ImportError:
        return False
    return True


def test_a_parameter_of_another_is_told() -> None:
    """One that is not set."""
    error = told(lambda: OmegaConf.create({"a": "${nope}"}).a)
    assert isinstance(error, ParameterError)
    assert error.where == "a"


def test_a_parameter_that_is_nested_too_deeply_is_told() -> None:
    """By whichever library reads it."""
    deep = "[" * 2_000 + "]" * 2_000
    for read in (yaml.safe_load, OmegaConf.create):
        error = told(lambda read=read: read(deep))  # type: ignore[misc]
        assert isinstance(error, ParameterError)
        assert "nested too deeply" in error.what


def test_a_file_that_is_nested_too_deeply_is_told() -> None:
    """And a defect that calls itself for ever is none of a file."""
    error = told(lambda: json.loads("[" * 100_000))
    assert isinstance(error, FileError)
    assert "nested too deeply" in error.what

    def again() -> None:
        again()

    assert told(again) is None


def test_a_defect_is_no_sentence(tmp_path: Path) -> None:
    """Not even one in the handling of a file that is not there."""

    def fail() -> None:
        try:
            (tmp_path / "a").read_text()
        except FileNotFoundError:
            {}["a"]

    for action in (fail, lambda: 1 // 0, lambda: __import__("no_such_package")):
        assert told(action) is None


def test_a_link_loop_in_a_release_ends_a_run_in_words(project: Project, loop: Path) -> None:
    """A data root that is one, in place of a folder that can be made."""
    with pytest.raises(FileError, match="links lead in a circle"):
        replace(project, data_root=loop).run_here("ingest")


def test_an_uncaught_error_ends_a_process_in_words() -> None:
    """With exit code 1; a defect as ever."""
    code = "from sparkle_curation.telling import tell_uncaught; tell_uncaught(); {}"
    for statement, said in (
        ("open('/dev/null/x')", "Error: A file or folder cannot be read or written.\n"),
        ("1 // 0", "Traceback"),
    ):
        finished = subprocess.run(
            [sys.executable, "-c", code.format(statement)], capture_output=True, text=True, check=False
        )
        assert finished.returncode == 1
        assert finished.stderr.startswith(said)


def test_a_reply_nested_more_deeply_than_python_goes_is_a_shape() -> None:
    """A server's JSON that can be read and not be shown."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ReplyShapeError, match="nested too deeply"):
        read_replies({"choices": [{"message": deep}]})
