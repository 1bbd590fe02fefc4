"""Which frames of a clip a sample has, and what of their pictures."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made.motions import encode

from sparkle_curation.new_samples.clips.trimming import (
    Timing,
    Trimming,
    choose_frames,
    fit_picture,
    read_timing,
)

WHAT = Trimming(16, 81, 69, 64, 32, "crop", "middle", 17)


def timing(count: int, rate: Fraction) -> Timing:
    """Frames at a constant rate."""
    return Timing(tuple(number / rate for number in range(count)), count / rate, 64, 32)


@pytest.mark.parametrize(
    ("count", "rate", "frames", "first", "last"),
    [
        (81, Fraction(16), 81, 0, 80),
        (83, Fraction(16), 81, 1, 81),  # around the middle
        (77, Fraction(16), 77, 0, 76),
        (80, Fraction(16), 77, 1, 77),
        (162, Fraction(32), 81, 0, 160),
        (152, Fraction(30000, 1001), 81, 0, 150),
        (1, Fraction(16), 0, 0, 0),
    ],
)
def test_greatest_number_of_4n_plus_1_frames_at_their_times(
    count: int, rate: Fraction, frames: int, first: int, last: int
) -> None:
    """By the right values, at the rate of a sample, twice it, and NTSC's; a clip that is too short has none."""
    chosen = choose_frames(timing(count, rate), WHAT)
    indices = chosen.indices if chosen else ()
    assert (len(indices), indices[0] if indices else 0, indices[-1] if indices else 0) == (
        frames,
        first,
        last,
    )


@given(count=st.integers(1, 400), rate=st.integers(16, 120), window=st.sampled_from(["start", "middle"]))
def test_chosen_frames_are_there_in_order_and_none_stands_twice(count: int, rate: int, window: str) -> None:
    """Of any clip at least as fast as a sample."""
    chosen = choose_frames(timing(count, Fraction(rate)), WHAT._replace(window=window, min_frames=1))  # type: ignore[arg-type]
    if chosen is None:
        assert count < rate / 16
        return
    assert len(chosen.indices) % 4 == 1
    assert list(chosen.indices) == sorted(set(chosen.indices))
    assert 0 <= chosen.indices[0] <= chosen.indices[-1] < count


def test_picture_of_another_shape_is_cut_or_put_before_black() -> None:
    """A tall white picture fills the frame when it is cut, and leaves black on both sides when it is padded."""
    tall = np.full((64, 32, 3), 255, np.uint8)
    assert (fit_picture(tall, WHAT) == 255).all()
    padded = fit_picture(tall, WHAT._replace(fit="pad"))
    assert padded.shape == (32, 64, 3)
    assert [int(padded[16, x, 0]) for x in (0, 23, 24, 39, 40, 63)] == [0, 0, 255, 255, 0, 0]
    same = np.random.default_rng(0).integers(0, 256, (32, 64, 3), np.uint8)
    assert (fit_picture(same, WHAT) == same).all()


def test_times_are_those_of_the_packets() -> None:
    """Of a real clip: its frames, its end, its rate, its size."""
    found = read_timing(io.BytesIO(encode([np.zeros((32, 64), np.uint8)] * 5, 8)))
    assert found == Timing(tuple(Fraction(number, 8) for number in range(5)), Fraction(5, 8), 64, 32)
    assert found.fps == 8.0
