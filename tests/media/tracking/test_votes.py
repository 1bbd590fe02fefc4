"""The vote of the passes against a count by hand, and agreement against all pairs of passes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from sparkle_curation.media.tracking.measures import compare, iou, measure_steadiness, worst_pass
from sparkle_curation.media.tracking.packing import pack, unpack
from sparkle_curation.media.tracking.votes import Votes

SHAPE = (4, 9, 13)


def passes(count: int, share: float = 0.5) -> list[np.ndarray]:
    """Random passes, the same each time."""
    rng = np.random.default_rng(count)
    return [rng.random(SHAPE) < share for _ in range(count)]


def counted(masks: list[np.ndarray]) -> Votes:
    """Votes of these passes."""
    votes = Votes(SHAPE)
    for mask in masks:
        votes.add(mask)
    return votes


@pytest.mark.parametrize("count", [1, 2, 3, 9, 10, 11])
def test_a_pixel_is_foreground_where_most_passes_say_so(count: int) -> None:
    """As a sum over all passes has it; a tie goes where it is told to, and its pixels are counted."""
    masks = passes(count)
    total = np.sum(masks, axis=0)
    votes = counted(masks)
    tied = int((2 * total == count).sum())
    background, foreground = votes.majority("background"), votes.majority("foreground")
    assert (background.mask == (2 * total > count)).all()
    assert (foreground.mask == (2 * total >= count)).all()
    assert background.tied_px == foreground.tied_px == tied
    assert (tied > 0) == (count % 2 == 0)


@pytest.mark.parametrize(("count", "share"), [(2, 0.5), (5, 0.3), (10, 0.9)])
def test_agreement_is_that_of_all_pairs(count: int, share: float) -> None:
    """Shared pixels over pixels of either, summed over the pairs."""
    masks = passes(count, share)
    pairs = list(combinations(masks, 2))
    expected = sum((a & b).sum() for a, b in pairs) / sum((a | b).sum() for a, b in pairs)
    assert counted(masks).agreement() == pytest.approx(expected, rel=1e-12)


def test_agreement_is_unknown_of_one_pass_and_of_nothing() -> None:
    """One pass agrees with none, and passes that found nothing have no pixel to agree on."""
    assert counted(passes(1)).agreement() is None
    assert counted([np.zeros(SHAPE, bool)] * 3).agreement() is None
    assert counted([np.ones(SHAPE, bool)] * 3).agreement() == 1.0


def test_a_pass_of_another_shape_or_one_too_many_is_refused() -> None:
    """Nothing is cut or wraps around."""
    votes = Votes((1, 1, 1))
    with pytest.raises(ValueError, match="the clip has"):
        votes.add(np.zeros((1, 1, 2), bool))
    for _ in range(255):
        votes.add(np.ones((1, 1, 1), bool))
    with pytest.raises(ValueError, match="255"):
        votes.add(np.ones((1, 1, 1), bool))
    with pytest.raises(ValueError, match="without a pass"):
        Votes((1, 1, 1)).majority("background")


def test_a_packed_pass_is_the_pass() -> None:
    """Whatever its number of pixels; bits of another clip are not taken."""
    for mask in passes(3):
        assert (unpack(pack(mask), SHAPE) == mask).all()
    with pytest.raises(ValueError, match="bytes of bits"):
        unpack(pack(mask), (1, 9, 13))
    with pytest.raises(ValueError, match="bytes of bits"):
        unpack(pack(mask), (40, 9, 13))


def test_measures_of_a_mask() -> None:
    """Empty frames, the largest jump, IoU by frame and the pass that agrees least, by hand."""
    mask = np.zeros((4, 2, 2), bool)
    mask[1, 0] = True  # areas 0, 2, 4, 0
    mask[2] = True
    assert measure_steadiness(mask) == (2, 1.0)
    assert measure_steadiness(mask[1:3]) == (0, 0.5)
    assert measure_steadiness(np.zeros((3, 2, 2), bool)) == (3, None)
    other = mask.copy()
    other[1] = True
    likeness = compare(mask, other)
    assert likeness is not None
    assert likeness == ((1 + 0.5 + 1 + 1) / 4, 0.5, 1)
    assert compare(mask, mask[:3]) is None
    assert iou(mask[0], mask[0]) is None
    assert worst_pass(mask, [0.9, None, 0.4, 0.4]) == 2
    assert worst_pass(mask, [None, None]) is None
