"""A table on disk: written whole or not at all, without the rows that were taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io.core import DatasetError
from polars.testing import assert_frame_equal

from sparkle_curation.datasets.tables.table_dataset import FINGERPRINT_KEY, ROW_GROUP_ROWS, TableDataset
from sparkle_curation.engine.table_stream import TableStream

SCHEMA = pa.schema(
    [
        pa.field("theme", pa.string(), metadata={"description": "The theme."}),
        pa.field("source_line", pa.int32(), metadata={"description": "The line."}),
        pa.field("boxes", pa.list_(pa.list_(pa.float64())), metadata={"description": "Boxes."}),
    ]
)


def rows(theme: str, *lines: int) -> pa.Table:
    """Rows of a theme."""
    found = [{"theme": theme, "source_line": line, "boxes": [[], [line + 0.5]]} for line in lines]
    return pa.Table.from_pylist(found, schema=SCHEMA)


def stream(
    *batches: pa.Table | Exception, fingerprint: str = "f1", retracted: dict[str, set[int]] | None = None
) -> TableStream:
    """A stream of these pieces; an exception among them is raised when its turn comes."""

    def give() -> Iterator[pa.Table]:
        for batch in batches:
            if isinstance(batch, Exception):
                raise batch
            yield batch

    return TableStream("made", SCHEMA, fingerprint, 100, give, lambda: 50, lambda: retracted or {})


def lines_of(dataset: TableDataset) -> list[tuple[str, int]]:
    """Theme and line of each row on disk."""
    return dataset.load().select("theme", "source_line").collect().rows()


@pytest.fixture
def dataset(tmp_path: Path) -> TableDataset:
    """A table that was not written yet, in a folder that is not there yet."""
    return TableDataset(filepath=str(tmp_path / "tables" / "table.parquet"))


def path_of(dataset: TableDataset) -> Path:
    """Its file."""
    return Path(dataset._describe()["filepath"])


def test_a_stream_is_written_with_schema_and_fingerprint(dataset: TableDataset) -> None:
    """Nested lists stay nested, every column carries its description, and the file what it was made of."""
    dataset.save(stream(rows("time", 1, 2), rows("style", 1)))
    stored = pq.read_schema(path_of(dataset))
    assert stored.equals(SCHEMA)
    assert [field.metadata[b"description"] for field in stored] == [b"The theme.", b"The line.", b"Boxes."]
    assert stored.metadata[FINGERPRINT_KEY] == b"f1"
    assert lines_of(dataset) == [("time", 1), ("time", 2), ("style", 1)]
    assert dataset.load().collect()["boxes"].to_list() == [[[], [1.5]], [[], [2.5]], [[], [1.5]]]
    assert [path.name for path in path_of(dataset).parent.iterdir()] == ["table.parquet"]


@pytest.mark.parametrize("batches", [(), (rows("time"),), (rows("time"), rows("time", 1), rows("time"))])
def test_empty_pieces_are_no_rows(batches: tuple[pa.Table, ...], dataset: TableDataset) -> None:
    """A table without rows still has its columns."""
    dataset.save(stream(*batches))
    assert dataset.load().collect().columns == SCHEMA.names
    assert len(lines_of(dataset)) == sum(batch.num_rows for batch in batches)


def test_an_unchanged_stream_is_not_read(dataset: TableDataset) -> None:
    """A stream whose fingerprint the file has is not asked for a row; one of another fingerprint is."""
    dataset.save(stream(rows("time", 1)))
    before = path_of(dataset).stat()
    dataset.save(stream(OSError("asked for rows")))
    assert path_of(dataset).stat() == before
    with pytest.raises(DatasetError, match="asked for rows"):
        dataset.save(stream(OSError("asked for rows"), fingerprint="f2"))
    dataset.save(stream(rows("time", 2), fingerprint="f2"))
    assert lines_of(dataset) == [("time", 2)]


def test_a_frame_is_written_over_a_stream(dataset: TableDataset) -> None:
    """A file without a fingerprint is never taken for a stream's."""
    dataset.save(stream(rows("time", 1)))
    frame = pl.DataFrame({"a": [1, None], "b": [[1.5], []]})
    for data in (frame, frame.lazy()):
        dataset.save(data)
        assert_frame_equal(dataset.load().collect(), frame)
    dataset.save(stream(rows("time", 1)))
    assert lines_of(dataset) == [("time", 1)]


