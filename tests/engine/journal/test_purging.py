"""A journal without some samples: their rows and notes go, and every other record stays as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sparkle_curation.engine.journal.faults import JournalError
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.owners import owners_path, read_owners
from sparkle_curation.engine.journal.purging import JournalPurge, purge_journal
from sparkle_curation.engine.journal.records import bytes_of, find_records

SCHEMA = pa.schema([("key", pa.string()), ("text", pa.string())])


def nothing(rows: pa.Table) -> np.ndarray:
    """No row tells of anybody by what stands in it."""
    return np.zeros(rows.num_rows, np.bool_)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Three records: of a and b, of c alone, of d, whose owner nobody noted; `shared` is a's and c's."""
    journal = Journal(tmp_path / "x.journal", SCHEMA)
    with journal:
        for keys in (["a", "b"], ["c", "shared"], ["d"]):
            journal.append(pa.table({"key": keys, "text": [f"of {key}" for key in keys]}))
        journal.note_wanted(pa.array(["a", "b"]), ids=pa.array(["A", "B"]))
        journal.note_wanted(pa.array(["c", "shared", "shared"]), "other", ids=pa.array(["C", "A", "C"]))
    return journal


def records(path: Path) -> list[bytes]:
    """The records as they stand in the file."""
    with path.open("rb") as file:
        return [bytes_of(file, record) for record in find_records(file)]


def test_their_rows_go_and_others_stay_byte_for_byte(journal: Journal) -> None:
    """Also rows of nobody known, which are counted; what they share with others stays; a dry run changes nothing."""
    before, size = records(journal.path), journal.path.read_bytes()
    dry = purge_journal(journal.path, frozenset({"A"}), nothing, is_dry=True)
    assert dry[:4] == JournalPurge(5, 2, 1, 3, 0)[:4]
    assert journal.path.read_bytes() == size
    purge_journal(journal.path, frozenset({"A"}), nothing, is_dry=False)
    assert journal.read()["key"].to_pylist() == ["b", "c", "shared"]
    assert records(journal.path)[1] == before[1]
    assert sorted(read_owners(journal.path).to_pylist(), key=str) == [
        {"key": "b", "id": "B"},
        {"key": "c", "id": "C"},
        {"key": "shared", "id": "C"},
    ]
    assert purge_journal(journal.path, frozenset({"A"}), nothing, is_dry=False)[1:4] == (0, 0, 0)


def test_a_row_that_tells_of_them_goes_whoever_owns_it(journal: Journal) -> None:
    """By what stands in it, as in the answer of a model."""
    purge_journal(
        journal.path,
        frozenset(),
        lambda rows: np.array([text == "of c" for text in rows["text"].to_pylist()]),
        is_dry=False,
    )
    assert journal.read()["key"].to_pylist() == ["a", "b", "shared"]


def test_what_a_killed_run_left_goes(journal: Journal) -> None:
    """Half a record is packed: nobody can tell whose it is."""
    with journal.path.open("ab") as file:
        file.write(b"\xf5row half")
    purge_journal(journal.path, frozenset(), nothing, is_dry=False)
    assert not journal.path.read_bytes().endswith(b"half")


def test_owners_are_noted_for_good(journal: Journal) -> None:
    """A later run of other code notes its own keys, and those of before stay known; a torn end is written over."""
    with owners_path(journal.path).open("ab") as file:
        file.write(b"\xf5row half")
    with journal:
        journal.note_wanted(pa.array(["e"]), ids=pa.array(["E"]))
    assert read_owners(journal.path)["key"].to_pylist() == ["a", "b", "c", "shared", "shared", "e"]


def test_a_journal_that_is_written_to_is_left(journal: Journal) -> None:
    """Another run has it open."""
    with journal, pytest.raises(JournalError, match="Another run"):
        purge_journal(journal.path, frozenset({"A"}), nothing, is_dry=False)
