"""What masks cover, and how they agree with boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sparkle_curation.media.masks.measures import BoxMeasures, MaskMeasures, measure_boxes, measure_mask

MASKS = hnp.arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)))


def mask(*frames: list[str]) -> np.ndarray:
    """A mask drawn with ``#`` and ``.``, one list of rows a frame."""
    return np.array([[[cell == "#" for cell in row] for row in frame] for frame in frames])


def test_a_mask_that_moves_flickers_but_covers_the_same() -> None:
    """A column that moves by one changes two columns of four."""
    moved = measure_mask(mask(["#...", "#..."], [".#..", ".#.."], [".#..", ".#.."]))
    assert moved == MaskMeasures(
        mask_share=0.25, smallest_mask_share=0.25, largest_mask_share=0.25, mask_flicker=0.25, mask_jump=0.5
    )


def test_a_mask_that_vanishes_has_a_smallest_share_of_zero() -> None:
    """The frame without a mask is what the smallest share is of, and a jump."""
    gone = measure_mask(mask(["##"], [".."]))
    assert (gone.mask_share, gone.smallest_mask_share, gone.mask_jump) == (0.5, 0.0, 1.0)


def test_one_frame_does_not_flicker() -> None:
    """Nothing is said of what needs two frames."""
    assert measure_mask(mask(["#."])) == MaskMeasures(0.5, 0.5, 0.5, None, None)


@pytest.mark.parametrize("shape", [(0, 2, 2), (2, 0, 2)])
def test_an_empty_mask_has_no_measures(shape: tuple[int, ...]) -> None:
    """Without a frame or a pixel there is nothing to be said."""
    assert measure_mask(np.zeros(shape, bool)) == MaskMeasures()


@given(MASKS)
def test_shares_are_shares(drawn: np.ndarray) -> None:
    """All lie in 0-1 and in their order, and a mask and its opposite flicker alike."""
    found, opposite = measure_mask(drawn), measure_mask(~drawn)
    assert found.mask_share == pytest.approx(drawn.mean())
    assert 0 <= found.smallest_mask_share <= found.largest_mask_share <= 1  # type: ignore[operator]
    assert found.mask_share == pytest.approx(1 - opposite.mask_share)  # type: ignore[operator]
    assert (found.mask_flicker, found.mask_jump) == (opposite.mask_flicker, opposite.mask_jump)


def test_a_box_around_the_mask_agrees_with_it() -> None:
    """A tight box is covered as far as the mask fills it, and holds all of it."""
    drawn = mask(["....", ".#..", ".##."])
    assert measure_boxes(drawn, {0: [[1, 1, 3, 3]]}) == BoxMeasures(0.75, 0.75, 1.0)


def test_an_object_without_a_mask_is_found() -> None:
    """The mean hides one box of two that the mask does not touch; the smallest share does not."""
    found = measure_boxes(mask(["##....", "##...."]), {0: [[0, 0, 2, 2], [4, 0, 6, 2]]})
    assert found == BoxMeasures(0.5, 0.0, 1.0)


def test_a_mask_outside_of_the_boxes_is_found() -> None:
    """Half of the mask lies where nobody found an object."""
    assert measure_boxes(mask(["#..#"]), {0: [[0, 0, 1, 1]]}).mask_in_boxes_share == 0.5


def test_overlapping_boxes_count_once() -> None:
    """A mask inside of two boxes is inside once."""
    assert measure_boxes(mask(["##"]), {0: [[0, 0, 2, 1], [0, 0, 1, 1]]}).mask_in_boxes_share == 1.0


def test_frames_count_by_their_own_mask() -> None:
    """Boxes of a later frame are compared with the mask of that frame; those after the last frame against none."""
    drawn = mask(["#."], [".#"])
    assert measure_boxes(drawn, {1: [[1, 0, 2, 1]], 8: [[0, 0, 1, 1]]}) == BoxMeasures(1.0, 1.0, 1.0)


@pytest.mark.parametrize("boxes", [{}, {0: []}, {0: [[1, 0, 1, 1]]}, {5: [[0, 0, 1, 1]]}])
def test_nothing_is_said_without_a_box(boxes: dict[int, list[list[int]]]) -> None:
    """No frame, no box, a box without area, or one of a frame that the mask has not."""
    assert measure_boxes(mask(["#."]), boxes) == BoxMeasures()


def test_a_frame_without_a_mask_has_boxes_that_it_does_not_cover() -> None:
    """The boxes count as uncovered; of the mask nothing is said."""
    assert measure_boxes(mask([".."]), {0: [[0, 0, 1, 1]]}) == BoxMeasures(0.0, 0.0, None)
