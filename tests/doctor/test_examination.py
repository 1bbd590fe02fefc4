"""All checks together: their order, their table, and the command."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from kedro.framework.cli.cli import KedroCLI
from rich.console import Console
from tests.doctor.test_outputs import MEDIA, with_footer

from sparkle_curation.datasets.tables.table_dataset import WRITER_KEY
from sparkle_curation.doctor.examination import examine, show
from sparkle_curation.doctor.finding import Finding, State
from sparkle_curation.doctor.setup import Setup

SetupOf = Callable[..., Setup]


def shown(*findings: Finding, width: int = 80) -> tuple[bool, str]:
    """Whether all is well, and what a terminal of that width shows."""
    file = io.StringIO()
    is_well = show(findings, Console(file=file, width=width, force_terminal=False))
    return is_well, file.getvalue()


def test_secrets_of_an_address_are_not_shown() -> None:
    """Neither user and password nor what a query holds."""
    url = "https://user:pw@127.0.0.1:9/x?token=abc"
    _, text = shown(Finding("release", State.OK, f"{url} is a URL", f"look at {url}"), width=200)
    assert text.count("https://***@127.0.0.1:9/x?***") == 2
    assert "pw" not in text
    assert "abc" not in text


def test_what_to_do_stands_below_what_was_found() -> None:
    """A problem makes the command fail, a warning does not."""
    warning = Finding("disk", State.WARNING, "little room", "free some")
    problem = Finding("release", State.PROBLEM, "not there")
    is_well, text = shown(warning)
    assert is_well
    assert [line.split() for line in text.splitlines()[-3:]] == [
        ["warning", "disk", "little", "room"],
        ["→", "free", "some"],
        ["0", "problems,", "1", "warning"],
    ]
    assert not shown(warning, problem)[0]


@pytest.mark.parametrize("width", [80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Long paths are folded, and none of their letters is lost."""
    path = "x" * 300
    _, text = shown(Finding("outputs of near_duplicates", State.OK, path, path), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("x") == 600


def test_names_of_files_do_not_command_the_terminal() -> None:
    """Neither by control characters nor by the table's own markup."""
    _, text = shown(Finding("release", State.OK, "a\x1b[31mb [red]c[/red]"))
    assert "a\\x1b[31mb [red]c[/red]" in text


def test_what_needs_a_description_waits_until_it_is_right(kedro_project: Path, tmp_path: Path) -> None:
    """The machine is looked at all the same."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(kedro_project / name, tmp_path)
    (tmp_path / "conf" / "base").mkdir(parents=True)
    (tmp_path / "conf" / "base" / "dataset.yml").write_text("format: 1\n", "utf-8")
    found = list(examine(Setup(tmp_path)))
    assert [each.subject for each in found][-2:] == ["description", "the rest"]
    assert found[-2].state == State.PROBLEM
    assert "FFmpeg" in {each.subject for each in found}


def test_the_command_is_among_those_of_kedro(kedro_project: Path) -> None:
    """With what it does."""
    told = CliRunner().invoke(KedroCLI(kedro_project), ["--help"])
    assert "doctor" in told.output
    assert "Say what may keep a run from going well" in told.output


def test_faults_of_several_kinds_are_told_by_the_command(
    checkout: Path, sample_release: Path, data_root: Path, tmp_path: Path
) -> None:
    """An old name, a table of other code, and a shard that is gone: each has its line, and the command fails."""
    release = Path(shutil.copytree(sample_release, tmp_path / "release"))
    (release / "location_edited_video_part00.tar").unlink()
    with_footer(data_root / MEDIA, WRITER_KEY, b"0" * 32)
    (data_root / "journals" / "twins.journal").write_bytes(b"")
    roots = f"data_root={data_root},release_root={release}"
    finished = subprocess.run(
        [sys.executable, "-m", "kedro", "doctor", "--params", roots],
        cwd=checkout,
        env=os.environ | {"DO_NOT_TRACK": "1", "COLUMNS": "400"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 1, finished.stderr
    lines = [" ".join(line.split()) for line in finished.stdout.splitlines()]
    for expected in (
        "problem release gone since the tables were made: location_edited_video_part00.tar; the next ingest",
        "warning outputs of inspect media: written by other code",
        "→ kedro run --pipelines inspect",
        "warning old names journals/twins.journal is called near_duplicates.journal now",
    ):
        assert any(line.startswith(expected) for line in lines), expected
    assert lines[-1].startswith("1 problem, ")
    assert finished.stderr == ""
