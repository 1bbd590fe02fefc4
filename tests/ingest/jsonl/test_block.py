"""A block of lines becomes rows and faults: nothing lost, nothing invented, in bulk as line by line."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.ingest.jsonl.plain_reader import plain_extras, plain_value
from tests.ingest.made_lines import (
    FIELDS,
    STRANGE_NUMBERS,
    THEME,
    damaged_files,
    file_of,
    good_line,
    good_record,
    sample_id,
)

from sparkle_curation.ingest.faults import Fault, quarantine_rows
from sparkle_curation.ingest.jsonl.block import JsonlBlockReader, ParsedBlock
from sparkle_curation.ingest.jsonl.blocks import Block, cut_blocks
from sparkle_curation.ingest.jsonl.unknown_members import unknown_members
from sparkle_curation.spec.codes.quarantine_reasons import Reason

TABLES = st.sampled_from(list(FIELDS))
STILL = "edited_frame0_scores"


@cache
def reader(table: str) -> JsonlBlockReader:
    """The reader of a table's file of the theme."""
    return JsonlBlockReader(FIELDS[table], THEME)


def parse(table: str, data: bytes) -> ParsedBlock:
    """The data as one block."""
    return reader(table).parse(Block(memoryview(data), 0, len(data)))


def parse_in_blocks(table: str, data: bytes, block_bytes: int) -> list[tuple[int, ParsedBlock]]:
    """The data cut into blocks and parsed: of each block the lines before it, and what it came to."""
    found, lines_before = [], 0
    for block in cut_blocks(io.BytesIO(data), block_bytes):
        parsed = reader(table).parse(block)
        found.append((lines_before, parsed))
        lines_before += parsed.line_count
    return found


# ------------------------------------------------------------------ properties
@given(data=st.data(), table=TABLES, block_bytes=st.integers(1, 400) | st.sampled_from((1, 1 << 20)))
def test_every_line_is_a_row_or_a_fault_and_as_the_plain_reader_finds(
    data: st.DataObject, table: str, block_bytes: int
) -> None:
    """Whatever the damage and the block size: the rows are the trusted lines in order, the faults the others."""
    content = data.draw(damaged_files(table))
    lines = content.split(b"\n")[: None if content and not content.endswith(b"\n") else -1]
    expected = {
        index: value for index, line in enumerate(lines) if (value := plain_value(line, table)) is not None
    }
    rows: dict[int, dict[str, Any]] = {}
    faults: list[tuple[int, Fault]] = []
    line_count = 0
    for lines_before, parsed in parse_in_blocks(table, content, block_bytes):
        assert parsed.table.num_rows == len(parsed.lines) == len(parsed.numbers)
        assert [sample_id(number) for number in parsed.numbers] == parsed.table["id"].to_pylist()
        for line, row in zip(parsed.lines.tolist(), parsed.table.to_pylist(), strict=True):
            rows[lines_before + line] = row
        faults += [(lines_before + (fault.line or 0), fault) for fault in parsed.faults]
        assert {line: json.loads(text) for line, text in parsed.extras.items()} == {
            line: found
            for line in parsed.lines.tolist()
            if (found := plain_extras(lines[lines_before + line], table))
        }
        line_count += parsed.line_count

    assert line_count == len(lines)
    assert list(rows) == sorted(rows)
    assert rows == expected
    assert sorted(line for line, _ in faults) == [line for line in range(len(lines)) if line not in expected]
    for line, fault in faults:
        assert fault.raw == lines[line]
        assert content[fault.byte_offset :][: fault.byte_count].removesuffix(b"\n") == fault.raw
        assert not fault.reason.is_row_kept
    # What the quarantine is written as: a text that UTF-8 cannot hold would fail here.
    quarantine_rows(table, THEME, "a.jsonl", [fault for _, fault in faults])


@given(data=st.data(), table=TABLES, block_bytes=st.integers(1, 2000))
def test_the_cut_into_blocks_changes_nothing(data: st.DataObject, table: str, block_bytes: int) -> None:
    """Rows, faults and extras are the same whether a file is read as one block or as many."""
    content = data.draw(damaged_files(table))

    def facts(size: int) -> list[object]:
        return [
            [
                (before + int(line), row, parsed.extras.get(int(line)))
                for before, parsed in parse_in_blocks(table, content, size)
                for line, row in zip(parsed.lines, parsed.table.to_pylist(), strict=True)
            ],
            sorted(
                (before + (fault.line or 0), fault.reason, fault.detail, fault.byte_offset, fault.byte_count)
                for before, parsed in parse_in_blocks(table, content, size)
                for fault in parsed.faults
            ),
        ]

    assert facts(block_bytes) == facts(1 << 20)


