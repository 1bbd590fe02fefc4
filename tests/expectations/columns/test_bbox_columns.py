"""What is wrong with boxes and labels is found in the row that it stands in."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.expectations.sound_tables import LABELS, OBJECTS, row
from tests.made.tables import table

from sparkle_curation.expectations.columns.bbox_columns import (
    MAX_BOX,
    first_grounding_columns,
    second_grounding_columns,
)

FAULTS = ("box_shapes", "box_ranges", "box_corners")


def first(*changes: dict[str, Any]) -> pl.DataFrame:
    """The violations on rows of ``grounding_r1``."""
    rows = table("grounding_r1", [row("grounding_r1", **change) for change in changes])
    return rows.select(*first_grounding_columns(rows))


def second(*changes: dict[str, Any]) -> pl.DataFrame:
    """The violations on rows of ``grounding_r2``."""
    rows = table("grounding_r2", [row("grounding_r2", **change) for change in changes])
    return rows.select(*second_grounding_columns(rows))


def with_box(*boxes: list[float | None]) -> dict[str, Any]:
    """The change that gives a row these boxes."""
    return {"round1_objects": [{"bbox_2d": box, "label": LABELS[0]} for box in boxes]}


@pytest.mark.parametrize(
    ("box", "faults"),
    [
        ([], set()),
        ([0.0, 0.0, 1000.0, 1000.0], set()),
        ([1.0, 2.0, 3.0], {"box_shapes"}),
        ([1.0, 2.0, 3.0, 4.0, 5.0], {"box_shapes"}),
        ([-1.0, 2.0, 3.0, 4.0], {"box_ranges"}),
        ([1.0, 2.0, 3.0, 1000.5], {"box_ranges"}),
        ([3.0, 2.0, 1.0, 4.0], {"box_corners"}),
        ([1.0, 4.0, 3.0, 4.0], {"box_corners"}),
        ([1.0, math.nan, 3.0, 4.0], {"box_ranges", "box_corners"}),
        ([1.0, 2.0, 3.0, None], {"box_ranges", "box_corners"}),
        ([1.0, 2000.0, 3.0], {"box_shapes", "box_ranges"}),
    ],
)
def test_each_fault_of_a_box_is_found_and_no_other(box: list[float | None], faults: set[str]) -> None:
    """The sound rows beside it have none."""
    found = first({}, with_box([1.0, 1.0, 2.0, 2.0], box), {}).select(FAULTS)
    assert found.row(1, named=True) == {name: "1 of its boxes" if name in faults else "" for name in FAULTS}
    assert found[0].rows() == found[2].rows() == [("", "", "")]


@given(st.lists(st.lists(st.lists(st.integers(-2, 1002), max_size=6), max_size=3), max_size=5))
def test_faults_are_those_that_one_finds_box_by_box(samples: list[list[list[int]]]) -> None:
    """Counted row by row."""
    found = first(*(with_box(*[list(map(float, box)) for box in boxes]) for boxes in samples))
    rules = {
        "box_shapes": lambda box: len(box) not in {0, 4},
        "box_ranges": lambda box: any(not 0 <= number <= MAX_BOX for number in box),
        "box_corners": lambda box: len(box) == 4 and not (box[0] < box[2] and box[1] < box[3]),
    }
    for name, is_at_fault in rules.items():
        counts = [sum(map(is_at_fault, boxes)) for boxes in samples]
        assert found[name].to_list() == [f"{count} of its boxes" if count else "" for count in counts]


def test_a_box_that_stands_twice_in_its_frame_is_found() -> None:
    """With the same label; in another frame or row, or with another label, it is another object."""
    box, other = [1.0, 2.0, 3.0, 4.0], {"bbox_2d": [1.0, 2.0, 3.0, 4.0], "label": "cat"}
    same = {"bbox_2d": box, "label": LABELS[0]}
    loops = [same] * 40
    found = first(
        {"round1_objects": loops}, {"round1_objects": [same, other]}, {"round1_objects": [other, same, other]}
    )
    assert found["boxes_once"].to_list() == ["39 of its boxes", "", "1 of its boxes"]
    frames = (
        [[same], [same], [], loops[:3]],
        [[same, {"bbox_2d": [], "label": "cat"}, {"bbox_2d": [], "label": "cat"}]],
    )
    found = second(*({"frame_objects": frame} for frame in frames), {"frame_objects": []})
    assert found["boxes_once"].to_list() == ["2 of its boxes", "", ""]


def test_boxes_of_another_scale_are_found() -> None:
    """No number of any box of the sample is above 1; where there is no box, there is no scale."""
    shares, thousandths = [0.1, 0.2, 0.5, 1.0], [0.0, 0.0, 1.0, 2.0]
    found = first(
        with_box(shares, shares),
        with_box(shares, thousandths),
        with_box([]),
        with_box(),
        with_box([math.nan] * 4),
    )
    assert found["box_scale"].to_list() == ["no number above 1", "", "", "", ""]


def test_labels_that_round_one_lacks_are_named() -> None:
    """Of the source frame and of any other, each in its own column; a label that was not found again is no fault."""
    stray = {"bbox_2d": [], "label": "cat"}
    found = second(
        {}, {"round1_objects": [*OBJECTS, stray]}, {"frame_objects": [OBJECTS, [stray, stray], []]}
    )
    assert found["object_labels"].to_list() == ["", "cat", ""]
    assert found["frame_labels"].to_list() == ["", "", "cat"]
    assert found["label_count"].to_list() == [2, 2, 2]
    assert found["sampled_frame_count"].to_list() == [2, 2, 3]


def test_a_label_of_another_row_is_stray_all_the_same() -> None:
    """Labels are looked up in their own row."""
    found = first({"round1_labels": ["dog"]}, {"round1_labels": ["hat"]})
    assert found["object_labels"].to_list() == ["hat", "dog"]


def test_nothing_is_found_in_an_empty_table_or_where_nothing_was_grounded() -> None:
    """No row, no object, no list."""
    assert first().height == second().height == 0
    nothing = {"round1_objects": None, "round1_labels": None}
    assert (
        second({"frame_objects": [[], []]}, {"frame_objects": None, **nothing})
        .select(*FAULTS, "object_labels", "frame_labels")
        .rows()
        == [("",) * 5] * 2
    )


def test_boxes_are_counted() -> None:
    """Those of all frames, and those that the model did not find."""
    found = second({"frame_objects": [OBJECTS, OBJECTS[1:], []]}, {"frame_objects": []})
    assert found.select("box_count", "empty_box_count").rows() == [(3, 2), (0, 0)]
