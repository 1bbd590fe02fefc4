"""The figures are ones that Plotly takes, and show the numbers of their tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.filtering.test_funnel import count_samples
from tests.made.tables import THRESHOLDS
from tests.made.versions import version

from sparkle_curation.filtering.funnel import TOTAL, tabulate_funnel
from sparkle_curation.filtering.sweep import surface, sweep
from sparkle_curation.reports.figures.funnel import draw_funnel
from sparkle_curation.reports.figures.parts import PALE_INK, Figure, spoken, theme_colours
from sparkle_curation.reports.figures.signals import draw_signals
from sparkle_curation.reports.figures.sweep import draw_sweep
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.stages import PRIMARY_CRITERIA, STAGE_NAMES
from sparkle_curation.spec.tables.signals import SIGNAL_COLUMNS, SIGNALS
from sparkle_curation.spec.themes import THEMES

A, B, C = "Sparkle_location_000003", "Sparkle_location_000009", "Sparkle_time_000001"
SCORES = {A: 9.0, B: {"foreground_removed": 8.4}, C: 8.6}
NOTHING = pl.DataFrame(schema={"id": pl.String, "theme": pl.String})


def sweep_figure(samples: Any = SCORES, thresholds: dict[str, float] = THRESHOLDS) -> Figure:
    """The sweep of a small curation, drawn."""
    verdicts = version(samples, thresholds=thresholds).verdicts
    assert verdicts is not None
    return draw_sweep(sweep(verdicts, "reject"), surface(verdicts, "reject"), thresholds)


def funnel_figure(samples: Any = SCORES) -> Figure:
    """The funnel of a small curation, drawn."""
    verdicts = version(samples).verdicts
    assert verdicts is not None
    return draw_funnel(tabulate_funnel(count_samples(verdicts, NOTHING, NOTHING)), THRESHOLDS)


def signals_figure(*fidelities: float) -> Figure:
    """The signals of as many samples, of two themes in turn, with nothing but a fidelity."""
    rows = [
        {"id": f"{number}", "theme": THEMES[number % 2], "foreground_fidelity_min": value}
        for number, value in enumerate(fidelities)
    ]
    empty = pl.DataFrame(pl.from_arrow(arrow_schema(SIGNAL_COLUMNS).empty_table()))
    return draw_signals(pl.DataFrame(rows, schema=empty.schema))


def traces(figure: Figure, name: str, axis: str = "x") -> list[dict[str, Any]]:
    """The traces of that name in the picture with that axis."""
    return [one for one in figure["data"] if one["name"] == name and one.get("xaxis", "x") == axis]


@pytest.mark.parametrize(
    "figure",
    [sweep_figure(), sweep_figure({}), funnel_figure(), funnel_figure({}), signals_figure(0.5), signals_figure()],
    ids=["sweep", "empty sweep", "funnel", "empty funnel", "signals", "no signals"],
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


def test_a_theme_of_few_samples_counts_whole_ones() -> None:
    """Its axis has a tick a sample, and no half ones; of many Plotly chooses."""
    figure = sweep_figure({f"Sparkle_location_{number:06d}": 9.0 for number in range(9)} | {C: 8.6})
    axes = {axis: figure["layout"][axis].get("dtick") for axis in ("yaxis", "yaxis2", "yaxis4")}
    assert axes == {"yaxis": None, "yaxis2": None, "yaxis4": 1}  # all, location, time


def test_current_thresholds_are_marked() -> None:
    """A point on each line, a level of what is kept, and a dotted line at the threshold."""
    figure = sweep_figure()
    (mark,) = traces(figure, "foreground removed now", "x2")
    assert (mark["x"], mark["y"]) == ([8.5], [1])
    (level,) = traces(figure, "kept now")
    assert level["y"] == [2, 2]
    assert {shape["x0"] for shape in figure["layout"]["shapes"]} == set(THRESHOLDS.values())
    assert "foreground removed 8.5" in figure["layout"]["title"]["text"]


def test_a_threshold_between_two_tenths_is_not_given_a_count() -> None:
    """Only its dotted line is there: the sweep does not know who survives it."""
    figure = sweep_figure(thresholds={**THRESHOLDS, "edited_video": 8.25})
    (mark,) = traces(figure, "edited video now")
    assert mark["x"] == []
    assert traces(figure, "kept now") == []
    assert 8.25 in {shape["x0"] for shape in figure["layout"]["shapes"]}


def test_the_joint_line_is_one_threshold_for_all_stages() -> None:
    """What `threshold` would keep, from 7 on."""
    (line,) = traces(sweep_figure(), "all stages at one threshold")
    at = dict(zip(line["x"], line["y"], strict=True))
    assert (min(at), max(at)) == (7.0, 10.0)
    assert (at[8.4], at[8.5], at[8.7], at[9.1]) == (3, 2, 1, 0)


def test_the_funnel_has_a_piece_per_theme_and_step() -> None:
    """From known to exported; themes without samples have none, and the sums stand beside."""
    figure = funnel_figure()
    pieces = {one["name"]: one["x"] for one in figure["data"]}
    assert pieces == {"location": [2, 2, 1, 1, 1], "time": [1, 1, 1, 1, 1]}
    assert figure["data"][0]["y"] == [
        "known",
        "edited frame 0<br>≥ 8",
        "foreground removed<br>≥ 8.5",
        "edited video<br>≥ 8",
        "exported",
    ]
    sums = [note["text"] for note in figure["layout"]["annotations"]]
    assert sums == ["<b>3</b> · 100%", "<b>3</b> · 100%", *["<b>2</b> · 67%"] * 3]


# ------------------------------------------------------------------ other datasets
def made_sweep(themes: list[str], stages: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A sweep and a surface of any themes and stages, at three thresholds."""
    thresholds = pl.DataFrame({"threshold": [7.0, 8.0, 9.0], "surviving": [3, 2, 1]})
    names = pl.DataFrame({"theme": [*themes, TOTAL]})
    swept = names.join(pl.DataFrame({"stage": stages}), how="cross").join(thresholds, how="cross")
    grid = names
    for stage in stages:
        grid = grid.join(thresholds.select(pl.col("threshold").alias(f"{stage}_threshold")), how="cross")
    return swept, grid.with_columns(surviving=pl.lit(1, pl.Int64))


