"""A table on disk: written whole or not at all, without the rows that were taken back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
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

from sparkle_curation.datasets.tables.fingerprints_dataset import FingerprintsDataset
from sparkle_curation.datasets.tables.table_before_dataset import TableBeforeDataset
from sparkle_curation.datasets.tables.table_dataset import (
    FINGERPRINT_KEY,
    ROW_GROUP_ROWS,
    TableDataset,
)
from sparkle_curation.engine.io.parquet import LISTING, listed_partitions
from sparkle_curation.engine.table_stream import PartitionedStream, TableStream
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
from sparkle_curation.spec.themes import THEMES

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


def written(path: Path) -> tuple[int, int]:
    """Which file it is and when it was written; when it was read is of no matter."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_an_unchanged_stream_is_not_read(dataset: TableDataset) -> None:
    """A stream whose fingerprint the file has is not asked for a row; one of another fingerprint is."""
    dataset.save(stream(rows("time", 1)))
    before = written(path_of(dataset))
    dataset.save(stream(OSError("asked for rows")))
    assert written(path_of(dataset)) == before
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


# ------------------------------------------------------------------ folders
THEME_A, THEME_B = sorted(THEMES)[:2]


def partitions(**changed: TableStream) -> PartitionedStream:
    """Two partitions of a table, one of them in a folder."""
    made = {"a": stream(rows(THEME_A, 1)), "b/part00": stream(rows(THEME_B, 2))}
    return PartitionedStream("made", made | {name.replace("_", "/"): each for name, each in changed.items()})


def places(dataset: TableDataset) -> dict[str, tuple[int, int]]:
    """Inode and time of each file of a table, by its path."""
    folder = dataset._path
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*.parquet")
    }


def test_a_partition_that_changed_is_read_and_the_others_stay_as_they_are(dataset: TableDataset) -> None:
    """A reading of an unchanged partition would raise; one that is no longer named goes; a new one comes."""
    dataset.save(partitions())
    before = places(dataset)
    unread = stream(ValueError("read"))
    dataset.save(partitions(a=unread, b_part00=unread))
    assert places(dataset) == before
    dataset.save(
        partitions(
            a=unread, b_part00=stream(rows(THEME_B, 3), fingerprint="f2"), b_part01=stream(rows(THEME_B, 4))
        )
    )
    assert lines_of(dataset) == [(THEME_A, 1), (THEME_B, 3), (THEME_B, 4)]
    kept = {path for path, place in places(dataset).items() if before.get(path) == place}
    assert kept == {"a.parquet"}
    dataset.save(PartitionedStream("made", {"a": unread}))
    assert lines_of(dataset) == [(THEME_A, 1)]


def test_a_failing_partition_leaves_the_whole_table_as_it_was(dataset: TableDataset) -> None:
    """Also the partitions that were written before it; and nothing lies beside the table."""
    dataset.save(partitions())
    before = places(dataset)
    failing = {
        "a": stream(rows(THEME_A, 9), fingerprint="f2"),
        "b_part00": stream(ValueError("no"), fingerprint="f2"),
    }
    with pytest.raises((DatasetError, ValueError), match="no"):
        dataset.save(partitions(**failing))
    assert places(dataset) == before
    assert [path.name for path in dataset._path.parent.iterdir()] == [dataset._path.name]


@pytest.mark.parametrize("spoiled", ["a.parquet", "b/part00.parquet"])
def test_a_partition_that_is_gone_or_spoiled_is_made_again(dataset: TableDataset, spoiled: str) -> None:
    """It alone."""
    dataset.save(partitions())
    before = places(dataset)
    for spoil in (Path.unlink, lambda path: path.write_bytes(b"PAR1")):
        spoil(dataset._path / spoiled)
        dataset.save(partitions())
        assert {path for path, place in places(dataset).items() if before[path] != place} == {spoiled}
        assert lines_of(dataset) == [(THEME_A, 1), (THEME_B, 2)]
        before = places(dataset)


def test_a_table_that_lacks_a_partition_is_not_read(dataset: TableDataset) -> None:
    """Neither by a scan nor for a fingerprint; a table that is whole is read by whatever reads folders of Parquet."""
    dataset.save(partitions())
    assert pl.read_parquet(dataset._path)["source_line"].sort().to_list() == [1, 2]
    prints = FingerprintsDataset(filepaths={"table": str(dataset._path)})
    assert prints.load()
    (dataset._path / "b" / "part00.parquet").unlink()
    for reader in (dataset, prints):
        with pytest.raises(DatasetError, match=r"no b/part00\.parquet[\s\S]*kedro run --pipelines ingest"):
            reader.load()


