"""The sampled frames of a video: the frames that the second grounding round looks at.

The dataset card says "sampled at 2 FPS" and gives no formula; this one is inferred: the k-th sampled frame is the
frame at k half seconds, a half rounded up. At the 16 frames a second of the release that is every eighth frame, as
in the paper's figure.
"""

from __future__ import annotations

import math

import polars as pl

from sparkle_curation.spec.frames import GROUNDED_FPS


def choose_sampled_frames(frame_count: int, fps: float) -> list[int]:
    """The sampled frames of a video, frames counted from 0; of one slower than ``GROUNDED_FPS``, every frame.

    >>> choose_sampled_frames(69, 16.0), choose_sampled_frames(28, 25.0)
    ([0, 8, 16, 24, 32, 40, 48, 56, 64], [0, 13, 25])
    """
    count = int((frame_count - 1) / max(fps / GROUNDED_FPS, 1.0)) + 1
    return [sampled_frame_at(number, fps) for number in range(count)]


def sampled_frame_at(number: int, fps: float) -> int:
    """The frame of one sampled frame of a video, both counted from 0, whether or not the video is that long."""
    return math.floor(number * max(fps / GROUNDED_FPS, 1.0) + 0.5)


def frame_of_sampled() -> pl.Expr:
    """The frame of the sampled frame ``sampled_frame_index``, of a video with ``fps`` and ``frame_count``.

    Null where the rate is unknown or the video has no such frame; the first sampled frame is frame 0 whatever is known.
    """
    step = _step(pl.col("fps"))
    index = (pl.col("sampled_frame_index") * step + 0.5).floor().cast(pl.Int32)
    is_known = pl.col("fps").is_not_null() & (index < pl.col("frame_count"))
    return pl.when(pl.col("sampled_frame_index") == 0).then(0).when(is_known).then(index).cast(pl.Int32)


def sampled_frame_count(frame_count: pl.Expr, fps: pl.Expr) -> pl.Expr:
    """How many frames ``choose_sampled_frames`` gives of a video; null where count or rate is unknown."""
    return ((frame_count - 1) / _step(fps)).floor() + 1


def _step(fps: pl.Expr) -> pl.Expr:
    """Frames from one sampled frame to the next; null where the rate is unknown."""
    return pl.when(fps.is_not_null()).then(pl.max_horizontal(fps / GROUNDED_FPS, 1.0))
