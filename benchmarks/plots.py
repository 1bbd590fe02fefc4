"""Cost against size as a picture: a panel for each benchmark, both axes in powers of ten, in SVG that stays light."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

Points = Sequence[tuple[float, float]]
Panels = Mapping[str, Mapping[str, Points]]

_COLUMNS, _WIDTH, _HEIGHT = 3, 300, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 26, 42
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#767676", "#B8860B")
"""Ours first; told apart by people who see no red or green."""
_MOST_LINES = len(_COLOURS)


def draw(panels: Panels, unit: str) -> str:
    """The panels as an SVG document.

    Args:
        panels: by title, by contender, its ``(samples, cost)``, rising; only positive ones are drawn.
        unit: of the cost.
    """
    rows = -(-len(panels) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, max(rows, 1) * _HEIGHT
    body = "".join(
        f'<g transform="translate({place % _COLUMNS * _WIDTH} {place // _COLUMNS * _HEIGHT})">'
        f"{_panel(title, lines, unit)}</g>"
        for place, (title, lines) in enumerate(panels.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="sans-serif" font-size="10"><title>Cost against size, {escape(unit)}</title>'
        f'<rect width="{width}" height="{height}" fill="white"/>{body}</svg>\n'
    )


def _panel(title: str, lines: Mapping[str, Points], unit: str) -> str:
    drawn = {name: [point for point in points if min(point) > 0] for name, points in lines.items()}
    every = [point for points in drawn.values() for point in points]
    if not every:
        return ""
    x_range, y_range = (_decades([point[axis] for point in every]) for axis in (0, 1))

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x, y = (
            (math.log10(value) - low) / (high - low)
            for value, (low, high) in zip(point, (x_range, y_range), strict=True)
        )
        return _LEFT + x * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - y * (_HEIGHT - _TOP - _BOTTOM)

    parts = [f'<text x="{_LEFT}" y="14" font-size="12">{escape(title)}, {escape(unit)}</text>']
    for axis, (low, high) in enumerate((x_range, y_range)):
        parts += [_tick(place, axis, power, x_range, y_range) for power in range(low, high + 1)]
    for number, (name, points) in enumerate(list(drawn.items())[:_MOST_LINES]):
        colour, places = _COLOURS[number], [place(point) for point in points]
        parts += [
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{u:.1f}" y2="{v:.1f}" stroke="{colour}" stroke-width="2"/>'
            for (x, y), (u, v) in pairwise(places)
        ]
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        across, down = _LEFT + number % 3 * 82, _HEIGHT - 16 + number // 3 * 12
        label = name if len(name) < 16 else f"{name[:14]}…"
        parts.append(f'<text x="{across}" y="{down}" fill="{colour}">{escape(label)}</text>')
    return "".join(parts)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _tick(place, axis: int, power: int, x_range: tuple[int, int], y_range: tuple[int, int]) -> str:  # type: ignore[no-untyped-def]
    start = (10.0**power, 10.0 ** y_range[0]) if axis == 0 else (10.0 ** x_range[0], 10.0**power)
    end = (10.0**power, 10.0 ** y_range[1]) if axis == 0 else (10.0 ** x_range[1], 10.0**power)
    (x, y), (u, v) = place(start), place(end)
    shown = f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
    text = (
        f'<text x="{x:.1f}" y="{y + 12:.1f}" text-anchor="middle" fill="#555">{shown}</text>'
        if axis == 0
        else f'<text x="{x - 4:.1f}" y="{y + 3:.1f}" text-anchor="end" fill="#555">{shown}</text>'
    )
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{u:.1f}" y2="{v:.1f}" stroke="#ddd"/>{text}'