def test_a_table_of_before_without_a_list_of_its_partitions_is_read(dataset: TableDataset) -> None:
    """A torn list is none; the next run writes it, and reads no source again for that."""
    dataset.save(partitions())
    unread = stream(ValueError("read"))
    for spoil in (Path.unlink, lambda path: path.write_bytes(b"PAR1")):
        spoil(dataset._path / LISTING)
        assert lines_of(dataset) == [(THEME_A, 1), (THEME_B, 2)]
        dataset.save(partitions(a=unread, b_part00=unread))
        assert listed_partitions(dataset._path) == {"a.parquet", "b/part00.parquet"}


def test_a_file_that_was_put_beside_partitions_is_not_read(dataset: TableDataset) -> None:
    """It is no part of the table, and goes with the next run."""
    dataset.save(partitions())
    shutil.copy(dataset._path / "a.parquet", dataset._path / "copy.parquet")
    assert lines_of(dataset) == [(THEME_A, 1), (THEME_B, 2)]
    dataset.save(partitions())
    assert set(places(dataset)) == {"a.parquet", "b/part00.parquet", LISTING}


@pytest.mark.parametrize("content", [b"", b"PAR1 torn", b"PAR1", b"a,b\n1,2\n" * 9, b"\0" * 64 + b"PAR1"])
def test_what_is_no_whole_parquet_file_is_refused_in_words(dataset: TableDataset, content: bytes) -> None:
    """In a folder and in place of a table, with the file and the command that makes it again."""
    dataset.save(partitions())
    (dataset._path / "a.parquet").write_bytes(content)
    single = TableDataset(filepath=str(dataset._path.with_name("single.parquet")), made_by="filter")
    path_of(single).write_bytes(content)
    for table, path, made_by in (
        (dataset, path_of(dataset) / "a.parquet", "ingest"),
        (single, path_of(single), "filter"),
    ):
        with pytest.raises(DatasetError, match="no whole Parquet file") as caught:
            table.load()
        assert str(path) in str(caught.value)
        assert str(caught.value).endswith(f"kedro run --pipelines {made_by}")


def test_a_folder_takes_the_place_of_a_file_of_an_earlier_version(dataset: TableDataset) -> None:
    """And a file that of a folder, should the table be no folder any more."""
    dataset.save(stream(rows(THEME_A, 7)))
    assert dataset._path.is_file()
    dataset.save(partitions())
    assert lines_of(dataset) == [(THEME_A, 1), (THEME_B, 2)]
    assert dataset.stats()["rows"] == 2


def test_retracted_rows_leave_their_partition_alone(dataset: TableDataset) -> None:
    """Lines count within the file of the theme, so the others keep theirs."""
    dataset.save(partitions(a=stream(rows(THEME_A, 1, 2), retracted={THEME_A: {1}}, fingerprint="f2")))
    assert lines_of(dataset) == [(THEME_A, 2), (THEME_B, 2)]


def test_a_partitioned_table_does_not_lose_all_its_rows(dataset: TableDataset) -> None:
    """One partition may become empty, all of them may not, unless that is allowed."""
    guarded = {
        name: replace(stream(SCHEMA.empty_table(), fingerprint="f2"), allow_empty=False)
        for name in ("a", "b_part00")
    }
    dataset.save(partitions())
    with pytest.raises(DatasetError, match="would lose all its rows"):
        dataset.save(partitions(**guarded))
    dataset.save(partitions(a=guarded["a"]))
    assert lines_of(dataset) == [(THEME_B, 2)]


@pytest.fixture
def by_theme(tmp_path: Path) -> TableDataset:
    """A table with a file for each theme."""
    return TableDataset(filepath=str(tmp_path / "table.parquet"), is_by_theme=True)


def test_rows_go_to_the_file_of_their_theme_in_their_order(by_theme: TableDataset) -> None:
    """Of a stream whose themes alternate as of a frame; a theme without rows has a file too."""
    pieces = [rows(THEME_B, 3), pa.concat_tables([rows(THEME_A, 1), rows(THEME_B, 1), rows(THEME_A, 0)])]
    wanted = [(THEME_A, 1), (THEME_A, 0), (THEME_B, 3), (THEME_B, 1)]
    for data in (stream(*pieces), pl.DataFrame(pl.from_arrow(pa.concat_tables(pieces)))):
        by_theme.save(data)
        assert lines_of(by_theme) == wanted
        assert set(places(by_theme)) == {f"{theme}.parquet" for theme in THEMES}
        assert pl.read_parquet(by_theme._path / f"{THEME_B}.parquet")["source_line"].to_list() == [3, 1]


