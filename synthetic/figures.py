"""The foregrounds: a walker of simple shapes, with what they wear, carry or lead."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synthetic.shapes import ASPECT, Block, Colour, Cone, Dome, Shape, colour, disc

_COATS = {
    "red": "#c8453b", "blue": "#2f6db5", "green": "#3c8d5a", "mustard": "#d39b2a",
    "violet": "#7a4fa3", "teal": "#1f8a8c", "white": "#ece7dc", "orange": "#e0752d",
}  # fmt: skip
_EXTRAS = {"yellow": "#f2c53d", "navy": "#23395d", "pink": "#e58fb0", "brown": "#7d5235", "mint": "#45b08a"}
_SKINS = ("#f0c9a4", "#d9a273", "#a86f45", "#6f4630")
_HAIRS = ("#2b211d", "#5a3a22", "#b98a4e", "#8b8b90")
_TROUSERS = ("#34405a", "#4a4038", "#2f4a45", "#5b5f68")

EXTRAS: tuple[str, ...] = ("none", "hat", "umbrella", "balloons", "dog", "bag")
"""What a walker may have with them."""

_GROUND = 0.94
_STEPS_PER_S = 1.15


@dataclass(frozen=True)
class Part:
    """A painted shape of the foreground, and the objects (by number) that it belongs to."""

    shape: Shape
    colour: Colour
    objects: tuple[int, ...]


@dataclass(frozen=True)
class Figure:
    """A walker and what they have with them.

    Attributes:
        coat: name of the coat's colour.
        extra: one of ``EXTRAS``.
        extra_colour: name of the extra's colour.
        skin, hair, trousers: colours.
        height: from sole to crown, in frame heights.
        start, end: x at the first and the last frame, in frame heights.
        phase: where in the step the first frame falls, in radians.
    """

    coat: str
    extra: str
    extra_colour: str
    skin: Colour
    hair: Colour
    trousers: Colour
    height: float
    start: float
    end: float
    phase: float

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the objects, the walker first; two balloons share one label."""
        walker, extra = f"walker in {self.coat} coat", self.extra_colour
        more = {
            "hat": (f"{extra} hat",),
            "umbrella": (f"open {extra} umbrella",),
            "balloons": (f"{extra} balloon",) * 2,
            "dog": ("small dog on a lead", f"{extra} dog collar"),
            "bag": (f"{extra} shoulder bag",),
        }
        return (walker, *more.get(self.extra, ()))

    @property
    def description(self) -> str:
        """The figure in words, for the description of the source scene."""
        with_what = {
            "none": "with empty hands",
            "hat": f"wearing a {self.extra_colour} hat",
            "umbrella": f"under an open {self.extra_colour} umbrella",
            "balloons": f"holding two {self.extra_colour} balloons",
            "dog": "leading a small dog",
            "bag": f"carrying a {self.extra_colour} shoulder bag",
        }
        side = "left to right" if self.end > self.start else "right to left"
        return f"someone in a {self.coat} coat, {with_what[self.extra]}, walks from {side}"

    def parts(self, progress: float, seconds: float) -> tuple[Part, ...]:
        """The shapes at one moment, back to front.

        Args:
            progress: the share of the way that is done, 0 to 1.
            seconds: time since the first frame.
        """
        x = self.start + (self.end - self.start) * progress
        swing = math.sin(self.phase + 2 * math.pi * _STEPS_PER_S * seconds)
        facing = 1.0 if self.end > self.start else -1.0
        bob = 0.012 * self.height * abs(swing)
        pose = _Pose(x, _GROUND - bob, self.height, facing, swing)
        behind, before = _extra_parts(self, pose, seconds)
        return (*behind, *_walker(self, pose), *before)


def draw_figure(rng: np.random.Generator) -> Figure:
    """A figure drawn at random."""

    def one_of(codes: tuple[str, ...]) -> Colour:
        return colour(codes[rng.integers(len(codes))])

    coats, extras = sorted(_COATS), sorted(_EXTRAS)
    start, way = rng.uniform(0.42, 0.62), rng.uniform(0.38, 0.60)
    is_leftward = bool(rng.integers(2))
    return Figure(
        coat=coats[rng.integers(len(coats))],
        extra=EXTRAS[rng.integers(len(EXTRAS))],
        extra_colour=extras[rng.integers(len(extras))],
        skin=one_of(_SKINS),
        hair=one_of(_HAIRS),
        trousers=one_of(_TROUSERS),
        height=float(rng.uniform(0.58, 0.68)),
        start=ASPECT - start if is_leftward else start,
        end=ASPECT - start - way if is_leftward else start + way,
        phase=float(rng.uniform(0, math.pi)),
    )


@dataclass(frozen=True)
class _Pose:
    """Where the walker stands; lengths below are shares of the walker's height."""

    x: float
    ground: float
    height: float
    facing: float
    swing: float

    def at(self, ahead: float, up: float) -> tuple[float, float]:
        """A point ``ahead`` of the walker's middle and ``up`` from the ground."""
        return self.x + self.facing * ahead * self.height, self.ground - up * self.height

    def limb(self, start: tuple[float, float], end: tuple[float, float], radii: tuple[float, float]) -> Cone:
        (x1, y1), (x2, y2) = self.at(*start), self.at(*end)
        return Cone(x1, y1, radii[0] * self.height, x2, y2, radii[1] * self.height)

    def ball(self, ahead: float, up: float, radius: float) -> Cone:
        return disc(*self.at(ahead, up), radius * self.height)


