"""A journal keeps what was appended, whatever happens to the writer, the disk or the file."""

from __future__ import annotations

import base64
import logging
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.full_disk import files_of_at_most

from sparkle_curation.engine.journal.faults import JournalError
from sparkle_curation.engine.journal.journal import Journal, Pruning
from sparkle_curation.engine.journal.records import FIRST_LINE, record_of, replace_file
from sparkle_curation.engine.journal.rows import JournalRows

SCHEMA = pa.schema([("key", pa.string()), ("value", pa.int64()), ("error", pa.string())])


def rows(*pairs: tuple[str, int | None], error: str | None = None) -> pa.Table:
    """Rows of a journal, as key and value."""
    keys, values = zip(*pairs, strict=True) if pairs else ((), ())
    return pa.table([keys, values, [error] * len(keys)], schema=SCHEMA)


def pairs(journal: Journal) -> list[tuple[str, int]]:
    """The rows of a journal, as key and value."""
    return [(row["key"], row["value"]) for row in journal.read().to_pylist()]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal that is not there yet, in a folder that is not there either."""
    return Journal(tmp_path / "journals" / "made.journal", SCHEMA)


def filled(journal: Journal, batches: int = 3) -> Journal:
    """The journal with batches of two rows: a0 b0, a1 b1 and so on."""
    with journal:
        for number in range(batches):
            journal.append(rows((f"a{number}", number), (f"b{number}", number)))
    return journal


def test_rows_come_back_in_their_order(journal: Journal) -> None:
    """In this process and in the next one."""
    filled(journal)
    expected = [("a0", 0), ("b0", 0), ("a1", 1), ("b1", 1), ("a2", 2), ("b2", 2)]
    assert pairs(journal) == expected
    assert pairs(Journal(journal.path, SCHEMA)) == expected
    assert journal.read().schema == SCHEMA


def test_a_journal_that_is_not_there_is_empty(journal: Journal) -> None:
    """Reading it makes nothing; opening it makes an empty one."""
    assert journal.read().num_rows == 0
    assert not journal.path.exists()
    with journal:
        journal.append(rows())
    assert journal.path.read_bytes() == FIRST_LINE
    assert journal.read().schema == SCHEMA


def test_the_last_row_of_a_key_holds(journal: Journal) -> None:
    """Work that is done again replaces what it gave before, in its place behind the others."""
    filled(journal)
    with journal:
        journal.append(rows(("b1", 10)))
    assert pairs(journal) == [("a0", 0), ("b0", 0), ("a1", 1), ("a2", 2), ("b2", 2), ("b1", 10)]


def test_wanted_keys_remain_once_unless_they_are_there(journal: Journal) -> None:
    """Marked in the order in which they are wanted."""
    wanted = ["z", "b1", "c", "a0", "z"]
    assert filled(journal).remaining(wanted).tolist() == [True, False, True, False, False]


def test_errors_that_are_to_be_tried_again_remain(tmp_path: Path) -> None:
    """Until a later row of the key has another error or none; other errors stand."""
    journal = Journal(tmp_path / "j", SCHEMA, retried_errors=["timeout"])
    with journal:
        journal.append(rows(("a", None), ("b", None), error="timeout"))
        journal.append(rows(("c", None), error="broken"))
        assert journal.remaining("abc").tolist() == [True, True, False]
        journal.append(rows(("a", 1)))
        assert journal.remaining("abc").tolist() == [False, True, False]


def test_rows_of_other_columns_are_refused(journal: Journal) -> None:
    """A batch that lacks a column never reaches the file."""
    filled(journal)
    before = journal.path.read_bytes()
    with journal, pytest.raises(KeyError):
        journal.append(pa.table({"key": ["a"]}))
    assert journal.path.read_bytes() == before


def test_a_journal_needs_its_key(tmp_path: Path) -> None:
    """A schema without one is a mistake of the caller, as is an error column that is not there."""
    with pytest.raises(ValueError, match="'key'"):
        Journal(tmp_path / "j", pa.schema([("id", pa.string())]))
    with pytest.raises(ValueError, match="'error'"):
        Journal(tmp_path / "j", pa.schema([("key", pa.string())]), retried_errors=["timeout"])


def test_only_an_open_journal_is_written_to(journal: Journal) -> None:
    """Else two could write at once."""
    with pytest.raises(ValueError, match="with journal"):
        journal.append(rows(("a", 1)))
    with pytest.raises(ValueError, match="with journal"):
        journal.compact([])


# ------------------------------------------------------------------ what happens to the file
@given(data=st.data())
def test_a_file_cut_anywhere_keeps_its_whole_batches(data: st.DataObject) -> None:
    """What a kill can leave: the batches before the cut stay, the torn one goes, and the journal goes on."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder, "j"), SCHEMA)
        ends = []
        with journal:
            for number in range(4):
                ends.append(journal.path.stat().st_size)
                journal.append(rows((f"a{number}", number)))
        whole = journal.path.read_bytes()
        end = data.draw(st.integers(0, len(whole) - 1))
        journal.path.write_bytes(whole[:end])
        kept = sum(end >= start for start in ends[1:])
        with journal:
            assert pairs(journal) == [(f"a{number}", number) for number in range(kept)]
            journal.append(rows(("new", 9)))
        assert pairs(journal)[-1] == ("new", 9)
        assert len(pairs(journal)) == kept + 1


