"""Boxes of the grounding in pixels."""

from __future__ import annotations

from collections.abc import Sequence


def to_pixels(bbox: Sequence[float], width_px: int, height_px: int) -> list[int] | None:
    """``[x1, y1, x2, y2]`` in pixels of a box in 0-1000; None for an empty one.

    >>> to_pixels([765, 998, 447, 27], 1280, 720)
    [572, 19, 979, 719]
    """
    if len(bbox) != 4:
        return None
    (x1, x2), (y1, y2) = sorted((bbox[0], bbox[2])), sorted((bbox[1], bbox[3]))
    scaled = [x1 / 1000 * width_px, y1 / 1000 * height_px, x2 / 1000 * width_px, y2 / 1000 * height_px]
    limits = [width_px, height_px] * 2
    return [min(max(round(value), 0), limit) for value, limit in zip(scaled, limits, strict=True)]
