"""Colours that can be read."""

from __future__ import annotations

import pytest

from sparkle_curation.pages.palette import DARK, LIGHT, Palette, contrast, ink_on
from sparkle_curation.spec.themes import THEME_COLOURS


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out(palette: Palette) -> None:
    """From what it stands on, as WCAG asks of text at level AA; words on pills from their pills."""
    for ground in (palette.page, palette.card):
        for text in (
            palette.ink,
            palette.grey,
            palette.link,
            palette.passed,
            palette.failed,
            palette.warning,
        ):
            assert contrast(text, ground) >= 4.5
    assert contrast(palette.ink, palette.empty) >= 4.5
    for pill in (palette.passed, palette.failed, palette.warning):
        assert contrast(palette.on, pill) >= 4.5


def test_the_name_of_a_theme_stands_out_from_its_colour() -> None:
    """White on a dark one, ink on a light one."""
    for colour in THEME_COLOURS.values():
        assert contrast(ink_on(colour), colour) >= 4.5
