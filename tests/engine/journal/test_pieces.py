"""Pieces of work that is not whole: kept as they come, found by the next run, and gone with the work or with its sample."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sparkle_curation.engine.journal import pieces as pieces_module
from sparkle_curation.engine.journal.faults import JournalError
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.pieces import Piece, pieces_path, read_pieces
from sparkle_curation.engine.journal.purging import purge_journal
from sparkle_curation.engine.journal.records import FIRST_LINE
from sparkle_curation.engine.journal.shard_journal import ShardJournal, merge_shards
from sparkle_curation.engine.shards import Shard

SCHEMA = pa.schema([("key", pa.string()), ("error", pa.string())])


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Empty; work that had no reply is done again."""
    return Journal(tmp_path / "x.journal", SCHEMA, retried_errors=["no_reply"])


def piece(key: str, number: int = 0) -> Piece:
    """A piece of a work."""
    return Piece(key, f"{key} {number}", {"text": f"\u00e4 {number}"})


def rows(*keys: str, error: str | None = None) -> pa.Table:
    """What the journal notes of whole work."""
    return pa.table({"key": list(keys), "error": pa.array([error] * len(keys), pa.string())})


def add(journal: Journal, *found: Piece) -> None:
    """Pieces that a run leaves."""
    with journal, journal.keeping_pieces() as pieces:
        pieces.add(found)


def left(journal: Journal) -> list[str]:
    """The names of what lies beside a journal."""
    return [each.name for each in read_pieces(journal.path)]


def test_a_piece_is_found_by_the_next_run_under_its_own_name_alone(journal: Journal) -> None:
    """Not by the run that added it, which has it; nor for another work."""
    with journal, journal.keeping_pieces() as pieces:
        pieces.add([piece("a", 0), piece("a", 1)])
        assert pieces.find("a", "a 0") is None
    with journal, journal.keeping_pieces() as pieces:
        assert len(pieces) == 2
        assert pieces.find("a", "a 1") == {"text": "\u00e4 1"}
        assert pieces.find("b", "a 1") is None


def test_pieces_go_with_the_work_that_is_noted(journal: Journal) -> None:
    """What is to be done again keeps its own; without any the file goes."""
    with journal, journal.keeping_pieces() as pieces:
        pieces.add([piece("a")])
        pieces.add([piece("b"), piece("c")])
        journal.append(rows("a"))
        journal.append(rows("b", error="no_reply"))
    assert left(journal) == ["b 0", "c 0"]
    with journal, journal.keeping_pieces() as pieces:
        journal.append(rows("c"))
        journal.append(rows("b"))
        assert left(journal) == ["b 0", "c 0"], "they were not added by this run, and the next drops them"
    assert not pieces_path(journal.path).exists()


def test_all_that_a_run_added_and_noted_goes_at_once(journal: Journal) -> None:
    """So that the file holds no more than what is in hand, however long the run is."""
    with journal, journal.keeping_pieces() as pieces:
        for key in "abc":
            pieces.add([piece(key)])
            journal.append(rows(key))
            assert pieces_path(journal.path).stat().st_size == len(FIRST_LINE)
    assert not pieces_path(journal.path).exists()


def test_a_long_file_is_rewritten(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """With several batches in hand it is never empty."""
    monkeypatch.setattr(pieces_module, "_LONG_BYTES", 200)
    with journal, journal.keeping_pieces() as pieces:
        pieces.add([piece("stays")])
        for key in "abcdefghij":
            pieces.add([piece(key)])
            journal.append(rows(key))
            assert pieces_path(journal.path).stat().st_size < 600
    assert left(journal) == ["stays 0"]


def test_a_killed_run_between_noting_and_dropping_leaves_nothing(journal: Journal) -> None:
    """What the journal has is whole, whatever lies beside it."""
    add(journal, piece("a"), piece("b"))
    with journal:
        journal.append(rows("a"))
    with journal, journal.keeping_pieces() as pieces:
        assert len(pieces) == 1
    assert left(journal) == ["b 0"]


@pytest.mark.parametrize("cut", [1, 10, 30])
def test_a_torn_end_is_told_and_dropped(journal: Journal, cut: int, caplog: pytest.LogCaptureFixture) -> None:
    """The pieces before it stand, and those after it are written behind them."""
    with journal, journal.keeping_pieces() as pieces:
        pieces.add([piece("a")])
        pieces.add([piece("b")])
    path = pieces_path(journal.path)
    path.write_bytes(path.read_bytes()[:-cut])
    with caplog.at_level(logging.WARNING), journal, journal.keeping_pieces() as pieces:
        pieces.add([piece("c")])
    assert "bytes that a killed run left" in caplog.text
    assert left(journal) == ["a 0", "c 0"]


def test_a_file_that_is_none_is_refused(journal: Journal) -> None:
    """And is left as it is."""
    with journal:
        pieces_path(journal.path).write_text("mine")
        with pytest.raises(JournalError, match="should be a journal is none"), journal.keeping_pieces():
            raise AssertionError
    assert pieces_path(journal.path).read_text() == "mine"


def test_who_takes_the_journal_away_has_its_work_done_anew(journal: Journal) -> None:
    """As its advice says."""
    add(journal, piece("a"))
    journal.path.unlink()
    with journal, journal.keeping_pieces() as pieces:
        assert not len(pieces)


def test_pieces_of_excluded_samples_go_and_others_stay(journal: Journal) -> None:
    """Also those of nobody known."""
    add(journal, piece("a"), piece("b"), piece("c"))
    with journal:
        journal.note_wanted(pa.array(["a", "b"]), ids=pa.array(["A", "B"]))

    def nothing(found: pa.Table) -> np.ndarray:
        return np.zeros(found.num_rows, np.bool_)

    assert purge_journal(journal.path, frozenset({"A"}), nothing, is_dry=True).noted == 4
    assert len(left(journal)) == 3
    purge = purge_journal(journal.path, frozenset({"A"}), nothing, is_dry=False)
    assert purge.noted == 4
    assert purge.freed_bytes > 0
    assert left(journal) == ["b 0"]


def test_pieces_that_nobody_wants_are_pruned(journal: Journal) -> None:
    """A dry run leaves them."""
    add(journal, piece("a"), piece("old"))
    with journal:
        journal.note_wanted(pa.array(["a"]))
        journal.prune(is_dry=True)
        assert left(journal) == ["a 0", "old 0"]
        journal.prune(is_dry=False)
    assert left(journal) == ["a 0"]


def test_a_shard_finds_its_pieces_before_and_after_they_are_merged(journal: Journal) -> None:
    """They go to the whole journal, from which a shard takes what is its own."""
    shard = ShardJournal(journal, Shard(2, 0))
    with shard, shard.keeping_pieces() as pieces:
        shard.note_asked(pa.array(["a", "b"]), pa.array(["A", "B"]))
        pieces.add([piece("a"), piece("b")])
        shard.append(rows("a"))
    merge_shards(journal)
    assert left(journal) == ["b 0"]
    assert left(shard) == []
    with shard, shard.keeping_pieces() as pieces:
        assert pieces.find("b", "b 0") is not None
        shard.append(rows("b"))
    merge_shards(journal)
    with journal, journal.keeping_pieces() as pieces:
        assert not len(pieces)
    assert not pieces_path(journal.path).exists()
