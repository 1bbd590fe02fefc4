"""The scores of each stage as a drawing: how many samples lie in each tenth of a point, and where the threshold is.

SVG, written here: the same scores give the same bytes, it is sharp at any size, lies beside a card or in a page, and takes
the light or dark of who looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import floor
from typing import NamedTuple

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.pages.palette import DARK, FONT, LIGHT, Palette
from sparkle_curation.reports.figures.parts import spoken, theme_colours
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA, MAX_SCORE, Criterion
from sparkle_curation.spec.tables.verdicts import score_column
from sparkle_curation.spec.themes import THEMES

_COLUMNS = 3
_PANEL_WIDTH, _PANEL_HEIGHT = 300, 150
_LEFT, _ABOVE, _BELOW, _GAP = 16, 66, 34, 44
_LEGEND_HEIGHT = 34
_TENTHS = 10


class Passing(NamedTuple):
    """Of the samples that a criterion has a score of, how many pass its threshold."""

    passing: int
    scored: int


def count_passing(verdicts: AnyFrame, thresholds: Mapping[str, float]) -> dict[str, Passing]:
    """By the criterion's name how many scores pass its threshold, each criterion by itself."""
    shown = [each for each in CRITERIA if each.name in thresholds]
    sides = [
        (score >= thresholds[each.name] if each.is_at_least else score <= thresholds[each.name]).sum()
        for each in shown
        for score in [pl.col(score_column(each))]
    ]
    counts = verdicts.lazy().select(
        *(side.alias(f"{each.name} passing") for each, side in zip(shown, sides, strict=True)),
        *(pl.col(score_column(each)).count().alias(f"{each.name} scored") for each in shown),
    )
    if not shown:
        return {}
    found = counts.collect().row(0, named=True)
    return {each.name: Passing(found[f"{each.name} passing"], found[f"{each.name} scored"]) for each in shown}


def draw_histograms(
    histograms: pl.DataFrame, thresholds: Mapping[str, float], counts: Mapping[str, Passing]
) -> str:
    """The drawing as SVG: a panel for each criterion, its bars in the colours of the themes, its threshold marked.

    Args:
        histograms: ``stage, theme, score, samples``, from ``count_scores``.
        thresholds: the current ones, by the criterion's name.
        counts: of ``count_passing``.
    """
    shown = [each for each in CRITERIA if each.name in thresholds]
    lowest = [score for (score,) in histograms.select("score").iter_rows()]
    start = float(floor(min([*lowest, *thresholds.values(), MAX_SCORE - 1])))
    columns = max(min(_COLUMNS, len(shown)), 1)
    height = _ABOVE + _PANEL_HEIGHT + _BELOW
    size = (
        columns * (_PANEL_WIDTH + _GAP) + 2 * _LEFT - _GAP,
        -(-len(shown) // columns) * height + _LEGEND_HEIGHT,
    )
    per_tenth = histograms.filter(pl.col("stage").is_in([each.name for each in shown]))
    highest = max(per_tenth.group_by("stage", "score").agg(pl.col("samples").sum())["samples"], default=0)
    parts = [
        _panel(
            each,
            histograms.filter(pl.col("stage") == each.name),
            (thresholds[each.name], counts[each.name]),
            (start, highest),
            (_LEFT + number % columns * (_PANEL_WIDTH + _GAP), number // columns * height),
        )
        for number, each in enumerate(shown)
    ]
    themes = [theme for theme in THEMES if theme in set(histograms["theme"])]
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" class="scores" role="img" font-size="13"',
            f'viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}" height="{size[1]}">',
            f"<title>{escape(describe_histograms(thresholds, counts))}</title>",
            _style(),
            f'<rect class="card" width="{size[0]}" height="{size[1]}"/>',
            *parts,
            *_legend(themes, size[1] - _LEGEND_HEIGHT + 8),
            "</svg>\n",
        ]
    )


def describe_histograms(thresholds: Mapping[str, float], counts: Mapping[str, Passing]) -> str:
    """What the drawing shows, in words: of each criterion how many scores pass its threshold."""
    told = [
        f"{spoken(each.name)} {_sign(each)} {exact(thresholds[each.name])}: "
        "{:,} of {:,} samples with a score".format(*counts[each.name])
        for each in CRITERIA
        if each.name in thresholds
    ]
    return f"Scores by stage, with the thresholds marked. {'; '.join(told)}."


