"""The funnel as a figure: from the samples that are known to those that are exported, the themes stacked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from sparkle_curation.filtering.funnel import TOTAL
from sparkle_curation.reports.figures.parts import BASE_LAYOUT, PALE_INK, Figure, spoken, theme_colours
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA

_UPPER = {criterion.name for criterion in CRITERIA if not criterion.is_at_least}

_MIN_LABELLED_SHARE = 0.04
"""Share of all known samples below which a piece is too narrow for its number; hovering shows it."""


def draw_funnel(funnel_table: pl.DataFrame, thresholds: Mapping[str, float]) -> Figure:
    """The figure of a funnel, for Plotly: a bar per step, a piece per theme, the sum and its share beside it.

    Args:
        funnel_table: a row per theme and the total, with ``known``, what each stage keeps, and ``exported``.
        thresholds: by the stage's name.
    """
    steps = ["known", *(name for name in funnel_table.columns if name in thresholds), "exported"]
    labels = [
        f"{spoken(step)}<br>{'≤' if step in _UPPER else '≥'} {exact(thresholds[step])}"
        if step in thresholds
        else step
        for step in steps
    ]
    themes = funnel_table.filter(pl.col("theme") != TOTAL)
    colours = theme_colours(themes["theme"])
    totals = funnel_table.filter(pl.col("theme") == TOTAL).select(steps).row(0)
    return {
        "data": [
            _theme_pieces(theme, counts, labels, totals[0], colours[theme])
            for theme, *counts in themes.filter(pl.col("known") > 0).select("theme", *steps).rows()
        ],
        "layout": _layout(labels, totals),
    }


def _theme_pieces(
    theme: str, counts: list[int], labels: list[str], known: int, colour: str
) -> dict[str, Any]:
    return {
        "type": "funnel",
        "name": theme,
        "y": labels,
        "x": counts,
        "text": [f"{count:,}" if count >= _MIN_LABELLED_SHARE * known else "" for count in counts],
        "textinfo": "text",
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "marker": {"color": colour, "line": {"color": "white", "width": 1}},
        "connector": {"visible": False},
        "hovertemplate": "%{y}: %{x:,} samples<extra>%{fullData.name}</extra>",
    }


def _layout(labels: list[str], totals: tuple[int, ...]) -> Figure:
    known = totals[0]
    return {
        **BASE_LAYOUT,
        "title": {"text": "Samples that pass, stage by stage", "x": 0, "xref": "paper", "xanchor": "left"},
        "height": 120 + 60 * len(labels),
        "margin": {"l": 150, "r": 130, "t": 60, "b": 60},
        "funnelmode": "stack",
        "funnelgap": 0.25,
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": -0.05, "yanchor": "top", "x": 0, "traceorder": "normal"},
        "xaxis": {"visible": False},
        "yaxis": {"categoryorder": "array", "categoryarray": labels, "autorange": "reversed", "ticks": ""},
        "annotations": [
            _sum_beside(label, total, known) for label, total in zip(labels, totals, strict=True)
        ],
    }


def _sum_beside(label: str, total: int, known: int) -> Figure:
    share = f"{total / known:.0%}" if known else "none"
    return {
        "text": f"<b>{total:,}</b> · {share}",
        "x": 1.01,
        "xref": "paper",
        "xanchor": "left",
        "y": label,
        "yref": "y",
        "showarrow": False,
        "font": {"color": PALE_INK},
    }
