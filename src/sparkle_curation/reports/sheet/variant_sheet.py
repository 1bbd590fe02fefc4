"""The small contact sheet of a variant, which its card shows: of each theme a row with some pairs, source beside edit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from sparkle_curation.pages.palette import ink_on
from sparkle_curation.reports.sheet.colours import (
    CARD,
    GREY,
    INK,
    LINE,
    MARGIN,
    PAGE,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    SMALL,
    STRIP,
    TEXT,
    TINY,
)
from sparkle_curation.reports.sheet.text import drawable, font, shortened, width_px
from sparkle_curation.spec.themes import THEME_COLOURS

_SCALE = 0.625
_WIDTH, _HEIGHT = round(PANEL_WIDTH * _SCALE), round(PANEL_HEIGHT * _SCALE)
_BETWEEN, _GAP, _PADDING = 3, 22, 16
_CAPTION_HEIGHT = 2 * (TINY + 5)
_HEADING_HEIGHT = 30
_ROW_HEIGHT = _PADDING + _HEADING_HEIGHT + _HEIGHT + _CAPTION_HEIGHT + _PADDING // 2

MAX_BYTES = 400_000
"""Of the file: it is kept with each version of a variant, and loaded with each look at its card."""
_COLOUR_COUNTS = (256, 96, 32)
"""Tried in turn where the full colours take more."""


@dataclass(frozen=True)
class Pair:
    """A sample of the sheet.

    Attributes:
        id: its id.
        caption: what it was edited to, or its prompt.
        source: a picture of the source.
        edited: a picture of the edit.
    """

    id: str
    caption: str
    source: Image.Image
    edited: Image.Image


@dataclass(frozen=True)
class ThemeRow:
    """A theme of the sheet, with how many pairs the variant has of it."""

    theme: str
    pair_count: int
    pairs: Sequence[Pair]


def draw_variant_sheet(rows: Sequence[ThemeRow]) -> Image.Image:
    """The sheet as an RGB image; as wide as the row with most pairs."""
    most = max(len(row.pairs) for row in rows)
    pair_width = 2 * _WIDTH + _BETWEEN
    width = STRIP + 2 * _PADDING + most * pair_width + (most - 1) * _GAP
    sheet = Image.new("RGB", (width + MARGIN, len(rows) * (_ROW_HEIGHT + 10) + MARGIN - 10), PAGE)
    canvas = ImageDraw.Draw(sheet)
    for number, row in enumerate(rows):
        left, top = MARGIN // 2, MARGIN // 2 + number * (_ROW_HEIGHT + 10)
        colour = THEME_COLOURS.get(row.theme, GREY)
        canvas.rectangle((left, top, left + width - 1, top + _ROW_HEIGHT - 1), fill=CARD, outline=LINE)
        canvas.rectangle((left, top, left + STRIP - 1, top + _ROW_HEIGHT - 1), fill=colour)
        x, y = left + STRIP + _PADDING, top + _PADDING - 4
        pill = width_px(row.theme, TEXT) + 16
        canvas.rounded_rectangle((x, y, x + pill - 1, y + 23), radius=6, fill=colour)
        canvas.text((x + 8, y + 3), row.theme, fill=ink_on(colour), font=font(TEXT))
        count = f"{row.pair_count:,} pair{'' if row.pair_count == 1 else 's'}"
        canvas.text((x + pill + 10, y + 4), count, fill=GREY, font=font(TEXT))
        for place, pair in enumerate(row.pairs):
            at, below = x + place * (pair_width + _GAP), y + _HEADING_HEIGHT
            for image, offset in ((pair.source, 0), (pair.edited, _WIDTH + _BETWEEN)):
                sheet.paste(image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS), (at + offset, below))
            canvas.text((at, below + _HEIGHT + 4), pair.id, fill=INK, font=font(TINY))
            caption = shortened(drawable(pair.caption), SMALL, pair_width)
            canvas.text((at, below + _HEIGHT + 4 + TINY + 4), caption, fill=GREY, font=font(TINY))
    return sheet


def encode_small(image: Image.Image) -> bytes:
    """The image as PNG of at most ``MAX_BYTES``, in fewer colours where that takes it; the same image, the same bytes.

    The last try is given whatever it takes.
    """
    content = _png(image)
    for colours in _COLOUR_COUNTS:
        if len(content) <= MAX_BYTES:
            break
        content = _png(image.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG))
    return content


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, format="PNG", optimize=True)
    return target.getvalue()
