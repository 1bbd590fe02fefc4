"""What a line may cost is bounded: hostile files are read in seconds, and every line of them is a row or quarantined."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ingest.made_lines import (
    CSV_HEADER,
    CSV_PATH,
    FIELDS,
    Ingested,
    csv_line,
    file_of,
    good_line,
    ingest,
    make_release,
    source_path,
)

from sparkle_curation.grounding.grounding_answers import GroundingFault, parse_grounding
from sparkle_curation.ingest.jsonl.line_limits import MAX_DEPTH, MAX_VALUES, excess
from sparkle_curation.ingest.jsonl.unknown_members import MAX_TOLD
from sparkle_curation.ingest.jsonl.vector_checks import invalid_utf8_lines
from sparkle_curation.model_jobs.answers import AnswerFault, parse_answer

STILL = "edited_frame0_scores"
LIMIT_S = 30
"""Far above what each file takes (1-3 s on a busy machine), far below what it took before."""


def with_member(line: bytes, text: bytes) -> bytes:
    """The line with one more member, or several, given as JSON text."""
    return line[:-1] + b", " + text + b"}"


def with_note(line: bytes, value: bytes) -> bytes:
    """The line with an unknown member ``note``."""
    return with_member(line, b'"note": ' + value)


def nested(depth: int) -> bytes:
    """So many lists in each other."""
    return b"[" * depth + b"]" * depth


def ingest_lines(table: str, folder: Path, *lines: bytes) -> Ingested:
    """A table whose one file holds these lines, ingested within the time that such a file may take."""
    release = make_release(folder / "release", {source_path(table): file_of(*lines)})
    start = time.monotonic()
    found = ingest(table, release, folder / "out")
    assert time.monotonic() - start < LIMIT_S
    quarantine = found.quarantined.filter(~pl.col("is_row_kept")).height
    assert found.rows.height + quarantine == len(lines) == found.source_files["record_count"].sum()
    return found


def many_members(count: int, first: int = 0) -> bytes:
    """So many unknown members, each of another name."""
    return b", ".join(b'"key_%07d": %d' % (number, number) for number in range(first, first + count))


# ------------------------------------------------------------------ one line
@pytest.mark.parametrize("table", FIELDS)
@pytest.mark.parametrize("depth", [MAX_DEPTH, 10_000, 20_000, 200_000])
def test_a_deep_member_is_quarantine_and_says_how_deep(table: str, depth: int, tmp_path: Path) -> None:
    """In every JSONL file, at whatever depth: the line is in the quarantine with its reason, its neighbours are rows."""
    lines = [
        good_line(table, 1),
        with_note(good_line(table, 2), nested(depth)),
        good_line(table, 3),
        with_note(good_line(table, 4), b'{"a":' * depth + b"1" + b"}" * depth),
    ]
    found = ingest_lines(table, tmp_path, *lines)
    column = "metadata_line" if table == "annotations" else "source_line"
    assert found.rows[column].to_list() == [1, 3]
    assert found.reasons == [(2, "line_too_complex"), (4, "line_too_complex")]
    detail = f"lists and objects are nested {depth + 1} deep, allowed {MAX_DEPTH}"
    assert found.quarantined["detail"].to_list() == [detail] * 2


def test_a_member_nested_to_the_bound_is_kept_as_it_is(tmp_path: Path) -> None:
    """The deepest nesting that is allowed is read, in ``extra_fields``, as text that is the member's own."""
    note = nested(MAX_DEPTH - 1)
    found = ingest_lines(STILL, tmp_path, with_note(good_line(STILL, 1), note))
    assert found.ids == [1]
    assert json.loads(found.rows["extra_fields"][0]) == {"$.note": json.loads(note)}


def test_brackets_in_strings_are_no_nesting(tmp_path: Path) -> None:
    """Text full of brackets, quotes and backslashes is text, known or unknown."""
    text = '[{"\\' * 5000
    line = good_line(STILL, 1, prompt=text, note=text)
    found = ingest_lines(STILL, tmp_path, line)
    assert found.rows["prompt"].to_list() == [text]
    assert json.loads(found.rows["extra_fields"][0]) == {"$.note": text}