@given(data=st.data())
def test_a_flipped_byte_costs_one_batch_at_most(data: st.DataObject) -> None:
    """Whatever it hits behind the first line, all other batches stay; nothing wrong is ever read."""
    with tempfile.TemporaryDirectory() as folder:
        journal = filled(Journal(Path(folder, "j"), SCHEMA), batches=4)
        content = bytearray(journal.path.read_bytes())
        place = data.draw(st.integers(len(FIRST_LINE), len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        journal.path.write_bytes(content)
        with journal:
            found = pairs(journal)
        expected = [(f"{letter}{number}", number) for number in range(4) for letter in "ab"]
        assert len(found) == 6
        assert set(found) < set(expected)
        assert pairs(journal) == found


def test_what_is_cut_short_is_said(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    """How much, and of which journal; the next opening has nothing to say."""
    filled(journal)
    with journal.path.open("ab") as file:
        file.write(b"\xf5row and then the power went")
    with caplog.at_level(logging.WARNING), journal:
        pass
    assert "made.journal: cut off 28 bytes that a killed run left" in caplog.text
    caplog.clear()
    with journal:
        assert len(pairs(journal)) == 6
    assert caplog.text == ""


def test_another_file_is_not_touched(journal: Journal) -> None:
    """A path that points to something else stops the run and leaves that as it is, however short."""
    for content in (b"PAR1 and more than a line of something else", b"short"):
        journal.path.parent.mkdir(exist_ok=True)
        journal.path.write_bytes(content)
        with pytest.raises(JournalError, match=r"made\.journal"), journal:
            pass
        assert journal.path.read_bytes() == content


# ------------------------------------------------------------------ versions
def test_a_column_that_is_new_is_null_in_old_rows(tmp_path: Path) -> None:
    """Costly work of an older version is not lost."""
    older = Journal(tmp_path / "j", pa.schema([("key", pa.string()), ("gone", pa.int64())]))
    with older:
        older.append(pa.table({"key": ["a"], "gone": [1]}))
    with Journal(tmp_path / "j", SCHEMA) as journal:
        journal.append(rows(("b", 2)))
        assert pairs(journal) == [("a", None), ("b", 2)]


WRITTEN_BEFORE = (
    "eNp9Uj1LA0EQnbtczhi2OERQQeUKCTbinF/RRmxS+A9sN3EFTciFNfED/BEW/gDBxtLG3kryBwRLK2sbS9HZ3eFyXIgPZt++2dmZ"
    "t9yd96Rud9Raa6Bl/zTtxmfpQHdlJ06q3zq9/PLBYv/z8OEtarz+Et5JRzZbBQEhlKFCO4IXkAZSFVoDXgFKFDcUyPqeelBx2fSY"
    "55xBmUJpnWriO6oZujrf1MWFugvZGSg7S1BM2VnGwYH1Nks6pKywynkdn2d8tdU16SDLmffFHlAHB0E33AuF7QalABaJPmAEAcs0"
    "I8hqnihWeJYPeYTWa8heKzAZS8wxc535iHmGuce8wHxbOH8s9Bsyz+VmlcZ8jrQ3QQvm1ef1n1jIkdma29by57XEA0RMcAM3cQu3"
    "cQfruIt7KLGJLTxGhScy7qurftbf3vOms4FRPh81KOHR0cZL0Vd2z//Hp/sUeXLnYQLQ1Glbde1/YPJ/FEVWqQ=="
)
"""A journal as the first versions of this project wrote it, packed."""


def test_a_journal_that_was_written_before_opens(journal: Journal) -> None:
    """The format is that of the first version, whose files hold costly work."""
    content = zlib.decompress(base64.b64decode(WRITTEN_BEFORE))
    journal.path.parent.mkdir()
    journal.path.write_bytes(content)
    with journal:
        assert pairs(journal) == [("000102030405060708090a0b0c0d0e0f", 1), ("a text", None)]
        assert not journal.remaining(["000102030405060708090a0b0c0d0e0f", "a text"]).any()
    assert journal.path.read_bytes() == content


@pytest.mark.parametrize("line", [b"sparkle-curation journal 2\n", b"sparkle-curation journal 10\n"])
@pytest.mark.parametrize("rest", [b"", b"records of another shape"])
def test_a_journal_of_a_newer_version_stops_in_words(journal: Journal, line: bytes, rest: bytes) -> None:
    """It is no damage: nothing is read of it and nothing dropped, by whatever way it is come at."""
    journal.path.parent.mkdir()
    journal.path.write_bytes(line + rest)
    told = pytest.raises(JournalError, match=r"(?s)newer version of this project.*made\.journal.*do:")
    with told, journal:
        pass
    with told:
        journal.read()
    with told:
        journal.keys()
    with told:
        JournalRows(journal)
    assert journal.path.read_bytes() == line + rest


def test_a_column_of_another_type_is_reported(tmp_path: Path) -> None:
    """Nothing is guessed: which column, which types, what to do."""
    with Journal(tmp_path / "j", pa.schema([("key", pa.string()), ("value", pa.string())])) as older:
        older.append(pa.table({"key": ["a"], "value": ["1"]}))
    with pytest.raises(JournalError, match=r"(?s)column value.*string.*int64.*move the journal away"):
        Journal(tmp_path / "j", SCHEMA).read()


# ------------------------------------------------------------------ many rows
@given(data=st.data())
def test_a_journal_says_what_a_dict_would(data: st.DataObject) -> None:
    """Whatever was appended, done again, failed and compacted: rows in their order, what is done, what remains."""
    key = st.sampled_from([f"{number:032x}" for number in range(6)] + ["a", "b"])
    row = st.tuples(key, st.integers(0, 99), st.sampled_from([None, "busy", "broken"]))
    expected: dict[str, tuple[int, str | None]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Journal(Path(folder, "j"), SCHEMA, retried_errors=["busy"]) as made,
    ):
        for _ in range(data.draw(st.integers(0, 6))):
            batch = data.draw(st.lists(row, max_size=5))
            made.append(
                pa.table([list(column) for column in zip(*batch, strict=True)] or [[]] * 3, schema=SCHEMA)
            )
            for name, value, error in batch:
                expected.pop(name, None)
                expected[name] = value, error
            if data.draw(st.booleans()):
                kept = data.draw(st.none() | st.sets(key))
                made.compact(None if kept is None else iter(kept))
                expected = {name: told for name, told in expected.items() if kept is None or name in kept}
        told = [(found["key"], found["value"], found["error"]) for found in made.read().to_pylist()]
        assert told == [(name, *rest) for name, rest in expected.items()]
        wanted = data.draw(st.lists(key, max_size=9))
        done = {name for name, (_, error) in expected.items() if error != "busy"}
        keys = made.keys()
        assert len(keys) == len(done)
        assert keys.holds(wanted).tolist() == [name in done for name in wanted]
        first = [name not in wanted[:place] for place, name in enumerate(wanted)]
        assert made.remaining(iter(wanted)).tolist() == [
            is_first and name not in done for is_first, name in zip(first, wanted, strict=True)
        ]
        found = JournalRows(made)
        errors = {name: error for name, (_, error) in expected.items()}
        assert found.failures(wanted) == [(errors[name],) if errors.get(name) else None for name in wanted]
        taken = [row["key"] for row in found.take(wanted).to_pylist()]
        assert taken == [name for name in expected if name in wanted]


@contextmanager
def pool_of_its_own() -> Iterator[pa.MemoryPool]:
    """What Arrow takes in here is counted apart."""
    before = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(before)
    pa.set_memory_pool(pool)
    try:
        yield pool
    finally:
        pa.set_memory_pool(before)


def test_rows_are_read_record_by_record(tmp_path: Path) -> None:
    """Memory is that of a record, not of the journal, where a row was done again, too."""
    schema = pa.schema([("key", pa.string()), ("text", pa.string())])
    journal = Journal(tmp_path / "texts.journal", schema)
    numbers = [*range(40), 7]
    texts = (pa.table([[str(number)], [chr(65 + number) * 1_000_000]], schema=schema) for number in numbers)
    replace_file(journal.path, map(record_of, texts))
    with pool_of_its_own() as pool:
        keys = [rows["key"].to_pylist() for rows in journal.rows()]
        assert pool.max_memory() < 5_000_000
    assert keys == [[str(number)] for number in [*range(7), *range(8, 40), 7]]


def calls_of_compacting(path: Path, records: int) -> int:
    """How often a function or generator is entered while so many records of one row are made one."""
    made = (rows((f"{number:032x}", number)) for number in range(records))
    replace_file(path, map(record_of, made))
    calls = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    with Journal(path, SCHEMA) as journal:
        sys.setprofile(count)
        try:
            journal.compact()
        finally:
            sys.setprofile(None)
        assert len(list(journal.records())) == 1
    return calls


def test_compacting_twice_as_much_takes_twice_as_long(tmp_path: Path) -> None:
    """Counted in calls: a total that is summed up again at each step would take four times as many."""
    calls_of_compacting(tmp_path / "warm", 100)
    assert calls_of_compacting(tmp_path / "2n", 1200) < 2.2 * calls_of_compacting(tmp_path / "n", 600)


# ------------------------------------------------------------------ compaction
def test_compacting_keeps_the_last_rows_of_the_keys_that_are_wanted(journal: Journal) -> None:
    """What is dropped is counted, and the journal goes on."""
    filled(journal)
    with journal:
        journal.append(rows(("b1", 10)))
        size = journal.path.stat().st_size
        assert journal.compact(["b1", "a0", "never there"]) == 5
        assert journal.path.stat().st_size < size
        journal.append(rows(("c", 3)))
    assert pairs(journal) == [("a0", 0), ("b1", 10), ("c", 3)]


def test_what_needs_no_compacting_is_not_rewritten(journal: Journal) -> None:
    """Nothing to drop: the file stays the same file."""
    filled(journal)
    inode = journal.path.stat().st_ino
    with journal:
        assert journal.compact(row["key"] for row in journal.read().to_pylist()) == 0
    assert journal.path.stat().st_ino == inode


def test_many_small_records_become_few(journal: Journal) -> None:
    """Opening each takes as long as one of a thousand rows."""
    filled(journal, batches=200)
    before = journal.read()
    with journal:
        assert journal.compact(before["key"].to_pylist()) == 0
    assert len(list(journal.records())) == 1
    assert journal.read() == before


# ------------------------------------------------------------------ two writers, a full disk
HOLDER = """
import sys
from pathlib import Path
from tests.engine.journal.test_journal import SCHEMA
from sparkle_curation.engine.journal.journal import Journal
with Journal(Path(sys.argv[1]), SCHEMA):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_two_processes_cannot_write_at_once(journal: Journal, checkout: Path) -> None:
    """The second is told; a reader is let in; once the first is killed, its lock is gone."""
    filled(journal)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(journal.path)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [*sys.path, str(checkout)]))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    with holder.stdout, holder.stdin:
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(JournalError, match=r"(?s)Another run.*made\.journal.*data_root"), journal:
            pass
        assert len(pairs(journal)) == 6
        holder.kill()
        holder.wait()
    with journal:
        journal.append(rows(("c", 3)))
    assert len(pairs(journal)) == 7


def test_a_full_disk_is_reported_and_costs_nothing(journal: Journal) -> None:
    """No half of the batch stays, and once there is space later ones go on."""
    filled(journal)
    before = journal.path.read_bytes()
    long = rows(*((os.urandom(16).hex(), number) for number in range(1000)))
    with journal:
        with (
            files_of_at_most(len(before) + 1000),
            pytest.raises(JournalError, match=r"(?s)The disk is full.*made\.journal.*free some space"),
        ):
            journal.append(long)
        assert journal.path.read_bytes() == before
        journal.append(rows(("c", 3)))
    assert len(pairs(journal)) == 7


def test_a_disk_that_is_full_when_compacting_costs_nothing(journal: Journal) -> None:
    """The journal stays as it was."""
    filled(journal)
    before = journal.path.read_bytes()
    with journal:
        with files_of_at_most(100), pytest.raises(JournalError, match="The disk is full"):
            journal.compact(["a0"])
        assert journal.path.read_bytes() == before
    assert [path.name for path in journal.path.parent.iterdir() if path.suffix == ".tmp"] == []


def test_a_compacted_journal_of_long_texts_has_records_of_bounded_size(tmp_path: Path) -> None:
    """Each record is unpacked whole, so it holds no more than some 32 MB, however few rows that is."""
    journal = Journal(tmp_path / "texts.journal", pa.schema([("key", pa.string()), ("text", pa.string())]))
    with journal:
        for number in range(100):
            journal.append(pa.table({"key": [str(number)], "text": [chr(97 + number % 26) * 1_000_000]}))
        assert journal.compact() == 0
        sizes = [record.nbytes for record in journal.records()]
    assert len(sizes) == 3
    assert max(sizes) < 36 << 20
    assert journal.read().num_rows == 100


# ------------------------------------------------------------------ pruning
def pruned(journal: Journal, *, is_dry: bool = False) -> Pruning | None:
    """What pruning the journal comes to."""
    with journal:
        return journal.prune(is_dry=is_dry)


def wanting(journal: Journal, keys: str, part: str = "") -> Journal:
    """The journal, of which some keys of two letters are wanted."""
    with journal:
        journal.note_wanted(keys.split(), part)
    return journal


def test_only_pruning_drops_what_nobody_wants(journal: Journal) -> None:
    """A dry run says the same and drops nothing; compacting and appending leave it; what is wanted stays as it was."""
    wanting(filled(journal), "a1 b2 z9")
    with journal:
        journal.append(rows(("b2", 7)))
        assert journal.compact() == 1
    before = pairs(journal)
    size = journal.path.stat().st_size
    dry = pruned(journal, is_dry=True)
    assert pairs(journal) == before
    found = pruned(journal)
    assert found is not None
    assert dry is not None
    assert (found.rows, found.dropped_rows, found.size_bytes) == dry[:3] == (6, 4, size)
    assert found.dropped_bytes == size - journal.path.stat().st_size
    assert pairs(journal) == [("a1", 1), ("b2", 7)]
    assert pruned(journal) == Pruning(2, 0, journal.path.stat().st_size, 0)


def test_a_journal_of_which_nobody_said_what_is_wanted_is_not_pruned(journal: Journal) -> None:
    """As one that an older version wrote; and one whose note is damaged."""
    assert pruned(filled(journal)) is None
    wanting(journal, "a1")
    (note,) = journal.path.parent.glob("*.wanted")
    note.write_bytes(note.read_bytes()[:-1])
    assert pruned(journal) is None
    assert len(pairs(journal)) == 6


def test_what_one_of_two_wants_stays(journal: Journal) -> None:
    """Of those that share a journal each replaces its own note, and one that wants nothing has said so."""
    wanting(wanting(wanting(filled(journal), "a0", "round 1"), "a1", "round 2"), "a2", "round 1")
    assert pruned(journal) is not None
    assert [key for key, _ in pairs(journal)] == ["a1", "a2"]
    wanting(wanting(journal, "", "round 1"), "", "round 2")
    assert pruned(journal) is not None
    assert pairs(journal) == []