@settings(max_examples=40)
@given(data=st.data(), table=TABLES)
def test_what_was_refused_before_changes_nothing(data: st.DataObject, table: str) -> None:
    """A reader that has met refused lines looks at each line before it parses: rows, faults and extras are the same."""
    content = data.draw(damaged_files(table))
    first, wary = JsonlBlockReader(FIELDS[table], THEME), JsonlBlockReader(FIELDS[table], THEME)
    wary.parse(Block(memoryview(b'{"id": 1}\n'), 0, 10))
    assert wary.refusals.are_likely
    assert not first.refusals.are_likely
    ours, theirs = (each.parse(Block(memoryview(content), 0, len(content))) for each in (first, wary))
    assert ours.table.equals(theirs.table)
    assert (ours.faults, ours.extras, ours.line_count) == (theirs.faults, theirs.extras, theirs.line_count)
    assert ours.lines.tolist() == theirs.lines.tolist()


@given(number=st.sampled_from(STRANGE_NUMBERS), table=st.sampled_from((STILL, "edited_video_scores")))
@example(number="1e-400", table=STILL)
def test_a_number_is_read_alike_in_bulk_and_by_hand(number: str, table: str) -> None:
    """A strange number comes to the same in a clean block and in one that is triaged for another line's sake."""
    key = {STILL: b'"overall": 8.1', "edited_video_scores": b'"O_score": 8.1'}[table]
    line = good_line(table, 1)
    assert key in line
    line = line.replace(key, key.replace(b"8.1", number.encode()), 1)
    alone, in_company = parse(table, file_of(line)), parse(table, file_of(line, b"broken"))
    assert alone.table.to_pylist() == in_company.table.to_pylist()
    assert [fault.reason for fault in alone.faults] == [fault.reason for fault in in_company.faults[:-1]]
    expected = plain_value(line, table)
    assert alone.table.to_pylist() == ([] if expected is None else [expected])


# ------------------------------------------------------------------ cases
@pytest.mark.parametrize("table", FIELDS)
def test_a_clean_block_gives_its_values(table: str) -> None:
    """Every value of a clean line is in its row, nested lists nested; a member that may be absent is null."""
    records = [good_record(table, number) for number in range(5)]
    parsed = parse(table, file_of(*(good_line(table, number) for number in range(5))))
    assert parsed.table.to_pylist() == records
    assert parsed.lines.tolist() == parsed.numbers.tolist() == [0, 1, 2, 3, 4]
    assert (parsed.faults, parsed.extras, parsed.line_count) == ([], {}, 5)


def test_an_empty_block_is_empty() -> None:
    """No line, no row, no fault."""
    parsed = parse(STILL, b"")
    assert (parsed.table.num_rows, parsed.faults, parsed.line_count) == (0, [], 0)


def test_members_that_may_be_absent_are_null() -> None:
    """openve3m has no ``chosen_keyword``: absent and null are the same."""
    absent = {"edit_type": THEME, "original_scene": "quay"}
    with_null = {**absent, "chosen_keyword": None}
    data = file_of(*(good_line("annotations", 1, metadata=each) for each in (absent, with_null)))
    keywords = [row["metadata"]["chosen_keyword"] for row in parse("annotations", data).table.to_pylist()]
    assert keywords == [None, None]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (good_line(STILL, 1) + good_line(STILL, 2), Reason.INVALID_JSON),
        (good_line(STILL, 1) + good_line(STILL, 2) + b"\0}", Reason.INVALID_JSON),
        (good_line(STILL, 1) + b"\0}", Reason.INVALID_JSON),
        (good_line(STILL, 1).replace(b"8.1", b"8" * 5000), Reason.NOT_FINITE),
        (good_line(STILL, 1).replace(b"8.1", b"8" * 400), Reason.NOT_FINITE),
        (good_line(STILL, 1, prompt=["\ud800"]).replace(b"\xed\xa0\x80", rb"\ud800"), Reason.WRONG_TYPE),
        (rb'"\ud800"', Reason.NOT_AN_OBJECT),
        (good_line(STILL, 1)[:-1] + rb', "note": "\ud800"}', Reason.INVALID_UTF8),
        (good_line(STILL, 1)[:-1] + rb', "\udc00": 1}', Reason.INVALID_UTF8),
        (good_line(STILL, 1)[:-1] + rb', "note": [{"\udc00": 1}]}', Reason.INVALID_UTF8),
        (good_line(STILL, 1)[:-1] + b', "note": [1e999]}', Reason.NOT_FINITE),
        (good_line(STILL, 1)[:-1] + b', "note": ' + b"[" * 500 + b"]" * 500 + b"}", Reason.LINE_TOO_COMPLEX),
        (good_line(STILL, 1).replace(b"8.1", b"[" * 90 + b"]" * 90), Reason.WRONG_TYPE),
        (b"[" * 100_000, Reason.LINE_TOO_COMPLEX),
        (b'{"a":' * 100_000, Reason.LINE_TOO_COMPLEX),
        (b"\xef\xbb\xbf" + good_line(STILL, 1), Reason.INVALID_JSON),
    ],
)
def test_a_vicious_line_is_quarantine_and_its_neighbours_stay(line: bytes, reason: Reason) -> None:
    """Lines that have once stopped a reader, or slipped through one, are faults; the next line is a row."""
    parsed = parse(STILL, file_of(line, good_line(STILL, 7)))
    assert [fault.reason for fault in parsed.faults] == [reason]
    assert parsed.table["id"].to_pylist() == [sample_id(7)]
    assert parsed.lines.tolist() == [1]
    quarantine_rows(STILL, THEME, "a.jsonl", parsed.faults)


