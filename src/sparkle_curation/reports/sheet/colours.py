"""The colours and sizes of a contact sheet, each once."""

from __future__ import annotations

Colour = str
"""``#rrggbb``."""

PAGE: Colour = "#f4f5f7"
CARD: Colour = "#ffffff"
LINE: Colour = "#dfe3e8"
INK: Colour = "#1c2430"
GREY: Colour = "#5f6b7a"
FAINT: Colour = "#98a2b0"
EMPTY: Colour = "#eef0f3"

PASSED: Colour = "#1b7f4d"
FAILED: Colour = "#c0362c"
IMPUTED: Colour = "#9a5b00"
TONES: dict[str, Colour] = {"passed": PASSED, "failed": FAILED, "imputed": IMPUTED, "none": GREY}
"""By what a card's words say."""

DARK: dict[str, Colour] = {
    "PAGE": "#12161c",
    "CARD": "#1b212a",
    "LINE": "#303946",
    "INK": "#e7ebf0",
    "GREY": "#a3adba",
    "FAINT": "#6d7887",
    "EMPTY": "#151a21",
    "PASSED": "#4cc38a",
    "FAILED": "#ff8a7e",
    "IMPUTED": "#e0a33e",
}
"""The same on a dark page, which are those of the explorer."""

BOX_COLOURS: tuple[Colour, ...] = ("#e4572e", "#1f78b4", "#2a9d4b", "#8e44ad", "#c98a00", "#0f8b8d")
MASK_EDGE: Colour = "#00d68f"

PANEL_WIDTH, PANEL_HEIGHT = 320, 180
"""Pixels of one picture: 16 by 9, as the clips of the release."""
GAP = 14
PADDING = 20
MARGIN = 32
STRIP = 8
SCORES_WIDTH = 290
TITLE, HEADING, TEXT, SMALL, TINY = 30, 19, 15, 13, 12
