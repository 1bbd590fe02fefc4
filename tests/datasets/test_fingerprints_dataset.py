"""Fingerprints of tables change when the tables do."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from kedro.io.core import DatasetError

from sparkle_curation.datasets.fingerprints_dataset import FingerprintsDataset
from sparkle_curation.datasets.table_dataset import TableDataset
from sparkle_curation.reading.ingestion import TableStream


def stream(fingerprint: str) -> TableStream:
    """A stream of one row."""
    table = pl.DataFrame({"id": ["a"]}).to_arrow()
    return TableStream("made", table.schema, fingerprint, 0, lambda: iter([table]), lambda: 0, dict)


def test_a_table_written_from_a_stream_has_the_stream_s(tmp_path: Path) -> None:
    """By the name that it is given."""
    TableDataset(filepath=str(tmp_path / "t.parquet")).save(stream("abc"))
    dataset = FingerprintsDataset(filepaths={"made": str(tmp_path / "t.parquet")})
    assert dataset.exists()
    assert dataset.load()["made"].startswith("abc:")


def test_a_table_that_is_changed_by_hand_has_another(tmp_path: Path) -> None:
    """Though it keeps the metadata that it was written with, and its size in rows."""
    path = tmp_path / "t.parquet"
    TableDataset(filepath=str(path)).save(stream("abc"))
    dataset = FingerprintsDataset(filepaths={"made": str(path)})
    before = dataset.load()
    metadata = pq.read_schema(path).metadata
    pq.write_table(pl.DataFrame({"id": ["b"]}).to_arrow().replace_schema_metadata(metadata), path)
    assert dataset.load() != before
    assert dataset.load()["made"].startswith("abc:")


def test_a_table_without_one_is_known_by_its_file(tmp_path: Path) -> None:
    """Another content is another fingerprint."""
    table = TableDataset(filepath=str(tmp_path / "t.parquet"))
    dataset = FingerprintsDataset(filepaths={"made": str(tmp_path / "t.parquet")})
    table.save(pl.DataFrame({"id": ["a"]}))
    first = dataset.load()
    assert dataset.load() == first
    table.save(pl.DataFrame({"id": ["a", "b"]}))
    assert dataset.load() != first


def test_an_absent_table_is_told(tmp_path: Path) -> None:
    """There is nothing to stand for it, and nothing can be saved."""
    dataset = FingerprintsDataset(filepaths={"made": str(tmp_path / "t.parquet")})
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"t\.parquet"):
        dataset.load()
    with pytest.raises(DatasetError, match="written with their tables"):
        dataset.save({})  # type: ignore[arg-type]


def test_an_absent_table_that_may_be_absent_has_an_empty_one(tmp_path: Path) -> None:
    """A table that the node itself writes is not there the first time; the others must be."""
    made, absent = str(tmp_path / "made.parquet"), str(tmp_path / "absent.parquet")
    TableDataset(filepath=made).save(stream("abc"))
    dataset = FingerprintsDataset(filepaths={"made": made, "media": absent}, optional=["media"])
    assert dataset.exists()
    assert dataset.load()["media"] == ""
    TableDataset(filepath=absent).save(stream("def"))
    assert dataset.load()["media"] == "def"
    assert dataset.load()["made"].startswith("abc:")
