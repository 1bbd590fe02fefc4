"""The threshold sweep as a figure: a small picture per theme, a line per stage, the current cut-offs marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from sparkle_curation.curation.figure_parts import (
    BASE_LAYOUT,
    GRID,
    INK,
    PALE_INK,
    STAGE_COLOURS,
    Figure,
    spoken,
)
from sparkle_curation.curation.funnel import TOTAL
from sparkle_curation.curation.verdicts import cut_off_column
from sparkle_curation.release.stages import PRIMARY_CRITERIA, STAGE_NAMES
from sparkle_curation.release.themes import THEMES

_COLUMN_COUNT, _ROW_COUNT = 3, 2
_GAP_X, _GAP_Y = 0.06, 0.16
_JOINT = "all three at one cut-off"
_KEPT = "kept now"
_LEGEND = (*map(spoken, STAGE_NAMES), _JOINT, _KEPT)


@dataclass(frozen=True)
class _Panel:
    """The picture of one theme: its place, and the suffix of its axes, as Plotly counts them."""

    theme: str
    number: int

    @property
    def suffix(self) -> str:
        return "" if self.number == 0 else str(self.number + 1)

    @property
    def x_domain(self) -> list[float]:
        width = (1 - (_COLUMN_COUNT - 1) * _GAP_X) / _COLUMN_COUNT
        left = (self.number % _COLUMN_COUNT) * (width + _GAP_X)
        return [left, min(left + width, 1.0)]

    @property
    def y_domain(self) -> list[float]:
        height = (1 - (_ROW_COUNT - 1) * _GAP_Y) / _ROW_COUNT
        top = 1 - (self.number // _COLUMN_COUNT) * (height + _GAP_Y)
        return [max(top - height, 0.0), top]


_PANELS = tuple(_Panel(theme, number) for number, theme in enumerate((TOTAL, *THEMES)))


def draw_sweep(sweep: pl.DataFrame, surface: pl.DataFrame, cut_offs: Mapping[str, float]) -> Figure:
    """The figure of a sweep, for Plotly.

    A line per stage: what it alone would keep. A line for all three: what one ``threshold`` for all of them would
    keep. The current cut-offs are marked, and what they keep together is a level to compare the lines with.

    Args:
        sweep: ``threshold_sweep``.
        surface: ``threshold_surface``.
        cut_offs: the current ones, by the stage's name.
    """
    left = _first_interesting(sweep)
    diagonal = _diagonal(surface)
    kept = _kept(surface, cut_offs)
    traces = [
        trace
        for panel in _PANELS
        for trace in (
            *_kept_level(panel, kept, left),
            _joint_line(panel, diagonal.filter(pl.col("theme") == panel.theme)),
            *_stage_lines(panel, sweep.filter(pl.col("theme") == panel.theme)),
            *_current_marks(panel, sweep.filter(pl.col("theme") == panel.theme), cut_offs),
        )
    ]
    return {"data": traces, "layout": _layout(cut_offs, left)}


def _stage_lines(panel: _Panel, sweep: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for stage in STAGE_NAMES:
        rows = sweep.filter(pl.col("stage") == stage)
        line = {"color": STAGE_COLOURS[stage], "width": 2}
        yield _line(panel, spoken(stage), rows["cut_off"], rows["surviving"], line)


def _current_marks(
    panel: _Panel, sweep: pl.DataFrame, cut_offs: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    """A mark on each stage's line; a cut-off between two tenths has no count and no mark, only its dotted line."""
    for stage in STAGE_NAMES:
        rows = sweep.filter(pl.col("stage") == stage)
        now = rows.filter(pl.col("cut_off") == cut_offs[stage])
        yield {
            **_line(panel, f"{spoken(stage)} now", now["cut_off"], now["surviving"], {}),
            "mode": "markers",
            "marker": {"color": STAGE_COLOURS[stage], "size": 9, "line": {"color": "white", "width": 1.5}},
            "legendgroup": spoken(stage),
            "showlegend": False,
        }


def _joint_line(panel: _Panel, diagonal: pl.DataFrame) -> dict[str, Any]:
    return _line(panel, _JOINT, diagonal["cut_off"], diagonal["surviving"], {"color": INK, "width": 2.5})


def _kept_level(panel: _Panel, kept: Mapping[str, int], left: float) -> Iterator[dict[str, Any]]:
    if panel.theme in kept:
        level = pl.Series([kept[panel.theme]] * 2)
        line = {"color": PALE_INK, "width": 1, "dash": "dash"}
        yield _line(panel, _KEPT, pl.Series([left, 10.0]), level, line)


