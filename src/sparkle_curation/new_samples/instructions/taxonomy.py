"""The scenes that new samples may become, and which of them each is offered: evenly, by a seed, the same each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl
import xxhash
import yaml

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ParameterError
from sparkle_curation.spec.themes import THEMES

KEYWORD_SEPARATOR = ": "
"""Between subtheme and scene of a ``chosen_keyword`` of the release; the first one counts (dataset card)."""
WHERE = "conf/base/prompts/scenes.yml"


class Scene(NamedTuple):
    """A scene of a theme.

    Attributes:
        theme: its theme.
        keyword: subtheme and scene, as the release writes them.
        is_ours: whether no ``chosen_keyword`` of the release has it.
    """

    theme: str
    keyword: str
    is_ours: bool


def read_own_scenes(text: str) -> list[Scene]:
    """The scenes of our own, from YAML of theme, subtheme and scenes.

    Raises:
        ParameterError: the text is something else, or names a theme that the dataset does not have.
    """
    try:
        content = yaml.safe_load(text) or {}
        return [
            Scene(theme, f"{subtheme}{KEYWORD_SEPARATOR}{_plain(scene)}", is_ours=True)
            for theme, subthemes in content.items()
            for subtheme, scenes in _checked(theme, subthemes).items()
            for scene in scenes
        ]
    except (yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
        raise ParameterError(
            "The scenes of our own cannot be read",
            where=WHERE,
            got=" ".join(str(error).split()),
            allowed=f"YAML: a theme ({', '.join(THEMES)}), below it subthemes, each with a list of scenes",
            todo=f"mend {WHERE}; an empty file leaves the scenes of the release",
        ) from error


def gather_scenes(annotations: AnyFrame, own: Sequence[Scene]) -> list[Scene]:
    """All scenes, by theme and name: the ``chosen_keyword``s of the release, then ours that it does not have.

    Args:
        annotations: of the release, with ``theme`` and ``chosen_keyword``; without columns where none was ingested.
        own: scenes of our own.
    """
    released: set[tuple[str, str]] = set()
    if "chosen_keyword" in annotations.lazy().collect_schema().names():
        rows = (
            annotations.lazy().select(pl.col("theme").cast(pl.String), "chosen_keyword").drop_nulls().unique()
        )
        whole = rows.filter(pl.col("chosen_keyword").str.contains(KEYWORD_SEPARATOR, literal=True))
        released = set(whole.collect().rows())
    ours = {(scene.theme, scene.keyword) for scene in own} - released
    found = [
        *(Scene(*each, is_ours=False) for each in released),
        *(Scene(*each, is_ours=True) for each in ours),
    ]
    return sorted(found)


def offer_scenes(
    samples: Sequence[tuple[str, str]],
    scenes: Sequence[Scene],
    count: int,
    seed: int,
    before: Mapping[str, Sequence[str]],
) -> dict[str, list[str]]:
    """The keywords that each sample may become, sorted; none where its theme has no scene.

    Each sample is offered the scenes of its theme that were offered least so far; the seed decides between equals. What a
    sample was offered before stays, so that samples which come later change nothing of those that are there. Over all
    samples of a theme any two scenes are offered equally often, but for one.

    Args:
        samples: id and theme of each.
        scenes: of all themes.
        count: most scenes of a sample.
        seed: another one deals anew where ``before`` is empty.
        before: id -> what it was offered before, by the same seed and count.

    >>> scenes = [Scene("t", f"a: {name}", True) for name in "xyz"]
    >>> offers = offer_scenes([("1", "t"), ("2", "t"), ("3", "t")], scenes, 1, 0, {})
    >>> sorted(name for names in offers.values() for name in names)
    ['a: x', 'a: y', 'a: z']
    """
    by_theme: dict[str, dict[str, int]] = {}
    for scene in scenes:
        by_theme.setdefault(scene.theme, {})[scene.keyword] = 0
    offers: dict[str, list[str]] = {}
    for name, theme in samples:
        known = by_theme.get(theme, {})
        had = before.get(name, [])
        if had and len(had) == min(count, len(known)) and all(keyword in known for keyword in had):
            offers[name] = sorted(had)
            for keyword in had:
                known[keyword] += 1
    for name, theme in sorted(set(samples) - {each for each in samples if each[0] in offers}):
        known = by_theme.get(theme, {})
        chosen = sorted(known, key=lambda keyword: (known[keyword], _draw(seed, name, keyword)))[:count]
        for keyword in chosen:
            known[keyword] += 1
        offers[name] = sorted(chosen)
    return offers


def _draw(seed: int, name: str, keyword: str) -> int:
    return xxhash.xxh3_64_intdigest(f"{seed}\0{name}\0{keyword}".encode())


def _checked(theme: Any, subthemes: Any) -> Mapping[str, Sequence[Any]]:
    if theme not in THEMES:
        raise ValueError(f"{theme!r} is no theme of the dataset")
    for subtheme, scenes in subthemes.items():
        if (
            not isinstance(subtheme, str)
            or KEYWORD_SEPARATOR.strip() in subtheme
            or not isinstance(scenes, list)
        ):
            raise ValueError(f"{theme}, {subtheme!r}: not a name with a list of scenes")
    return subthemes  # type: ignore[no-any-return]


def _plain(scene: Any) -> str:
    if not isinstance(scene, str) or not scene.strip() or "\n" in scene or KEYWORD_SEPARATOR in scene:
        raise ValueError(f"{scene!r} is no name of a scene: one line of text without {KEYWORD_SEPARATOR!r}")
    return scene.strip()
