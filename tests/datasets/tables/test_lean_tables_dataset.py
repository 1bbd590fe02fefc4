"""A lean table has all rows, and every text that its reader could miss."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from kedro.io.core import DatasetError

from sparkle_curation.datasets.tables.lean_tables_dataset import LeanTablesDataset
from sparkle_curation.expectations.columns import slices


def write(path: Path, *objects: object) -> Path:
    """A table of objects that have a number and two texts, in lists and alone."""
    kind = pl.Struct({"score": pl.Float64, "said": pl.String, "raw": pl.String})
    frame = pl.DataFrame(
        {
            "id": [f"n{place}" for place in range(len(objects))],
            "one": list(objects),
            "many": [[each] for each in objects],
        },
        schema={"id": pl.String, "one": kind, "many": pl.List(kind)},
    )
    frame.write_parquet(path)
    return path


def lean(path: Path) -> pl.DataFrame:
    """The whole table, lean."""
    return pl.concat(LeanTablesDataset(filepaths={"made": str(path)}).load()["made"]())


def test_texts_inside_objects_are_left_out_where_all_are_there(tmp_path: Path) -> None:
    """Numbers, and texts that stand in no object, stay."""
    path = write(
        tmp_path / "t.parquet",
        {"score": 1.0, "said": "a", "raw": "b"},
        {"score": 2.0, "said": "c", "raw": "d"},
    )
    assert lean(path).rows() == [
        ("n0", {"score": 1.0}, [{"score": 1.0}]),
        ("n1", {"score": 2.0}, [{"score": 2.0}]),
    ]


@pytest.mark.parametrize("absent", [{"score": 2.0, "said": None, "raw": "d"}, None])
def test_a_text_that_is_absent_somewhere_is_there_to_be_missed(tmp_path: Path, absent: object) -> None:
    """Also where the whole object is."""
    path = write(tmp_path / "t.parquet", {"score": 1.0, "said": "a", "raw": "b"}, absent)
    column = lean(path)["one"].struct.field("said")
    assert column.to_list() == ["a", None]


def test_rows_come_in_order_and_in_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty table is one empty slice, with its columns."""
    monkeypatch.setattr("sparkle_curation.datasets.tables.lean_tables_dataset.SLICE_ROWS", 2)
    path = write(
        tmp_path / "t.parquet", *({"score": float(place), "said": "a", "raw": "b"} for place in range(5))
    )
    made = LeanTablesDataset(filepaths={"made": str(path)}).load()["made"]
    assert [each.height for each in made()] == [2, 2, 1]
    assert lean(path)["id"].to_list() == [f"n{place}" for place in range(5)]
    (empty,) = LeanTablesDataset(filepaths={"made": str(write(path))}).load()["made"]()
    assert empty.height == 0
    assert empty.columns[0] == "id"
    assert slices.SLICE_ROWS > 2


def test_nothing_is_saved_and_an_absent_table_is_reported(tmp_path: Path) -> None:
    """It is read only."""
    dataset = LeanTablesDataset(filepaths={"made": str(tmp_path / "t.parquet")})
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="read only"):
        dataset.save({})  # type: ignore[arg-type]
