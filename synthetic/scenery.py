"""What the made clips show: a still background for each source scene, a moving one for each keyword."""

from __future__ import annotations

from synthetic.backdrops import Backdrop, Motes, Silhouette
from synthetic.shapes import Block, Cone, Dome, disc


def petals(*colours: str, count: int = 12) -> Motes:
    """Petals or leaves that sway as they fall."""
    return Motes(colours, count, 0.013, (0.05, 0.11), sway=0.05, length=(0.012, 0.006))


def flakes(count: int = 16) -> Motes:
    """Falling snow."""
    return Motes(("#ffffff",), count, 0.012, (0.02, 0.10), sway=0.04)


def clouds(tone: str, count: int = 3, bottom: float = 0.28) -> Motes:
    """Slow clouds."""
    return Motes((tone,), count, 0.05, (0.035, 0.0), (0.05, bottom), length=(0.22, 0.0), opacity=0.85)


def mist(tone: str, top: float, bottom: float) -> Motes:
    """Long, thin banks of mist."""
    return Motes((tone,), 3, 0.035, (0.05, 0.0), (top, bottom), length=(0.55, 0.0), opacity=0.55)


def stars(count: int = 18) -> Motes:
    """Stars that twinkle, and turn very slowly."""
    return Motes(("#fff8dc",), count, 0.008, (0.004, 0.0), (0.02, 0.45), is_blinking=True)


def sparks(tone: str, count: int = 10) -> Motes:
    """Embers or fireflies that rise."""
    return Motes((tone,), count, 0.011, (0.015, -0.06), (0.35, 1.0), sway=0.04, is_blinking=True)


