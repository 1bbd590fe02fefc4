"""The results as a figure: of each rubric and judge a row, of the macro and each theme a panel with every model."""

from __future__ import annotations

from typing import Any

import polars as pl

from sparkle_curation.reports.bench.numbers import judges_of, of_judge, overall_columns
from sparkle_curation.reports.figures.parts import (
    BASE_LAYOUT,
    GRID,
    INK,
    PALE_INK,
    Figure,
    Panel,
    panels,
    theme_colours,
)
from sparkle_curation.spec.tables.bench_results import MACRO, OVERALL

_ROW_PX, _MODEL_PX, _MARGIN_PX = 90, 26, 150


def draw_bench_results(results: pl.DataFrame, bench: str) -> Figure:
    """The figure, for Plotly: points are the headline with its interval, rings the mean over judged samples alone."""
    judges = judges_of(results)
    columns = max((len(overall_columns(of_judge(results, *each))) for each in judges), default=1)
    every = panels(columns * len(judges), columns)
    models = results["model"].n_unique()
    traces: list[dict[str, Any]] = []
    layout: Figure = {
        **BASE_LAYOUT,
        "title": {
            "text": f"{bench}: overall score by theme",
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 0.97,
        },
        "height": _MARGIN_PX + len(judges) * (_ROW_PX + _MODEL_PX * models),
        "margin": {"l": 120, "r": 30, "t": 100, "b": 60},
        "grid": {
            "rows": max(1, len(judges)),
            "columns": columns,
            "pattern": "independent",
            "xgap": 0.08,
            "ygap": 0.3,
        },
        "hovermode": "closest",
        "showlegend": False,
        "annotations": [],
    }
    for number, (rubric, judge) in enumerate(judges):
        part = of_judge(results, rubric, judge)
        macro = part.filter((pl.col("level") == MACRO) & (pl.col("dimension") == OVERALL))
        order = macro.sort("mean_failures_worst", nulls_last=False)["model"].to_list()
        shown = overall_columns(part)
        for place, column in enumerate([shown[-1], *shown[:-1]]):
            panel = every[number * columns + place]
            rows = part.filter(column.where)
            theme = rows["theme"][0] if rows.height else None
            colour = theme_colours([theme])[theme] if theme else INK
            traces += _points(rows, panel, colour)
            layout |= _axes(panel, order, every[number * columns])
            title = f"<b>{column.title}</b>" + (
                f" · {rubric}, {judge}" if not place and len(judges) > 1 else ""
            )
            layout["annotations"].append({**panel.heading(title), "yshift": 4, "font": {"color": INK}})
    return {"data": traces, "layout": layout}


def _points(rows: pl.DataFrame, panel: Panel, colour: str) -> list[dict[str, Any]]:
    means = rows["mean_failures_worst"]
    arms = {
        name: [
            None if one is None or other is None else abs(one - other)
            for one, other in zip(means, ends, strict=True)
        ]
        for name, ends in (("array", rows["ci_high"]), ("arrayminus", rows["ci_low"]))
    }
    told = [
        f"{row['n_judged']:,} of {row['n_rows']:,} judged"
        for row in rows.select("n_judged", "n_rows").to_dicts()
    ]
    base = {
        "type": "scatter",
        "mode": "markers",
        "y": rows["model"].to_list(),
        **panel.axes,
        "customdata": told,
    }
    return [
        {
            **base,
            "x": rows["mean_judged"].to_list(),
            "marker": {"color": PALE_INK, "symbol": "circle-open", "size": 9},
            "hovertemplate": "%{y}: %{x:.2f} over judged alone, %{customdata}<extra></extra>",
        },
        {
            **base,
            "x": means.to_list(),
            "error_x": {
                "type": "data",
                "symmetric": False,
                **arms,
                "color": colour,
                "thickness": 1.5,
                "width": 4,
            },
            "marker": {"color": colour, "size": 8},
            "hovertemplate": "%{y}: %{x:.2f} over all, %{customdata}<extra></extra>",
        },
    ]


def _axes(panel: Panel, order: list[str], first: Panel) -> dict[str, Any]:
    """Axes on one scale with the first panel of the row, so that themes compare."""
    shared = {} if panel.number == first.number else {"matches": f"x{first.suffix}"}
    return {
        f"xaxis{panel.suffix}": {"gridcolor": GRID, "zeroline": False, "nticks": 5, **shared},
        f"yaxis{panel.suffix}": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": order,
            "showticklabels": panel.is_left,
            "gridcolor": GRID,
            "automargin": True,
        },
    }
