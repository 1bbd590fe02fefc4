"""The cameras of all clips as a figure: how far each drifts and shakes, with the limits, and what a homography says."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from sparkle_curation.pages.palette import LIGHT
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
from sparkle_curation.spec.codes.camera_reasons import CameraOutcome

_COLOURS = {
    CameraOutcome.FIXED: LIGHT.passed,
    CameraOutcome.MOVING: LIGHT.failed,
    CameraOutcome.CANNOT_TELL: PALE_INK,
}
_LEAST, _MOST = 0.01, 1280.0
"""Pixels at the ends of the axes; what was lost stands at the upper one, and what stands still at the lower."""
_MOST_POINTS = 5_000
"""Of an outcome; of more each so many-th is drawn."""
_DRIFT = "drift (the lesser of ring and similarity), px"


def draw_camera(camera: pl.DataFrame) -> Figure:
    """The figure, for Plotly: shake over drift, and the homography's drift over the rule's.

    Args:
        camera: columns of ``camera``; clips that could not be read are not drawn.
    """
    measured = camera.filter(pl.col("frame_count") > 1).with_columns(
        pl.min_horizontal("drift_px", "similarity_drift_px").alias("rule_drift_px")
    )
    every_limits = [json.loads(settings)["limits"] for settings in camera["settings"].unique()]
    limits = (
        every_limits[0] if every_limits and every_limits.count(every_limits[0]) == len(every_limits) else None
    )
    every = panels(2, 2)
    columns = ("shake_px", "homography_drift_px")
    titles = ("shake between frames, px", "drift of a homography, px")
    layout: Figure = {
        **BASE_LAYOUT,
        "title": {"text": "Cameras of the clips", "x": 0, "xref": "paper", "xanchor": "left"},
        "height": 560,
        "margin": {"l": 70, "r": 40, "t": 110, "b": 110},
        "grid": {"rows": 1, "columns": 2, "pattern": "independent", "xgap": 0.16},
        "legend": {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
        "annotations": [],
        "shapes": [],
    }
    traces: list[dict[str, Any]] = []
    for panel, column, title in zip(every, columns, titles, strict=True):
        axis = {"type": "log", "range": [-2.1, 3.2], "gridcolor": GRID, "zeroline": False}
        layout[f"xaxis{panel.suffix}"] = {**axis, "title": {"text": _DRIFT}}
        layout[f"yaxis{panel.suffix}"] = {**axis, "title": {"text": title}}
        traces += [_points(measured, outcome, column, panel) for outcome in CameraOutcome]
        decides = "decides" if column == "shake_px" else "for comparison: decides nothing"
        text = f"<b>{title.partition(',')[0]}</b> <span style='color:{PALE_INK}'>{decides}</span>"
        layout["annotations"].append({**panel.heading(text), "yshift": 4})
        if limits:
            layout["shapes"] += _lines(limits, column, panel)
    unread = camera.height - measured.height
    told = "lines are the limits" if limits else "limits are not drawn, since runs had different ones"
    not_drawn = f"; {unread:,} clips of one frame or not read are not drawn" if unread else ""
    layout["title"]["subtitle"] = {
        "text": f"{measured.height:,} clips; {told}; points at the rim are lost, or stand still{not_drawn}"
    }
    return {"data": traces, "layout": layout}


def _points(measured: pl.DataFrame, outcome: CameraOutcome, column: str, panel: Panel) -> dict[str, Any]:
    own = measured.filter(outcome=outcome.value)
    shown = own.gather_every(-(-own.height // _MOST_POINTS) or 1)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{spoken(outcome.value)} ({own.height:,})",
        "legendgroup": outcome.value,
        "showlegend": panel.number == 0,
        "x": _placed(shown["rule_drift_px"]),
        "y": _placed(shown[column]),
        "text": shown["id"].to_list(),
        "customdata": shown["reason"].fill_null("").to_list(),
        **panel.axes,
        "marker": {
            "color": _COLOURS[outcome],
            "size": 7,
            "opacity": 0.75,
            "line": {"width": 0.5, "color": INK},
        },
        "hovertemplate": "%{text}<br>%{x:.3g}, %{y:.3g} px %{customdata}<extra></extra>",
    }


def _placed(values: pl.Series) -> list[float]:
    return values.fill_null(_MOST).clip(_LEAST, _MOST).round(4).to_list()


def _lines(limits: dict[str, float], column: str, panel: Panel) -> list[dict[str, Any]]:
    line = {"color": INK, "width": 1, "dash": "dot"}
    lines = [panel.upright(limits["max_drift_px"], line)]
    limit = limits["max_shake_px" if column == "shake_px" else "max_drift_px"]
    across = {"type": "line", "x0": 0, "x1": 1, "xref": f"x{panel.suffix} domain"}
    return [*lines, {**across, "y0": limit, "y1": limit, "yref": f"y{panel.suffix}", "line": line}]