EDITED: dict[str, Backdrop] = {
    # location
    "rural: lavender rows below a windmill": Backdrop(
        ("#8ec5ee", "#f6ead0"), "#7b5aa6", 0.60, silhouettes=(Silhouette("hills", 0.10, "#8fae6b"),),
        swell="#9a7bc4",
        props=(("#e9e2d2", Cone(1.42, 0.60, 0.075, 1.42, 0.34, 0.045)), ("#a4473a", Dome(1.42, 0.33, 0.055)),
               ("#6d5847", Cone(1.25, 0.22, 0.010, 1.59, 0.44, 0.010)),
               ("#6d5847", Cone(1.30, 0.49, 0.010, 1.54, 0.17, 0.010))),
        motes=(clouds("#ffffff"),),
    ),
    "coast: lighthouse above rolling surf": Backdrop(
        ("#6fb3e0", "#dff1f7"), "#2f7fa8", 0.58, swell="#d8f0f6",
        props=(("#5e6b58", Dome(1.38, 0.60, 0.26)), ("#f4f1ea", Cone(1.40, 0.40, 0.045, 1.40, 0.16, 0.032)),
               ("#c8453b", Block(1.362, 0.24, 1.438, 0.30)), ("#f5d76e", Dome(1.40, 0.13, 0.035))),
        motes=(clouds("#ffffff", 4),),
    ),
    "urban: canal street with shop awnings": Backdrop(
        ("#b6d4e8", "#f3e6d3"), "#4d7f8c", 0.70,
        silhouettes=(Silhouette("roofs", 0.44, "#c98d6b"), Silhouette("roofs", 0.22, "#8f5a48", "#ffe2a0")),
        swell="#7fb0ba",
    ),
    "desert: dunes under drifting sand": Backdrop(
        ("#e9b36b", "#fbe4b4"), "#d9994f", 0.62, ((0.45, 0.22, 0.09), "#fff3cf"),
        (Silhouette("hills", 0.16, "#cf8a45"), Silhouette("hills", 0.07, "#b97436")), "#e9b872",
        motes=(Motes(("#fbe4b4",), 12, 0.006, (0.22, 0.01), (0.5, 1.0), length=(0.05, 0.0), opacity=0.7),),
    ),
    "nature: fjord below snowy peaks": Backdrop(
        ("#5f9bd1", "#d9e9f2"), "#2d6a86", 0.64,
        silhouettes=(Silhouette("peaks", 0.40, "#a9bccb"), Silhouette("peaks", 0.22, "#4f6f73")),
        swell="#5c97ad", motes=(clouds("#f7fbff", 3, 0.2),),
    ),
    "landmark: arched bridge over a slow river": Backdrop(
        ("#9cc7e4", "#f2eee0"), "#4a8a83", 0.66, silhouettes=(Silhouette("trees", 0.16, "#5f8f57"),), swell="#77aea5",
        props=(("#a79a86", Block(0.0, 0.52, 1.78, 0.68)), ("#4a8a83", Dome(0.35, 0.70, 0.14)),
               ("#4a8a83", Dome(0.89, 0.70, 0.14)), ("#4a8a83", Dome(1.43, 0.70, 0.14))),
        motes=(clouds("#ffffff"),),
    ),
    # season
    "spring: orchard shedding pale petals": Backdrop(
        ("#a9d8f2", "#fbeff2"), "#8cc06d", 0.66, silhouettes=(Silhouette("hills", 0.12, "#b9d99a"),),
        props=tuple((tone, shape) for x in (0.18, 0.62, 1.08, 1.56) for tone, shape in (
            ("#6a4a3a", Cone(x, 0.70, 0.018, x, 0.45, 0.012)), ("#f4c3d0", disc(x, 0.36, 0.13)),
            ("#f9dbe3", disc(x + 0.06, 0.31, 0.08)))),
        motes=(petals("#f9dbe3", "#ffffff"),),
    ),
    "summer: pebble beach with bright waves": Backdrop(
        ("#38a3e0", "#cdeffa"), "#1f9bb5", 0.52, ((1.45, 0.16, 0.08), "#fff2a8"), swell="#b8f0f2",
        props=(("#e2cfa6", Block(0.0, 0.82, 1.78, 1.0)), ("#d65f4d", Dome(0.22, 0.62, 0.16)),
               ("#f0e9dc", Cone(0.22, 0.60, 0.008, 0.22, 0.86, 0.008))),
        motes=(clouds("#ffffff", 2),),
    ),
    "autumn: maple avenue with falling leaves": Backdrop(
        ("#d9c7a3", "#f6e6c4"), "#a9743f", 0.68, silhouettes=(Silhouette("trees", 0.20, "#c9823d"),),
        props=tuple((tone, shape) for x, leaf in ((0.12, "#c0492b"), (0.55, "#dd8a2e"), (1.22, "#d4622a"), (1.66, "#e0a53a"))
                    for tone, shape in (("#4f3728", Cone(x, 0.74, 0.022, x, 0.40, 0.014)), (leaf, disc(x, 0.30, 0.16)))),
        motes=(petals("#c0492b", "#e0a53a", "#dd8a2e", count=14),),
    ),
    "winter: pine slope in steady snowfall": Backdrop(
        ("#9fb4c8", "#e4ebf2"), "#eef3f8", 0.66,
        silhouettes=(Silhouette("peaks", 0.30, "#c3d0dd"), Silhouette("trees", 0.24, "#3f6157")), motes=(flakes(18),),
    ),
    "winter: frozen pond among bare reeds": Backdrop(
        ("#b9c9e0", "#f3eef2"), "#c4dcea", 0.62, ((0.4, 0.30, 0.06), "#fff6e0"),
        (Silhouette("hills", 0.10, "#dfe8f0"),),
        props=tuple(("#9a8566", Cone(x, 0.66, 0.007, x + 0.02, 0.50 - 0.04 * (x % 0.3), 0.005))
                    for x in (0.08, 0.14, 0.20, 1.46, 1.53, 1.60, 1.68)),
        motes=(mist("#ffffff", 0.55, 0.68), flakes(9)),
    ),
    # time
    "dawn: marsh under sliding mist": Backdrop(
        ("#8fa6cf", "#f8cfae"), "#6d8470", 0.60, ((0.5, 0.56, 0.11), "#ffe9b8"),
        (Silhouette("trees", 0.14, "#7d8a94"),), "#8ba08c", motes=(mist("#fdf0e4", 0.50, 0.72),),
    ),
    "noon: open hills under passing clouds": Backdrop(
        ("#3f93dc", "#cfe8f8"), "#6fae4f", 0.64,
        silhouettes=(Silhouette("hills", 0.20, "#8fc06a"), Silhouette("hills", 0.09, "#5f9c48")),
        motes=(clouds("#ffffff", 4, 0.34),),
    ),
    "dusk: bay with the last band of sun": Backdrop(
        ("#3d3a73", "#f58a5b"), "#3a4a78", 0.60, ((1.25, 0.58, 0.10), "#ffd07a"),
        (Silhouette("hills", 0.09, "#5b3f6b"),), "#e58b6a", motes=(clouds("#a85f7f"),),
    ),
    "night: valley under turning stars": Backdrop(
        ("#0c1433", "#2e4473"), "#16263a", 0.68, ((1.35, 0.20, 0.07), "#f3efd9"),
        (Silhouette("peaks", 0.28, "#1d2c50"), Silhouette("trees", 0.10, "#0f1d2c")), motes=(stars(),),
    ),
    "night: tall windows blinking late": Backdrop(
        ("#10142b", "#3a2f5c"), "#232537", 0.74,
        silhouettes=(Silhouette("towers", 0.55, "#1f2647", "#f7d774"), Silhouette("towers", 0.32, "#141a33", "#ffb45e")),
    ),
    # style
    "era: timber market square with pennants": Backdrop(
        ("#8fb7d6", "#efe3c8"), "#a58a67", 0.68, silhouettes=(Silhouette("roofs", 0.34, "#7a5238", "#f4d59a"),),
        props=tuple((("#c8453b", "#e9c04a", "#3f7fae")[i % 3],
                     Cone(0.15 + 0.21 * i, 0.17 + 0.02 * (i % 2), 0.030, 0.17 + 0.21 * i, 0.26, 0.004)) for i in range(8)),
        motes=(sparks("#ffd58a", 8),),
    ),
    "era: steam-age railway yard": Backdrop(
        ("#a49a8c", "#d9cdb8"), "#6b6258", 0.68, silhouettes=(Silhouette("towers", 0.30, "#7c7268"),),
        props=(("#3b3b3f", Cone(1.10, 0.58, 0.075, 1.52, 0.58, 0.075)), ("#a4473a", Block(1.48, 0.44, 1.66, 0.66)),
               ("#26262a", disc(1.15, 0.68, 0.045)), ("#26262a", disc(1.34, 0.68, 0.045)),
               ("#26262a", disc(1.55, 0.68, 0.045)),
               ("#2d2d30", Block(1.10, 0.40, 1.16, 0.52))),
        motes=(Motes(("#f2eee6",), 6, 0.045, (-0.06, -0.03), (0.12, 0.40), opacity=0.7),),
    ),
    "cinematic: neon alley in the rain": Backdrop(
        ("#1a1030", "#4a1f5c"), "#2a1c40", 0.72, silhouettes=(Silhouette("towers", 0.60, "#241a45", "#ff4fa3"),),
        swell="#7a3fa0",
        props=(("#22d3ee", Block(0.12, 0.22, 0.17, 0.52)), ("#ff4fa3", Block(1.58, 0.18, 1.63, 0.46)),
               ("#ffe14f", Block(1.36, 0.40, 1.50, 0.44))),
        motes=(Motes(("#a9b8ff",), 14, 0.004, (-0.04, 0.55), length=(0.004, 0.06), opacity=0.6),),
    ),
    "cinematic: outpost on a dusty red planet": Backdrop(
        ("#5c2b2a", "#e39a6b"), "#a8503a", 0.64, ((0.34, 0.20, 0.10), "#f2d3b3"),
        (Silhouette("peaks", 0.18, "#86402f"),), "#c06a4a",
        props=(("#d9dde2", Dome(1.30, 0.68, 0.16)), ("#d9dde2", Dome(1.56, 0.68, 0.10)),
               ("#6fd3e8", Block(1.26, 0.58, 1.34, 0.63))),
        motes=(Motes(("#f0b58c",), 10, 0.007, (0.16, 0.005), (0.45, 1.0), length=(0.04, 0.0), opacity=0.6),),
    ),
    "mood: garden of paper lanterns": Backdrop(
        ("#1b2345", "#5a3f66"), "#2d3f3a", 0.70, silhouettes=(Silhouette("trees", 0.20, "#1d2f38"),),
        props=tuple(("#ffb45e", Cone(x, y, 0.038, x, y + 0.03, 0.038)) for x, y in
                    ((0.16, 0.22), (0.48, 0.14), (0.80, 0.24), (1.12, 0.13), (1.42, 0.23), (1.68, 0.15))),
        motes=(sparks("#ffe08a", 12),),
    ),
    "painterly: flat hills in poster colours": Backdrop(
        ("#f7c873", "#f7e1b5"), "#2f7d6d", 0.70, ((1.2, 0.28, 0.13), "#e4572e"),
        (Silhouette("hills", 0.30, "#f29e4c"), Silhouette("hills", 0.17, "#a7c957")),
        motes=(Motes(("#fff7e6",), 4, 0.016, (0.07, -0.008), (0.1, 0.4), length=(0.05, 0.0)),),
    ),
}  # fmt: skip
"""Keyword, ``subtheme: scene`` -> the background that an edit to it shows."""

