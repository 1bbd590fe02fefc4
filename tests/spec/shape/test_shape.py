"""What a description may say of another shape, and what the page shows of one."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.made.shapes import KEYED, PER_TASK, SEMICOLONS, SHAPES

from sparkle_curation.errors import DescriptionError
from sparkle_curation.spec.description.dataset import Dataset
from sparkle_curation.spec.description.reading import read_description


def read(described: dict[str, Any], folder: Path) -> Dataset:
    """The description, from a file."""
    path = folder / "dataset.yml"
    path.write_text(yaml.safe_dump(described), "utf-8")
    return read_description(path)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_has_ids_and_a_layout_of_this_projects_own(name: str, tmp_path: Path) -> None:
    """Which are not described."""
    found = read(SHAPES[name][0], tmp_path)
    assert (found.identity.pattern, found.identity.digits) == (f"{found.name}_{{theme}}_{{number}}", 15)
    assert found.annotations.csv == "prompts/{theme}_{split}.csv"


def test_what_the_page_shows_is_a_description(checkout: Path, tmp_path: Path) -> None:
    """Its two parts together, and the one about scores of their own."""
    page = (checkout / "docs/other_datasets.md").read_text("utf-8")
    blocks = [
        yaml.safe_load(re.sub(r"(?m)^    ", "", block))
        for block in re.findall(r"(?m)(?:^    .*\n|^\n(?=    ))+", page)
        if re.match(r"\n*    (format|scores|shape):", block)
    ]
    whole, scores, joined = blocks
    assert read(whole, tmp_path).scores.stages == ()
    both = whole | scores
    assert [each.threshold for each in read(both, tmp_path).scores.stages[0].criteria] == [None, None]
    both["shape"] |= joined["shape"]
    assert read(both, tmp_path).shape.scores_of("overall").path == "{theme}_scores.csv"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("described", "place", "value", "said"),
    [
        (PER_TASK, "identity", {"pattern": "a_{theme}_{number}", "digits": 6}, "no identity beside shape"),
        (PER_TASK, "groundings", {"round1": "a", "round2": "b"}, "no groundings beside shape"),
        (PER_TASK, "shape.tables.path", "all.json", "since there are several themes"),
        (PER_TASK, "shape.tables.path", "a/../b.json", "a path from the release root"),
        (PER_TASK, "shape.tables.path", "*/b.json", "* in its last part alone"),
        (PER_TASK, "shape.tables.member", "", "not blank"),
        (PER_TASK, "shape.tables.delimiter", "", "at least 1 character"),
        (
            PER_TASK,
            "shape.identity",
            {"column": "a", "template": "{b}"},
            "one of column, template and content",
        ),
        (PER_TASK, "shape.identity", {"template": "plain"}, "in braces"),
        (PER_TASK, "shape.media.other", {"path": "a"}, "'other' is unknown"),
        (PER_TASK, "shape.media.source_video", {}, "one of path, template, bytes and rle"),
        (PER_TASK, "shape.media.source_video", {"bytes": "a"}, "bytes with format: parquet alone"),
        (PER_TASK, "shape.media.source_video", {"rle": "a"}, "for the kind with role: mask alone"),
        (PER_TASK, "shape.media", {"source_video": {"path": "a"}}, "where edited_video is"),
        (PER_TASK, "shape.samples", [], "at least 1 item"),
        (PER_TASK, "shape.containers", [{"path": "a", "format": "rar"}], "'tar', 'zip' or 'gzip_tar'"),
        (PER_TASK, "scores.stages.0.shape", "still", "file: the one that holds the scores"),
        (PER_TASK, "scores.stages.0.criteria.0.threshold", 11, "a threshold from 0 to 10"),
        (SEMICOLONS, "shape.joined_scores.0.stages", ["flaw"], "did you mean 'flow'?"),
        (KEYED, "shape.samples.1.name", None, "a name for each but the first"),
        (KEYED, "shape.colour", "red", "a member that is unknown"),
    ],
)
def test_what_makes_no_sense_is_refused(
    described: dict[str, Any], place: str, value: object, said: str, tmp_path: Path
) -> None:
    """In words, before anything is read by it."""
    changed = copy.deepcopy(described)
    *way, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    part: Any = changed
    for each in way:
        part = part[each]
    part[last] = value
    with pytest.raises(DescriptionError) as caught:
        read(changed, tmp_path)
    assert said in str(caught.value)


def test_a_stage_of_values_is_of_a_shape_alone(checkout: Path, tmp_path: Path) -> None:
    """Sparkle's own stages have files and a judge."""
    described = yaml.safe_load((checkout / "conf/base/dataset.yml").read_text("utf-8"))
    described["scores"]["stages"][0] |= {"shape": "value", "file": None}
    with pytest.raises(DescriptionError, match="beside the member shape alone"):
        read(described, tmp_path)
