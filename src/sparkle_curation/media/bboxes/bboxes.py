"""Boxes of the groundings, from 0-1000 of width and height to pixels of the real frame.

The card's `normalize_bbox` gives the same pixels wherever it is right: whole pixels, rounded down, the last one
still inside. It differs where it is at fault:

- Swapped corners: it takes the smaller x for x1 first and compares x2 with that, so that ``[765, 998, 447, 27]`` is
  (572, 19, 572, 19), a box without area. Here corners are ordered first.
- ``[]``, which the release has wherever the model did not find a label: it raises IndexError. Here it is no box, null.
- A box that lies outside the picture, such as ``[1200, 0, 1300, 500]``, becomes one of no width at the picture's
  edge. Here it is no box either.
- It divides before it multiplies, and what that rounds off costs a pixel: of 720 rows it takes 175, 350, 575 and 700
  thousandths for rows 125, 251, 413 and 503. They are 126, 252, 414 and 504.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from sparkle_curation.spec.frames import BBOX_SCALE


def to_pixels(bbox: Sequence[float] | None, width_px: int, height_px: int) -> list[int] | None:
    """``[x1, y1, x2, y2]`` in pixels, x1 <= x2 < ``width_px`` and y1 <= y2 < ``height_px``; None for no box.

    No box is one that has not four finite numbers, or covers nothing of the picture.

    >>> to_pixels([448, 26, 765, 998], 1280, 720)
    [573, 18, 979, 718]
    >>> to_pixels([765, 998, 447, 27], 1280, 720)  # corners swapped; the card's helper: (572, 19, 572, 19)
    [572, 19, 979, 718]
    >>> to_pixels([0, 0, 1000, 1000], 1280, 720)  # the last pixel is the last one inside
    [0, 0, 1279, 719]
    >>> to_pixels([-5, 990, 300, 1200], 1280, 720)
    [0, 712, 384, 719]
    >>> to_pixels([0, 175, 1000, 350], 1280, 720)  # the card's helper: (0, 125, 1279, 251)
    [0, 126, 1279, 252]
    >>> [to_pixels(box, 1280, 720) for box in ([], [1, 2, 3], [0, 0, float("nan"), 9], [1200, 0, 1300, 500])]
    [None, None, None, None]
    """
    if bbox is None or len(bbox) != 4 or not all(math.isfinite(value) for value in bbox):
        return None
    x1, y1, x2, y2 = (min(max(value, 0), BBOX_SCALE) for value in bbox)
    if x1 == x2 or y1 == y2:
        return None
    ends = (
        (min(x1, x2), width_px),
        (min(y1, y2), height_px),
        (max(x1, x2), width_px),
        (max(y1, y2), height_px),
    )
    return [min(int(value * side) // BBOX_SCALE, side - 1) for value, side in ends]


def pixel_box(bbox: pl.Expr, width_px: pl.Expr, height_px: pl.Expr) -> pl.Expr:
    """As ``to_pixels``, of a column of boxes: lists of four integers, null for no box or an unknown size."""
    x1, y1, x2, y2 = _corners(bbox)
    sides = (
        _pixel(pl.min_horizontal(x1, x2), width_px),
        _pixel(pl.min_horizontal(y1, y2), height_px),
        _pixel(pl.max_horizontal(x1, x2), width_px),
        _pixel(pl.max_horizontal(y1, y2), height_px),
    )
    is_known = is_box(bbox) & width_px.is_not_null() & height_px.is_not_null()
    # Forty times as fast as `concat_list`, which took half of the time of the whole table.
    return pl.when(is_known).then(pl.concat_arr(sides).arr.to_list()).otherwise(None)


def is_box(bbox: pl.Expr) -> pl.Expr:
    """Whether each of a column of boxes is one that covers a part of the picture."""
    x1, y1, x2, y2 = _corners(bbox)
    is_finite = pl.all_horizontal(_coordinate(bbox, place).is_finite() for place in range(4))
    return ((bbox.list.len() == 4) & is_finite & (x1 != x2) & (y1 != y2)).fill_null(value=False)


def _corners(bbox: pl.Expr) -> tuple[pl.Expr, pl.Expr, pl.Expr, pl.Expr]:
    x1, y1, x2, y2 = (_coordinate(bbox, place).clip(0, BBOX_SCALE) for place in range(4))
    return x1, y1, x2, y2


def _coordinate(bbox: pl.Expr, place: int) -> pl.Expr:
    return bbox.list.get(place, null_on_oob=True)


def _pixel(value: pl.Expr, side: pl.Expr) -> pl.Expr:
    # In integers: polars divides a fraction by multiplying with 1 / 1000, which rounds differently.
    thousandths = (value * side).cast(pl.Int64, strict=False)
    return pl.min_horizontal((thousandths // BBOX_SCALE).cast(pl.Int32), side - 1)