SOURCE: dict[str, Backdrop] = {
    "photo studio": Backdrop(("#c9c6c0", "#e6e2da"), "#b9a58a", 0.78, props=(("#d6d2ca", Block(0.25, 0.06, 1.53, 0.78)),)),
    "brick street": Backdrop(
        ("#cfd8dc", "#e7e5df"), "#8d8a86", 0.76, silhouettes=(Silhouette("roofs", 0.52, "#a8654d", "#e8dcc0"),),
        props=(("#a19d98", Block(0.0, 0.76, 1.78, 0.80)),),
    ),
    "gym hall": Backdrop(
        ("#dfe3e6", "#cfd6da"), "#c99a5b", 0.72,
        props=(("#8aa4b8", Block(0.0, 0.50, 1.78, 0.72)), ("#f4f4f0", Block(1.30, 0.14, 1.58, 0.32)),
               ("#d8622e", Block(1.38, 0.30, 1.50, 0.33)),
               ("#efe0c4", Block(0.0, 0.86, 1.78, 0.875))),
    ),
    "clipped park": Backdrop(
        ("#b8dbea", "#eef4ea"), "#7fae5c", 0.66,
        props=(("#5c8f4a", Dome(0.30, 0.68, 0.16)), ("#4f8243", Dome(1.10, 0.68, 0.13)), ("#5c8f4a", Dome(1.52, 0.68, 0.20)),
               ("#d9cfae", Block(0.0, 0.88, 1.78, 1.0))),
    ),
    "living room": Backdrop(
        ("#e8d9c2", "#e3cfb4"), "#9b7350", 0.76,
        props=(("#bcd9e8", Block(0.20, 0.14, 0.52, 0.46)), ("#f7f4ee", Block(0.345, 0.14, 0.375, 0.46)),
               ("#5f7f86", Block(0.95, 0.56, 1.58, 0.78)),
               ("#4f6d74", Block(0.95, 0.48, 1.58, 0.60)), ("#c9826b", Block(1.10, 0.14, 1.40, 0.36))),
    ),
    "harbour quay": Backdrop(
        ("#aac6d8", "#e3e9ea"), "#7c8a90", 0.70, silhouettes=(Silhouette("towers", 0.22, "#8fa3ae"),),
        props=(("#5d8aa3", Block(0.0, 0.62, 1.78, 0.72)), ("#c8453b", Block(1.16, 0.52, 1.40, 0.62)),
               ("#3f7fae", Block(1.40, 0.50, 1.62, 0.62))),
    ),
}  # fmt: skip
"""Name of a source scene -> the still background that the source clips show."""