def _sign(criterion: Criterion) -> str:
    return "≥" if criterion.is_at_least else "≤"


def _style() -> str:
    """Classes with a name of their own, since in a page a style sheet is everybody's."""

    def rules(palette: Palette) -> str:
        return f".scores {{ --ink: {palette.ink}; --grey: {palette.grey}; --line: {palette.line}; --card: {palette.card}; }}"

    return (
        f"<style>{rules(LIGHT)} @media (prefers-color-scheme: dark) {{ {rules(DARK)} }} "
        f".scores text {{ font-family: {FONT}; fill: var(--ink); }} .scores .pale {{ fill: var(--grey); }} "
        ".scores .card { fill: var(--card); } .scores .grid { stroke: var(--line); } "
        ".scores .now { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 5 3; }</style>"
    )


def _panel(
    criterion: Criterion,
    counts: pl.DataFrame,
    now_at: tuple[float, Passing],
    axes: tuple[float, int],
    corner: tuple[int, int],
) -> str:
    """A panel at its place; all have the same axes, from ``start`` on and up to ``highest``."""
    (threshold, (passing, every)), (start, highest) = now_at, axes
    left, top = corner[0], corner[1] + _ABOVE
    name, told = (
        escape(spoken(criterion.name)),
        f"{passing:,} of {every:,} {_sign(criterion)} {exact(threshold)}",
    )
    bottom, scale = top + _PANEL_HEIGHT, _PANEL_WIDTH / (MAX_SCORE + 1 / _TENTHS - start)
    now = round(left + (threshold - start) * scale, 1)
    step = 1 if MAX_SCORE - start <= 5 else 2
    ticks = [MAX_SCORE - number for number in range(0, int(MAX_SCORE - start) + 1, step)]
    # Below the threshold's own number, which stands at its line; near an edge it stays in the panel.
    label_x = min(max(now, left + 20), left + _PANEL_WIDTH - 20)
    return "\n".join(
        [
            f'<text x="{left}" y="{corner[1] + 22}" font-size="15" font-weight="600">{name}</text>',
            f'<text class="pale" x="{left}" y="{corner[1] + 41}">{told}</text>',
            *(
                element
                for tick in ticks
                for x in [round(left + (tick - start) * scale, 1)]
                for element in (
                    f'<line class="grid" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>',
                    f'<text class="pale" x="{x}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>',
                )
            ),
            *_bars(counts, (left, bottom), (start, scale), _PANEL_HEIGHT / max(highest, 1)),
            f'<line class="grid" x1="{left}" x2="{left + _PANEL_WIDTH}" y1="{bottom}" y2="{bottom}"/>',
            f'<text class="pale" x="{left}" y="{top - 5}" font-size="11">{highest:,}</text>',
            f'<line class="now" x1="{now}" x2="{now}" y1="{top - 4}" y2="{bottom}"/>',
            f'<text x="{label_x}" y="{top - 8}" text-anchor="middle" font-weight="600">{exact(threshold)}</text>',
        ]
    )


def _bars(
    counts: pl.DataFrame, corner: tuple[int, int], across: tuple[float, float], per_sample: float
) -> Iterator[str]:
    """The pieces of each tenth, a theme on the other, from the bottom."""
    (left, bottom), (start, scale) = corner, across
    colours = theme_colours(THEMES)
    by_score: dict[float, dict[str, int]] = {}
    for theme, score, samples in counts.select("theme", "score", "samples").iter_rows():
        by_score.setdefault(score, {})[theme] = samples
    width = round(scale / _TENTHS - 0.4, 2)
    for score in sorted(by_score):
        y = float(bottom)
        for theme in THEMES:
            samples = by_score[score].get(theme, 0)
            if samples:
                y -= samples * per_sample
                x = round(left + (score - start) * scale + 0.2, 1)
                yield (
                    f'<rect x="{x}" y="{round(y, 1)}" width="{width}" height="{round(samples * per_sample, 1)}" '
                    f'fill="{colours[theme]}"/>'
                )


def _legend(themes: Sequence[str], y: int) -> Iterator[str]:
    colours, x = theme_colours(themes), _LEFT
    for theme in themes:
        yield f'<rect x="{x}" y="{y}" width="12" height="12" rx="2" fill="{colours[theme]}"/>'
        yield f'<text x="{x + 18}" y="{y + 11}">{escape(theme)}</text>'
        x += 44 + 8 * len(theme)
