"""Text on a picture: in a font that comes with Pillow, so that the same text is the same pixels everywhere."""

from __future__ import annotations

import unicodedata
from functools import cache

from PIL import ImageFont

from sparkle_curation.escaping import visible

_REPLACED = str.maketrans(
    {"\u2013": "-", "\u2014": "-", "\u2212": "-", "\u00d7": "x", "\u2192": "->", "\u2265": ">="}
)
"""Dashes, minus, times, arrow, at least: signs that the font lacks."""
_ELLIPSIS = "…"


@cache
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """The font at a size."""
    loaded = ImageFont.load_default(size_px)
    if not isinstance(loaded, ImageFont.FreeTypeFont):
        raise TypeError("this Pillow was built without FreeType, so it has no font that can be scaled")
    return loaded


def drawable(text: str) -> str:
    """The text as the font can draw it, on one line: without accents, with plain dashes, single blanks and escapes.

    The font knows the letters of English. What it does not know, such as Chinese, is drawn as a box a character;
    what nobody could see, as an escape.

    >>> drawable("Café   at  dusk")
    'Cafe at dusk'
    """
    parts = text.translate(_REPLACED).split(_ELLIPSIS)  # which normalization would make three dots
    plain = _ELLIPSIS.join(unicodedata.normalize("NFKD", part) for part in parts)
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return visible(" ".join(kept.split()))


def width_px(text: str, size_px: int) -> int:
    """How wide a text is drawn."""
    return round(font(size_px).getlength(text))


def shortened(text: str, size_px: int, max_width_px: int) -> str:
    """The text, cut and with an ellipsis where it is too wide.

    >>> shortened("a rooftop overlooking a modern city", 12, 80)
    'a rooftop ov…'
    """
    if _fitting(text, size_px, max_width_px) == len(text):
        return text
    length = _fitting(text, size_px, max_width_px - width_px(_ELLIPSIS, size_px))
    return text[:length].rstrip() + _ELLIPSIS


def wrapped(text: str, size_px: int, max_width_px: int, max_lines: int) -> list[str]:
    """The text in lines that fit; what does not fit into the last one is cut with an ellipsis.

    >>> wrapped("a rooftop overlooking a modern city skyline", 12, 130, 2)
    ['a rooftop overlooking a', 'modern city skyline']
    """
    lines: list[str] = []
    rest = text
    while rest and len(lines) < max_lines - 1:
        line = _first_line(rest, size_px, max_width_px)
        lines.append(line.rstrip())
        rest = rest[len(line) :].lstrip()
    return [*lines, shortened(rest, size_px, max_width_px)] if rest else lines


def _first_line(text: str, size_px: int, max_width_px: int) -> str:
    """As many words as fit, at least one; of a word that is too wide by itself as many letters as fit."""
    length = _fitting(text, size_px, max_width_px)
    if length == len(text):
        return text
    at_blank = text.rfind(" ", 0, length + 1)
    return text[: at_blank if at_blank > 0 else max(length, 1)]


def _fitting(text: str, size_px: int, max_width_px: int) -> int:
    """How many of the first letters are not too wide together."""
    low, high = 0, min(len(text), max(max_width_px, 0))  # no letter is less than a pixel wide
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_px(text[:middle], size_px) <= max_width_px else (low, middle - 1)
    return low
