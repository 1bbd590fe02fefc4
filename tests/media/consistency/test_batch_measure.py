"""Measuring a batch of samples: how far two pictures are from each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from sparkle_curation.media.consistency.batch_measure import mean_difference

PICTURES = hnp.arrays(np.uint8, (3, 2, 3))


@given(PICTURES, PICTURES)
def test_the_difference_is_a_distance(one: np.ndarray, other: np.ndarray) -> None:
    """It is 0 to itself, the same both ways, and does not wrap around at 0 and 255."""
    assert mean_difference(one, one) == 0
    assert mean_difference(one, other) == mean_difference(other, one)
    assert mean_difference(one, other) == pytest.approx(np.abs(one.astype(float) - other).mean())


def test_another_size_is_no_difference() -> None:
    """A smooth picture at half the size differs by less than a level."""
    smooth = np.tile(np.linspace(0, 255, 128)[None, :, None], (72, 1, 3)).astype(np.uint8)
    assert mean_difference(smooth[::2, ::2], smooth) < 2
