"""What the figures share: colours, words for stages, and panels. A figure is Plotly's JSON as a dictionary.

Panels lie in a ``layout.grid``: plotly.js divides the room among them, however many there are, and places titles and
marks by the axes of their panel. ``plotly.subplots`` would work that out here, but importing it takes 0.3 s, in every
curation; so no Plotly is imported to make a figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sparkle_curation.pages.palette import FONT, LIGHT
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.themes import THEME_COLOURS

Figure: TypeAlias = dict[str, Any]
"""``{"data": [traces], "layout": {...}}``, as plotly.js takes it."""

INK, GRID, PALE_INK = LIGHT.ink, LIGHT.line, LIGHT.grey

BASE_LAYOUT: Figure = {
    "font": {"family": FONT, "size": 12, "color": INK},
    "paper_bgcolor": LIGHT.card,
    "plot_bgcolor": LIGHT.card,
}


@dataclass(frozen=True)
class Panel:
    """A picture of a figure: a cell of its grid, with axes of its own.

    Attributes:
        number: counted from 0, row by row from the top.
        columns: those of the grid.
        count: of all panels.
    """

    number: int
    columns: int
    count: int

    @property
    def suffix(self) -> str:
        """What follows ``xaxis`` and ``x`` in the names of its axes, as Plotly counts them."""
        return "" if self.number == 0 else str(self.number + 1)

    @property
    def is_left(self) -> bool:
        """Whether it begins a row."""
        return self.number % self.columns == 0

    @property
    def is_lowest(self) -> bool:
        """Whether no panel lies below it."""
        return self.number + self.columns >= self.count

    @property
    def axes(self) -> dict[str, str]:
        """Where a trace is drawn."""
        return {"xaxis": f"x{self.suffix}", "yaxis": f"y{self.suffix}"}

    def heading(self, text: str) -> Figure:
        """An annotation above its left corner."""
        return {
            "text": text,
            "showarrow": False,
            "align": "left",
            "x": 0,
            "xref": f"x{self.suffix} domain",
            "xanchor": "left",
            "y": 1,
            "yref": f"y{self.suffix} domain",
            "yanchor": "bottom",
        }

    def upright(self, x: float, line: Figure) -> Figure:
        """A line from its lower to its upper edge."""
        return {
            "type": "line",
            "x0": x,
            "x1": x,
            "xref": f"x{self.suffix}",
            "y0": 0,
            "y1": 1,
            "yref": f"y{self.suffix} domain",
            "line": line,
        }


def panels(count: int, columns: int) -> tuple[Panel, ...]:
    """So many panels."""
    return tuple(Panel(number, columns, count) for number in range(count))


_CRITERION_COLOURS = {criterion.name: criterion.colour for criterion in CRITERIA}


def stage_colours(stages: Iterable[str]) -> dict[str, str]:
    """The colour of each stage, as the description of the dataset has it."""
    return {stage: _CRITERION_COLOURS.get(stage, PALE_INK) for stage in stages}


def theme_colours(themes: Iterable[str]) -> dict[str, str]:
    """The colour of each theme, likewise."""
    return {theme: THEME_COLOURS.get(theme, PALE_INK) for theme in themes}


def spoken(stage: str) -> str:
    """A stage's name in words.

    >>> spoken("edited_frame0")
    'edited frame 0'
    """
    return re.sub(r"(?<=[a-z])(?=[0-9])", " ", stage.replace("_", " "))