def _walker(figure: Figure, pose: _Pose) -> tuple[Part, ...]:
    coat, dark = colour(_COATS[figure.coat]), _shade(colour(_COATS[figure.coat]), 0.72)
    swing, shoe = pose.swing, _shade(figure.trousers, 0.5)
    shapes = (
        (pose.limb((-0.01, 0.68), (-0.16 * swing - 0.02, 0.42), (0.04, 0.034)), dark),
        *_leg(pose, -swing, _shade(figure.trousers, 0.75), shoe),
        *_leg(pose, swing, figure.trousers, shoe),
        (pose.limb((0.0, 0.70), (0.0, 0.40), (0.085, 0.12)), coat),
        (pose.limb((0.0, 0.76), (0.0, 0.80), (0.035, 0.035)), _shade(figure.skin, 0.85)),
        (pose.ball(-0.025, 0.905, 0.088), figure.hair),
        (pose.ball(0.015, 0.885, 0.078), figure.skin),
        (pose.ball(0.060, 0.895, 0.012), (30, 26, 30)),
        (pose.limb((0.0, 0.69), (0.17 * swing + 0.03, 0.43), (0.042, 0.036)), _shade(coat, 0.86)),
        (pose.ball(0.17 * swing + 0.035, 0.41, 0.032), figure.skin),
    )
    return tuple(Part(shape, tone, (0,)) for shape, tone in shapes)


def _leg(pose: _Pose, swing: float, cloth: Colour, shoe: Colour) -> tuple[tuple[Cone, Colour], ...]:
    lift = 0.03 * max(0.0, -swing)
    knee, foot = (0.10 * swing + 0.02, 0.22), (0.20 * swing, 0.035 + lift)
    return (
        (pose.limb((0.0, 0.42), knee, (0.06, 0.048)), cloth),
        (pose.limb(knee, foot, (0.048, 0.036)), cloth),
        (pose.limb(foot, (foot[0] + 0.055, foot[1] - 0.008), (0.034, 0.026)), shoe),
    )


def _extra_parts(figure: Figure, pose: _Pose, seconds: float) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The parts of the extra behind the walker, and those before."""
    tone = colour(_EXTRAS[figure.extra_colour])
    if figure.extra == "hat":
        crown_x, crown_y = pose.at(-0.01, 0.945)
        crown = Dome(crown_x, crown_y, 0.085 * pose.height)
        brim = pose.limb((-0.13, 0.94), (0.13, 0.94), (0.016, 0.016))
        return (), (Part(crown, tone, (0, 1)), Part(brim, _shade(tone, 0.85), (0, 1)))
    if figure.extra == "umbrella":
        top_x, top_y = pose.at(0.10, 1.02)
        stick = pose.limb((0.10, 0.52), (0.10, 1.10), (0.010, 0.010))
        cloth = Dome(top_x, top_y, 0.30 * pose.height)
        return (Part(stick, (70, 60, 55), (1,)),), (Part(cloth, tone, (1,)),)
    if figure.extra == "balloons":
        return _balloons(pose, tone, seconds), ()
    if figure.extra == "dog":
        return (), _dog(pose, tone)
    if figure.extra == "bag":
        x, y = pose.at(-0.10, 0.52)
        bag = Block(x - 0.075 * pose.height, y, x + 0.075 * pose.height, y + 0.15 * pose.height)
        strap = pose.limb((-0.10, 0.52), (0.03, 0.74), (0.012, 0.012))
        return (), (Part(strap, _shade(tone, 0.7), (1,)), Part(bag, tone, (1,)))
    return (), ()


def _balloons(pose: _Pose, tone: Colour, seconds: float) -> tuple[Part, ...]:
    parts = []
    for number, (hangs_at, up) in enumerate(((-0.30, 1.02), (-0.12, 1.15)), start=1):
        ahead = hangs_at + 0.03 * math.sin(1.9 * seconds + number)
        string = pose.limb((-0.03, 0.45), (ahead, up - 0.11), (0.007, 0.007))
        parts.append(Part(string, (225, 225, 225), (number,)))
        parts.append(Part(pose.ball(ahead, up, 0.11), _shade(tone, 1.0 - 0.12 * number), (number,)))
        parts.append(Part(pose.ball(ahead + 0.03, up + 0.04, 0.025), (250, 246, 240), (number,)))
    return tuple(parts)


def _dog(pose: _Pose, tone: Colour) -> tuple[Part, ...]:
    fur, swing = (150, 104, 66), pose.swing
    legs = [
        pose.limb((0.36 + root, 0.14), (0.36 + root + side * 0.05 * swing, 0.02), (0.026, 0.02))
        for root, side in ((0.0, 1), (0.04, -1), (0.17, 1), (0.21, -1))
    ]
    shapes: list[tuple[Shape, Colour, tuple[int, ...]]] = [
        (pose.limb((0.05, 0.42), (0.58, 0.21), (0.008, 0.008)), (90, 50, 40), (1,)),
        *((leg, _shade(fur, 0.8), (1,)) for leg in legs),
        (pose.limb((0.36, 0.17), (0.28, 0.25 + 0.02 * swing), (0.022, 0.014)), fur, (1,)),
        (pose.limb((0.37, 0.165), (0.56, 0.175), (0.06, 0.062)), fur, (1,)),
        (pose.limb((0.62, 0.25), (0.69, 0.225), (0.052, 0.03)), fur, (1,)),
        (pose.limb((0.59, 0.28), (0.57, 0.21), (0.024, 0.02)), _shade(fur, 0.6), (1,)),
        (pose.limb((0.585, 0.165), (0.60, 0.235), (0.02, 0.02)), tone, (1, 2)),
    ]
    return tuple(Part(*shape) for shape in shapes)


def _shade(tone: Colour, share: float) -> Colour:
    red, green, blue = (round(channel * share) for channel in tone)
    return red, green, blue
