"""The bulk reader of a CSV gives what the careful one gives, or nothing."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.made_lines import CSV_HEADER, csv_line, file_of, sample_id

from sparkle_curation.ingest.csv.clean_csv import read_clean_csv
from sparkle_curation.ingest.csv.csv_records import CsvRecord, csv_records

COLUMNS = ["id", "prompt", "src_video", "tgt_video", "task", "csv_line", "csv_line_count"]


def carefully(data: bytes) -> list[tuple[object, ...]]:
    """The rows of a CSV record by record; fails where one is a fault."""
    _, *records = csv_records(data)
    assert all(isinstance(record, CsvRecord) for record in records)
    return [
        (record.cells[3], *record.cells, record.line, record.line_count)
        for record in records
        if isinstance(record, CsvRecord)
    ]


CELLS = (
    st.text(st.sampled_from("a ,\"\n\r'é;\t\0\u2028\ufeff"), max_size=6) | st.text(max_size=4) | st.just("NA")
)
DAMAGE = st.sampled_from(
    (b'"', b'""', b",", b"\n", b"\r", b"\0", b"\xff", b" ", b'","', b'"\n', b'\n"', b"x", b"")
)


@given(
    rows=st.lists(st.tuples(st.integers(0, 999_999), CELLS, CELLS, CELLS), max_size=6),
    damage=st.none() | st.tuples(st.floats(0, 1), DAMAGE, st.integers(0, 2)),
    line_end=st.sampled_from(("\n", "\n", "\n", "\r\n")),
    quoting=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
)
def test_what_is_read_in_bulk_is_what_is_read_with_care(
    rows: list[tuple[int, str, str, str]],
    damage: tuple[float, bytes, int] | None,
    line_end: str,
    quoting: int,
) -> None:
    """Whatever stands in the cells, and damaged in one place or not: the same rows at the same lines, or None."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["prompt", "src_video", "tgt_video", "task"])
    writer.writerows([*cells, sample_id(number)] for number, *cells in rows)
    data = text.getvalue().encode("utf-8", errors="replace")
    if damage is not None:
        place = round(damage[0] * len(data))
        data = data[:place] + damage[1] + data[place + damage[2] :]
    found = read_clean_csv(data, "time")
    if found is not None:
        assert found.columns == COLUMNS
        assert found.rows() == carefully(data)
        assert all(all(row) for row in found.rows()), "no cell is empty"
        assert found["id"].is_unique().all()


def test_a_clean_file_is_read_in_bulk() -> None:
    """The rows with their lines, also behind a record of several."""
    data = file_of(CSV_HEADER, csv_line(5, "a, b"), csv_line(3, 'two\n""lines""'), csv_line(9, "é, NA"))
    found = read_clean_csv(data, "time")
    assert found is not None
    assert found.rows() == carefully(data)
    assert found.select("csv_line", "csv_line_count").rows() == [(2, 1), (3, 2), (5, 1)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        CSV_HEADER,
        b"\xef\xbb\xbf" + file_of(CSV_HEADER),
        file_of(CSV_HEADER) + csv_line(1, "a, b"),
        file_of(CSV_HEADER, csv_line(1, "a, b"), b""),
        file_of(CSV_HEADER, csv_line(1, "a, b") + b",x"),
        file_of(CSV_HEADER, csv_line(1, "a, b").replace(b"_time_", b"_style_")),
        file_of(CSV_HEADER, csv_line(1, "a, b"), csv_line(1, "a, b")),
        file_of(CSV_HEADER, csv_line(1, "")),
        file_of(CSV_HEADER, csv_line(1, "quotes that none needs")),
        file_of(CSV_HEADER, csv_line(1, "a,\xff").decode().encode("latin-1", errors="replace")),
        file_of(CSV_HEADER, b'a"b' + csv_line(1, "")[2:]),
    ],
)
def test_a_file_with_anything_odd_is_left_to_the_careful_reader(data: bytes) -> None:
    """A fault, a missing end, a byte order mark, other quotes than the writer's: no rows in bulk."""
    assert read_clean_csv(data, "time") is None


def test_a_header_alone_is_a_clean_file() -> None:
    """It has no row."""
    found = read_clean_csv(file_of(CSV_HEADER), "time")
    assert found is not None
    assert (found.height, found.columns) == (0, COLUMNS)