def test_a_line_of_a_hundred_thousand_unknown_members_is_a_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All its members are in ``extra_fields``; a few are told by name, the others in one warning."""
    line = with_member(good_line(STILL, 2), many_members(100_000))
    with caplog.at_level(logging.WARNING, logger="sparkle_curation"):
        found = ingest_lines(STILL, tmp_path, good_line(STILL, 1), line)
    assert found.ids == [1, 2]
    assert len(json.loads(found.rows["extra_fields"][1])) == 100_000
    paths = found.quarantined["json_path"].to_list()
    assert paths == [*(f"$.key_{number:07d}" for number in range(MAX_TOLD)), "$"]
    assert set(found.reasons) == {(2, "unknown_field")}
    assert sum("names no" in record.getMessage() for record in caplog.records) == MAX_TOLD + 1


def test_a_hundred_thousand_members_of_which_the_last_stands_twice(tmp_path: Path) -> None:
    """Finding the name that stands twice takes no longer than reading the line."""
    line = with_member(good_line(STILL, 1), many_members(100_000) + b', "last": 1, "last": 2')
    found = ingest_lines(STILL, tmp_path, line)
    assert found.reasons == [(1, "duplicate_key")]
    assert "'last'" in found.quarantined["detail"][0]


@pytest.mark.parametrize(
    ("note", "is_row"),
    [
        (b'"' + b"x" * (5 << 20) + b'"', True),
        (b"[" + b"[1], " * (MAX_VALUES // 4) + b"1]", True),
        (b"[" + b"1, " * (5 << 20) + b"1]", False),
        (b"[" + b'"", ' * (5 << 18) + b'""]', False),
        (b"[" + b"{}, " * (5 << 18) + b"{}]", False),
    ],
)
def test_a_member_of_megabytes_is_kept_or_quarantine(note: bytes, is_row: bool, tmp_path: Path) -> None:
    """Its bytes cost nothing but their reading; more values than any line has are not read at all."""
    found = ingest_lines(STILL, tmp_path, good_line(STILL, 1), with_note(good_line(STILL, 2), note))
    assert found.ids == ([1, 2] if is_row else [1])
    assert found.reasons == [(2, "unknown_field" if is_row else "line_too_complex")]
    if is_row:
        assert json.loads(found.rows["extra_fields"][1]) == {"$.note": json.loads(note)}


def test_too_many_values_of_known_members_are_quarantine_too(tmp_path: Path) -> None:
    """The bound holds whichever parser would have read the line."""
    table = "edited_video_scores"
    line = good_line(table, 1, frame_indices=list(range(MAX_VALUES)))
    found = ingest_lines(table, tmp_path, line, good_line(table, 2))
    assert found.ids == [2]
    assert found.reasons == [(1, "line_too_complex")]


# ------------------------------------------------------------------ a file
def test_a_hundred_thousand_unknown_names_over_a_file(tmp_path: Path) -> None:
    """Each of 10,000 lines has ten members of its own: all rows, all members kept, few warnings."""
    lines = [with_member(good_line(STILL, number), many_members(10, 10 * number)) for number in range(10_000)]
    found = ingest_lines(STILL, tmp_path, *lines)
    assert found.ids == list(range(10_000))
    assert json.loads(found.rows["extra_fields"][7]) == {
        f"$.key_{number:07d}": number for number in range(70, 80)
    }
    *told, further = found.quarantined.rows(named=True)
    assert len(told) == MAX_TOLD
    assert (further["json_path"], further["line"], further["is_row_kept"]) == ("$", 4, True)
    assert "of 9997 rows, this one first" in further["detail"]


def test_twenty_thousand_records_of_one_id(tmp_path: Path) -> None:
    """Each is quarantined, and none names all the others."""
    lines = [good_line(STILL, 1, prompt=str(number)) for number in range(20_000)]
    found = ingest_lines(STILL, tmp_path, *lines)
    assert found.reasons == [(line, "duplicate_conflicting") for line in range(1, 20_001)]
    assert set(found.quarantined["detail"]) == {
        "lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 19990 more give this id different records"
    }


def test_twenty_thousand_csv_columns(tmp_path: Path) -> None:
    """Unknown columns are kept; a few are told by name, the others in one warning."""
    names = [b"column_%05d" % number for number in range(20_000)]
    header = CSV_HEADER + b"," + b",".join(names)
    row = csv_line(1) + b",x" * len(names)
    release = make_release(tmp_path / "release", {CSV_PATH: file_of(header, row)})
    found = ingest("annotations", release, tmp_path / "out")
    assert len(json.loads(found.rows["extra_fields"][0])) == len(names)
    assert found.quarantined["json_path"].to_list() == [
        *(f"csv.column_{number:05d}" for number in range(MAX_TOLD)),
        "csv.",
    ]


def test_a_block_of_lines_that_are_not_utf8_takes_time_by_its_length() -> None:
    """Half a million lines of one bad byte are each found, in seconds."""
    count = 500_000
    start = time.monotonic()
    data = memoryview(b"\xff\n" * count)
    found = invalid_utf8_lines(data, pl.int_range(0, 2 * count, 2, eager=True).to_numpy())
    assert time.monotonic() - start < LIMIT_S
    assert len(found) == count


# ------------------------------------------------------------------ byte order mark
@pytest.mark.parametrize("table", FIELDS)
def test_a_byte_order_mark_is_no_part_of_the_first_line(table: str, tmp_path: Path) -> None:
    """A JSONL file that an editor has put a mark before is read as one without, as a CSV is."""
    marked = ingest_lines(table, tmp_path / "a", b"\xef\xbb\xbf" + good_line(table, 1), good_line(table, 2))
    plain = ingest_lines(table, tmp_path / "b", good_line(table, 1), good_line(table, 2))
    assert marked.rows.equals(plain.rows)
    assert marked.quarantined.is_empty()


def test_a_marked_first_line_may_be_repeated_or_at_fault(tmp_path: Path) -> None:
    """What looks at the first line again, for a warning or a duplicate, does without the mark too."""
    mark, line = b"\xef\xbb\xbf", good_line(STILL, 1, note=1)
    again = ingest_lines(STILL, tmp_path / "a", mark + line, line, mark + good_line(STILL, 2))
    assert again.ids == [1]
    assert sorted(again.reasons) == [(1, "unknown_field"), (2, "duplicate_identical"), (3, "invalid_json")]
    (fault,) = ingest_lines(STILL, tmp_path / "b", mark + b"{}").quarantined.rows(named=True)
    assert (fault["byte_offset"], fault["byte_count"], fault["raw_text"]) == (3, 3, "{}")
    release = make_release(tmp_path / "release", {source_path(STILL): mark})
    assert ingest(STILL, release, tmp_path / "c").source_files["record_count"].to_list() == [0]


# ------------------------------------------------------------------ bounds
_JSON = st.recursive(
    st.none() | st.integers() | st.text('"\\[]{},:a\n'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('"\\[{,'), inner, max_size=4),
    max_leaves=30,
)


def depth_of(value: object) -> int:
    """How deep lists and objects are nested in a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


