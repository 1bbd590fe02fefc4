"""The threshold sweep as a figure: a small picture per theme, a line per stage, the current thresholds marked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import polars as pl

from sparkle_curation.filtering.funnel import TOTAL
from sparkle_curation.reports.figures.parts import (
    BASE_LAYOUT,
    GRID,
    INK,
    PALE_INK,
    Figure,
    Panel,
    panels,
    spoken,
    stage_colours,
)
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import MAX_SCORE, PRIMARY_CRITERIA

_FEW = 6
"""Samples of a theme; between so few, ticks of a scale that Plotly divides would be parts of one."""
_COLUMN_COUNT = 3
_PANEL_PX, _ABOVE_PX, _BELOW_PX = 235, 90, 80
_JOINT = "all stages at one threshold"
_KEPT = "kept now"


def draw_sweep(
    sweep: pl.DataFrame,
    surface: pl.DataFrame,
    thresholds: Mapping[str, float],
    censored: Mapping[str, Collection[str]] | None = None,
) -> Figure:
    """The figure of a sweep, for Plotly.

    A line per stage: what it alone would keep. A line for all of them: what one ``threshold`` would keep. The current
    thresholds are marked, and what they keep together is a level to compare the lines with.

    Args:
        sweep: ``threshold_sweep``.
        surface: ``threshold_surface``.
        thresholds: the current ones, by the stage's name.
        censored: by the stage's name the themes whose scores hold nothing that the published threshold rejects; there
            what lies beyond it, and cannot be observed, is shaded.
    """
    if sweep.is_empty():
        return {"data": [], "layout": {"title": {"text": "No scores, so no thresholds"}}}
    left = _first_interesting(sweep)
    stages = sweep["stage"].unique(maintain_order=True).to_list()
    # A column per stage, in their order.
    columns = [name for name in surface.columns if name not in {"theme", "surviving"}]
    # The survivors where all stages have the same threshold.
    is_joint = pl.all_horizontal(pl.col(columns[0]) == pl.col(each) for each in columns)
    joint = surface.filter(is_joint).select("theme", pl.col(columns[0]).alias("threshold"), "surviving")
    # By theme; empty where the current thresholds are not on the surface's grid.
    now = zip(columns, (thresholds[stage] for stage in stages), strict=True)
    is_now = pl.all_horizontal(pl.col(column) == threshold for column, threshold in now)
    kept = dict(surface.filter(is_now).select("theme", "surviving").rows())
    themes = [TOTAL, *(theme for theme in sweep["theme"].unique(maintain_order=True) if theme != TOTAL)]
    drawn = dict(zip(themes, panels(len(themes), min(_COLUMN_COUNT, len(themes))), strict=True))
    traces = [
        {**trace, **panel.axes, "showlegend": panel.number == 0 and trace.get("showlegend", True)}
        for theme, panel in drawn.items()
        for trace in (
            *_joint_lines(theme, joint.filter(pl.col("theme") == theme), kept, left),
            *_stage_lines(theme, sweep.filter(pl.col("theme") == theme), thresholds, stages),
        )
    ]
    most = dict(sweep.group_by("theme").agg(pl.col("surviving").max()).rows())
    layout = _layout(drawn, {stage: thresholds[stage] for stage in stages}, left, most)
    shades = [
        shade for theme, panel in drawn.items() for shade in _shades(theme, panel, censored or {}, left)
    ]
    if shades:
        told = "; shaded: the release has no scores that its threshold rejects</sup>"
        layout["title"]["text"] = layout["title"]["text"].removesuffix("</sup>") + told
        layout["shapes"] = [*shades, *layout["shapes"]]
    return {"data": traces, "layout": layout}


def _shades(
    theme: str, panel: Panel, censored: Mapping[str, Collection[str]], left: float
) -> Iterator[dict[str, Any]]:
    """What cannot be observed of a theme, or in the total of any; one rectangle a stage in its colour."""
    colours = stage_colours([each.name for each in PRIMARY_CRITERIA])
    for each in PRIMARY_CRITERIA:
        themes = censored.get(each.name, ())
        if each.published_threshold is None:
            continue
        if theme not in themes and not (theme == TOTAL and themes):
            continue
        x0, x1 = (
            (left, each.published_threshold) if each.is_at_least else (each.published_threshold, MAX_SCORE)
        )
        yield {
            "type": "rect",
            "xref": f"x{panel.suffix}",
            "yref": f"y{panel.suffix} domain",
            "x0": x0,
            "x1": x1,
            "y0": 0,
            "y1": 1,
            "fillcolor": colours[each.name],
            "opacity": 0.12,
            "line": {"width": 0},
            "layer": "below",
        }


def _joint_lines(
    theme: str, joint: pl.DataFrame, kept: Mapping[str, int], left: float
) -> Iterator[dict[str, Any]]:
    """What all stages keep together: the level of the current thresholds, and the line of one threshold for all."""
    if theme in kept:
        line: dict[str, Any] = {"color": PALE_INK, "width": 1, "dash": "dash"}
        yield {**_line(theme, _KEPT, [left, MAX_SCORE], [kept[theme]] * 2, line), "legendrank": 1002}
    line = {"color": INK, "width": 2.5}
    x, y = joint["threshold"].to_list(), joint["surviving"].to_list()
    yield {**_line(theme, _JOINT, x, y, line), "legendrank": 1001}


def _stage_lines(
    theme: str, sweep: pl.DataFrame, thresholds: Mapping[str, float], stages: list[str]
) -> Iterator[dict[str, Any]]:
    """A line per stage and a mark at its threshold; one between two tenths has no count and no mark, only a dotted line."""
    for stage, colour in stage_colours(stages).items():
        rows = sweep.filter(pl.col("stage") == stage)
        now = rows.filter(pl.col("threshold") == thresholds[stage])
        line = {"color": colour, "width": 2}
        yield _line(theme, spoken(stage), rows["threshold"].to_list(), rows["surviving"].to_list(), line)
        yield {
            **_line(
                theme, f"{spoken(stage)} now", now["threshold"].to_list(), now["surviving"].to_list(), {}
            ),
            "mode": "markers",
            "marker": {"color": colour, "size": 9, "line": {"color": "white", "width": 1.5}},
            "legendgroup": spoken(stage),
            "showlegend": False,
        }


def _line(theme: str, name: str, x: list[float], y: list[int], line: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "x": x,
        "y": y,
        "line": line,
        "hovertemplate": f"{name}<br>threshold %{{x:.1f}}: %{{y:,}} samples<extra>{theme}</extra>",
    }


def _first_interesting(sweep: pl.DataFrame) -> float:
    """Where the pictures begin: the integer below the threshold at which some stage has lost a fiftieth."""
    total = sweep.filter(pl.col("theme") == TOTAL)
    most = pl.col("surviving").max().over("stage")
    lossless = (
        total.filter(pl.col("surviving") >= 0.98 * most).group_by("stage").agg(pl.col("threshold").max())
    )
    return min([7.0, *(float(threshold // 1) for threshold in lossless["threshold"])])


def _layout(
    drawn: Mapping[str, Panel], thresholds: Mapping[str, float], left: float, most: Mapping[str, int]
) -> Figure:
    now = ", ".join(f"{spoken(stage)} {exact(threshold)}" for stage, threshold in thresholds.items())
    every = list(drawn.values())
    row_count = -(-len(every) // every[0].columns)
    return {
        **BASE_LAYOUT,
        "title": {
            "text": f"Samples that survive a threshold<br><sup>now: {now}</sup>",
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
        },
        "height": _ABOVE_PX + row_count * _PANEL_PX + _BELOW_PX,
        "margin": {"l": 60, "r": 20, "t": _ABOVE_PX, "b": _BELOW_PX},
        "grid": {
            "rows": row_count,
            "columns": every[0].columns,
            "pattern": "independent",
            "xgap": 0.18,
            "ygap": 0.3,
        },
        "hovermode": "closest",
        "legend": {
            "orientation": "h",
            "y": -0.55 * _BELOW_PX / (row_count * _PANEL_PX),
            "yanchor": "top",
            "x": 0,
        },
        "annotations": [
            {**panel.heading(f"<b>{theme}</b>"), "font": {"size": 13}} for theme, panel in drawn.items()
        ],
        "shapes": [
            {
                **panel.upright(thresholds[stage], {"color": colour, "width": 1, "dash": "dot"}),
                "layer": "below",
            }
            for panel in every
            for stage, colour in stage_colours(thresholds).items()
        ],
        **{f"xaxis{panel.suffix}": _x_axis(panel, left) for panel in every},
        **{f"yaxis{panel.suffix}": _y_axis(panel, most[theme]) for theme, panel in drawn.items()},
    }


def _x_axis(panel: Panel, left: float) -> Figure:
    return {
        "range": [left, MAX_SCORE],
        "dtick": 1 if left < 7 else 0.5,
        "gridcolor": GRID,
        "zeroline": False,
        **({"matches": "x"} if panel.number else {}),
        **({"title": {"text": "threshold", "standoff": 8}} if panel.is_lowest else {}),
    }


def _y_axis(panel: Panel, most: int) -> Figure:
    return {
        "rangemode": "tozero",
        "tickformat": "~s",
        "gridcolor": GRID,
        "zerolinecolor": GRID,
        **({"dtick": 1} if most < _FEW else {}),
        **({"title": {"text": "samples"}} if panel.is_left else {}),
    }
