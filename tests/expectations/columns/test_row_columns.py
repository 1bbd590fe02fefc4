"""What a row says by itself."""

from __future__ import annotations

import math

import polars as pl
import pytest
from tests.expectations.sound_tables import FRAME, REASONS, STILL, row
from tests.made.tables import table

from sparkle_curation.expectations.columns.row_columns import row_columns
from sparkle_curation.spec.tables.ingested import COLUMNS


def of(name: str, **changes: object) -> dict[str, object]:
    """The flat columns of one changed row."""
    return row_columns(name, table(name, [row(name, **changes)])).row(0, named=True)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_sound_row_has_no_violation_and_an_empty_table_the_same_columns(name: str) -> None:
    """Texts that no rule compares are handed over as whether they are there."""
    rows = table(name, [row(name)])
    flat, empty = row_columns(name, rows), row_columns(name, rows.clear())
    assert empty.schema == flat.schema
    ends = ("_is_complete", "_names_sample", "_ascend", "_is_split")
    assert all(value == "" for key, value in flat.row(0, named=True).items() if key.endswith(ends))
    if name != "assets":
        assert flat["prompt"].to_list() == [True]
        assert row_columns(name, rows.with_columns(prompt=pl.lit(None, pl.String)))["prompt"].to_list() == [
            None
        ]


def test_the_lowest_and_highest_of_listed_scores_are_taken() -> None:
    """Of each sub-score, and of frame indices."""
    frames = [{**FRAME, "O_score": score, **dict.fromkeys(REASONS, "said")} for score in (3.0, 12.0)]
    found = of("edited_video_scores", editscore=frames, frame_indices=[-1, 5])
    assert (found["lowest editscore[...].O_score"], found["highest editscore[...].O_score"]) == (3.0, 12.0)
    assert found["lowest frame_indices"] == -1
    assert found["frame_count"] == found["editscore_count"] == 2
    assert found["mean_o_score_error"] == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("frames", "violation"),
    [([1, 2, 3], ""), ([5], ""), ([0, 2], "0, 2"), ([1, 1], "1, 1"), ([3, 2], "3, 2"), ([-1, 2], "-1, 2")],
)
def test_frames_rise_and_leave_out_the_first(frames: list[int], violation: str) -> None:
    """What does not is shown."""
    assert of("edited_video_scores", frame_indices=frames)["frames_ascend"] == violation


@pytest.mark.parametrize("reason", [None, "x"])
def test_a_member_that_is_missing_in_a_score_is_found(reason: str | None) -> None:
    """A reasoning as well as a number; a number that is none is missing too."""
    texts = {"SC_reasoning": "fits", "PQ_reasoning": reason}
    score = 9.0 if reason is None else math.nan
    found = of("edited_frame0_scores", editscore={**STILL, "overall": score, **texts})
    assert found["editscore_is_complete"] == "a value is missing"


@pytest.mark.parametrize(
    ("changes", "violation"),
    [
        ({}, ""),
        ({"chosen_keyword": None, "subtheme": None, "scene": None}, "absent"),
        ({"chosen_keyword": "spring", "subtheme": "spring", "scene": None}, "spring"),
        ({"id": "Sparkle_openve3m_000001", "theme": "openve3m", "chosen_keyword": None}, ""),
        ({"id": "Sparkle_openve3m_000001", "theme": "openve3m"}, "spring: a thaw"),
        ({"metadata_line": None}, None),
    ],
)
def test_a_keyword_is_split_and_openve3m_has_none(changes: dict[str, object], violation: str | None) -> None:
    """Not asked of what only the CSV has."""
    assert of("annotations", **changes)["keyword_is_split"] == violation


def test_a_path_that_is_not_the_sample_s_is_shown() -> None:
    """Of videos in the annotations, and of every kind of asset."""
    other = "time/source_video/Sparkle_time_000001.mp4"
    assert of("annotations", src_video=other)["source_path_names_sample"] == other
    assert of("annotations", tgt_video=None)["edited_path_names_sample"] is None
    assert of("assets", path=other)["path_names_sample"] == other
    assert of("assets", kind="source_frame0")["path_names_sample"] == ""
    unknown = table("assets", [{**row("assets"), "kind": "thumbnail"}])
    assert row_columns("assets", unknown)["path_names_sample"].to_list() == [row("assets")["path"]]
