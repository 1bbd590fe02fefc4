"""What is asked of single rows: each finding on a row that gives it, and on one that does not."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from tests.curation.made_tables import csv_row, metadata, table

from sparkle_curation.expectations.row_columns import row_columns
from sparkle_curation.expectations.slices import SLICE_ROWS, collect_in_slices
from sparkle_curation.release.tables import COLUMNS

ID = "Sparkle_time_000007"


def flat(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """The columns of these rows of a table."""
    return table(name, rows).select(list(row_columns(name)))


def boxes(*corners: list[float]) -> list[dict[str, Any]]:
    """Objects with these boxes, all of one label."""
    return [{"bbox_2d": list(box), "label": "dog"} for box in corners]


def frame(score: float) -> dict[str, Any]:
    """The editscore of a frame whose three scores are one."""
    return {"SC_score": score, "PQ_score": score, "O_score": score}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_without_rows_gives_none(name: str) -> None:
    """The columns are there all the same."""
    columns = flat(name)
    assert columns.height == 0
    assert "id" in columns.columns


@pytest.mark.parametrize(
    ("box", "at_fault"),
    [
        ([1, 2, 3, 4], None),
        ([], None),
        ([0, 0, 1000, 1000], None),
        ([1, 2, 3], "box_shapes"),
        ([1, 2, 3, 4, 5], "box_shapes"),
        ([-1, 2, 3, 4], "box_ranges"),
        ([1, 2, 3, 1001], "box_ranges"),
        ([3, 2, 1, 4], "box_corners"),
        ([1, 4, 3, 4], "box_corners"),
    ],
)
@pytest.mark.parametrize("name", ["grounding_r1", "grounding_r2"])
def test_each_fault_of_a_box_is_found_as_such(name: str, box: list[float], at_fault: str | None) -> None:
    """Beside a sound box, in either round; no other finding comes with it."""
    objects = boxes([1, 2, 3, 4], box)
    row = {"id": ID, "round1_labels": ["dog"], "round1_objects": objects, "frame_objects": [[], objects]}
    if name == "grounding_r1":
        del row["frame_objects"]
    found = flat(name, row).row(0, named=True)
    findings = {key: found[key] for key in ("box_shapes", "box_ranges", "box_corners")}
    assert findings == {key: "1 boxes" if key == at_fault else "" for key in findings}


def test_labels_that_round_one_lacks_are_named() -> None:
    """The first three of them; none where all are known."""
    strays = [{"bbox_2d": [], "label": label} for label in "abcd"]
    row = {"id": ID, "round1_labels": ["dog"], "round1_objects": strays}
    finding = flat("grounding_r1", row)["object_labels"][0]
    assert finding.endswith(", ...")
    assert finding.count(",") == 3
    assert flat("grounding_r1", row | {"round1_objects": boxes([])})["object_labels"][0] == ""


@pytest.mark.parametrize(
    ("frames", "finding"),
    [
        ([1, 26, 51, 76], ""),
        ([0, 26, 51, 76], "0, 26, 51, 76"),
        ([1, 51, 26, 76], "1, 51, 26, 76"),
        ([5, 5, 6, 7], "5, 5, 6, 7"),
        ([3], ""),
    ],
)
def test_frames_rise_from_the_second(frames: list[int], finding: str) -> None:
    """Equal and falling indices and frame 0 are shown."""
    row = {"id": ID, "frame_indices": frames, "editscore": [frame(8.0)] * len(frames)}
    assert flat("edited_video_scores", row)["frames_ascend"][0] == finding


def test_the_extremes_of_listed_scores_stand_in_columns_of_their_own() -> None:
    """So that a bound on each number is a bound on two."""
    row = {
        "id": ID,
        "frame_indices": [1, 2],
        "editscore": [frame(3.0), frame(9.5)],
        "mean_o_score": 6.25,
    }
    found = flat("edited_video_scores", row).row(0, named=True)
    assert found["lowest editscore[...].O_score"] == 3.0
    assert found["highest editscore[...].PQ_score"] == 9.5
    assert found["mean_error"] == 0.0


def test_a_path_of_another_sample_is_shown() -> None:
    """The path that the layout gives is none, a missing one is not asked about."""
    sound = csv_row(ID)
    other = csv_row(ID, src_video="time/source_video/Sparkle_time_000008.mp4", tgt_video=None)
    found = flat("annotations", sound, other)
    assert found["source_path_names_sample"].to_list() == ["", "time/source_video/Sparkle_time_000008.mp4"]
    assert found["edited_path_names_sample"].to_list() == ["", None]


def test_a_keyword_is_split_or_absent_for_openve3m() -> None:
    """Asked of samples that the metadata have."""
    ids = ("Sparkle_time_000001", "Sparkle_time_000002", "Sparkle_openve3m_000003")
    keywords = ({"chosen_keyword": "dusk: red sky", "subtheme": "dusk", "scene": "red sky"}, {}, {})
    rows = [metadata(key, **keyword) for key, keyword in zip(ids, keywords, strict=True)]
    assert flat("annotations", *rows, csv_row(ID))["keyword_is_split"].to_list() == ["", "absent", "", None]


def test_slices_keep_all_rows_in_order() -> None:
    """Across the border of a slice."""
    numbers = pl.LazyFrame({"number": range(SLICE_ROWS + 3)})
    collected = collect_in_slices(numbers, [pl.col("number") * 2])
    assert collected["number"].to_list() == list(range(0, 2 * SLICE_ROWS + 6, 2))
