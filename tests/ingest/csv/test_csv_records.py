"""Records of a CSV: as Python's csv reads a clean one; in a damaged one nothing is lost and damage stays local."""

from __future__ import annotations

import csv
import io
import re
import time
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made.assets import sample

from sparkle_curation.ingest.csv.csv_records import MAX_CELL_LINES, CsvRecord, csv_records
from sparkle_curation.ingest.faults import Fault
from sparkle_curation.spec.codes.quarantine_reasons import Reason

HEADER = ["prompt", "src_video", "tgt_video", "task"]
HEAD = b"prompt,src_video,tgt_video,task\n"


def written(rows: list[list[str]], *, line_end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    """Rows as Python's csv writes them."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue().encode()


def read(data: bytes) -> tuple[list[CsvRecord], list[Fault]]:
    """The records and the faults, each in order; checks that together they are the lines of the file."""
    found = list(csv_records(data))
    mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    lines = re.findall(rb"[^\n]*\n|[^\n]+", data[mark:])
    starts = list(accumulate(map(len, lines), initial=mark))
    at = 0
    for each in found:
        assert each.line == at + 1, "no line is left out or taken twice"
        assert each.byte_offset == starts[at]
        at += each.line_count
        length = each.byte_count if isinstance(each, Fault) else len(each.raw)
        text = data[each.byte_offset : each.byte_offset + length]
        assert each.byte_offset + length == starts[at]
        assert (text.rstrip(b"\r\n") if isinstance(each, Fault) else text) == each.raw
    assert at == len(lines)
    return (
        [each for each in found if isinstance(each, CsvRecord)],
        [each for each in found if isinstance(each, Fault)],
    )


# ------------------------------------------------------------------ clean files
CELLS = st.text(st.sampled_from("a,\"\n\r 'é;\t\0"), max_size=6) | st.text(max_size=3)


@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=6),
    line_end=st.sampled_from(("\n", "\r\n")),
    quoting=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    mark=st.sampled_from((b"", b"\xef\xbb\xbf")),
    has_end=st.booleans(),
)
def test_a_clean_file_is_read_as_by_python(
    rows: list[list[str]], line_end: str, quoting: int, mark: bytes, has_end: bool
) -> None:
    """Quotes, commas, line ends and blanks in cells come back as they were written; no record is a fault."""
    if (
        line_end == "\n" and quoting == csv.QUOTE_MINIMAL
    ):  # Python 3.11 leaves a bare return without quotes then
        rows = [[cell.replace("\r", "") for cell in row] for row in rows]
    table = [["a", "b"], *rows]
    data = written(table, line_end=line_end, quoting=quoting)
    data = mark + (data if has_end else data.removesuffix(line_end.encode()))
    records, faults = read(data)
    assert [record.cells for record in records] == table
    assert list(csv.reader(io.StringIO(data[len(mark) :].decode(), newline=""))) == table
    assert faults == []


def test_a_record_says_where_it_stands() -> None:
    """Line and offset of a record are those of its first line, also behind one of several lines."""
    records, _ = read(b'a,b\n"1\n\n2",x\r\n3,y')
    assert [(each.line, each.line_count, each.byte_offset, each.cells) for each in records] == [
        (1, 1, 0, ["a", "b"]),
        (2, 3, 4, ["1\n\n2", "x"]),
        (5, 1, 14, ["3", "y"]),
    ]


def test_an_empty_file_has_no_record() -> None:
    """Nothing, or a byte order mark alone."""
    assert list(csv_records(b"")) == list(csv_records(b"\xef\xbb\xbf")) == []


# ------------------------------------------------------------------ damaged files
@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        (b"\n", [(2, Reason.BLANK_LINE)]),
        (b"\r\n", [(2, Reason.BLANK_LINE)]),
        (b"p\xff,s,t,k\n", [(2, Reason.INVALID_UTF8)]),
        (b'"p" q,s,t,k\n', [(2, Reason.INVALID_CSV)]),
        (b"p\rq,s,t,k\n", [(2, Reason.INVALID_CSV)]),
        (b'"p,s,t,k\n', [(2, Reason.INVALID_CSV)]),
        (b'p,s,t,"k\n', [(2, Reason.INVALID_CSV)]),
        (b'p"q,s,t,k\n', [(2, Reason.INVALID_CSV)]),
        (b'"p",s"s"s,t,k\n', [(2, Reason.INVALID_CSV)]),
        (b"p,s,t\n", [(2, Reason.WRONG_COLUMN_COUNT)]),
        (b"p,s,t,k,k\n", [(2, Reason.WRONG_COLUMN_COUNT)]),
        (b"p,q,s,t,k\n", [(2, Reason.WRONG_COLUMN_COUNT)]),
        (b'"a\nb",s,t\n', [(2, Reason.WRONG_COLUMN_COUNT), (3, Reason.INVALID_CSV)]),
        (b"k,s,t,kp,s,t,k\n", [(2, Reason.WRONG_COLUMN_COUNT)]),
        (b" \n", [(2, Reason.WRONG_COLUMN_COUNT)]),
        (b'"\xff\np",s,t,k\n', [(2, Reason.INVALID_UTF8), (3, Reason.INVALID_CSV)]),
    ],
)
def test_a_damaged_record_is_quarantine_and_the_next_is_read(
    lines: bytes, faults: list[tuple[int, Reason]]
) -> None:
    """One case per reason, with its line; the good records before and after are read."""
    good = written([["x, y", "s", "t", "k1"], ["z", "s", "t", "k2"]]).splitlines(keepends=True)
    records, found = read(HEAD + lines + good[0] + good[1])
    assert [(fault.line, fault.reason) for fault in found] == faults
    assert [record.cells[3] for record in records] == ["task", "k1", "k2"]


@pytest.mark.parametrize("end", [b'"p,s,t,k', b"p,s,t", b"p,s,", b"p", b'p,s,t,"k'])
def test_a_file_that_was_cut_short_says_so(end: bytes) -> None:
    """A last line without its end, and without all its cells, is truncated; one with all its cells is a record."""
    records, (fault,) = read(HEAD + b"x,s,t,k1\n" + end)
    assert (fault.line, fault.reason, fault.raw) == (3, Reason.TRUNCATED_LINE, end)
    assert len(records) == 2
    assert read(HEAD + b"x,s,t,k1\np,s,t,k2")[1] == []


ROWS = st.lists(
    st.tuples(st.text(st.sampled_from('ab ,"\né'), max_size=8).map("P{}".format), st.booleans()),
    min_size=1,
    max_size=7,
)
DAMAGE = st.sampled_from(
    (b'"', b'""', b",", b"\n", b"\r", b"\0", b"\xff", b'","', b'"\n', b'\n"', b'",', b"x")
)


@given(data=st.data(), rows=ROWS, has_end=st.booleans())
def test_damage_stays_where_it_is(data: st.DataObject, rows: list[tuple[str, bool]], has_end: bool) -> None:
    """However one place of a file is damaged: no line is lost, and all records but those it touches are read or doubted."""
    records = [
        written(
            [[prompt, f"s{index}", f"t{index}", sample(index)]],
            quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL,
        )
        for index, (prompt, is_quoted) in enumerate(rows)
    ]
    hit = data.draw(st.integers(0, len(records) - 1))
    place = data.draw(st.integers(0, len(records[hit])))
    removed = data.draw(st.integers(0, 3))
    damaged = records[hit][:place] + data.draw(DAMAGE | st.just(b"")) + records[hit][place + removed :]
    content = HEAD + b"".join([*records[:hit], damaged, *records[hit + 1 :]])
    found, faults = read(content if has_end else content[:-1])
    doubted = {line for fault in faults if fault.reason is Reason.BROKEN_CELL for line in lines_of(fault)}
    ids = [record.cells[3] for record in found]
    line = 2
    for index, each in enumerate([*records[:hit], damaged, *records[hit + 1 :]]):
        # A damaged line end joins a record with the next one; those of the others are whole.
        if index not in {hit, hit + 1}:
            assert ids.count(sample(index)) == 1 or line in doubted
        line += each.count(b"\n")


def lines_of(fault: Fault) -> range:
    """The lines that a fault takes."""
    assert fault.line is not None
    return range(fault.line, fault.line + fault.line_count)


# ------------------------------------------------------------------ what stands inside of a broken cell
def row(number: int, prompt: bytes) -> bytes:
    """A record of the release, its prompt as it stands in the file."""
    paths = (f"time/{kind}_video/{sample(number)}.mp4" for kind in ("source", "edited"))
    return b",".join([prompt, *(path.encode() for path in paths), sample(number).encode()]) + b"\n"


INSIDE = row(900_001, b"x")
QUOTED_INSIDE = row(900_002, b'""x, y""')
CELLS_OF_LINES = (
    b'"She said\n' + INSIDE + b'the end"',
    b'"a, b ""q""\n' + QUOTED_INSIDE + INSIDE + b'"',
    b'"\n' + INSIDE + INSIDE + b'the end, all"',
)
AFTER = row(4, b'"quoted, p"') + row(5, b"plain") + row(6, b'"qq, z"')


@pytest.mark.parametrize("cell", CELLS_OF_LINES)
@pytest.mark.parametrize(
    "before", [b"", row(1, b"plain"), row(1, b'"q, 1"')], ids=["first", "plain", "quoted"]
)
def test_no_line_of_a_prompt_becomes_a_record(cell: bytes, before: bytes) -> None:
    """Wherever a byte of its record is lost, changed or put in: an id that stands in a prompt is no sample."""
    target = row(2, cell)
    for place in range(len(target)):
        for put, length in (
            (b"", 1),
            *((byte, length) for byte in (b'"', b",", b"\n", b"x", b"\xff") for length in (0, 1)),
        ):
            damaged = target[:place] + put + target[place + length :]
            records, _ = read(HEAD + before + damaged + AFTER)
            ids = {record.cells[3].strip() for record in records[1:]}
            assert not any("90000" in each for each in ids), (place, put, length)
            assert {sample(4), sample(6)} - ids <= {sample(4)}, (place, put, length)


def test_three_lines_are_enough() -> None:
    """The reasons: the line that opens the cell, what may be inside of it, and the line that ends it."""
    records, faults = read(
        HEAD + b'"She said "hi,\n' + INSIDE + b'the end",s,t,' + sample(1).encode() + b"\n" + row(2, b"p")
    )
    assert [record.cells[3] for record in records] == ["task", sample(2)]
    assert [(fault.line, fault.reason) for fault in faults] == [
        (2, Reason.INVALID_CSV),
        (3, Reason.BROKEN_CELL),
        (4, Reason.INVALID_CSV),
    ]
    assert faults[1].detail == "may be the inside of a cell of line 4, whose quotes do not add up"


def test_a_cell_that_nothing_ends_is_no_longer_than_a_prompt() -> None:
    """Nobody can tell which lines were its own; a hundred are doubted, and not the rest of the file."""
    rows = b"".join(row(number, b"p") for number in range(300))
    records, faults = read(HEAD + b'"She said\n' + rows)
    assert [fault.reason for fault in faults[1:]] == [Reason.BROKEN_CELL] * MAX_CELL_LINES
    assert [record.cells[3] for record in records[1:]] == [
        sample(number) for number in range(MAX_CELL_LINES, 300)
    ]


def test_a_stray_quote_in_a_whole_row_costs_that_row() -> None:
    """It ends as a record does, so nothing behind it can be of its cell."""
    for stray in (b'"p', b'p"', b'p "q" r'):
        records, (fault,) = read(HEAD + row(1, b"a") + row(2, stray) + row(3, b"b") + row(4, b"c"))
        assert (fault.line, fault.reason) == (3, Reason.INVALID_CSV)
        assert [record.cells[3] for record in records[1:]] == [sample(number) for number in (1, 3, 4)]


@given(data=st.binary(max_size=60) | st.text(st.sampled_from('a",\n\r'), max_size=40).map(str.encode))
def test_any_bytes_are_records_and_faults(data: bytes) -> None:
    """No input stops the reader, and every line of it is accounted for."""
    records, _ = read(data)
    assert len({len(record.cells) for record in records}) <= 1


def test_many_stray_quotes_cost_little() -> None:
    """Each stray quote costs at most one look ahead: 2,000 of them among 20,000 lines are read in seconds."""
    lines = [
        f"{chr(34) if number % 10 == 0 else ''}p{number},s,t,{sample(number)}" for number in range(20_000)
    ]
    start = time.monotonic()
    records, faults = read(HEAD + "\n".join(lines).encode())
    assert time.monotonic() - start < 20
    assert len(faults) == 2_000
    assert len(records) == 18_001
