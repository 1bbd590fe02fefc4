"""The grammar of a sample id: ``Sparkle_{theme}_{6 digits}``.

Ids are sparse (they number the candidates before filtering), so a gap means nothing.
Source: dataset card, "Training Data Format".
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sparkle_curation.release.themes import THEMES

ID_DIGITS = 6
SAMPLE_ID = re.compile(rf"Sparkle_({'|'.join(THEMES)})_([0-9]{{{ID_DIGITS}}})")


class SampleId(NamedTuple):
    """A sample id taken apart: its theme and its number (0 to 999,999) within the theme."""

    theme: str
    number: int

    def __str__(self) -> str:
        return f"Sparkle_{self.theme}_{self.number:0{ID_DIGITS}d}"


def parse_sample_id(text: str) -> SampleId | None:
    """The parts of a sample id; None when ``text`` is not one.

    >>> parse_sample_id("Sparkle_season_000029")
    SampleId(theme='season', number=29)
    >>> parse_sample_id("Sparkle_season_29") is None
    True
    """
    match = SAMPLE_ID.fullmatch(text)
    return SampleId(match[1], int(match[2])) if match else None


def id_prefix(theme: str) -> str:
    """The characters before the digits in every id of ``theme``."""
    return f"Sparkle_{theme}_"
