"""The colours and the font that pages, figures and contact sheets share, each once, for light and for dark."""

from __future__ import annotations

from typing import NamedTuple

Colour = str
"""``#rrggbb``."""

FONT = 'Aileron, "Helvetica Neue", Helvetica, Arial, system-ui, sans-serif'
"""Aileron is what Pillow draws the contact sheet with; the others are near it, and one is everywhere."""


class Palette(NamedTuple):
    """What things are coloured with.

    Attributes:
        page: what cards lie on.
        card: what text stands on.
        line: edges, grids and empty tracks.
        ink: text.
        grey: text that says less.
        faint: marks that are no text.
        empty: the place of a picture that is not there.
        link: what leads elsewhere.
        passed: what is met or kept.
        failed: what is not.
        warning: what is odd.
        on: text on the three before.
    """

    page: Colour
    card: Colour
    line: Colour
    ink: Colour
    grey: Colour
    faint: Colour
    empty: Colour
    link: Colour
    passed: Colour
    failed: Colour
    warning: Colour
    on: Colour


LIGHT = Palette(
    page="#f4f5f7",
    card="#ffffff",
    line="#dfe3e8",
    ink="#1c2430",
    grey="#5f6b7a",
    faint="#98a2b0",
    empty="#eef0f3",
    link="#0a58a8",
    passed="#1b7f4d",
    failed="#c0362c",
    warning="#9a5b00",
    on="#ffffff",
)
DARK = Palette(
    page="#12161c",
    card="#1b212a",
    line="#343d49",
    ink="#e8ecf1",
    grey="#a7b1be",
    faint="#6d7887",
    empty="#242b35",
    link="#86bdf7",
    passed="#5cc78f",
    failed="#ff8f86",
    warning="#e8b04a",
    on="#12161c",
)


def variables(palette: Palette) -> str:
    """The palette as CSS variables.

    >>> variables(LIGHT)[:34]
    '--page: #f4f5f7; --card: #ffffff; '
    """
    return " ".join(f"--{name}: {colour};" for name, colour in palette._asdict().items())


def colours_css() -> str:
    """Both palettes as CSS variables of a page; which one holds is what its reader prefers."""
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)} }} }}"
    return f":root {{ color-scheme: light dark; {variables(LIGHT)} }}\n{dark}"


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2 defines it; text needs 4.5.

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(ground: Colour) -> Colour:
    """White or ink, whichever is read better on a ground."""
    return max((LIGHT.on, LIGHT.ink), key=lambda colour: contrast(colour, ground))


def _luminance(colour: Colour) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
