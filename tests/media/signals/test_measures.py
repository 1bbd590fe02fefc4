"""The signals of made pictures: what is exact, what is free of light, and when nothing can be said."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.media.signals.batch_signals import measured_frames, measured_size, shrink, shrink_mask
from sparkle_curation.media.signals.measures import (
    Signals,
    edge_agreement,
    erode,
    measure_signals,
    texture_correlation,
)

RNG = np.random.default_rng(5)
SCENE = RNG.uniform(0, 255, (40, 60)).astype(np.float32)
OTHER = RNG.uniform(0, 255, (40, 60)).astype(np.float32)
EVERYWHERE = np.ones((40, 60), bool)


@given(st.floats(-3, 3).filter(lambda gain: abs(gain) > 0.1), st.floats(-100, 100))
def test_edge_agreement_does_not_see_light(gain: float, offset: float) -> None:
    """Brightness, contrast and sign change nothing, of the edit or of the source."""
    lit = np.float32(gain) * SCENE + np.float32(offset)
    expected = edge_agreement(SCENE, OTHER, EVERYWHERE, 1)
    assert edge_agreement(SCENE, lit, EVERYWHERE, 1) == pytest.approx(1, abs=1e-3)
    assert edge_agreement(lit, OTHER, EVERYWHERE, 1) == pytest.approx(expected, abs=1e-3)


def test_what_has_no_lines_or_too_few_pixels_says_nothing() -> None:
    """An even source has no line to keep; an even edit keeps none of them; few pixels are no answer."""
    even = np.zeros_like(SCENE)
    assert edge_agreement(even, SCENE, EVERYWHERE, 1) is None
    assert edge_agreement(SCENE, even, EVERYWHERE, 1) == 0
    assert edge_agreement(SCENE, SCENE, EVERYWHERE, 2401) is None
    assert texture_correlation(SCENE, even, EVERYWHERE, 1) is None
    assert texture_correlation(SCENE, SCENE, EVERYWHERE, 2401) is None
    assert texture_correlation(SCENE, SCENE, EVERYWHERE, 1) == pytest.approx(1)


def test_a_mask_of_all_or_nothing_leaves_one_side_unsaid() -> None:
    """Without a foreground there is no fidelity and no flicker; without a background no novelty and no liveliness."""
    frames = np.stack([SCENE] * 6)
    nothing, everything = (np.full((2, 40, 60), value) for value in (False, True))
    background = measure_signals(frames, frames, nothing, margin_px=2, min_pixels=10)
    foreground = measure_signals(frames, frames, everything, margin_px=2, min_pixels=10)
    assert background == Signals(
        background_novelty=pytest.approx(0, abs=1e-5), background_liveliness=0, source_background_liveliness=0
    )
    assert foreground == Signals(pytest.approx(1), pytest.approx(1), foreground.worst_frame, flicker_excess=0)


def test_the_worst_frame_is_named() -> None:
    """A foreground that is another one in one of three frames: the least is of that frame, the mean is not."""
    source = np.stack([SCENE] * 9)
    edited = source.copy()
    edited[3:6] = OTHER
    found = measure_signals(source, edited, np.full((3, 40, 60), True), margin_px=0, min_pixels=10)
    assert found.worst_frame == 1
    assert found.foreground_fidelity_min is not None
    assert found.foreground_fidelity_min < 0.2
    assert found.foreground_fidelity_mean is not None
    assert found.foreground_fidelity_mean > 0.6


@given(st.integers(0, 4), st.integers(0, 2**32 - 1))
def test_erosion_leaves_what_is_far_from_the_edge(margin: int, seed: int) -> None:
    """A pixel stays where all within the margin, up and down, left and right, are true; more margin never keeps more."""
    mask = np.random.default_rng(seed).random((1, 12, 15)) < 0.95
    found = erode(mask, margin)
    for y, x in np.ndindex(12, 15):
        around = mask[0, max(y - margin, 0) : y + margin + 1, max(x - margin, 0) : x + margin + 1]
        assert found[0, y, x] == around.all()


@given(st.integers(3, 400), st.integers(1, 20), st.integers(1, 30))
def test_the_measured_frames_are_in_the_clip_and_end_with_it(count: int, frames: int, step: int) -> None:
    """As many as asked for or as fit, at the step, each with two frames before it."""
    found = measured_frames(count, frames, step)
    assert found[-1] == count - 1
    assert found[0] >= 2
    assert 1 <= len(found) <= frames
    assert len(found) == frames or found[0] - step < 2
    assert all(after - before == step for before, after in pairwise(found))


def test_pictures_and_masks_shrink_to_the_same_place() -> None:
    """A white rectangle and its mask cover the same pixels at a quarter of the size."""
    frames = np.zeros((1, 80, 160, 3), np.uint8)
    frames[:, 20:60, 40:80] = 255
    size = measured_size(160, 80, 40 * 20)
    assert size == (40, 20)
    small, mask = shrink(frames, size), shrink_mask(frames[..., 0] > 0, size)
    assert np.array_equal(small > 127, mask)
    assert mask.sum() == 10 * 10
