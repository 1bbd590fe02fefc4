"""Reports come back as they were written."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError
from polars.testing import assert_frame_equal

from sparkle_curation.datasets.reports.report_datasets import MetricsJSONDataset, ReportCSVDataset
from sparkle_curation.errors import MissingTableError

TABLE = pl.DataFrame(
    {"theme": ["time", None], "prompt": ['a, "b"\r\n', ""], "kept": [1, None], "threshold": [8.5, 8.0]}
)


def test_metrics_are_json_for_people_and_tools(tmp_path: Path) -> None:
    """Indented, in the order given, with a newline at the end; loading gives them back."""
    dataset = MetricsJSONDataset(filepath=str(tmp_path / "new" / "metrics.json"))
    assert not dataset.exists()
    dataset.save({"kept": 2, "theme": "é", "nested": {"in": 3}})
    text = (tmp_path / "new" / "metrics.json").read_text(encoding="utf-8")
    assert text == '{\n  "kept": 2,\n  "theme": "é",\n  "nested": {\n    "in": 3\n  }\n}\n'
    assert dataset.exists()
    assert dataset.load() == {"kept": 2, "theme": "é", "nested": {"in": 3}}
    assert json.loads(dataset.preview()) == dataset.load()


def test_metrics_that_are_no_json_leave_the_old_file(tmp_path: Path) -> None:
    """NaN has no JSON; the file of the last run stays as it was."""
    dataset = MetricsJSONDataset(filepath=str(tmp_path / "metrics.json"))
    dataset.save({"kept": 2})
    with pytest.raises(DatasetError):
        dataset.save({"kept": float("nan")})
    assert dataset.load() == {"kept": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_a_table_comes_back(tmp_path: Path) -> None:
    """Text with quotes and line ends, numbers, missing values and empty texts are the same after loading."""
    dataset = ReportCSVDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(TABLE)
    assert_frame_equal(dataset.load(), TABLE)


def test_what_was_not_made_is_told_with_what_makes_it(tmp_path: Path) -> None:
    """As a table is, and not as a file that cannot be read."""
    for dataset in (
        ReportCSVDataset(filepath=str(tmp_path / "a.csv"), made_by="validate"),
        MetricsJSONDataset(filepath=str(tmp_path / "a.json"), made_by="validate"),
    ):
        with pytest.raises(DatasetError) as caught:
            dataset.load()
        assert isinstance(caught.value.__cause__, MissingTableError)
        assert caught.value.__cause__.todo == "make it first: kedro run --pipelines validate"


def test_quotes_stand_only_where_they_must(tmp_path: Path) -> None:
    """A table of plain words and numbers has none."""
    dataset = ReportCSVDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(pl.DataFrame({"theme": ["time"], "threshold": [8.5]}))
    assert (tmp_path / "table.csv").read_bytes() == b"theme,threshold\ntime,8.5\n"


def test_an_empty_table_keeps_its_header(tmp_path: Path) -> None:
    """No warnings are a file with a header, not the file of the run before."""
    dataset = ReportCSVDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(TABLE)
    dataset.save(TABLE.clear())
    assert dataset.load().columns == TABLE.columns
    assert dataset.load().is_empty()
    assert dataset.preview() == {"index": [], "columns": TABLE.columns, "data": []}


def test_text_that_looks_like_a_number_can_stay_text(tmp_path: Path) -> None:
    """`text_columns` are not guessed at."""
    dataset = ReportCSVDataset(filepath=str(tmp_path / "table.csv"), text_columns=["prompt"])
    dataset.save(pl.DataFrame({"prompt": ["1e5", "07"], "kept": [1, 2]}))
    assert dataset.load().rows() == [("1e5", 1), ("07", 2)]


def test_a_preview_is_the_first_rows(tmp_path: Path) -> None:
    """In the shape that Kedro-Viz draws."""
    dataset = ReportCSVDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(pl.DataFrame({"stage": ["a", "b", "c"], "kept": [3, 2, 1]}))
    assert dataset.preview(nrows=2) == {
        "index": [0, 1],
        "columns": ["stage", "kept"],
        "data": [["a", 3], ["b", 2]],
    }


@given(st.lists(st.none() | st.text(st.characters(codec="utf-8")), min_size=1))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str | None]) -> None:
    """Write, then read, is identity on texts."""
    dataset = ReportCSVDataset(
        filepath=str(tmp_path_factory.mktemp("csv") / "table.csv"), text_columns=["prompt", "row"]
    )
    frame = pl.DataFrame(
        {"row": [str(at) for at in range(len(texts))], "prompt": texts},
        schema={"row": pl.String, "prompt": pl.String},
    )
    dataset.save(frame)
    assert_frame_equal(dataset.load(), frame)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "'=", "''@", "'"])
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    """A spreadsheet sees a text, whatever it begins with; numbers stay numbers, and loading gives back the true text."""
    dataset = ReportCSVDataset(filepath=str(tmp_path / "report.csv"), text_columns=["prompt"])
    table = pl.DataFrame({"prompt": [f"{start}1+1", "plain"], "delta": [-1, 2]})
    dataset.save(table)
    cells = pl.read_csv(tmp_path / "report.csv", schema_overrides={"prompt": pl.String})
    assert all(cell[0] not in "=+-@\t\r\n\uff1d" for cell in cells["prompt"])
    assert_frame_equal(dataset.load(), table)
