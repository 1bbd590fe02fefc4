"""The file of decisions: what it takes, what it tells of a fault, and that no writer loses another's decision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made.overrides import decision, frame
from tests.made.tables import sample_ids

from sparkle_curation.errors import LockedError, OverridesError
from sparkle_curation.filtering.overrides.decisions import (
    change_overrides,
    format_overrides,
    parse_overrides,
    read_overrides,
    remove_decision,
    set_decision,
    write_overrides,
)

HEADER = "id,decision,reason,annotator,bound_to\n"
A, B = "Sparkle_location_000003", "Sparkle_time_000001"


def test_decisions_are_read_with_their_lines() -> None:
    """Sorted by id and annotator, blank lines passed over, a reason of two lines counted as two."""
    text = HEADER + f'{B},drop,"a halo,\nand blur",ann,\n\n{A}, keep ,,bob,abc\n'
    read = parse_overrides(b"\xef\xbb\xbf" + text.encode(), where="o.csv")
    assert read.rows() == [(A, "keep", "", "bob", "abc", 5), (B, "drop", "a halo,\nand blur", "ann", "", 2)]


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        (f"{HEADER}{A},drop,,ann,\n{A},dorp,,bob,\n", "is none", "line 3"),
        (f"{HEADER}Sparkle_1,drop,,ann,\n", "about no sample", "line 2"),
        (f"{HEADER}{A},drop,halo, big,ann,\n", "more or fewer cells", "line 2"),
        (f"{HEADER}{A},drop,,ann,\n<<<<<<< HEAD, mine\n{B},drop,,ann,\n=======\n", "were merged", "line 3"),
        (f"{HEADER}{A},drop,,ann,\n{B},drop,,,\n{A},keep,,ann,\n", "twice", "line 2 and 4"),
        ("id,decision,reason,by\n", "another header", "line 1"),
        (f'{HEADER}{A},drop,"halo,ann,\n', "no CSV", "line 2"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, what: str, line: str) -> None:
    """Each fault stops with what, where, allowed and what to do."""
    with pytest.raises(OverridesError, match=what) as told:
        parse_overrides(text.encode(), where="o.csv")
    assert f"o.csv, {line}" in str(told.value.where)
    assert told.value.allowed
    assert told.value.todo


def test_a_misspelt_decision_is_answered_with_the_word() -> None:
    """`dorp` is near to `drop`; bytes that are no UTF-8 name their line."""
    with pytest.raises(OverridesError) as told:
        parse_overrides(f"{HEADER}{A},dorp,,,\n".encode(), where="o.csv")
    assert told.value.todo == "did you mean 'drop'?"
    with pytest.raises(OverridesError, match="UTF-8") as told:
        parse_overrides(HEADER.encode() + b"\xff", where="o.csv")
    assert told.value.where == "o.csv, line 2"


@given(
    st.lists(
        st.builds(
            decision,
            sample_ids,
            st.sampled_from(["ann", "bob", ""]),
            st.sampled_from(["keep", "drop"]),
            st.text(st.sampled_from('a,"\n =é'), max_size=5).map(str.strip),
        ),
        unique_by=lambda each: (each["id"], each["annotator"]),
        max_size=6,
    )
)
def test_what_is_written_is_read(decisions: list[dict[str, str]]) -> None:
    """Whatever the texts, reading of writing is identity."""
    written = format_overrides(frame(*decisions))
    read = parse_overrides(written, where="o.csv")
    assert read.drop("line").equals(frame(*decisions).sort("id", "annotator"))


def test_a_lost_race_is_told(tmp_path: Path) -> None:
    """Who has not seen the other's writing is refused, and the other's decision stays."""
    path = tmp_path / "conf" / "overrides.csv"
    _, state = read_overrides(path)
    after = write_overrides(path, frame(decision(A, "ann")), state=state)
    with pytest.raises(LockedError, match="Somebody else"):
        write_overrides(path, frame(decision(B, "bob")), state=state)
    assert read_overrides(path)[0]["id"].to_list() == [A]
    write_overrides(path, frame(decision(A, "ann"), decision(B, "bob")), state=after)
    assert read_overrides(path)[0]["id"].to_list() == [A, B]
    assert [each.name for each in path.parent.iterdir()] == ["overrides.csv"]


def _decide(path: Path, annotator: str) -> None:
    for number in range(10):
        change_overrides(path, partial(set_decision, **decision(f"Sparkle_time_{number:06}", annotator)))


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Two writers that each decide ten times leave twenty decisions."""
    path = tmp_path / "overrides.csv"
    with ThreadPoolExecutor(
        2
    ) as pool:  # the lock is on an open file, so threads are kept apart as processes are
        list(pool.map(partial(_decide, path), ("ann", "bob")))
    assert read_overrides(path)[0].height == 20


def test_a_decision_is_set_and_removed() -> None:
    """The same annotator's earlier decision goes, others' stay."""
    before = frame(decision(A, "ann"), decision(A, "bob"))
    after = set_decision(before, **decision(A, "ann", "keep"))
    assert after.select("annotator", "decision").rows() == [("ann", "keep"), ("bob", "drop")]
    assert remove_decision(after, A, "ann")["annotator"].to_list() == ["bob"]


def test_a_wrong_decision_is_not_written(tmp_path: Path) -> None:
    """What could not be read again is refused before anything is replaced."""
    with pytest.raises(OverridesError):
        change_overrides(tmp_path / "o.csv", lambda _: frame(decision(A, "ann", "maybe")))
    assert not (tmp_path / "o.csv").exists()
