"""Flat shapes with smooth edges, painted into an array: all that the made clips are drawn with.

Lengths are in frame heights: (0, 0) is the top left corner, (16/9, 1) the bottom right one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX = 128, 72
ASPECT = WIDTH_PX / HEIGHT_PX

Image = NDArray[np.float32]
"""(height, width, 3), RGB, 0 to 255."""
Coverage = NDArray[np.float32]
"""(height, width), the share of each pixel that a shape covers, 0 to 1."""
Colour = tuple[int, int, int]

_Y, _X = ((np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX] + 0.5) / HEIGHT_PX).astype(np.float32)


class Shape(Protocol):
    """A shape: the box it lies in, and how far each point lies outside it (negative inside)."""

    def bounds(self) -> tuple[float, float, float, float]:
        """(x1, y1, x2, y2) around the shape."""
        ...

    def distance(self, x: Coverage, y: Coverage) -> Coverage:
        """Distance of each point from the shape's edge, negative inside."""
        ...


@dataclass(frozen=True)
class Cone:
    """Two discs and the skin around them: a disc, a limb or a coat, by its radii."""

    x1: float
    y1: float
    r1: float
    x2: float
    y2: float
    r2: float

    def bounds(self) -> tuple[float, float, float, float]:
        """The box around both discs."""
        return (
            min(self.x1 - self.r1, self.x2 - self.r2),
            min(self.y1 - self.r1, self.y2 - self.r2),
            max(self.x1 + self.r1, self.x2 + self.r2),
            max(self.y1 + self.r1, self.y2 + self.r2),
        )

    def distance(self, x: Coverage, y: Coverage) -> Coverage:
        """Distance from the nearest point of the axis, less the radius there."""
        dx, dy = self.x2 - self.x1, self.y2 - self.y1
        length = max(dx * dx + dy * dy, 1e-9)
        along = np.clip(((x - self.x1) * dx + (y - self.y1) * dy) / length, 0, 1)
        away = np.hypot(x - self.x1 - along * dx, y - self.y1 - along * dy)
        return np.asarray(away - self.r1 - along * (self.r2 - self.r1), np.float32)


def disc(x: float, y: float, r: float) -> Cone:
    """A disc."""
    return Cone(x, y, r, x, y, r)


@dataclass(frozen=True)
class Block:
    """An upright rectangle."""

    x1: float
    y1: float
    x2: float
    y2: float

    def bounds(self) -> tuple[float, float, float, float]:
        """The rectangle itself."""
        return self.x1, self.y1, self.x2, self.y2

    def distance(self, x: Coverage, y: Coverage) -> Coverage:
        """Distance from the nearest side."""
        across = np.maximum(self.x1 - x, x - self.x2)
        down = np.maximum(self.y1 - y, y - self.y2)
        return np.asarray(np.maximum(across, down), np.float32)


@dataclass(frozen=True)
class Dome:
    """The upper half of a disc: an umbrella, a hat, a bush."""

    x: float
    y: float
    r: float

    def bounds(self) -> tuple[float, float, float, float]:
        """The box around the half disc."""
        return self.x - self.r, self.y - self.r, self.x + self.r, self.y

    def distance(self, x: Coverage, y: Coverage) -> Coverage:
        """Distance from the arc or from the flat side, whichever is farther."""
        return np.asarray(np.maximum(np.hypot(x - self.x, y - self.y) - self.r, y - self.y), np.float32)


def colour(code: str) -> Colour:
    """The colour of a ``#rrggbb`` code.

    >>> colour("#ff8000")
    (255, 128, 0)
    """
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return red, green, blue


def blank(top: Colour, bottom: Colour) -> Image:
    """A new image, filled from ``top`` to ``bottom``."""
    share = _Y[:, :, None]
    return np.asarray((1 - share) * _pixel(top) + share * _pixel(bottom), np.float32)


def cover(shape: Shape) -> tuple[tuple[slice, slice], Coverage]:
    """The window of the frame that a shape can touch, and its coverage there."""
    x1, y1, x2, y2 = (bound * HEIGHT_PX for bound in shape.bounds())
    window = _clipped(y1 - 1, y2 + 2, HEIGHT_PX), _clipped(x1 - 1, x2 + 2, WIDTH_PX)
    outside_px = shape.distance(_X[window], _Y[window]) * HEIGHT_PX
    return window, np.asarray(np.clip(0.5 - outside_px, 0, 1), np.float32)


def paint(image: Image, shape: Shape, paint_colour: Colour, opacity: float = 1.0) -> None:
    """Paint a shape into ``image``, which changes."""
    window, coverage = cover(shape)
    blend(image[window], coverage * np.float32(opacity), paint_colour)


def paint_below(image: Image, tops: NDArray[np.float32], paint_colour: Colour) -> None:
    """Paint everything below a line into ``image``, which changes; ``tops`` has one height per column."""
    blend(image, np.clip(0.5 + (_Y - tops[None, :]) * HEIGHT_PX, 0, 1), paint_colour)


def paint_line(image: Image, heights: NDArray[np.float32], thickness: float, paint_colour: Colour) -> None:
    """Paint a line across ``image``, which changes; ``heights`` has one height per column."""
    rows = _clipped(
        (heights.min() - thickness) * HEIGHT_PX - 1, (heights.max() + thickness) * HEIGHT_PX + 2, HEIGHT_PX
    )
    away = np.abs(_Y[rows] - heights[None, :]) - thickness
    blend(image[rows], np.clip(0.5 - away * HEIGHT_PX, 0, 1), paint_colour)


def blend(image: Image, coverage: Coverage, paint_colour: Colour) -> None:
    """Lay a colour over ``image``, which changes, as far as ``coverage`` says."""
    image += coverage[:, :, None] * (_pixel(paint_colour) - image)


def columns() -> NDArray[np.float32]:
    """The x of every pixel column, in frame heights."""
    across: NDArray[np.float32] = _X[0]
    return across


def rounded(image: Image) -> NDArray[np.uint8]:
    """The image as integers, in steps of 4: no eye sees the rest, and it packs to two thirds."""
    return np.asarray(np.clip(4 * np.rint(image / 4), 0, 255), np.uint8)


def _pixel(paint_colour: Colour) -> NDArray[np.float32]:
    return np.array(paint_colour, np.float32)


def _clipped(start: float, stop: float, size: int) -> slice:
    return slice(min(max(int(start), 0), size), min(max(int(stop), 0), size))