def _line(panel: _Panel, name: str, x: pl.Series, y: pl.Series, line: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "legendrank": _LEGEND.index(name) if name in _LEGEND else len(_LEGEND),
        "showlegend": panel.number == 0,
        "x": x.to_list(),
        "y": y.to_list(),
        "xaxis": f"x{panel.suffix}",
        "yaxis": f"y{panel.suffix}",
        "line": line,
        "hovertemplate": f"{name}<br>cut-off %{{x:.1f}}: %{{y:,}} samples<extra>{panel.theme}</extra>",
    }


def _first_interesting(sweep: pl.DataFrame) -> float:
    """Where the pictures begin: the whole number below the cut-off at which some stage has lost a fiftieth."""
    total = sweep.filter(pl.col("theme") == TOTAL)
    most = pl.col("surviving").max().over("stage")
    lossless = total.filter(pl.col("surviving") >= 0.98 * most).group_by("stage").agg(pl.col("cut_off").max())
    return min(7.0, *(float(cut_off // 1) for cut_off in lossless["cut_off"]))


def _diagonal(surface: pl.DataFrame) -> pl.DataFrame:
    """The survivors where all three stages have the same cut-off: ``theme``, ``cut_off``, ``surviving``."""
    first, *others = (cut_off_column(each) for each in PRIMARY_CRITERIA)
    is_same = pl.all_horizontal(pl.col(first) == pl.col(other) for other in others)
    return surface.filter(is_same).select("theme", pl.col(first).alias("cut_off"), "surviving")


def _kept(surface: pl.DataFrame, cut_offs: Mapping[str, float]) -> dict[str, int]:
    """What the current cut-offs keep, by theme; empty where they are not on the surface's grid."""
    is_now = pl.all_horizontal(
        pl.col(cut_off_column(each)) == cut_offs[each.name] for each in PRIMARY_CRITERIA
    )
    return dict(surface.filter(is_now).select("theme", "surviving").rows())


def _layout(cut_offs: Mapping[str, float], left: float) -> Figure:
    now = ", ".join(f"{spoken(stage)} {cut_offs[stage]:g}" for stage in STAGE_NAMES)
    return {
        **BASE_LAYOUT,
        "title": {
            "text": f"Samples that survive a cut-off<br><sup>now: {now}</sup>",
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
        },
        "height": 640,
        "margin": {"l": 60, "r": 20, "t": 90, "b": 80},
        "hovermode": "closest",
        "legend": {"orientation": "h", "y": -0.1, "yanchor": "top", "x": 0},
        "annotations": [_panel_title(panel) for panel in _PANELS],
        "shapes": [_cut_off_mark(panel, stage, cut_offs[stage]) for panel in _PANELS for stage in STAGE_NAMES],
        **{f"xaxis{panel.suffix}": _x_axis(panel, left) for panel in _PANELS},
        **{f"yaxis{panel.suffix}": _y_axis(panel) for panel in _PANELS},
    }  # fmt: skip


def _x_axis(panel: _Panel, left: float) -> Figure:
    is_last = panel.number >= _COLUMN_COUNT
    return {
        "domain": panel.x_domain,
        "anchor": f"y{panel.suffix}",
        "range": [left, 10],
        "dtick": 1 if left < 7 else 0.5,
        "gridcolor": GRID,
        "zeroline": False,
        **({"title": {"text": "cut-off", "standoff": 8}} if is_last else {}),
    }


def _y_axis(panel: _Panel) -> Figure:
    return {
        "domain": panel.y_domain,
        "anchor": f"x{panel.suffix}",
        "rangemode": "tozero",
        "tickformat": "~s",
        "gridcolor": GRID,
        "zerolinecolor": GRID,
        **({"title": {"text": "samples"}} if panel.number % _COLUMN_COUNT == 0 else {}),
    }


def _panel_title(panel: _Panel) -> Figure:
    return {
        "text": f"<b>{panel.theme}</b>",
        "showarrow": False,
        "x": panel.x_domain[0],
        "y": panel.y_domain[1],
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "font": {"size": 13},
    }


def _cut_off_mark(panel: _Panel, stage: str, cut_off: float) -> Figure:
    return {
        "type": "line",
        "x0": cut_off,
        "x1": cut_off,
        "y0": 0,
        "y1": 1,
        "xref": f"x{panel.suffix}",
        "yref": f"y{panel.suffix} domain",
        "line": {"color": STAGE_COLOURS[stage], "width": 1, "dash": "dot"},
        "layer": "below",
    }
