"""Rows of journals that no run wants any more are counted, and none is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from sparkle_curation.doctor.finding import State
from sparkle_curation.doctor.journals import check_journals
from sparkle_curation.doctor.setup import Setup
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.media.probe.batch_probe import JOURNAL_SCHEMA

SetupOf = Callable[..., Setup]


def journal_of(data_root: Path) -> Journal:
    """The journal of the probes."""
    return Journal(data_root / "journals" / "inspect.journal", JOURNAL_SCHEMA)


def test_no_journals_are_no_fault(setup_of: SetupOf) -> None:
    """Before the first run there are none."""
    (found,) = check_journals(setup_of())
    assert (found.state, found.found) == (State.OK, "none yet")


def test_rows_that_no_run_wants_are_counted(setup_of: SetupOf, data_root: Path) -> None:
    """With the pipeline that drops them; the journal stays as it is, even while another process has it open."""
    journal = journal_of(data_root)
    row = dict.fromkeys(JOURNAL_SCHEMA.names) | {"key": "of other code"}
    (all_wanted,) = check_journals(setup_of(data_root=data_root))
    assert all_wanted.state == State.OK
    assert all_wanted.found.endswith("all wanted")
    with journal:
        journal.append(pa.Table.from_pylist([row], JOURNAL_SCHEMA))
        before = journal.path.read_bytes()
        (found,) = check_journals(setup_of(data_root=data_root))
    assert found.state == State.WARNING
    assert found.found.startswith("1 of ")
    assert "--pipelines prune" in found.todo
    assert journal.path.read_bytes() == before


def test_a_journal_of_which_no_run_said_anything_is_left_alone(setup_of: SetupOf, data_root: Path) -> None:
    """As ``prune`` leaves it."""
    for note in (data_root / "journals").glob(".*.wanted"):
        note.unlink()
    (found,) = check_journals(setup_of(data_root=data_root))
    assert (found.state, "no run has noted" in found.found) == (State.OK, True)


def test_a_long_journal_is_not_read(setup_of: SetupOf, data_root: Path) -> None:
    """It would take longer than anyone waits."""
    (found,) = check_journals(setup_of(data_root=data_root), most_bytes=10)
    assert "too long to be looked through" in found.found


def test_a_file_that_is_no_journal_is_a_problem(setup_of: SetupOf, data_root: Path) -> None:
    """In the words of the run that would open it."""
    journal_of(data_root).path.write_text("something else\n", "utf-8")
    (found,) = check_journals(setup_of(data_root=data_root))
    assert found.state == State.PROBLEM
    assert "should be a journal is none" in found.found