def test_a_name_may_be_written_with_escapes() -> None:
    """JSON lets any character of a name be escaped: it is the same name, and twice the same is twice."""
    escaped = good_line(STILL, 1).replace(b'"id"', rb'"\u0069d"').replace(b'"overall"', rb'"over\u0061ll"')
    twice = good_line(STILL, 2)[:-1] + rb', "\u0069d": "Sparkle_time_000003"}'
    parsed = parse(STILL, file_of(escaped, twice))
    assert parsed.table.to_pylist() == [good_record(STILL, 1)]
    assert [(fault.line, fault.reason) for fault in parsed.faults] == [(1, Reason.DUPLICATE_KEY)]


def test_unknown_members_are_kept_as_text_where_they_stand() -> None:
    """Members that the card does not name, at any depth, are JSON text by their path; the row is a row."""
    record = good_record("edited_video_scores", 1, note={"a": [1, 2.5, None, "é"]})
    record["editscore"][2]["seed"] = 10**30
    line = json.dumps(record, ensure_ascii=False).encode()
    parsed = parse("edited_video_scores", file_of(good_line("edited_video_scores", 0), line))
    assert parsed.table["id"].to_pylist() == [sample_id(0), sample_id(1)]
    assert {line: json.loads(text) for line, text in parsed.extras.items()} == {
        1: {"$.note": {"a": [1, 2.5, None, "é"]}, "$.editscore[2].seed": 10**30}
    }
    assert unknown_members(parsed.extras.values()) == {"$.note", "$.editscore[...].seed"}


@pytest.mark.parametrize(
    "notes",
    [
        (None,),
        (None, 1),
        (1, None, 2),
        ({}, {"a": None}, []),
        ([None], [[]]),
        (1, "a"),
        (1.5, 1, True),
        ("2024-01-01", "a", "2024-01-01T00:00:00Z"),
        (10**30, 1e300, -0.0),
        ({"a": 1}, {"b": 1}, {"a": None, "b": None}),
    ],
)
@pytest.mark.parametrize("is_nested", [False, True])
def test_unknown_members_are_kept_whatever_they_hold(notes: tuple[Any, ...], is_nested: bool) -> None:
    """Null, empty, of one type here and another there, like a date: each as the line has it, beside good lines."""
    records = [good_record(STILL, number) for number in range(len(notes))]
    for record, note in zip(records, notes, strict=True):
        (record["editscore"] if is_nested else record)["note"] = note
    lines = [json.dumps(record).encode() for record in records]
    parsed = parse(STILL, file_of(good_line(STILL, 7), *lines, good_line(STILL, 8)))
    assert [row["id"] for row in parsed.table.to_pylist()] == [
        sample_id(7),
        *map(sample_id, range(len(notes))),
        sample_id(8),
    ]
    path = "$.editscore.note" if is_nested else "$.note"
    assert {line: json.dumps(json.loads(text)) for line, text in parsed.extras.items()} == {
        line: json.dumps({path: note}) for line, note in enumerate(notes, 1)
    }


def test_the_id_of_a_broken_line_is_reported_where_it_can_be_read() -> None:
    """A fault carries the id of its line, even of one that is cut off; and none where there is none."""
    whole = good_line(STILL, 3)
    faults = parse(STILL, file_of(whole[:60], b"x" + whole, b"{}", whole.replace(b"time", b"tame"))).faults
    assert [fault.id for fault in faults] == [sample_id(3), sample_id(3), None, None]


def test_an_overlong_line_is_one_fault() -> None:
    """A line past the limit is a fault that says its length; of its text only the head is kept."""
    parsed = reader(STILL).parse(Block(memoryview(b"{" * 10), 5, 1000, is_overlong=True))
    (fault,) = parsed.faults
    assert (fault.reason, fault.byte_offset, fault.byte_count, fault.raw) == (
        Reason.LINE_TOO_LONG,
        5,
        1000,
        b"{" * 10,
    )
    assert (parsed.table.num_rows, parsed.line_count) == (0, 1)