def test_a_writer_that_fails_leaves_the_old_file(dataset: TableDataset) -> None:
    """An error in the middle: the old table stays, and nothing lies beside it."""
    dataset.save(stream(rows("time", 1)))
    before = path_of(dataset).read_bytes()
    failing: list[Any] = [
        stream(rows("time", 2), OSError("gone"), fingerprint="f2"),
        stream(pa.table({"other": [1]}), fingerprint="f2"),
        stream(rows("time", 2), fingerprint="f2", retracted={"time": {"a"}}),  # type: ignore[dict-item]
        pl.LazyFrame({"a": [1]}).select(pl.col("no such column")),
    ]
    for data in failing:
        with pytest.raises(DatasetError):
            dataset.save(data)
        assert path_of(dataset).read_bytes() == before
        assert [path.name for path in path_of(dataset).parent.iterdir()] == ["table.parquet"]


@given(
    pieces=st.lists(st.tuples(st.sampled_from(("time", "style")), st.sets(st.integers(1, 9))), max_size=5),
    retracted=st.dictionaries(
        st.sampled_from(("time", "style", "season")), st.sets(st.integers(1, 12), min_size=1), max_size=3
    ),
)
def test_rows_taken_back_are_not_in_the_file(
    pieces: list[tuple[str, set[int]]],
    retracted: dict[str, set[int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Rows are taken back by theme and line; the others stay in order, with schema and fingerprint."""
    dataset = TableDataset(filepath=str(tmp_path_factory.mktemp("t") / "table.parquet"))
    dataset.save(stream(*(rows(theme, *sorted(lines)) for theme, lines in pieces), retracted=retracted))
    assert lines_of(dataset) == [
        (theme, line)
        for theme, lines in pieces
        for line in sorted(lines)
        if line not in retracted.get(theme, set())
    ]
    stored = pq.read_schema(path_of(dataset))
    assert stored.equals(SCHEMA)
    assert stored.metadata[FINGERPRINT_KEY] == b"f1"
    assert [path.name for path in path_of(dataset).parent.iterdir()] == ["table.parquet"]


def test_rows_are_taken_back_from_every_row_group(dataset: TableDataset) -> None:
    """A table of several row groups, each of bounded length, loses the same rows."""
    count = ROW_GROUP_ROWS * 2 + 5
    lines = list(range(1, count + 1))
    batches = [rows("time", *lines[start : start + 5000]) for start in range(0, count, 5000)]
    gone = {1, ROW_GROUP_ROWS, ROW_GROUP_ROWS + 1, count}
    dataset.save(stream(*batches, retracted={"time": gone}))
    assert [line for _, line in lines_of(dataset)] == [line for line in lines if line not in gone]
    metadata = pq.ParquetFile(path_of(dataset)).metadata
    assert metadata.num_row_groups > 1
    assert (
        max(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))
        < ROW_GROUP_ROWS + 5000
    )


def test_a_preview_shows_the_first_rows(dataset: TableDataset) -> None:
    """For Kedro-Viz: a few rows, nested columns as text."""
    dataset.save(stream(rows("time", *range(30))))
    shown = dataset.preview(nrows=2)
    assert shown == {
        "index": [0, 1],
        "columns": ["theme", "source_line", "boxes"],
        "data": [["time", 0, "[[], [0.5]]"], ["time", 1, "[[], [1.5]]"]],
    }


def test_it_is_there_when_its_file_is(dataset: TableDataset) -> None:
    """Kedro asks before it runs what is missing; a file of another kind is replaced."""
    assert not dataset.exists()
    path_of(dataset).parent.mkdir()
    path_of(dataset).write_text("not a table")
    assert dataset.exists()
    dataset.save(stream(rows("time", 1)))
    assert lines_of(dataset) == [("time", 1)]


@pytest.mark.parametrize("made_by", ["ingest", "inspect"])
def test_a_table_that_was_never_made_says_what_makes_it(tmp_path: Path, made_by: str) -> None:
    """The pipeline to run first, and the one that does it all."""
    dataset = TableDataset(filepath=str(tmp_path / "table.parquet"), made_by=made_by)
    with pytest.raises(DatasetError) as caught:
        dataset.load()
    assert f"kedro run --pipelines {made_by}, or kedro run --pipelines curate" in str(caught.value.__cause__)
