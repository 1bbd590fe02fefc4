"""What the figures share: colours, words for stages, and panels. A figure is Plotly's JSON as a dictionary.

Panels lie in a ``layout.grid``: plotly.js divides the room among them, however many there are, and places titles and
marks by the axes of their panel. ``plotly.subplots`` would work that out here, but importing it takes 0.3 s, in every
curation; so no Plotly is imported to make a figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle
from typing import Any, TypeAlias

Figure: TypeAlias = dict[str, Any]
"""``{"data": [traces], "layout": {...}}``, as plotly.js takes it."""

# Colours of Okabe and Ito, which people who see few colours can tell apart; those of stages in another order.
_STAGE_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
_THEME_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#CC79A7", "#D55E00", "#F0E442")
INK, GRID, PALE_INK = "#222222", "#E6E6E6", "#777777"

BASE_LAYOUT: Figure = {
    "font": {"family": "Helvetica, Arial, sans-serif", "size": 12, "color": INK},
    "paper_bgcolor": "white",
    "plot_bgcolor": "white",
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


def stage_colours(stages: Iterable[str]) -> dict[str, str]:
    """A colour for each stage, in their order; the eighth has that of the first again."""
    return dict(zip(stages, cycle(_STAGE_COLOURS), strict=False))


def theme_colours(themes: Iterable[str]) -> dict[str, str]:
    """A colour for each theme, as for stages."""
    return dict(zip(themes, cycle(_THEME_COLOURS), strict=False))


def spoken(stage: str) -> str:
    """A stage's name in words.

    >>> spoken("edited_frame0")
    'edited frame 0'
    """
    return re.sub(r"(?<=[a-z])(?=[0-9])", " ", stage.replace("_", " "))
