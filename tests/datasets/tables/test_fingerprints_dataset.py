"""Fingerprints of tables change when the tables do, and only then."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import polars as pl
import pytest
from kedro.io.core import DatasetError

from sparkle_curation.datasets.tables.fingerprints_dataset import FingerprintsDataset
from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.engine.table_stream import TableStream

ROWS = 4_000


def scores(swapped: tuple[int, int] = (0, 0)) -> pl.DataFrame:
    """Many scores, of which two stand in each other's place."""
    numbers = random.Random(1)  # noqa: S311 -- the same numbers each time
    values = [numbers.uniform(0, 10) for _ in range(ROWS)]
    first, second = swapped
    values[first], values[second] = values[second], values[first]
    return pl.DataFrame({"overall": values})


def stream(rows: pl.DataFrame, fingerprint: str = "abc") -> TableStream:
    """A stream of some rows."""
    table = rows.to_arrow()
    return TableStream("made", table.schema, fingerprint, 0, lambda: iter([table]), lambda: 0, dict)


def fingerprint(path: Path) -> str:
    """The fingerprint of one table."""
    return FingerprintsDataset(filepaths={"made": str(path)}).load()["made"]


def test_the_same_table_written_again_has_the_same_fingerprint(tmp_path: Path) -> None:
    """Neither its time nor its place count, whether it was a stream or a frame."""
    for data in (scores(), stream(scores())):
        path, other = tmp_path / "t.parquet", tmp_path / "other.parquet"
        TableDataset(filepath=str(path)).save(data)
        first = fingerprint(path)
        path.unlink()
        TableDataset(filepath=str(path)).save(data)
        os.utime(path, (1, 1))
        shutil.copy(path, other)
        assert fingerprint(path) == fingerprint(other) == first


def test_another_stream_of_the_same_rows_has_another_fingerprint(tmp_path: Path) -> None:
    """What reads a table skips by what it was made of, too."""
    paths = [tmp_path / name for name in ("a.parquet", "b.parquet")]
    for path in paths:
        TableDataset(filepath=str(path)).save(stream(scores(), path.stem))
    assert fingerprint(paths[0]) != fingerprint(paths[1])


def footer(path: Path) -> bytes:
    """The footer of a Parquet file: where its columns lie, and their smallest and largest values."""
    whole = path.read_bytes()
    return whole[-8 - int.from_bytes(whole[-8:-4], "little") :]


def test_an_edit_is_noticed_that_neither_size_nor_footer_show(tmp_path: Path) -> None:
    """Two scores change places; the stored fingerprint and the file's time are kept."""
    path, edited = tmp_path / "t.parquet", tmp_path / "edited.parquet"
    TableDataset(filepath=str(path)).save(stream(scores()))
    for second in range(1, 100):
        edited.unlink(missing_ok=True)
        TableDataset(filepath=str(edited)).save(stream(scores(swapped=(0, second))))
        if footer(edited) == footer(path):
            break
    assert (footer(edited), edited.stat().st_size) == (footer(path), path.stat().st_size)
    os.utime(edited, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    assert fingerprint(edited) != fingerprint(path)


def test_an_absent_table_is_reported(tmp_path: Path) -> None:
    """There is nothing to stand for it, and nothing can be saved."""
    dataset = FingerprintsDataset(filepaths={"made": str(tmp_path / "t.parquet")})
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"t\.parquet"):
        dataset.load()
    with pytest.raises(DatasetError, match="written elsewhere"):
        dataset.save({})  # type: ignore[arg-type]


def test_an_absent_table_that_may_be_absent_has_an_empty_one(tmp_path: Path) -> None:
    """A table that the node itself writes is not there the first time; the others must be."""
    made, absent = str(tmp_path / "made.parquet"), str(tmp_path / "absent.parquet")
    TableDataset(filepath=made).save(stream(pl.DataFrame({"id": ["a"]}), "abc"))
    dataset = FingerprintsDataset(filepaths={"made": made, "media": absent}, optional=["media"])
    assert dataset.exists()
    assert dataset.load()["media"] == ""
    TableDataset(filepath=absent).save(stream(pl.DataFrame({"id": ["a"]}), "def"))
    assert dataset.load()["media"] == "def"


def test_a_table_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    """Which, what to run, and where an earlier version of the project kept it."""
    path, old = tmp_path / "scores" / "one_scores.parquet", tmp_path / "one_scores.parquet"
    dataset = FingerprintsDataset(filepaths={"one_scores": str(path)})
    with pytest.raises(DatasetError, match="A table is not there") as absent:
        dataset.load()
    assert str(old) not in str(absent.value)
    old.touch()
    with pytest.raises(DatasetError, match="kedro run --pipelines ingest") as moved:
        dataset.load()
    assert f"{old}, which an earlier version of this project made" in str(moved.value)
