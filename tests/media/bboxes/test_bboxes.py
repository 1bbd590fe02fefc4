"""Boxes in pixels: what the card's helper gives where it is right, and null or order where it is not."""

from __future__ import annotations

import math
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from sparkle_curation.media.bboxes.bboxes import is_box, pixel_box, to_pixels

Box = list[float]


def card_box(bbox: Box, width: int, height: int) -> tuple[int, ...]:
    """What the dataset card's helper does, said in another way and without what its fractions round off."""
    scaled = [
        int(Fraction(value) / 1000 * side) for value, side in zip(bbox, (width, height) * 2, strict=False)
    ]
    last = (width - 1, height - 1)
    low = [max(0, min(scaled[axis], scaled[axis + 2], last[axis])) for axis in (0, 1)]
    # The corner that was just replaced is compared with, so a box whose corners are swapped has no area.
    high = [max(0, min(max(low[axis], scaled[axis + 2]), last[axis])) for axis in (0, 1)]
    return (*low, *high)


def pixels(boxes: list[Box | None], width: int | None = 1280, height: int | None = 720) -> pl.DataFrame:
    """A column of boxes in pixels, and whether each is a box."""
    frame = pl.DataFrame({"bbox": boxes}, schema={"bbox": pl.List(pl.Float64)})
    sides = (pl.lit(side, pl.Int32) for side in (width, height))
    return frame.select(pixel_box(pl.col("bbox"), *sides).alias("px"), is_box(pl.col("bbox")).alias("is_box"))


_EXACT = st.integers(0, 1000) | st.integers(0, 64_000).map(lambda number: number / 64)
GOOD = st.tuples(*[_EXACT] * 4).map(
    lambda box: [min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])]
)
ANY = st.none() | st.lists(
    st.integers(-50, 1100)
    | st.floats()
    | st.sampled_from([0, 1000, 1e-300, 999.9999999999999, -0.0, 1e300, math.nan, math.inf]),
    max_size=6,
)
SIDES = st.integers(1, 4000)


@given(box=GOOD, width=SIDES, height=SIDES)
def test_a_good_box_is_that_of_the_card(box: Box, width: int, height: int) -> None:
    """Corners in order, inside the picture, with an area."""
    found = to_pixels(box, width, height)
    if box[0] == box[2] or box[1] == box[3]:
        assert found is None
    else:
        assert found == list(card_box(box, width, height))


@given(box=ANY, width=SIDES, height=SIDES)
def test_pixels_are_inside_the_picture_and_in_order(box: Box | None, width: int, height: int) -> None:
    """Or there is no box; the order of the corners does not matter."""
    found = to_pixels(box, width, height)
    if found is not None and box is not None:
        x1, y1, x2, y2 = found
        assert 0 <= x1 <= x2 < width
        assert 0 <= y1 <= y2 < height
        assert to_pixels([box[2], box[1], box[0], box[3]], width, height) == found
        assert to_pixels([box[0], box[3], box[2], box[1]], width, height) == found


@given(boxes=st.lists(ANY, max_size=8), width=SIDES, height=SIDES)
def test_a_column_is_as_box_by_box(boxes: list[Box | None], width: int, height: int) -> None:
    """To the last bit of the arithmetic."""
    one_by_one = [to_pixels(box, width, height) for box in boxes]
    found = pixels(boxes, width, height)
    assert_series_equal(found["px"], pl.Series("px", one_by_one, pl.List(pl.Int32)))
    assert found["is_box"].to_list() == [box is not None for box in one_by_one]


@pytest.mark.parametrize(("width", "height"), [(None, 720), (1280, None), (None, None)])
def test_an_unknown_size_has_no_pixels(width: int | None, height: int | None) -> None:
    """The box was found all the same."""
    found = pixels([[0, 0, 10, 10]], width, height)
    assert found.row(0) == (None, True)


def test_no_boxes_are_no_pixels() -> None:
    """A column without rows, and one of nulls."""
    assert pixels([]).schema == {"px": pl.List(pl.Int32), "is_box": pl.Boolean}
    assert pixels([None, []]).rows() == [(None, False), (None, False)]


def test_the_faults_of_the_card_are_not_taken_over() -> None:
    """Swapped corners keep their area; a box outside is none; an empty one raises nothing."""
    swapped = [765.0, 998.0, 447.0, 27.0]
    assert card_box(swapped, 1280, 720) == (572, 19, 572, 19)
    assert to_pixels(swapped, 1280, 720) == [572, 19, 979, 718]
    assert card_box([1200, 0, 1300, 500], 1280, 720) == (1279, 0, 1279, 360)
    assert to_pixels([1200, 0, 1300, 500], 1280, 720) is None
    with pytest.raises(IndexError):
        card_box([], 1280, 720)
    assert to_pixels([], 1280, 720) is None


def test_no_pixel_is_lost_to_a_fraction() -> None:
    """175 thousandths of 720 rows are row 126; 175 / 1000 * 720 is a little less."""
    assert int(175 / 1000 * 720) == 125
    rows = [(value, value * 720 // 1000) for value in range(1, 1000)]
    boxes: list[Box | None] = [[0, value, 1000, 1000] for value, _ in rows]
    assert [to_pixels(box, 1280, 720) for box in boxes] == [[0, row, 1279, 719] for _, row in rows]
    assert pixels(boxes)["px"].to_list() == [[0, row, 1279, 719] for _, row in rows]
