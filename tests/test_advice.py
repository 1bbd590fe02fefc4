"""Commands in messages repeat what the run was given, and then do what is meant when they are typed."""

from __future__ import annotations

import io
import logging
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from tests.conftest import CHECKOUT, Project

from sparkle_curation.commands import as_typed, note_run
from sparkle_curation.doctor.examination import show
from sparkle_curation.doctor.finding import Finding, State
from sparkle_curation.engine.log_text import AsShown
from sparkle_curation.errors import MissingTableError

FIRST = "make it first: kedro run --pipelines ingest"


def test_a_run_that_was_given_nothing_adds_nothing() -> None:
    """Nor does it quote what a message names itself."""
    text = "kedro run --pipelines extract --params extract.folder=/path/to/folder; or kedro run --pipelines curate"
    assert as_typed(text) == text


@pytest.mark.parametrize(
    ("params", "text", "told"),
    [
        ({"threshold": 8.5}, "kedro run --pipelines a,b.", "kedro run --pipelines a,b --params threshold=8.5."),
        ({"allow_empty": True}, "(`kedro run --pipelines a`)", "(`kedro run --pipelines a --params allow_empty=true`)"),
        ({"themes": "1"}, "kedro run --pipelines a", """kedro run --pipelines a --params 'themes="1"'"""),
        ({"threshold": None}, "kedro run --pipelines a", "kedro run --pipelines a --params threshold=null"),
        ({"a": {"b": 1}}, "kedro run --pipelines a --params a.b=2, or", "kedro run --pipelines a --params a.b=2, or"),
        ({"a": 1}, "kedro run --pipelines a --params 'b=x y'", "kedro run --pipelines a --params 'a=1,b=x y'"),
        (
            {"release_root": "s3://me:secret@bucket/x"},
            "kedro run --pipelines a",
            "kedro run --pipelines a --params 'release_root=s3://***@bucket/x'",
        ),
        ({"a": 1}, "a kedro run that ends, and kedro registry list", "a kedro run that ends, and kedro registry list"),
    ],
)  # fmt: skip
def test_a_command_gets_what_the_run_was_given(params: dict[str, object], text: str, told: str) -> None:
    """What it names itself stays; no password is told; other text stays as it is."""
    note_run(None, params)
    assert as_typed(text) == told


def test_an_environment_is_repeated() -> None:
    """Once, and only where the run was given one."""
    note_run("other", {})
    told = "kedro run --pipelines ingest --env other"
    assert as_typed("kedro run --pipelines ingest") == told
    assert as_typed(told) == told


def test_each_view_of_a_message_completes_it() -> None:
    """An error on the command line, but not what another run is said to do; the log; the doctor's table."""
    note_run(None, {"data_root": "/x"})
    done = f"{FIRST} --params data_root=/x"
    error = MissingTableError("No", got="kedro run --pipelines ingest", todo=FIRST)
    assert error.format_message().splitlines()[1:] == [
        "  got:     kedro run --pipelines ingest",
        f"  do:      {done}",
    ]
    record = logging.LogRecord("a", logging.INFO, "", 0, "%s", (FIRST,), None)
    assert AsShown().filter(record)
    assert record.getMessage() == done
    console = Console(width=200, file=io.StringIO())
    show([Finding("table", State.WARNING, "absent", FIRST)], console)
    assert done in console.file.getvalue()  # type: ignore[attr-defined]


def test_what_an_error_says_to_type_works(project: Project) -> None:
    """In the data root of the run that failed, whose name has a blank."""
    own = Project(project.release_root, project.data_root.with_name("my data"))
    with pytest.raises(MissingTableError) as error:
        own.run_here("inspect")
    command = re.search(r"first: (kedro run .*?), or", error.value.format_message())
    assert command is not None
    words = [sys.executable, "-m", *shlex.split(command[1])]
    subprocess.run(words, cwd=CHECKOUT, check=True, capture_output=True)
    assert Path(own.table("assets")).exists()