def test_a_table_by_theme_is_read_again_when_one_of_its_files_is_gone(by_theme: TableDataset) -> None:
    """The other files carry the same fingerprint, so the names are compared as well."""
    by_theme.save(stream(rows(THEME_A, 1)))
    by_theme.save(stream(ValueError("read")))
    for path in sorted(by_theme._path.glob("*.parquet")):
        path.unlink()
        by_theme.save(stream(rows(THEME_A, 1)))
        assert lines_of(by_theme) == [(THEME_A, 1)]
        assert len(places(by_theme)) == len(THEMES)


def test_rows_of_a_theme_that_is_not_described_are_told(by_theme: TableDataset) -> None:
    """As when it was renamed; of a table that is there, with what makes all tables again."""
    with pytest.raises(DatasetError, match=r"got: +before[\s\S]*kedro run --pipelines curate"):
        by_theme.save(stream(rows(THEME_A, 1), rows("before", 2)))
    by_theme.save(stream(rows(THEME_A, 1)))
    (by_theme._path / f"{THEME_B}.parquet").rename(by_theme._path / "before.parquet")
    told = rf"no {THEME_B}\.parquet, but before\.parquet[\s\S]*kedro run --pipelines curate"
    with pytest.raises(DatasetError, match=told):
        by_theme.load()


def test_a_frame_of_which_one_theme_changed_changes_that_theme_s_file_alone(by_theme: TableDataset) -> None:
    """So verdicts of a theme that comes leave those of the others where they are, with their time."""
    by_theme.save(pl.DataFrame({"theme": [THEME_A, THEME_B], "x": [1, 2]}))
    before = {path.name: path.stat().st_ino for path in by_theme._path.iterdir()}
    by_theme.save(pl.DataFrame({"theme": [THEME_A, THEME_B, THEME_B], "x": [1, 2, 3]}))
    after = {path.name: path.stat().st_ino for path in by_theme._path.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {f"{THEME_B}.parquet"}
    assert sorted(by_theme.load().collect()["x"]) == [1, 2, 3]


def test_a_frame_without_rows_keeps_its_columns(by_theme: TableDataset) -> None:
    """In every file."""
    by_theme.save(pl.DataFrame(schema={"theme": pl.String, "x": pl.Int8}))
    assert by_theme.load().collect_schema() == {"theme": pl.String, "x": pl.Int8}


def test_a_table_of_before_that_lacks_a_column_is_refused_in_words(tmp_path: Path) -> None:
    """With the column and the command that makes the table again; one that has them all is read."""
    path = str(tmp_path / "media.parquet")
    whole = pl.DataFrame(schema=[field.name for field in MEDIA_COLUMNS])
    dataset = TableDataset(filepath=path, columns_of="media", made_by="inspect")
    TableDataset(filepath=path).save(whole.drop("fps", "codec"))
    with pytest.raises(DatasetError, match=r"no column fps, codec[\s\S]*kedro run --pipelines inspect"):
        dataset.load()
    TableDataset(filepath=path).save(whole)
    assert dataset.load().collect_schema().names() == whole.columns


def test_a_file_that_was_put_there_is_no_part_of_a_table(by_theme: TableDataset) -> None:
    """It is not read, and goes when the table is written again; a folder is no file."""
    by_theme.save(stream(rows(THEME_A, 1)))
    (by_theme._path / "stray.parquet").write_bytes((by_theme._path / f"{THEME_A}.parquet").read_bytes())
    (by_theme._path / "folder.parquet").mkdir()
    assert lines_of(by_theme) == [(THEME_A, 1)]
    by_theme.save(stream(rows(THEME_A, 2), fingerprint="f2"))
    assert set(places(by_theme)) == {f"{theme}.parquet" for theme in THEMES}


def test_a_table_of_which_a_file_is_gone_is_not_read(by_theme: TableDataset) -> None:
    """It is named, instead of a table with fewer rows."""
    by_theme.save(stream(rows(THEME_A, 1), rows(THEME_B, 2)))
    (by_theme._path / f"{THEME_B}.parquet").unlink()
    with pytest.raises(DatasetError, match=rf"A table lacks some of its files[\s\S]*{THEME_B}\.parquet"):
        by_theme.load()


def test_a_table_is_had_again_by_what_it_was_written_from(tmp_path: Path) -> None:
    """Not by another fingerprint, nor where there is none, nor one that is not whole."""
    path = tmp_path / "table.parquet"
    before = TableBeforeDataset(filepath=str(path)).load()
    assert before("f1") is None
    TableDataset(filepath=str(path)).save(stream(rows("style", 1)))
    found = before("f1")
    assert found is not None
    assert found.select("source_line").collect()["source_line"].to_list() == [1]
    assert before("f2") is None
    path.write_bytes(path.read_bytes()[:-20])
    assert before("f1") is None
