"""The colours and sizes of a contact sheet, each once."""

from __future__ import annotations

from sparkle_curation.pages.palette import LIGHT, Colour

PAGE, CARD, LINE, INK, GREY, FAINT, EMPTY = LIGHT[:7]
PASSED, FAILED, IMPUTED = LIGHT.passed, LIGHT.failed, LIGHT.warning

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
