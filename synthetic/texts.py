"""The words of the made release: instructions, scene descriptions and a judge's reasons, from small vocabularies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from synthetic.figures import Figure

_T = TypeVar("_T")


@dataclass(frozen=True)
class Setting:
    """What an edit to one keyword asks for: a place, two things that move in it, and its light."""

    theme: str
    place: str
    motions: tuple[str, str]
    light: str


SETTINGS: dict[str, Setting] = {
    # location
    "rural: lavender rows below a windmill": Setting(
        "location", "a lavender farm whose violet rows run down from an old white windmill",
        ("the blossoms rippling like water", "thin clouds sliding over the roof of the mill"),
        "clear Provençal daylight"),
    "coast: lighthouse above rolling surf": Setting(
        "location", "a rocky coast with a red-and-white lighthouse on its headland",
        ("long waves rolling in one behind the other", "gulls of cloud drifting out to sea"),
        "bright, salty morning light"),
    "urban: canal street with shop awnings": Setting(
        "location", "a canal street where a café sign reads \"OPEN\" between brick gables",
        ("ripples running along the quay", "lamps going on and off behind the windows"),
        "soft light from a high, pale sky"),
    "desert: dunes under drifting sand": Setting(
        "location", "a sea of dunes, folded one behind another up to the horizon",
        ("loose sand streaming over the crests", "heat trembling along the ground"),
        "the amber glow of a low sun"),
    "nature: fjord below snowy peaks": Setting(
        "location", "a deep fjord, with snowfields high above dark slopes of fir",
        ("small waves crossing the bay", "clouds passing in front of the summits"),
        "cool northern light"),
    "landmark: arched bridge over a slow river": Setting(
        "location", "the bank of a slow green river, spanned by an ancient bridge of three arches",
        ("the current sliding under the stone", "white clouds moving above the parapet"),
        "mild afternoon sun"),
    # season
    "spring: orchard shedding pale petals": Setting(
        "season", "an orchard in full flower, its trees set out in a loose row",
        ("petals turning slowly on their way down", "young grass stirring underneath"),
        "the fresh light of an April noon"),
    "summer: pebble beach with bright waves": Setting(
        "season", "a pebble beach in high summer, with one striped parasol left in the sand",
        ("turquoise waves glinting as they come in", "heat shimmering over the stones"),
        "strong sun from a cloudless corner of the sky"),
    "autumn: maple avenue with falling leaves": Setting(
        "season", "an avenue of maples at the height of autumn",
        ("red and yellow leaves swaying down", "dry leaves skipping across the path"),
        "warm, slanting light the colour of honey"),
    "winter: pine slope in steady snowfall": Setting(
        "season", "a white slope in front of a dark belt of pines",
        ("snow falling in an even, quiet drift", "powder slipping from the branches"),
        "grey light without shadows"),
    "winter: frozen pond among bare reeds": Setting(
        "season", "a frozen pond, rimmed with bare reeds and hoarfrost",
        ("a veil of mist creeping over the ice", "single flakes tumbling past"),
        "the weak glow of a January sun"),
    # time
    "dawn: marsh under sliding mist": Setting(
        "time", "a marsh at first light, with willows along its far edge",
        ("banks of mist sliding between the pools", "the sun lifting itself over the trees"),
        "peach-coloured light, still without warmth"),
    "noon: open hills under passing clouds": Setting(
        "time", "open green hills at midday",
        ("clouds sailing by in a loose line", "broad shadows crossing the meadows"),
        "hard, high light; colours at their fullest"),
    "dusk: bay with the last band of sun": Setting(
        "time", "a wide bay at dusk, when only one band of sun is left",
        ("copper reflections wandering over the water", "violet clouds closing from the side"),
        "the last ten minutes of orange light"),
    "night: valley under turning stars": Setting(
        "time", "a mountain valley deep in the night",
        ("stars twinkling as they turn", "a thin breath of wind in the spruces"),
        "moonlight, blue and even"),
    "night: tall windows blinking late": Setting(
        "time", "a business quarter long after midnight",
        ("windows going dark here and lighting up there", "a red beacon pulsing on a roof"),
        "the glow of offices against an indigo sky"),
    # style
    "era: timber market square with pennants": Setting(
        "style", "a market square of the fifteenth century, all timber frames and gables",
        ("pennants shivering on their cord", "embers floating up from a brazier"),
        "candlelight in the windows and a milky sky"),
    "era: steam-age railway yard": Setting(
        "style", "a railway yard of the steam age, with one engine waiting under pressure",
        ("puffs of steam rolling back over the boiler", "smoke thinning out above the sheds"),
        "a sepia haze, as on an old plate"),
    "cinematic: neon alley in the rain": Setting(
        "style", "a neon alley out of a night-time thriller",
        ("rain falling in fine threads", "pink and cyan signs trembling in the puddles"),
        "coloured light that comes from the signs alone"),
    "cinematic: outpost on a dusty red planet": Setting(
        "style", "an outpost of white domes on a red, airless planet",
        ("dust racing low over the ground", "a haze rising in front of the ridge"),
        "copper light from a small, cold sun"),
    "mood: garden of paper lanterns": Setting(
        "style", "a garden at night, hung with paper lanterns",
        ("fireflies climbing between the leaves", "the lanterns breathing in the draught"),
        "a hushed, golden half-light"),
    "painterly: flat hills in poster colours": Setting(
        "style", "a travel poster of the nineteen-thirties: flat hills and one enormous sun",
        ("strips of cloud gliding to the right", "the grain of the paper flickering faintly"),
        "four inks, and no shading at all"),
}  # fmt: skip
"""Keyword, ``subtheme: scene`` -> what it asks for. The theme openve3m borrows them all, without the keyword."""

_OPENINGS = (
    "Exchange the background for",
    "Redraw the setting as",
    "Replace all that lies behind the walker with",
    "Turn the surroundings into",
    "Give the clip a new background:",
    "Keep the person as they are and make the scene around them",
)
_OPENVE3M_OPENINGS = ("Change the backdrop to", "Swap what is behind the person for", "Make the background")
_ENDINGS = (
    "The person, what they carry and the way they move stay untouched.",
    "Nothing in the foreground changes.",
    "Keep the camera still.",
    "",
    "",
)

_SOURCE_SCENES = {
    "photo studio": "A bare photo studio with a wide roll of grey paper and a plain floor",
    "brick street": "A quiet street of brick houses with pale window frames",
    "gym hall": "A school gym with a blue wall mat, a basketball board and a line on the floor",
    "clipped park": "A town park with three clipped bushes and a gravel path",
    "living room": "A living room with a window, a teal sofa and a picture on the wall",
    "harbour quay": "A harbour quay with containers and cranes on the far side of the basin",
}

_SC_REASONS = {
    "high": (
        "The new setting is exactly the one asked for, down to the small movements in it.",
        "Coat, face and gait are those of the source; nothing of the person was redrawn.",
        "Whatever the walker carries is kept, with its colour and its place.",
        "The instruction is followed in full and the person could be laid over the source frame.",
        "No detail of the old background is left behind the figure.",
    ),
    "middle": (
        "The setting matches the instruction, though one of the movements asked for is hard to find.",
        "The person is kept, but the edge of the coat has lost a little of its shape.",
        "The place is right, yet its light is flatter than the words ask for.",
        "A faint rim of the old background can be seen between the arm and the body.",
        "The pose is that of the source, give or take a small shift of the foot.",
    ),
    "low": (
        "Only part of the instruction was carried out: the place is a different one.",
        "The person was redrawn, and the coat has another cut and another colour.",
        "A large piece of the old background is still there, cut off along a straight line.",
        "What the walker carried in the source is gone.",
        "The figure stands in another place and at another size than before.",
    ),
}
_PQ_REASONS = {
    "high": (
        "Light and shadow agree over the whole image.",
        "The horizon is level and distances look right.",
        "There is no smear, no double edge and no odd texture anywhere.",
        "The figure stands firmly on the ground and its scale is believable.",
        "Colours are clean, and the far parts of the scene are as sharp as they should be.",
    ),
    "middle": (
        "The image looks natural at first sight; the feet seem to float a little.",
        "A soft halo runs along the shoulder.",
        "The texture of the ground repeats itself towards the edge.",
        "The light on the person is a touch warmer than that of the scene.",
        "One hand is slightly blurred.",
    ),
    "low": (
        "The figure looks pasted in: its light comes from the wrong side.",
        "Hands and feet are smeared into the ground.",
        "A seam with doubled edges crosses the middle of the image.",
        "Perspective is broken, and the horizon cuts through the person.",
        "Blocks and bands of colour are plainly visible.",
    ),
}
_HIGH, _MIDDLE = 8.9, 7.6


def keywords_of(theme: str) -> tuple[str, ...]:
    """The keywords that edits of a theme are drawn from: its own, or all of them for openve3m."""
    return tuple(key for key, setting in SETTINGS.items() if theme in ("openve3m", setting.theme))


def edit_prompt(theme: str, keyword: str, rng: np.random.Generator) -> str:
    """The edit prompt for a keyword, one to three sentences in English."""
    setting = SETTINGS[keyword]
    opening = pick(_OPENVE3M_OPENINGS if theme == "openve3m" else _OPENINGS, rng)
    first, second = setting.motions if rng.integers(2) else setting.motions[::-1]
    text = f"{opening} {setting.place}, with {first} and {second}, in {setting.light}."
    return f"{text} {pick(_ENDINGS, rng)}".rstrip()


def scene_description(source_scene: str, figure: Figure) -> str:
    """The description of the first source frame."""
    return f"{_SOURCE_SCENES[source_scene]}, where {figure.description}."


def sc_reason(score: float, sentence_count: int, rng: np.random.Generator) -> str:
    """A judge's reason for a score of 0-10 for success and consistency."""
    return _reason(_SC_REASONS, score, sentence_count, rng)


def pq_reason(score: float, sentence_count: int, rng: np.random.Generator) -> str:
    """A judge's reason for a score of 0-10 for perceptual quality."""
    return _reason(_PQ_REASONS, score, sentence_count, rng)


def pick(choices: Sequence[_T], rng: np.random.Generator) -> _T:
    """One of the choices, all equally likely."""
    return choices[int(rng.integers(len(choices)))]


def _reason(
    reasons: Mapping[str, Sequence[str]], score: float, sentence_count: int, rng: np.random.Generator
) -> str:
    sentences = reasons["high" if score >= _HIGH else "middle" if score >= _MIDDLE else "low"]
    chosen = rng.permutation(len(sentences))[:sentence_count]
    return " ".join(sentences[number] for number in chosen)
