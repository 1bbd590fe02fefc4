"""What a description of a dataset may not say: each is refused in words, with its place."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from sparkle_curation.errors import DescriptionError
from sparkle_curation.spec.description.reading import read_description

STAGE = "scores.stages.0"
CRITERION = f"{STAGE}.criteria.0"


def changed(described: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    """A description with another value at a place."""
    *way, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    part: Any = described
    for each in way:
        part = part[each]
    part[last] = value
    return described


@pytest.fixture
def described(checkout: Path) -> dict[str, Any]:
    """The description of the project, which may be changed."""
    content: dict[str, Any] = yaml.safe_load((checkout / "conf/base/dataset.yml").read_text("utf-8"))
    return content


def refused(described: dict[str, Any], folder: Path) -> str:
    """What is said of a description that is not right."""
    path = folder / "dataset.yml"
    path.write_text(yaml.safe_dump(described), "utf-8")
    with pytest.raises(DescriptionError) as caught:
        read_description(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("format", 0, "greater than or equal to 1"),
        ("format", True, "valid integer"),
        ("title", " ", "a text that is not blank"),
        ("repository", "", "a text that is not blank"),
        ("identity.digits", 0, "greater than or equal to 1"),
        ("identity.digits", True, "valid integer"),
        ("identity.pattern", "Sparkle_{theme}", "{number} once at its end"),
        ("identity.pattern", "Sp}_{theme}_{number}", "{number} once at its end"),
        ("identity.pattern", "a/{theme}_{number}", "the name of a file"),
        ("themes", [], "at least 1 item"),
        ("themes.0.name", "total", "another name than total"),
        ("themes.0.name", "season", "season stands 2 times"),
        ("themes.0.name", "Été", "lower-case letters, digits and _"),
        ("themes.0.colour", "red", "a colour as #RRGGBB"),
        ("themes.0.edit_type", "", "a text that is not blank"),
        ("annotations.csv", "../{theme}_{split}.csv", "none of them empty, . or .."),
        ("annotations.csv", "/{theme}_{split}.csv", "none of them empty, . or .."),
        ("annotations.csv", "{theme}/{split}.csv", "in its last part"),
        ("annotations.csv", "prompts/{theme}_{split}_{part}.csv", "{theme} and {split} once each"),
        ("annotations.csv", "prompts/{theme}_{split}_metadata.jsonl", "a file of its own"),
        ("assets", [], "at least 1 item"),
        ("assets.0.folder", "a/../..", "none of them empty, . or .."),
        ("assets.0.suffix", "png", "suffix: mp4 with role: source_video"),
        ("assets.6.suffix", "png", "suffix: npz with role: mask"),
        ("containers.shard", "x/{theme}_{kind}_{part}.tar", "a file name with"),
        ("containers.part_digits", 0, "greater than or equal to 1"),
        ("frames.scored", 0, "greater than or equal to 1"),
        ("frames.grounded_fps", 0, "greater than 0"),
        ("frames.grounded_fps", math.inf, "finite number"),
        ("records_folder", "..", "none of them empty, . or .."),
        ("scores.scale", [10, 0], "the smallest value and then the largest"),
        ("scores.scale", [5, 5], "the smallest value and then the largest"),
        ("scores.scale", [0, math.nan], "finite number"),
        ("scores.scale", [0], "lacks a member"),
        ("scores.passes", 0, "greater than or equal to 1"),
        ("scores.score_range", -25, "greater than or equal to 1"),
        ("scores.stages", [], "scores, stages: at least one"),
        (f"{STAGE}.file", "{theme}.jsonl", "without { and }"),
        (f"{STAGE}.file", "", "none of them empty, . or .."),
        (f"{STAGE}.file", "edited_video_score.jsonl", "edited_video_score.jsonl stands 2 times"),
        (f"{STAGE}.judged", ["edited_frame0", "edited_frame0"], "not edited_frame0 twice"),
        (f"{STAGE}.judged", ["source_fram0", "edited_frame0"], "did you mean 'source_frame0'?"),
        (f"{STAGE}.criteria", [], "at least 1 item"),
        (f"{CRITERION}.field", "", "a text that is not blank"),
        (f"{CRITERION}.column", "id", "another column than id"),
        (f"{CRITERION}.threshold", math.nan, "finite number"),
        (f"{CRITERION}.threshold", "8", "valid number"),
        (f"{CRITERION}.threshold", True, "valid number"),
        (f"{CRITERION}.threshold", -1, "a threshold from 0 to 10, its scale, and it is -1"),
        (f"{CRITERION}.threshold", 80, "criterion edited_frame0: a threshold from 0 to 10"),
        (f"{CRITERION}.scale", [0, 1], "a threshold from 0 to 1, its scale, and it is 8"),
        (f"{CRITERION}.scale", [1, 0], "the smallest value and then the largest"),
        ("groundings.bbox_scale", 0, "greater than or equal to 1"),
        ("groundings.round1", "foreground_grounding_r2.jsonl", "foreground_grounding_r2.jsonl stands 2"),
        ("licences.0.id", "", "a text that is not blank"),
        ("licences.0.themes", ["openve3"], "did you mean 'openve3m'?"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    place: str, value: object, said: str, described: dict[str, Any], tmp_path: Path
) -> None:
    """Before anything is read by it."""
    told = refused(changed(described, place, value), tmp_path)
    assert said in told
    assert place.split(".", maxsplit=1)[0] in told or place.rsplit(".", maxsplit=1)[-1] in told


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"name": "worst", "reducer": "mean"}, "columns of criteria: each name once"),
        ({"reducer": "min"}, "a name, since it is not the primary one"),
        ({"name": "worst", "reducer": "quantile"}, "quantile: a number from 0 to 1"),
        ({"name": "worst", "reducer": "quantile", "quantile": 1.5}, "less than or equal to 1"),
        ({"name": "worst", "reducer": "quantile", "quantile": math.nan}, "finite number"),
    ],
)
def test_criteria_of_a_stage_are_told_apart(
    second: dict[str, object], said: str, described: dict[str, Any], tmp_path: Path
) -> None:
    """By name and by column."""
    described["scores"]["stages"][2]["criteria"].append({"field": "O_score", "threshold": 6, **second})
    described["scores"]["stages"][2]["criteria"][0].pop("column")
    assert said in refused(described, tmp_path)


def test_criteria_of_two_stages_have_names_of_their_own(described: dict[str, Any], tmp_path: Path) -> None:
    """Which are made of the stage's and their own, so that two ways may lead to one name."""
    first, second = described["scores"]["stages"][:2]
    first["name"], second["name"] = "a_b", "a"
    second["criteria"].append({"name": "b", "field": "SC", "column": "sc", "threshold": 5})
    assert "criteria: each name once, and a_b stands 2 times" in refused(described, tmp_path)


def test_what_is_unusual_and_sound_is_read(described: dict[str, Any], tmp_path: Path) -> None:
    """A scale below zero, a threshold at its end, colours that repeat, files at the root, spaces in ids."""
    described["records_folder"] = ""
    described["identity"]["pattern"] = "clip {theme} {number}"
    described["annotations"] = {"csv": "{split}-{theme}.csv", "metadata": "{split}-{theme}.jsonl"}
    for theme in described["themes"]:
        theme["colour"] = "#000000"
    criterion = described["scores"]["stages"][0]["criteria"][0]
    criterion |= {"scale": [-1.5, 1.5], "threshold": 1.5, "direction": "at_most"}
    path = tmp_path / "dataset.yml"
    path.write_text(yaml.safe_dump(described), "utf-8")
    read = read_description(path)
    assert read.scores.stages[0].primary.scale == (-1.5, 1.5)
    assert read.frames.grounded_fps == 2
