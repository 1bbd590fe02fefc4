"""What the figures share: colours, and the words for stages. A figure is Plotly's JSON as a dictionary.

No Plotly is imported to make one: that takes longer than a repeated curation.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from sparkle_curation.release.stages import STAGE_NAMES
from sparkle_curation.release.themes import THEMES

Figure: TypeAlias = dict[str, Any]
"""``{"data": [traces], "layout": {...}}``, as plotly.js takes it."""

# Colours of Okabe and Ito, which people who see few colours can tell apart.
STAGE_COLOURS: dict[str, str] = dict(zip(STAGE_NAMES, ("#0072B2", "#E69F00", "#009E73"), strict=True))
THEME_COLOURS: dict[str, str] = dict(
    zip(THEMES, ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#CC79A7"), strict=True)
)
INK, GRID, PALE_INK = "#222222", "#E6E6E6", "#777777"

BASE_LAYOUT: Figure = {
    "font": {"family": "Helvetica, Arial, sans-serif", "size": 12, "color": INK},
    "paper_bgcolor": "white",
    "plot_bgcolor": "white",
}


def spoken(stage: str) -> str:
    """A stage's name in words.

    >>> spoken("edited_frame0")
    'edited frame 0'
    """
    return stage.replace("_", " ").replace("frame0", "frame 0")
