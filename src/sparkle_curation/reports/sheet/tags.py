"""Where the labels of boxes stand: beside what they name, and in front of as little as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ON_TAG = 8.0
"""How much worse it is to cover a square pixel of another label than one within a box."""
_AWAY = 4.0
"""How many covered square pixels a pixel of distance from the box is worth."""
_STEPS = 6


@dataclass(frozen=True)
class Rectangle:
    """A part of a picture; the right and lower edges are outside."""

    left: float
    top: float
    right: float
    bottom: float

    def pixels(self) -> tuple[int, int, int, int]:
        """First and last column and row, at least one of each."""
        left, top = round(self.left), round(self.top)
        return left, top, max(round(self.right) - 1, left), max(round(self.bottom) - 1, top)

    def overlap(self, other: Rectangle) -> float:
        """Square pixels that both have."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)

    def nearest(self, other: Rectangle) -> tuple[float, float]:
        """Its point that is nearest to the middle of another one."""
        x, y = (other.left + other.right) / 2, (other.top + other.bottom) / 2
        return min(max(x, self.left), self.right - 1), min(max(y, self.top), self.bottom - 1)

    def distance(self, other: Rectangle) -> float:
        """Pixels between them, along the edges of the picture."""
        across = max(other.left - self.right, self.left - other.right, 0.0)
        down = max(other.top - self.bottom, self.top - other.bottom, 0.0)
        return across + down


def place_tags(
    boxes: Sequence[Rectangle], sizes: Sequence[tuple[int, int]], picture: tuple[int, int]
) -> list[Rectangle]:
    """A place for the label of each box, in their order; the same for the same boxes.

    Args:
        boxes: in pixels of the picture.
        sizes: width and height of each box's label.
        picture: width and height; no label reaches beyond them.

    >>> place_tags([Rectangle(10, 40, 60, 90)], [(30, 16)], (320, 180))
    [Rectangle(left=10, top=24, right=40, bottom=40)]
    """
    placed: list[Rectangle] = []
    for box, size in zip(boxes, sizes, strict=True):
        candidates = [_inside(corner, size, picture) for corner in _corners(box, size)]
        placed.append(min(candidates, key=lambda place: _cost(place, box, boxes, placed)))
    return placed


def _corners(box: Rectangle, size: tuple[int, int]) -> Iterator[tuple[float, float]]:
    """Upper left corners around a box: above, below, right and left of it, near ones first."""
    width, height = size
    for step in range(_STEPS):
        for left in (box.left, box.right - width):
            yield left, box.top - height * (step + 1)
            yield left, box.bottom + height * step
        for left in (box.right, box.left - width):
            yield left, box.top + height * step
            yield left, box.top - height * step


def _inside(corner: tuple[float, float], size: tuple[int, int], picture: tuple[int, int]) -> Rectangle:
    left, top = (
        min(max(place, 0), whole - part) for place, part, whole in zip(corner, size, picture, strict=True)
    )
    return Rectangle(left, top, left + size[0], top + size[1])


def _cost(place: Rectangle, box: Rectangle, boxes: Sequence[Rectangle], placed: Sequence[Rectangle]) -> float:
    covered = sum(place.overlap(other) for other in boxes)
    on_tags = sum(place.overlap(other) for other in placed)
    return covered + _ON_TAG * on_tags + _AWAY * place.distance(box)
