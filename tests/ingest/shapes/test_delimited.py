"""Rows of a CSV with any delimiter."""

from __future__ import annotations

import csv
import io
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.ingest.shapes.delimited import delimited_rows

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=6)


@given(st.lists(st.lists(CELL, min_size=2, max_size=3), min_size=1, max_size=5))
def test_what_a_writer_writes_is_read(rows: list[list[str]]) -> None:
    """Quotes, delimiters and line ends in cells; the rows together are the file."""
    target = io.StringIO()
    csv.writer(target, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    text = target.getvalue().encode()
    found = list(delimited_rows(io.BytesIO(text), ";", 10_000))
    assert [row.cells for row in found] == rows
    assert b"".join(row.raw for row in found) == text
    assert [row.byte_offset for row in found] == [0, *accumulate(len(row.raw) for row in found)][:-1]


def test_a_row_that_breaks_costs_its_line() -> None:
    """The rows before and behind it are read."""
    text = b'a;b\n"x;1\ny;2\n"z"q;3\nw;4\n'
    found = [
        (row.line, row.cells, row.reason and str(row.reason))
        for row in delimited_rows(io.BytesIO(text), ";", 99)
    ]
    assert found == [
        (1, ["a", "b"], None),
        (2, None, "invalid_csv"),
        (3, ["y", "2"], None),
        (4, None, "invalid_csv"),
        (5, ["w", "4"], None),
    ]
