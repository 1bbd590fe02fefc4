"""The signals as a figure: a histogram of each, the themes stacked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from sparkle_curation.reports.figures.parts import (
    BASE_LAYOUT,
    GRID,
    PALE_INK,
    Figure,
    Panel,
    panels,
    spoken,
    theme_colours,
)
from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.tables.signals import SIGNALS
from sparkle_curation.spec.themes import THEMES

_COLUMNS = 2
_BINS = 40
_ROW_HEIGHT = 240


def draw_signals(signals: pl.DataFrame) -> Figure:
    """The figure, for Plotly; a signal that no sample has stays empty, and says so.

    Args:
        signals: columns of ``signals``.
    """
    every = panels(len(SIGNALS), _COLUMNS)
    rows = -(-len(SIGNALS) // _COLUMNS)
    themes = [theme for theme in THEMES if signals["theme"].cast(pl.String).is_in([theme]).any()]
    layout: Figure = {
        **BASE_LAYOUT,
        "title": {"text": "Signals of the pairs", "x": 0, "xref": "paper", "xanchor": "left"},
        "height": 120 + rows * _ROW_HEIGHT,
        "margin": {"l": 60, "r": 40, "t": 110, "b": 80},
        "grid": {"rows": rows, "columns": _COLUMNS, "pattern": "independent", "xgap": 0.14, "ygap": 0.4},
        "barmode": "stack",
        "bargap": 0.02,
        "legend": {"orientation": "h", "y": -0.06, "yanchor": "top", "x": 0},
        "annotations": [],
    }
    traces: list[dict[str, Any]] = []
    colours = theme_colours(themes)
    for field, panel in zip(SIGNALS, every, strict=True):
        values = signals.select(pl.col("theme").cast(pl.String), field.name).drop_nulls(field.name)
        edges = _edges(field, values[field.name])
        for theme in themes:
            found = values.filter(theme=theme)[field.name].to_numpy()
            traces.append(_bars(theme, found, edges, panel, colours))
        layout |= {
            f"xaxis{panel.suffix}": {"gridcolor": GRID, "zeroline": False},
            f"yaxis{panel.suffix}": {
                "gridcolor": GRID,
                "nticks": 5,
                "title": {"text": "samples" if panel.is_left else ""},
            },
        }
        said = f"{values.height:,} of {signals.height:,} samples"
        text = f"<b>{spoken(field.name)}</b> <span style='color:{PALE_INK}'>{said}</span>"
        layout["annotations"].append({**panel.heading(text), "yshift": 4})
    return {"data": traces, "layout": layout}


def _edges(field: Field, values: pl.Series) -> Any:
    """Bins from the least to the greatest value; the greatest one in a hundred share the last."""
    if values.is_empty():
        return np.linspace(field.minimum or 0, field.maximum or 1, _BINS + 1)
    low, high = float(values.min()), float(values.quantile(0.99, "higher") or 0)  # type: ignore[arg-type]
    return np.linspace(low, high if high > low else low + 1, _BINS + 1)


def _bars(theme: str, values: Any, edges: Any, panel: Panel, colours: Mapping[str, str]) -> dict[str, Any]:
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return {
        "type": "bar",
        "name": theme,
        "legendgroup": theme,
        "showlegend": panel.number == 0,
        "x": ((edges[:-1] + edges[1:]) / 2).round(4).tolist(),
        "y": counts.tolist(),
        "width": float(edges[1] - edges[0]),
        **panel.axes,
        "marker": {"color": colours[theme]},
        "hovertemplate": f"{theme}, %{{x:.3g}}: %{{y:,}} samples<extra></extra>",
    }
