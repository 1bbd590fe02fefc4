"""One writer, or any number of readers; who has a lock is told, and a lock ends with its process."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import LockedError

WRITE, READ = Claim("ingest", is_writing=True), Claim("ingest", is_writing=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the locks are: in a data root that is not there yet."""
    return tmp_path / "data" / ".locks"


@contextmanager
def holding(folder: Path, *claims: Claim, run: str = "report") -> Iterator[None]:
    """A run that has them, in this process: a lock belongs to an open file and not to a process."""
    locks = RunLocks(folder, run)
    locks.take(claims)
    try:
        yield
    finally:
        locks.release()


@pytest.mark.parametrize(("first", "second"), [(WRITE, WRITE), (WRITE, READ), (READ, WRITE)])
def test_a_writer_is_alone(folder: Path, first: Claim, second: Claim) -> None:
    """Neither another writer nor a reader gets in; the sentence says who is there, and since when."""
    with (
        holding(folder, first, run="kedro run --pipelines curate"),
        pytest.raises(LockedError) as caught,
        holding(folder, second),
    ):
        pass
    told = caught.value
    assert "'ingest'" in told.what
    assert re.fullmatch(
        rf"kedro run --pipelines curate on {re.escape(socket.gethostname())}, process {os.getpid()}, "
        r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00",
        str(told.got),
    )
    assert told.where == folder.parent
    with holding(folder, second):
        pass


def test_readers_get_in_together(folder: Path) -> None:
    """Two read at once; a writer who comes meanwhile is told of both, and gets in once both have ended."""
    with holding(folder, READ, run="report"):
        with (
            holding(folder, READ, run="diff"),
            pytest.raises(LockedError, match=r"report on .*; diff on"),
            holding(folder, WRITE),
        ):
            pass
        with pytest.raises(LockedError, match="reads what this run writes"), holding(folder, WRITE):
            pass
    with holding(folder, WRITE):
        pass


def test_nothing_is_left_of_a_lock_that_was_given_back(folder: Path) -> None:
    """Neither its file nor the folders that were made for it; a folder that has something stays."""
    with holding(folder, WRITE, Claim("inspect", is_writing=False)):
        assert {path.name for path in folder.iterdir()} == {"ingest.lock", "inspect.lock"}
    assert not folder.parent.exists()
    with holding(folder, WRITE):
        (folder.parent / "made").touch()
    assert [path.name for path in folder.parent.iterdir()] == ["made"]


def test_all_or_none_are_taken(folder: Path) -> None:
    """Who cannot have the second does not keep the first."""
    with holding(folder, Claim("inspect", is_writing=True)):
        with (
            pytest.raises(LockedError, match="'inspect'"),
            holding(folder, Claim("inspect", is_writing=True), WRITE),
        ):
            pass
        with holding(folder, WRITE):
            pass


HOLDER = """
import sys
from pathlib import Path
from sparkle_curation.engine.io.locks import Claim, RunLocks
locks = RunLocks(Path(sys.argv[1]), "score")
locks.take([Claim("ingest", False)])
print("taken", flush=True)
sys.stdin.read()
"""


def test_a_killed_run_leaves_no_lock(folder: Path) -> None:
    """Its file is there, names it, and keeps nobody out."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"taken\n"
        with pytest.raises(LockedError, match=f"score on .*, process {process.pid},"), holding(folder, WRITE):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert str(process.pid) in (folder / "ingest.lock").read_text()
    with holding(folder, READ), pytest.raises(LockedError) as caught, holding(folder, WRITE):
        pass
    assert str(process.pid) not in str(caught.value.got)


def test_a_lock_of_nobody_who_signed_is_told(folder: Path) -> None:
    """Where the line could not be written, or is half a line."""
    folder.mkdir(parents=True)
    with (folder / "ingest.lock").open("w") as file:
        file.write('{"run": "cur')
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(LockedError, match="did not say who it is"), holding(folder, WRITE):
            pass


def test_where_nothing_can_be_locked_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says that another run would not be noticed; a file stands where the folder would be."""
    (tmp_path / "file").touch()
    with holding(tmp_path / "file" / ".locks", WRITE):
        pass
    assert "would not be noticed" in caplog.text
