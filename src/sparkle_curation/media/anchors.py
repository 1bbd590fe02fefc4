"""The anchors of a video: the frames that the second grounding round looks at.

The dataset card says "sampled at 2 FPS" and gives no formula; this one is inferred: the k-th anchor is the frame at k half
seconds, a half rounded up. At the 16 frames a second of the release that is every eighth frame, as in the paper's figure.
"""

from __future__ import annotations

import math

import polars as pl

ANCHORS_PER_S = 2


def choose_anchors(frame_count: int, fps: float) -> list[int]:
    """The anchors of a video, frames counted from 0; of one slower than two frames a second, every frame.

    >>> choose_anchors(69, 16.0), choose_anchors(28, 25.0)
    ([0, 8, 16, 24, 32, 40, 48, 56, 64], [0, 13, 25])
    """
    step = max(fps / ANCHORS_PER_S, 1.0)
    count = int((frame_count - 1) / step) + 1
    return [math.floor(number * step + 0.5) for number in range(count)]


def anchor_frame() -> pl.Expr:
    """The frame of the anchor ``anchor_index``, of a video with ``fps`` and ``frame_count``.

    Null where the rate is unknown or the video has no such frame; the first anchor is frame 0 whatever is known.
    """
    step = pl.max_horizontal(pl.col("fps") / ANCHORS_PER_S, 1.0)
    index = (pl.col("anchor_index") * step + 0.5).floor().cast(pl.Int32)
    is_known = pl.col("fps").is_not_null() & (index < pl.col("frame_count"))
    return pl.when(pl.col("anchor_index") == 0).then(0).when(is_known).then(index).cast(pl.Int32)
