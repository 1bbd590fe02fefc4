"""Text on a picture, in any script: what it becomes to be drawn, how wide it is, where it breaks, and drawing it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from PIL import Image

from sparkle_curation.escaping import visible
from sparkle_curation.reports.lettering import fonts

_REPLACED = str.maketrans(
    {"\u2013": "-", "\u2014": "-", "\u2212": "-", "\u00d7": "x", "\u2192": "->", "\u2265": ">="}
)
"""Dashes, minus, times, arrow, at least: signs that the font of English lacks, and that mean the same without it."""
_ELLIPSIS = "…"
_MOST_CHARS = 8000
"""No line of a picture has room for more."""
_NOT_FIRST = frozenset(
    "、。・」』】〉》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ\uff0c\uff0e\uff1a\uff1b\uff1f\uff01\uff09\u3015\uff5d"
)
"""What does not begin a line."""


def drawable(text: str) -> str:
    r"""The text as it can be drawn, on one line: with plain dashes, single blanks and escapes.

    What no font of the machine has is an escape, as is what nobody could see; a letter of English with an accent goes
    without it there.

    >>> drawable("a   rooftop\u202e at  dusk\u2013dawn")
    'a rooftop\\u202e at dusk-dawn'
    """
    one_line = " ".join(text[:_MOST_CHARS].translate(_REPLACED).split())
    if one_line.isascii():
        return visible(one_line)
    plain = unicodedata.normalize("NFC", one_line)
    language = fonts.language_of(plain)
    return "".join(_shown(part, language) for part in fonts.clusters(plain))


def _shown(cluster: str, language: str) -> str:
    # A joiner says how letters of some scripts meet, and beside others would only hide.
    kept = "" if cluster[0].isascii() or cluster[0] in "\u200c\u200d" else "\u200c\u200d"
    seen = visible(cluster, keep=kept)
    return seen if seen != cluster else fonts.drawable_cluster(cluster, language)


@lru_cache(maxsize=10_000)
def width_px(text: str, size_px: int) -> int:
    """How wide a text is drawn."""
    return round(sum(fonts.run_width(run, size_px) for run in fonts.runs(text)))


def write(
    image: Image.Image,
    place: tuple[float, float],
    text: str,
    size_px: int,
    colour: str,
    *,
    rtl: bool | None = None,
) -> None:
    """Draw one line.

    Args:
        image: what it is drawn on.
        place: left end, and top of the letters of English.
        text: what ``drawable`` gave, or a part of it.
        size_px: height of the font.
        colour: of the letters.
        rtl: whether its paragraph runs from right to left; None to see it from the line.
    """
    x, y = place
    main = fonts.loaded(fonts.BUILT_IN, size_px)
    baseline = y + (main.getmetrics()[0] if main else size_px)
    for run in fonts.runs(text, rtl=rtl):
        fonts.draw_run(image, (x, baseline), run, size_px, colour)
        x += fonts.run_width(run, size_px)


def shortened(text: str, size_px: int, max_width_px: int) -> str:
    """The text, cut and with an ellipsis where it is too wide.

    >>> shortened("a rooftop overlooking a modern city", 12, 80)
    'a rooftop ov…'
    """
    if _fitting(text, size_px, max_width_px) == len(text):
        return text
    return text[: _fitting(text, size_px, max_width_px, _ELLIPSIS)].rstrip() + _ELLIPSIS


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
    """As much as fits up to a blank, or beside a Chinese character; else as many letters as fit, at least one."""
    length = _fitting(text, size_px, max_width_px)
    if length == len(text):
        return text
    for place in range(length, 0, -1):
        before, after = text[place - 1], text[place]
        is_wide = "W" in (unicodedata.east_asian_width(before), unicodedata.east_asian_width(after))
        if after == " " or (is_wide and after not in _NOT_FIRST and not unicodedata.combining(after)):
            return text[:place]
    return text[: max(length, 1)]


def _fitting(text: str, size_px: int, max_width_px: int, end: str = "") -> int:
    """How many of the first letters, with an end behind them, are not too wide; none is parted from its marks."""
    most = 4 * max(max_width_px, 0) + 16  # hardly a letter is less than a pixel wide; marks are none
    if not end and len(text) <= most and width_px(text, size_px) <= max_width_px:
        return len(text)  # a part may be wider than the whole: two letters of Arabic can share one form
    ends = _ends(text[:most])
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        width = width_px(text[: ends[middle]].rstrip() + end, size_px)  # as it is drawn
        low, high = (middle, high) if width <= max_width_px else (low, middle - 1)
    return ends[low]


def _ends(text: str) -> list[int]:
    """Where each cluster ends, and 0."""
    ends = [0]
    for part in fonts.clusters(text):
        ends.append(ends[-1] + len(part))
    return ends
