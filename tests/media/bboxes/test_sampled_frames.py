"""The sampled frames that are asked for are those that boxes are placed on."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.media.bboxes.sampled_frames import choose_sampled_frames, frame_of_sampled


@given(
    st.integers(1, 400), st.floats(0.1, 240, allow_nan=False) | st.sampled_from([15.0, 23.976, 25.0, 29.97])
)
def test_boxes_are_placed_on_the_frames_that_were_asked_for(frame_count: int, fps: float) -> None:
    """Each frame once, in order, within the video; and the table of boxes says the same frames."""
    sampled_frames = choose_sampled_frames(frame_count, fps)
    assert sampled_frames == sorted(set(sampled_frames))
    assert sampled_frames[0] == 0
    assert sampled_frames[-1] < frame_count
    placed = pl.DataFrame(
        {"sampled_frame_index": range(len(sampled_frames)), "fps": fps, "frame_count": frame_count}
    )
    assert placed.select(frame_of_sampled()).to_series().to_list() == sampled_frames


@pytest.mark.parametrize(
    ("frame_count", "fps", "sampled_frames"),
    [
        (1, 16.0, [0]),
        (8, 16.0, [0]),
        (9, 16.0, [0, 8]),
        (81, 16.0, [0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80]),
        (28, 25.0, [0, 13, 25]),
        (4, 1.0, [0, 1, 2, 3]),
    ],
)
def test_sampled_frames(frame_count: int, fps: float, sampled_frames: list[int]) -> None:
    """Two a second, a half rounded up; of a slow video every frame."""
    assert choose_sampled_frames(frame_count, fps) == sampled_frames
