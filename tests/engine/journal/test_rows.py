"""Rows of a journal by key: the last of each, as the journal was, whatever order they are asked for in."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.rows import JournalRows

SCHEMA = pa.schema(
    [("key", pa.string()), ("value", pa.int64()), ("error", pa.string()), ("error_detail", pa.string())]
)


def rows(*values: tuple[str, int | None, str | None]) -> pa.Table:
    """Rows of key, value and error; the detail of an error is its text in capitals."""
    told = [
        {"key": key, "value": value, "error": error, "error_detail": error and error.upper()}
        for key, value, error in values
    ]
    return pa.Table.from_pylist(told, schema=SCHEMA)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Three records: `a` failed and was done again, `c` failed and stands so."""
    made = Journal(tmp_path / "some.journal", SCHEMA, retried_errors=["busy"])
    with made:
        made.append(rows(("a", None, "busy"), ("b", 2, None)))
        made.append(rows(("c", None, "broken"), ("d", 4, None)))
        made.append(rows(("a", 1, None)))
    return made


def values(found: pa.Table) -> list[tuple[str, int | None]]:
    """Key and value of each row."""
    return [(row["key"], row["value"]) for row in found.to_pylist()]


def test_rows_are_the_last_of_their_key_in_the_journals_order(journal: Journal) -> None:
    """A key that the journal lacks has no row, one that is asked for twice has one."""
    found = JournalRows(journal)
    assert values(found.take(["a", "d", "never", "b", "d"])) == [("b", 2), ("d", 4), ("a", 1)]
    assert found.take([]).schema == SCHEMA


def test_what_is_known_without_unpacking(journal: Journal) -> None:
    """A failure that was made good is none any more."""
    found = JournalRows(journal)
    assert ("a" in found, "never" in found) == (True, False)
    assert found.failures("abc") == [None, None, ("broken", "BROKEN")]


def test_rows_stay_while_the_journal_goes_on(journal: Journal) -> None:
    """A compaction puts a new file in place; what was looked up before is of the old one."""
    found = JournalRows(journal)
    with journal:
        journal.append(rows(("b", 20, None)))
        assert journal.compact(["b"]) == 5
    assert values(found.take(["b", "d"])) == [("b", 2), ("d", 4)]
    assert values(JournalRows(journal).take(["b", "d"])) == [("b", 20)]


def test_a_journal_of_an_older_version_lacks_columns(tmp_path: Path) -> None:
    """They are null, as the journal itself reads them."""
    old = Journal(tmp_path / "some.journal", pa.schema([("key", pa.string()), ("value", pa.int64())]))
    with old:
        old.append(pa.table({"key": ["a"], "value": [1]}))
    found = JournalRows(Journal(old.path, SCHEMA))
    assert found.take(["a"]).to_pylist() == [{"key": "a", "value": 1, "error": None, "error_detail": None}]
    assert found.failures("a") == [None]


def test_the_work_is_reported_in_bytes(journal: Journal) -> None:
    """Of the records that are wanted, each once while rows are asked for in order."""
    found = JournalRows(journal)
    total = found.size_bytes(["b", "c", "d", "never"])
    assert 0 < total < journal.path.stat().st_size
    for key in ("b", "c", "d"):
        found.take([key])
    assert found.bytes_read == total
