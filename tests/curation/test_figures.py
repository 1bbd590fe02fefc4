"""The figures are ones that Plotly takes, and show the numbers of their tables."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import polars as pl
import pytest
from tests.curation.made_tables import CUT_OFFS
from tests.curation.made_versions import version
from tests.curation.test_funnel import count_samples

from sparkle_curation.curation.figure_parts import Figure
from sparkle_curation.curation.funnel import TOTAL, tabulate_funnel
from sparkle_curation.curation.funnel_figure import draw_funnel
from sparkle_curation.curation.sweep_figure import draw_sweep
from sparkle_curation.curation.threshold_sweep import surface, sweep
from sparkle_curation.release.themes import THEMES

A, B, C = "Sparkle_location_000003", "Sparkle_location_000009", "Sparkle_time_000001"
SCORES = {A: 9.0, B: {"foreground_removed": 8.4}, C: 8.6}
NOTHING = pl.DataFrame(schema={"id": pl.String, "theme": pl.String})


def sweep_figure(samples: Any = SCORES, cut_offs: dict[str, float] = CUT_OFFS) -> Figure:
    """The sweep of a small curation, drawn."""
    verdicts = version(samples, cut_offs=cut_offs).verdicts
    assert verdicts is not None
    return draw_sweep(sweep(verdicts, "reject"), surface(verdicts, "reject"), cut_offs)


def funnel_figure(samples: Any = SCORES) -> Figure:
    """The funnel of a small curation, drawn."""
    verdicts = version(samples).verdicts
    assert verdicts is not None
    return draw_funnel(tabulate_funnel(count_samples(verdicts, NOTHING, NOTHING)), CUT_OFFS)


def traces(figure: Figure, name: str, axis: str = "x") -> list[dict[str, Any]]:
    """The traces of that name in the picture with that axis."""
    return [one for one in figure["data"] if one["name"] == name and one.get("xaxis", "x") == axis]


@pytest.mark.parametrize(
    "figure",
    [sweep_figure(), sweep_figure({}), funnel_figure(), funnel_figure({})],
    ids=["sweep", "empty sweep", "funnel", "empty funnel"],
)  # fmt: skip
def test_plotly_takes_the_figure(figure: Figure) -> None:
    """Each member is one that Plotly knows, with a value that it allows; of no samples too."""
    from plotly.graph_objects import Figure as PlotlyFigure  # noqa: PLC0415 -- takes half a second

    taken = json.loads(PlotlyFigure(figure).to_json(validate=True))
    assert len(taken["data"]) == len(figure["data"])
    assert json.loads(json.dumps(figure, allow_nan=False)) == figure


def test_a_theme_has_a_picture_with_a_line_per_stage() -> None:
    """The total first, then the themes of the card; every line has the counts of the sweep."""
    figure = sweep_figure()
    titles = [note["text"] for note in figure["layout"]["annotations"]]
    assert titles == [f"<b>{theme}</b>" for theme in (TOTAL, *THEMES)]
    (line,) = traces(figure, "foreground removed", "x2")
    at = dict(zip(line["x"], line["y"], strict=True))
    assert len(at) == 101
    assert (at[0.0], at[8.4], at[8.5], at[9.0], at[9.1]) == (2, 2, 1, 1, 0)


def test_current_cut_offs_are_marked() -> None:
    """A point on each line, a level of what is kept, and a dotted line at the cut-off."""
    figure = sweep_figure()
    (mark,) = traces(figure, "foreground removed now", "x2")
    assert (mark["x"], mark["y"]) == ([8.5], [1])
    (level,) = traces(figure, "kept now")
    assert level["y"] == [2, 2]
    assert {shape["x0"] for shape in figure["layout"]["shapes"]} == set(CUT_OFFS.values())
    assert "foreground removed 8.5" in figure["layout"]["title"]["text"]


def test_a_cut_off_between_two_tenths_is_not_given_a_count() -> None:
    """Only its dotted line is there: the sweep does not know who survives it."""
    figure = sweep_figure(cut_offs={**CUT_OFFS, "edited_video": 8.25})
    (mark,) = traces(figure, "edited video now")
    assert mark["x"] == []
    assert traces(figure, "kept now") == []
    assert 8.25 in {shape["x0"] for shape in figure["layout"]["shapes"]}


def test_the_joint_line_is_one_cut_off_for_all_stages() -> None:
    """What `threshold` would keep, from 7 on."""
    (line,) = traces(sweep_figure(), "all three at one cut-off")
    at = dict(zip(line["x"], line["y"], strict=True))
    assert (min(at), max(at)) == (7.0, 10.0)
    assert (at[8.4], at[8.5], at[8.7], at[9.1]) == (3, 2, 1, 0)


def test_the_funnel_has_a_piece_per_theme_and_step() -> None:
    """From known to emitted; themes without samples have none, and the sums stand beside."""
    figure = funnel_figure()
    pieces = {one["name"]: one["x"] for one in figure["data"]}
    assert pieces == {"location": [2, 2, 1, 1, 1], "time": [1, 1, 1, 1, 1]}
    assert figure["data"][0]["y"] == [
        "known",
        "edited frame 0<br>≥ 8",
        "foreground removed<br>≥ 8.5",
        "edited video<br>≥ 8",
        "emitted",
    ]
    sums = [note["text"] for note in figure["layout"]["annotations"]]
    assert sums == ["<b>3</b> · 100%", "<b>3</b> · 100%", *["<b>2</b> · 67%"] * 3]


def test_drawing_does_not_import_plotly() -> None:
    """It would take longer than a repeated curation."""
    code = (
        "import sys, sparkle_curation.datasets, sparkle_curation.pipelines.judge.nodes\n"
        "sys.exit('plotly' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
