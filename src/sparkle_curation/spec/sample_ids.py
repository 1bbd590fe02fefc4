"""The grammar of a sample id: the description's pattern with a theme and a number of fixed length.

Ids are sparse (they number the candidates before filtering), so a gap means nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.themes import THEMES

ID_DIGITS = dataset().identity.digits
_BEFORE_THEME, _AFTER_THEME = dataset().identity.pattern.removesuffix("{number}").split("{theme}")
ID_BEFORE_THEME = _BEFORE_THEME
"""The characters before the theme in every id."""

ID_FORM = f"{_BEFORE_THEME}{{theme}}{_AFTER_THEME}{{{ID_DIGITS} digits}}"
"""The form of an id, for people."""

SAMPLE_ID = re.compile(
    rf"{re.escape(_BEFORE_THEME)}({'|'.join(sorted(THEMES, key=len, reverse=True))}){re.escape(_AFTER_THEME)}"
    rf"([0-9]{{{ID_DIGITS}}})"
)
"""Group 1 is the theme, group 2 the number."""


class SampleId(NamedTuple):
    """A sample id taken apart: its theme and its number within the theme."""

    theme: str
    number: int

    def __str__(self) -> str:
        return f"{id_prefix(self.theme)}{self.number:0{ID_DIGITS}d}"


def parse_sample_id(text: str) -> SampleId | None:
    """The parts of a sample id; None when ``text`` is not one.

    >>> str(parse_sample_id(str(SampleId(THEMES[0], 29)))) == str(SampleId(THEMES[0], 29))
    True
    >>> parse_sample_id(f"{id_prefix(THEMES[0])}x") is None
    True
    """
    match = SAMPLE_ID.fullmatch(text)
    return SampleId(match[1], int(match[2])) if match else None


def id_prefix(theme: str) -> str:
    """The characters before the digits in every id of ``theme``."""
    return f"{_BEFORE_THEME}{theme}{_AFTER_THEME}"


def id_form(theme: str) -> str:
    """The form of the ids of a theme, for people.

    >>> id_form(THEMES[0]) == f"{id_prefix(THEMES[0])}{{{ID_DIGITS} digits}}"
    True
    """
    return f"{id_prefix(theme)}{{{ID_DIGITS} digits}}"
