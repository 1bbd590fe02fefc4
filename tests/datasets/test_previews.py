"""What Kedro-Viz shows of each dataset; all of it fits into JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sparkle_curation.datasets import (
    FingerprintsDataset,
    KiwiEditDataset,
    MetricsJSONDataset,
    ReleaseDataset,
    ReportCSVDataset,
    TableDataset,
    ValidationsDataset,
)
from sparkle_curation.datasets.previews import MAX_CELL_CHARS, table_preview
from sparkle_curation.expectations.suites import SUITE_NAMES

NOT_MADE = {"index": [], "columns": ["not made yet"], "data": []}


def test_cells_are_what_a_page_can_show() -> None:
    """Nested values as text, long texts cut, what turns text round as an escape, numbers and nulls as they are."""
    longest = "x" * MAX_CELL_CHARS
    frame = pl.DataFrame(
        {
            "text": [longest, f"{longest}x"],
            "boxes": [[{"x": 1}], None],
            "score": [8.5, None],
            "odd": ["a\u202eb\n", ""],
        }
    )
    preview = table_preview(frame)
    assert preview["index"] == [0, 1]
    assert preview["columns"] == ["text", "boxes", "score", "odd"]
    assert preview["data"] == [
        [longest, "[{'x': 1}]", 8.5, "a\\u202eb\n"],
        [f"{longest[:-1]}…", None, None, ""],
    ]
    json.dumps(preview)


def test_an_empty_table_has_its_columns() -> None:
    """Nothing passed, which is not the same as nothing made."""
    assert table_preview(pl.DataFrame(schema={"id": pl.String})) == {
        "index": [],
        "columns": ["id"],
        "data": [],
    }


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: TableDataset(filepath=path), NOT_MADE),
        (lambda path: ReportCSVDataset(filepath=path), NOT_MADE),
        (lambda path: KiwiEditDataset(filepath=path), NOT_MADE),
        (lambda path: ValidationsDataset(filepath=path), NOT_MADE),
        (lambda path: MetricsJSONDataset(filepath=path), "{}"),
        (lambda path: FingerprintsDataset(filepaths={"a": path}), "{}"),
    ],
)
def test_what_is_not_made_yet_is_said(make: Callable[[str], Any], expected: object, tmp_path: Path) -> None:
    """No error: Kedro-Viz would log one for each dataset of a project that was never run."""
    assert make(str(tmp_path / "nothing")).preview() == expected


def test_a_table_shows_its_first_rows(tmp_path: Path) -> None:
    """As many as asked for."""
    path = tmp_path / "table.parquet"
    pl.DataFrame({"number": range(40)}).write_parquet(path)
    dataset = TableDataset(filepath=str(path))
    assert len(dataset.preview()["data"]) == 20
    assert dataset.preview(nrows=3)["data"] == [[0], [1], [2]]


def test_fingerprints_are_shown_by_table(tmp_path: Path) -> None:
    """As a JSON object."""
    path = tmp_path / "table.parquet"
    pl.DataFrame({"number": [1]}).write_parquet(path)
    dataset = FingerprintsDataset(filepaths={"numbers": str(path)})
    assert json.loads(dataset.preview()) == dataset.load()


def test_a_release_shows_its_files(tmp_path: Path) -> None:
    """Those under the root and the annotations, with their lengths."""
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "time_train.csv").write_text("prompt\n", encoding="utf-8")
    (tmp_path / "time_source_video_part00.tar").write_bytes(b"x" * 512)
    assert ReleaseDataset(path=str(tmp_path)).preview() == {
        "index": [0, 1],
        "columns": ["file", "size_bytes"],
        "data": [["time_source_video_part00.tar", 512], ["prompts/time_train.csv", 7]],
    }


def test_a_validation_shows_a_row_for_each_rule(tmp_path: Path) -> None:
    """The summary of its suite."""
    rule = {"rule": "id_is_unique", "kind": "uniqueness", "meaning": "No id stands twice."}
    found = {
        "success": False,
        "expectation_config": {"severity": "critical", "meta": rule},
        "result": {
            "element_count": 3,
            "unexpected_count": 2,
            "partial_unexpected_index_list": [{"id": "Sparkle_time_000001"}],
        },
    }
    for name in SUITE_NAMES:
        report = {"suite": name, "result": {"results": [found] if name == "annotations" else []}}
        (tmp_path / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
    preview = ValidationsDataset(filepath=str(tmp_path)).preview()
    (row,) = [dict(zip(preview["columns"], cells, strict=True)) for cells in preview["data"]]
    assert (row["rule"], row["is_met"], row["failed_count"], row["failed_ids"]) == (
        "id_is_unique",
        False,
        2,
        "Sparkle_time_000001",
    )
