"""What FFmpeg writes of frames at a constant rate, compared with what its command line wrote of such clips."""

from __future__ import annotations

import numpy as np
import pytest
from tests.loader.fabricated_pairs import clip
from tests.media.made_clips import window

from sparkle_curation.media.probe.probes import probe
from sparkle_curation.media.sampling import even_rate

Times = list[int]


@pytest.mark.parametrize("ticks", [600, 1000, 16000, 90000])
@pytest.mark.parametrize("rate", [16, 24, 25, 30, 30000 / 1001, 60])
def test_times_rounded_to_ticks_are_even(ticks: int, rate: float) -> None:
    """Of 81 frames the rate that was meant comes out."""
    times = np.round(np.arange(81) / rate * ticks) / ticks
    assert even_rate(times) == pytest.approx(rate, rel=1e-4)


def test_times_that_shake_by_a_tick_are_even() -> None:
    """A tick of 1/90000 s to either side."""
    shaken = np.arange(81) * 5625 + np.random.default_rng(0).integers(-1, 2, 81)
    assert even_rate(shaken / 90000) == pytest.approx(16, rel=1e-4)


WRITTEN: dict[str, tuple[int, Times, int, int]] = {
    "rounded": (1000, [round(number * 62.5) for number in range(13)], 0, 0),
    "television": (600, [round(number * 20.02) for number in range(13)], 0, 0),
    "last ones fast": (1000, [*range(0, 682, 62), 621, 622], 1, 0),
    "pauses": (16, [0, 1, 2, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15], 0, 3),
}
"""Ticks a second, times, and how many frames FFmpeg 9.0 left out and repeated."""


@pytest.mark.parametrize("name", WRITTEN)
def test_lost_and_repeated_frames_are_those_of_ffmpeg(name: str) -> None:
    """And a clip of which none is has no pattern."""
    ticks, times, lost, repeated = WRITTEN[name]
    facts = probe("source_video", window(clip(1, fps=ticks, times=times)))
    assert (facts.lost_frame_count, facts.repeated_frame_count) == (lost, repeated)
    assert (facts.sampling_hash is None) == facts.is_constant_fps == (lost == repeated == 0)