@given(value=_JSON, wrapped=st.integers(MAX_DEPTH - 12, MAX_DEPTH + 2))
def test_depth_is_counted_as_a_parser_counts_it(value: object, wrapped: int) -> None:
    """A line exceeds the bound exactly if its parsed value is nested deeper, whatever its strings hold."""
    line = b"[" * wrapped + json.dumps(value).encode() + b"]" * wrapped
    depth = wrapped + depth_of(value)
    told = f"lists and objects are nested {depth} deep, allowed {MAX_DEPTH}"
    assert excess(line) == (told if depth > MAX_DEPTH else None)


@settings(max_examples=30)
@given(piece=st.binary(max_size=6) | st.sampled_from((b'"', b'\\"', b'"\\', b"[", b"]", b'":"",', b'"["')))
def test_the_bounds_are_found_quickly_whatever_the_bytes(piece: bytes) -> None:
    """A megabyte of anything is counted in a moment."""
    start = time.monotonic()
    excess((piece or b" ") * (1_000_000 // max(len(piece), 1)))
    assert time.monotonic() - start < LIMIT_S / 6


# ------------------------------------------------------------------ replies of models
@pytest.mark.parametrize("text", ["[" * 100_000, '{"score":' * 100_000, "[" * 100_000 + "]" * 100_000])
@pytest.mark.parametrize(
    ("parse", "fault"),
    [(parse_answer, AnswerFault.NESTED_TOO_DEEPLY), (parse_grounding, GroundingFault.NESTED_TOO_DEEPLY)],
)
def test_a_deep_reply_is_no_answer(parse: Callable[[str], object], fault: object, text: str) -> None:
    """A model that repeats a bracket has not answered, and that is known at once."""
    start = time.monotonic()
    assert parse(text) == fault
    assert time.monotonic() - start < 1
