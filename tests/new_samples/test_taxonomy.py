"""Scenes of the release and of our own, and how they are offered."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.errors import ParameterError
from sparkle_curation.new_samples.instructions.taxonomy import (
    Scene,
    gather_scenes,
    offer_scenes,
    read_own_scenes,
)
from sparkle_curation.spec.themes import THEMES

SCENES = [Scene(THEMES[0], f"a: {number}", is_ours=True) for number in range(5)]


@given(count=st.integers(0, 40), offered=st.integers(1, 7), seed=st.integers(0, 3))
def test_each_scene_is_offered_equally_often_but_for_one(count: int, offered: int, seed: int) -> None:
    """Whatever the number of samples; each has its number of scenes, none twice."""
    samples = [(f"s{number}", THEMES[0]) for number in range(count)]
    offers = offer_scenes(samples, SCENES, offered, seed, {})
    assert all(len(set(own)) == len(own) == min(offered, 5) for own in offers.values())
    often = Counter(keyword for own in offers.values() for keyword in own)
    counts = [often[scene.keyword] for scene in SCENES]
    assert max(counts) - min(counts) <= 1


def test_what_was_offered_stays_when_samples_come() -> None:
    """The first have what they had; a theme without a scene offers none."""
    first = offer_scenes([("a", THEMES[0]), ("b", THEMES[0])], SCENES, 2, 0, {})
    then = offer_scenes(
        [("0", THEMES[0]), ("a", THEMES[0]), ("b", THEMES[0]), ("c", THEMES[1])], SCENES, 2, 0, first
    )
    assert {name: then[name] for name in first} == first
    assert then["c"] == []


def test_ours_are_those_that_the_release_has_not(checkout: Path) -> None:
    """A scene of both is the release's; the file of the configuration is read."""
    annotations = pl.DataFrame({"theme": [THEMES[0]] * 3, "chosen_keyword": ["a: 1", None, "without"]})
    assert gather_scenes(annotations, SCENES[:2]) == [
        Scene(THEMES[0], "a: 0", is_ours=True),
        Scene(THEMES[0], "a: 1", is_ours=False),
    ]
    text = (checkout / "conf" / "base" / "prompts" / "scenes.yml").read_text(encoding="utf-8")
    own = read_own_scenes(text)
    assert len(own) == len(set(own)) > 30
    assert read_own_scenes("") == []


@pytest.mark.parametrize(
    "text", ["nowhere: {a: [b]}", f"{THEMES[0]}: [a]", f"{THEMES[0]}: {{a: [b: c]}}", "{"]
)
def test_own_scenes_that_cannot_be_read_are_told(text: str) -> None:
    """A theme that is none, a list in the place of subthemes, a scene that is none, and what is no YAML."""
    with pytest.raises(ParameterError, match="scenes of our own cannot be read"):
        read_own_scenes(text)