@pytest.mark.parametrize(("theme_count", "stage_count"), [(1, 1), (2, 2), (6, 4), (9, 8)])
def test_any_themes_and_stages_are_drawn(theme_count: int, stage_count: int) -> None:
    """Of names that this project does not know: a picture per theme, a line per stage in each, and axes for both."""
    from plotly.graph_objects import Figure as PlotlyFigure  # noqa: PLC0415 -- takes half a second

    themes = [f"theme{number}" for number in range(theme_count)]
    thresholds = {f"stage_{number}": 7.0 + number / 10 for number in range(stage_count)}
    figure = draw_sweep(*made_sweep(themes, list(thresholds)), thresholds)
    titles = [note["text"] for note in figure["layout"]["annotations"]]
    assert titles == [f"<b>{theme}</b>" for theme in (TOTAL, *themes)]
    shown = [one["name"] for one in figure["data"] if one["showlegend"]]
    assert len(shown) == len(set(shown)) == stage_count + 1 + (stage_count == 1)
    assert {one["xaxis"] for one in figure["data"]} == {"x", *(f"x{n + 2}" for n in range(theme_count))}
    assert figure["layout"]["grid"]["rows"] * figure["layout"]["grid"]["columns"] > theme_count
    assert PlotlyFigure(figure).to_json(validate=True)

    steps = {name: [5, 0, 3, *[4] * (theme_count - 1)][: theme_count + 1] for name in ("known", *thresholds)}
    table = pl.DataFrame({"theme": [*themes, TOTAL], **steps, "unscored": 0, "exported": 1})
    funnel = draw_funnel(table, thresholds)
    labels = funnel["layout"]["yaxis"]["categoryarray"]
    assert [label.partition("<br>")[0] for label in labels] == [
        "known",
        *(spoken(stage) for stage in thresholds),
        "exported",
    ]
    assert PlotlyFigure(funnel).to_json(validate=True)


def test_what_cannot_be_observed_is_shaded() -> None:
    """Below the published threshold of a stage, in the theme whose scores are censored and in the total; else nothing is."""
    from plotly.graph_objects import Figure as PlotlyFigure  # noqa: PLC0415 -- takes half a second

    themes, thresholds = ["location", "time"], dict.fromkeys(STAGE_NAMES, 8.0)
    made = made_sweep(themes, list(thresholds))
    stage = PRIMARY_CRITERIA[0]
    figure = draw_sweep(*made, thresholds, {stage.name: ["time"]})
    shades = [each for each in figure["layout"]["shapes"] if each["type"] == "rect"]
    assert [each["xref"] for each in shades] == ["x", "x3"]
    assert {each["x1"] for each in shades} == {stage.published_threshold}
    assert "no scores that its threshold rejects" in figure["layout"]["title"]["text"]
    assert PlotlyFigure(figure).to_json(validate=True)
    assert draw_sweep(*made, thresholds, {}) == draw_sweep(*made, thresholds)
    assert all(each["type"] != "rect" for each in draw_sweep(*made, thresholds)["layout"]["shapes"])


def test_a_theme_has_its_colour_whichever_others_have_samples() -> None:
    """The description says which; one that it does not know is grey."""
    table = pl.DataFrame({"theme": ["location", "season", TOTAL], "known": [0, 2, 2], "exported": [0, 1, 1]})
    (piece,) = draw_funnel(table, {})["data"]
    assert piece["marker"]["color"] == "#56B4E9"
    assert theme_colours(["location", "b"]) == {"location": "#0072B2", "b": PALE_INK}


def test_drawing_does_not_import_plotly() -> None:
    """It would take longer than to draw; neither do the pipelines."""
    code = (
        "import sys, importlib, pkgutil, sparkle_curation.datasets, sparkle_curation.pipelines as pipelines\n"
        "for each in pkgutil.walk_packages(pipelines.__path__, pipelines.__name__ + '.'):\n"
        "    importlib.import_module(each.name)\n"
        "from tests.reports.figures.test_figures import made_sweep, draw_sweep, funnel_figure\n"
        "draw_sweep(*made_sweep(['a'], ['b']), {'b': 8.0}), funnel_figure()\n"
        "sys.exit('plotly' in sys.modules)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=False,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr


def test_a_signal_has_a_histogram_that_counts_every_sample_that_has_it() -> None:
    """One far value stands in the last bar and leaves the others their bars; a signal that nobody has says so."""
    figure = signals_figure(*(number / 1000 for number in range(400)), 1.0)
    first = [one for one in figure["data"] if one["xaxis"] == "x"]
    assert [sum(one["y"]) for one in first] == [201, 200]
    assert max(first[0]["x"]) < 0.4
    titles = [note["text"] for note in figure["layout"]["annotations"]]
    assert len(titles) == len(SIGNALS)
    assert "401 of 401" in titles[0]
    assert "0 of 401" in titles[1]
