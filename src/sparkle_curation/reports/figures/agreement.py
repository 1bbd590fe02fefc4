"""The agreement as a figure: per stage a map of both scores, and below it who changes sides at which threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from sparkle_curation.reports.figures.parts import (
    BASE_LAYOUT,
    GRID,
    INK,
    PALE_INK,
    Figure,
    Panel,
    panels,
    spoken,
)
from sparkle_curation.scoring.agreement import TOTAL
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import MAX_SCORE

_STEP = 0.25
_EDGES = np.arange(0, MAX_SCORE + 2 * _STEP, _STEP)
_CENTRES = (_EDGES[:-1] + _STEP / 2).round(3).tolist()
_GAINED, _LOST = "#0072B2", "#D55E00"


def draw_agreement(
    pairs: pl.DataFrame, measured: pl.DataFrame, crossings: pl.DataFrame, thresholds: Mapping[str, float]
) -> Figure:
    """The figure, for Plotly; a stage that nothing was compared at stays empty.

    Args:
        pairs: both scores of each sample.
        measured: the agreement, of which the totals are written above each map.
        crossings: who changes sides at every threshold.
        thresholds: by the stage's name, in the order in which they are drawn; drawn as a cross.
    """
    every = panels(2 * len(thresholds), len(thresholds))
    traces: list[dict[str, Any]] = []
    layout: Figure = {
        **BASE_LAYOUT,
        "title": {
            "text": "Released scores against rescores",
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 0.97,
        },
        "height": 760,
        "margin": {"l": 60, "r": 40, "t": 130, "b": 90},
        "grid": {
            "rows": 2,
            "columns": len(thresholds),
            "pattern": "independent",
            "xgap": 0.22,
            "ygap": 0.25,
        },
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": -0.1, "yanchor": "top", "x": 0},
        "annotations": [],
        "shapes": [],
    }
    above, below = every[: len(thresholds)], every[len(thresholds) :]
    for (stage, threshold), upper, lower in zip(thresholds.items(), above, below, strict=True):
        of_stage = pl.col("stage") == stage
        traces += [_map(pairs.filter(of_stage), upper), *_lines(crossings.filter(of_stage), lower)]
        layout |= {**_map_axes(upper), **_line_axes(lower)}
        layout["annotations"].append(_heading(stage, measured.filter(of_stage), upper))
        layout["shapes"] += _guides(threshold, upper, lower)
    return {"data": traces, "layout": layout}


def _map(pairs: pl.DataFrame, panel: Panel) -> dict[str, Any]:
    both = pairs.drop_nulls(["released", "rescored"])
    counts, _, _ = np.histogram2d(
        both["rescored"].to_numpy(), both["released"].to_numpy(), bins=[_EDGES, _EDGES]
    )
    return {
        "type": "heatmap",
        "x": _CENTRES,
        "y": _CENTRES,
        "z": [[int(count) or None for count in row] for row in counts],
        **panel.axes,
        "colorscale": [[0, "#DCE9F5"], [1, "#08306B"]],
        "showscale": False,
        "hoverongaps": False,
        "hovertemplate": "released %{x:.2f}, rescored %{y:.2f}: %{z:,} samples<extra></extra>",
    }


def _lines(crossings: pl.DataFrame, panel: Panel) -> list[dict[str, Any]]:
    total = crossings.filter(pl.col("theme") == TOTAL).sort("threshold")
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"{name} by the rescore",
            "legendgroup": name,
            "showlegend": panel.is_left,
            "x": total["threshold"].to_list(),
            "y": total[name].to_list(),
            **panel.axes,
            "line": {"color": colour, "width": 2},
            "hovertemplate": f"threshold %{{x:.1f}}: %{{y:,}} {name}<extra></extra>",
        }
        for name, colour in (("gained", _GAINED), ("lost", _LOST))
    ]


def _map_axes(panel: Panel) -> dict[str, Any]:
    scale = {"range": [0, MAX_SCORE], "dtick": 2, "gridcolor": GRID, "zeroline": False}
    title = "rescored" if panel.is_left else ""
    return {
        f"xaxis{panel.suffix}": {**scale, "title": {"text": "released", "standoff": 8}},
        f"yaxis{panel.suffix}": {**scale, "title": {"text": title}},
    }


def _line_axes(panel: Panel) -> dict[str, Any]:
    scale = {"range": [0, MAX_SCORE], "dtick": 2, "gridcolor": GRID, "zeroline": False}
    title = "samples" if panel.is_left else ""
    return {
        f"xaxis{panel.suffix}": {**scale, "title": {"text": "threshold", "standoff": 8}},
        f"yaxis{panel.suffix}": {"gridcolor": GRID, "rangemode": "tozero", "title": {"text": title}},
    }


def _heading(stage: str, measured: pl.DataFrame, panel: Panel) -> dict[str, Any]:
    totals = measured.filter(pl.col("theme") == TOTAL).to_dicts()
    said = "nothing to compare"
    if totals and totals[0]["compared"]:
        total = totals[0]
        rank = "no rank correlation" if total["spearman"] is None else f"Spearman {total['spearman']:.2f}"
        said = (
            f"{total['compared']:,} samples · {rank} · differ by {total['mean_absolute_difference']:.2f}<br>"
            f"at {exact(total['threshold'])}: {total['gained']:,} gained, {total['lost']:,} lost"
        )
    text = f"<b>{spoken(stage)}</b><br><span style='color:{PALE_INK}'>{said}</span>"
    return {**panel.heading(text), "yshift": 4, "font": {"color": INK}}


def _guides(threshold: float, upper: Panel, lower: Panel) -> list[dict[str, Any]]:
    """Where both scores are one, and the threshold on either side."""
    pale = {"color": PALE_INK, "width": 1}
    dotted = {**pale, "dash": "dot"}
    on_map = {"type": "line", "xref": f"x{upper.suffix}", "yref": f"y{upper.suffix}"}
    return [
        {**on_map, "x0": 0, "y0": 0, "x1": MAX_SCORE, "y1": MAX_SCORE, "line": pale},
        {**on_map, "x0": threshold, "y0": 0, "x1": threshold, "y1": MAX_SCORE, "line": dotted},
        {**on_map, "x0": 0, "y0": threshold, "x1": MAX_SCORE, "y1": threshold, "line": dotted},
        lower.upright(threshold, dotted),
    ]
