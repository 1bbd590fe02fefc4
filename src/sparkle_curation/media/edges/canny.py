"""Edges of pictures, mixed along a mask, and what tells edges that were mixed from edges of a mixed picture.

Edges first, then the mixing: Canny of a composited picture draws the outline of the mask, which is no edge of either clip.
Source of 100/200, plain grey and no blur: the annotators that users of such control videos run (VideoX-Fun, diffusers).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.media.opencv import opencv

Picture = NDArray[np.uint8]
"""(height, width, 3), RGB."""
Edges = NDArray[np.bool_]
"""(height, width), true on an edge."""
Mask = NDArray[np.bool_]
"""(height, width), true on the foreground."""

BAND_PX = 6
"""Width of the band along the outline: half of it on either side."""
WHITE = 127
"""Grey levels above this are an edge in a decoded control video."""


def find_edges(picture: Picture, low: float, high: float) -> Edges:
    """Canny's edges of the grey picture, at its own size and without blur.

    Args:
        picture: RGB.
        low: gradients below it are no edge.
        high: gradients above it are one; those between, where they touch one.
    """
    cv2 = opencv()
    return np.asarray(cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), low, high) > 0)


def mix(source: Edges, background: Edges, mask: Mask) -> Edges:
    """The source's edges inside of the mask, the background's outside.

    >>> row = np.array([[True, True, False]])
    >>> mix(row, ~row, np.array([[True, False, False]])).tolist()
    [[True, False, True]]
    """
    return np.where(mask, source, background)


def band_along(mask: Mask) -> NDArray[np.bool_]:
    """The pixels within 3 px of the mask's outline, on either side; the picture's border is no outline."""
    cv2 = opencv()
    side = BAND_PX + 1
    kernel = np.ones((side, side), np.uint8)
    grey = mask.astype(np.uint8)
    return np.asarray(cv2.dilate(grey, kernel) != cv2.erode(grey, kernel))


def edge_iou(one: Edges, other: Edges) -> float:
    """Pixels that both have, of those that either has; 1 where neither has any."""
    either = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) / either if either else 1.0


class OutlineCount:
    """Counts edges along the outline and elsewhere, frame by frame."""

    def __init__(self) -> None:
        self._edges, self._pixels = [0, 0], [0, 0]

    def add(self, edges: Edges, band: NDArray[np.bool_]) -> None:
        """Count a frame."""
        for side, where in enumerate((band, ~band)):
            self._pixels[side] += int(np.count_nonzero(where))
            self._edges[side] += int(np.count_nonzero(edges & where))

    @property
    def ratio(self) -> float | None:
        """Density of edges along the outline, compared with that elsewhere; None without either."""
        if not all(self._pixels) or not self._edges[1]:
            return None
        return (self._edges[0] / self._pixels[0]) / (self._edges[1] / self._pixels[1])
