"""How backgrounds are drawn: a sky, silhouettes, a ground, and what drifts through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthetic.shapes import (
    ASPECT,
    Block,
    Colour,
    Cone,
    Image,
    Shape,
    blank,
    colour,
    columns,
    disc,
    paint,
    paint_below,
    paint_line,
    rounded,
)

Outline = Literal["hills", "peaks", "roofs", "trees", "towers"]


@dataclass(frozen=True)
class Silhouette:
    """A dark shape along the horizon: its outline, its height above the horizon and its colour.

    With ``lit``, windows of that colour shine in it, and blink.
    """

    outline: Outline
    height: float
    colour: str
    lit: str | None = None


@dataclass(frozen=True)
class Motes:
    """Many small things that drift: petals, flakes, stars, clouds, mist, rain.

    Attributes:
        colours: colours, taken in turn.
        count: how many.
        radius: radius, in frame heights.
        velocity: (x, y) in frame heights a second.
        band: (top, bottom) of where they are.
        sway: how far they swing to the sides while they fall.
        length: (x, y) that each is drawn out by.
        opacity: 0 to 1.
        is_blinking: whether each fades in and out.
    """

    colours: tuple[str, ...]
    count: int
    radius: float
    velocity: tuple[float, float]
    band: tuple[float, float] = (0.0, 1.0)
    sway: float = 0.0
    length: tuple[float, float] = (0.0, 0.0)
    opacity: float = 1.0
    is_blinking: bool = False


@dataclass(frozen=True)
class Backdrop:
    """A background, described.

    Attributes:
        sky: colours of the top and the horizon.
        ground: colour of the ground.
        horizon: height of the horizon, in frame heights from the top.
        orb: (x, y, radius) of a sun or moon, and its colour.
        silhouettes: far to near.
        swell: colour of lines that roll over the ground: waves, grass, mist.
        props: still things, painted over the ground.
        motes: what drifts, back to front.
    """

    sky: tuple[str, str]
    ground: str
    horizon: float = 0.66
    orb: tuple[tuple[float, float, float], str] | None = None
    silhouettes: tuple[Silhouette, ...] = ()
    swell: str | None = None
    props: tuple[tuple[str, Shape], ...] = ()
    motes: tuple[Motes, ...] = ()


def draw_frames(
    backdrop: Backdrop, moments_s: Sequence[float], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The background at each moment, shape (moments, height, width, 3), RGB.

    Outlines and drifting things fall differently for each state of ``rng``.
    """
    outlines = [_outline(silhouette, backdrop.horizon, rng) for silhouette in backdrop.silhouettes]
    scattered = [rng.uniform(size=(motes.count, 3)) for motes in backdrop.motes]
    still = _draw_still(backdrop, outlines)
    windows = [
        (silhouette, rng.uniform(size=(14, 3)), tops)
        for silhouette, tops in zip(backdrop.silhouettes, outlines, strict=True)
        if silhouette.lit
    ]
    frames = []
    for seconds in moments_s:
        image = still.copy()
        for silhouette, places, tops in windows:
            _paint_windows(image, silhouette, places, (tops, backdrop.horizon), seconds)
        for tone, shape in backdrop.props:
            paint(image, shape, colour(tone))
        if backdrop.swell:
            _paint_swell(image, backdrop.horizon, colour(backdrop.swell), seconds)
        for motes, places in zip(backdrop.motes, scattered, strict=True):
            _paint_motes(image, motes, places, seconds)
        frames.append(rounded(image))
    return np.stack(frames)


def with_tint(backdrop: Backdrop, rng: np.random.Generator) -> Backdrop:
    """The same background under slightly other light, so that no two clips are alike."""
    gains = rng.uniform(0.93, 1.05, size=3)

    def tinted(code: str) -> str:
        return (
            "#" + bytes(min(255, round(c * gain)) for c, gain in zip(colour(code), gains, strict=True)).hex()
        )

    top, bottom = backdrop.sky
    return replace(backdrop, sky=(tinted(top), tinted(bottom)), ground=tinted(backdrop.ground))


