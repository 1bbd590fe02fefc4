"""The pictures of a card: a frame, a mask on it, boxes on it, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sparkle_curation.reports.lettering.text import drawable, shortened, width_px, wrapped, write
from sparkle_curation.reports.sheet.colours import (
    BOX_COLOURS,
    EMPTY,
    FAINT,
    GREY,
    MASK_EDGE,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    SMALL,
    TINY,
)
from sparkle_curation.reports.sheet.tags import Rectangle, place_tags

Picture = NDArray[np.uint8]
"""(height, width, 3), RGB."""
Plane = NDArray[np.bool_]
"""(height, width), true where the foreground is."""

_DIMMED = 0.72
"""How much of white is mixed into what a mask leaves out."""


class Labelled(NamedTuple):
    """A box in pixels of its picture, ``[x1, y1, x2, y2]``, and what is in it."""

    box: Sequence[float]
    label: str


def frame_panel(picture: Picture) -> Image.Image:
    """A picture, as large as fits."""
    return _on_paper(Image.fromarray(picture))


def mask_panel(picture: Picture, plane: Plane) -> Image.Image:
    """A picture in which what the mask leaves out is pale, with a line around what it keeps.

    The mask is stretched where it is of another size.
    """
    image = Image.fromarray(picture)
    kept = Image.fromarray(plane.astype(np.uint8) * 255).resize(image.size, Image.Resampling.NEAREST)
    pale = Image.blend(image, Image.new("RGB", image.size, "white"), _DIMMED)
    masked = _on_paper(Image.composite(image, pale, kept))
    outline = _fitted(kept).point([0] * 128 + [255] * 128)
    edge = ImageChops.difference(
        outline.filter(ImageFilter.MaxFilter(3)), outline.filter(ImageFilter.MinFilter(3))
    )
    masked.paste(Image.new("RGB", edge.size, MASK_EDGE), _place(edge), edge)
    return masked


def boxes_panel(picture: Picture, boxes: Sequence[Labelled]) -> Image.Image:
    """A picture with the boxes that were found on it, each with its label."""
    image = Image.fromarray(picture)
    fitted = _fitted(image)
    (left, top), scale = _place(fitted), fitted.width / image.width
    paper = _on_paper(image)
    canvas = ImageDraw.Draw(paper)
    corners = [
        Rectangle(left + x1 * scale, top + y1 * scale, left + x2 * scale, top + y2 * scale)
        for (x1, y1, x2, y2), _ in boxes
    ]
    colours = [BOX_COLOURS[number % len(BOX_COLOURS)] for number in range(len(boxes))]
    for place, colour in zip(corners, colours, strict=True):
        canvas.rectangle(place.pixels(), outline=colour, width=2)
    labels = [shortened(drawable(label), TINY, PANEL_WIDTH // 2) for _, label in boxes]
    sizes = [(width_px(label, TINY) + 8, TINY + 4) for label in labels]
    tags = place_tags(corners, sizes, (PANEL_WIDTH, PANEL_HEIGHT))
    for place, tag, label, colour in zip(corners, tags, labels, colours, strict=True):
        canvas.line([tag.nearest(place), place.nearest(tag)], fill=colour, width=1)
        canvas.rectangle(tag.pixels(), fill=colour)
        write(paper, (tag.left + 4, tag.top + 1), label, TINY, "white")
    return paper


def empty_panel(reason: str) -> Image.Image:
    """What stands where a picture is missing: why."""
    paper = Image.new("RGB", (PANEL_WIDTH, PANEL_HEIGHT), EMPTY)
    canvas = ImageDraw.Draw(paper)
    _dashed_frame(canvas)
    lines = wrapped(drawable(reason), SMALL, PANEL_WIDTH - 48, 4)
    height = SMALL + 5
    top = (PANEL_HEIGHT - height * len(lines)) // 2
    for number, line in enumerate(lines):
        x = (PANEL_WIDTH - width_px(line, SMALL)) // 2
        write(paper, (x, top + number * height), line, SMALL, GREY)
    return paper


def _fitted(image: Image.Image) -> Image.Image:
    """The image, as large as fits into a panel."""
    scale = min(PANEL_WIDTH / image.width, PANEL_HEIGHT / image.height)
    size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    return image.resize(size, Image.Resampling.LANCZOS)


def _place(fitted: Image.Image) -> tuple[int, int]:
    return (PANEL_WIDTH - fitted.width) // 2, (PANEL_HEIGHT - fitted.height) // 2


def _on_paper(image: Image.Image) -> Image.Image:
    fitted = _fitted(image)
    paper = Image.new("RGB", (PANEL_WIDTH, PANEL_HEIGHT), EMPTY)
    paper.paste(fitted, _place(fitted))
    return paper


def _dashed_frame(canvas: ImageDraw.ImageDraw) -> None:
    right, bottom = PANEL_WIDTH - 1, PANEL_HEIGHT - 1
    for x in range(0, right, 10):
        canvas.line([(x, 0), (min(x + 5, right), 0)], fill=FAINT)
        canvas.line([(x, bottom), (min(x + 5, right), bottom)], fill=FAINT)
    for y in range(0, bottom, 10):
        canvas.line([(0, y), (0, min(y + 5, bottom))], fill=FAINT)
        canvas.line([(right, y), (right, min(y + 5, bottom))], fill=FAINT)
