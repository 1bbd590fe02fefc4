"""The agreement as a figure: per stage a map of both scores, and beside it who changes sides at which cut-off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from sparkle_curation.curation.agreement import TOTAL
from sparkle_curation.curation.figure_parts import BASE_LAYOUT, GRID, INK, PALE_INK, Figure, spoken
from sparkle_curation.release.stages import MAX_SCORE, STAGE_NAMES

_STEP = 0.25
_EDGES = np.arange(0, MAX_SCORE + 2 * _STEP, _STEP)
_CENTRES = (_EDGES[:-1] + _STEP / 2).round(3).tolist()
_WIDTH, _GAP = 0.28, 0.08
_MAP, _LINES = [0.42, 1.0], [0.0, 0.28]
_GAINED, _LOST = "#0072B2", "#D55E00"


def draw_agreement(
    pairs: pl.DataFrame, measured: pl.DataFrame, crossings: pl.DataFrame, cut_offs: Mapping[str, float]
) -> Figure:
    """The figure, for Plotly; a stage that nothing was compared at stays empty.

    Args:
        pairs: both scores of each sample.
        measured: the agreement, of which the totals are written above each map.
        crossings: who changes sides at every cut-off.
        cut_offs: by the stage's name; drawn as a cross.
    """
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
        "height": 640,
        "margin": {"l": 60, "r": 40, "t": 130, "b": 60},
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": -0.08, "yanchor": "top", "x": 0},
        "annotations": [],
        "shapes": [],
    }
    for number, stage in enumerate(STAGE_NAMES):
        of_stage = pl.col("stage") == stage
        traces += [_map(pairs.filter(of_stage), number), *_lines(crossings.filter(of_stage), number)]
        layout |= _axes(number)
        layout["annotations"].append(_heading(stage, measured.filter(of_stage), number))
        layout["shapes"] += _guides(cut_offs[stage], number)
    return {"data": traces, "layout": layout}


def _axis(number: int, *, is_map: bool) -> str:
    """Suffix of a panel's axes, as Plotly counts them: maps are 1 to 3, lines 4 to 6."""
    place = number + 1 if is_map else number + 1 + len(STAGE_NAMES)
    return "" if place == 1 else str(place)


def _map(pairs: pl.DataFrame, number: int) -> dict[str, Any]:
    both = pairs.drop_nulls(["released", "rescored"])
    counts, _, _ = np.histogram2d(
        both["rescored"].to_numpy(), both["released"].to_numpy(), bins=[_EDGES, _EDGES]
    )
    suffix = _axis(number, is_map=True)
    return {
        "type": "heatmap",
        "x": _CENTRES,
        "y": _CENTRES,
        "z": [[int(count) or None for count in row] for row in counts],
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "colorscale": [[0, "#DCE9F5"], [1, "#08306B"]],
        "showscale": False,
        "hoverongaps": False,
        "hovertemplate": "released %{x:.2f}, rescored %{y:.2f}: %{z:,} samples<extra></extra>",
    }


def _lines(crossings: pl.DataFrame, number: int) -> list[dict[str, Any]]:
    total = crossings.filter(pl.col("theme") == TOTAL).sort("cut_off")
    suffix = _axis(number, is_map=False)
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": f"{name} by the rescore",
            "legendgroup": name,
            "showlegend": number == 0,
            "x": total["cut_off"].to_list(),
            "y": total[name].to_list(),
            "xaxis": f"x{suffix}",
            "yaxis": f"y{suffix}",
            "line": {"color": colour, "width": 2},
            "hovertemplate": f"cut-off %{{x:.1f}}: %{{y:,}} {name}<extra></extra>",
        }
        for name, colour in (("gained", _GAINED), ("lost", _LOST))
    ]


def _axes(number: int) -> dict[str, Any]:
    left = number * (_WIDTH + _GAP)
    first, second = _axis(number, is_map=True), _axis(number, is_map=False)
    scale = {"range": [0, MAX_SCORE], "gridcolor": GRID, "zeroline": False, "domain": [left, left + _WIDTH]}
    title = "rescored" if number == 0 else ""
    return {
        f"xaxis{first}": {**scale, "anchor": f"y{first}", "title": {"text": "released"}},
        f"yaxis{first}": {**scale, "domain": _MAP, "anchor": f"x{first}", "title": {"text": title}},
        f"xaxis{second}": {**scale, "anchor": f"y{second}", "title": {"text": "cut-off"}},
        f"yaxis{second}": {
            "domain": _LINES,
            "anchor": f"x{second}",
            "gridcolor": GRID,
            "rangemode": "tozero",
            "title": {"text": "samples" if number == 0 else ""},
        },
    }


def _heading(stage: str, measured: pl.DataFrame, number: int) -> dict[str, Any]:
    totals = measured.filter(pl.col("theme") == TOTAL).to_dicts()
    said = _said(totals[0]) if totals else "nothing to compare"
    return {
        "text": f"<b>{spoken(stage)}</b><br><span style='color:{PALE_INK}'>{said}</span>",
        "x": number * (_WIDTH + _GAP),
        "y": 1.01,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "align": "left",
        "showarrow": False,
        "font": {"color": INK},
    }


def _said(total: Mapping[str, Any]) -> str:
    if not total["compared"]:
        return "nothing to compare"
    rank = "no rank correlation" if total["spearman"] is None else f"Spearman {total['spearman']:.2f}"
    return (
        f"{total['compared']:,} samples · {rank} · differ by {total['mean_absolute_difference']:.2f}<br>"
        f"at {total['cut_off']:g}: {total['gained']:,} gained, {total['lost']:,} lost"
    )


def _guides(cut_off: float, number: int) -> list[dict[str, Any]]:
    """Where both scores are one, and the cut-off on either side."""
    first, second = _axis(number, is_map=True), _axis(number, is_map=False)
    pale = {"color": PALE_INK, "width": 1}
    on_map = {"type": "line", "xref": f"x{first}", "yref": f"y{first}"}
    return [
        {**on_map, "x0": 0, "y0": 0, "x1": MAX_SCORE, "y1": MAX_SCORE, "line": pale},
        {**on_map, "x0": cut_off, "y0": 0, "x1": cut_off, "y1": MAX_SCORE, "line": {**pale, "dash": "dot"}},
        {**on_map, "x0": 0, "y0": cut_off, "x1": MAX_SCORE, "y1": cut_off, "line": {**pale, "dash": "dot"}},
        {
            "type": "line",
            "xref": f"x{second}",
            "yref": f"y{second} domain",
            "x0": cut_off,
            "x1": cut_off,
            "y0": 0,
            "y1": 1,
            "line": {**pale, "dash": "dot"},
        },
    ]