def _draw_still(backdrop: Backdrop, outlines: list[NDArray[np.float32]]) -> Image:
    image = blank(colour(backdrop.sky[0]), colour(backdrop.sky[1]))
    if backdrop.orb:
        (x, y, radius), tone = backdrop.orb
        paint(image, disc(x, y, radius * 1.7), colour(tone), 0.25)
        paint(image, disc(x, y, radius), colour(tone))
    for silhouette, tops in zip(backdrop.silhouettes, outlines, strict=True):
        paint_below(image, tops, colour(silhouette.colour))
    paint_below(image, np.full_like(columns(), backdrop.horizon), colour(backdrop.ground))
    return image


def _outline(silhouette: Silhouette, horizon: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """The top of a silhouette, one height per column."""
    x, shift = columns(), rng.uniform(0, 6)
    if silhouette.outline == "hills":
        share = 0.55 + 0.3 * np.sin(2.3 * x + shift) + 0.15 * np.sin(5.1 * x + 2 * shift)
    elif silhouette.outline == "peaks":
        share = 0.35 + 0.65 * np.abs(((1.7 * x + shift) % 2) - 1) * (0.7 + 0.3 * np.sin(2.1 * x + shift))
    elif silhouette.outline == "trees":
        share = 0.55 + 0.45 * np.abs(((9.0 * x + shift) % 2) - 1) * (0.75 + 0.25 * np.sin(7.3 * x))
    else:
        house_width = 0.27 if silhouette.outline == "roofs" else 0.17
        house = ((x + shift) / house_width).astype(int)
        share = rng.uniform(0.45, 0.85, size=house.max() + 1)[house]
        if silhouette.outline == "roofs":
            share = share + 0.18 * (1 - np.abs(2 * (((x + shift) / house_width) % 1) - 1))
    return np.asarray(horizon - silhouette.height * share, np.float32)


def _paint_windows(
    image: Image,
    silhouette: Silhouette,
    places: NDArray[np.float64],
    between: tuple[NDArray[np.float32], float],
    seconds: float,
) -> None:
    tops, horizon = between
    for across, up, phase in places:
        x = float(round(across * 24) / 24 * ASPECT)
        column = min(int(x / ASPECT * len(tops)), len(tops) - 1)
        y = float(tops[column] + 0.05 + (horizon - tops[column] - 0.1) * up)
        is_lit = math.sin(0.8 * seconds + 40 * phase) > -0.6
        if y < horizon - 0.05:
            paint(
                image,
                Block(x - 0.014, y - 0.02, x + 0.014, y + 0.02),
                colour(silhouette.lit or ""),
                0.9 if is_lit else 0.25,
            )


def _paint_swell(image: Image, horizon: float, tone: Colour, seconds: float) -> None:
    for line in range(4):
        depth = (line + 0.6) / 4
        height = horizon + (1 - horizon) * depth**1.4
        wave = (
            0.008
            * (1 + depth)
            * np.sin((9 - 4 * depth) * columns() + 2.0 * line + (1.1 + 0.3 * line) * seconds)
        )
        paint_line(image, np.asarray(height + wave, np.float32), 0.003 + 0.006 * depth, tone)


def _paint_motes(image: Image, motes: Motes, places: NDArray[np.float64], seconds: float) -> None:
    top, bottom = motes.band
    margin = motes.length[0] + 2 * motes.radius
    for number, (across, down, phase) in enumerate(places.tolist()):
        swing = motes.sway * math.sin(1.6 * seconds + 9 * phase)
        x = (across * ASPECT + motes.velocity[0] * seconds) % (ASPECT + 2 * margin) - margin + swing
        y = top + (down * (bottom - top) + motes.velocity[1] * seconds) % (bottom - top)
        opacity = motes.opacity * (
            0.55 + 0.45 * math.sin(2.2 * seconds + 20 * phase) if motes.is_blinking else 1.0
        )
        size = motes.radius * (0.8 + 0.4 * phase)
        end = x + motes.length[0], y + motes.length[1]
        paint(
            image,
            Cone(x, y, size, *end, size * 0.9),
            colour(motes.colours[number % len(motes.colours)]),
            opacity,
        )
