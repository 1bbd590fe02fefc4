"""The themes of the dataset, as its description has them."""

from __future__ import annotations

from collections.abc import Iterable

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.description.values import colour_of

THEMES: tuple[str, ...] = tuple(theme.name for theme in dataset().themes)
"""All themes, in the order of the description; every table and report keeps this order."""

THEME_TITLES: dict[str, str] = {
    theme.name: theme.title or theme.name.replace("_", " ") for theme in dataset().themes
}
"""Theme -> its name for people."""

THEME_COLOURS: dict[str, str] = {
    theme.name: colour_of(place, theme.colour) for place, theme in enumerate(dataset().themes)
}
"""Theme -> its colour in figures and sheets."""

METADATA_EDIT_TYPES: dict[str, str] = {
    theme.name: theme.edit_type or theme.name for theme in dataset().themes
}
"""Theme -> the value of ``metadata.edit_type``; the groundings say the theme's name."""

THEMES_WITHOUT_KEYWORD: tuple[str, ...] = tuple(
    theme.name for theme in dataset().themes if not theme.has_keyword
)
"""Themes whose samples have no ``chosen_keyword``."""

TOTAL = "total"
"""What stands in the place of a theme in the row of all of them."""


def in_order(themes: Iterable[str]) -> list[str]:
    """Some themes, each once: those of the description in its order, then others, which data of before may have.

    >>> in_order(["zebra", THEMES[1], "ape", THEMES[0], "ape"]) == [*THEMES[:2], "ape", "zebra"]
    True
    """
    found = set(themes)
    return [*(theme for theme in THEMES if theme in found), *sorted(found - set(THEMES))]
