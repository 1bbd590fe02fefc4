"""Where new samples are from, as the explorer reads it: the record of a release, or the tables of a draft."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import polars as pl
import pytest

from sparkle_curation.new_samples.release.origins import (
    ORIGINS,
    PROVENANCE_NAME,
    gather_origins,
    origin_records,
    select_generated,
)

SAMPLES = pl.DataFrame(
    {
        "id": ["b", "a"],
        "clip": ["b.mp4", "a.mp4"],
        "clip_hash": ["1", "2"],
        "licence": ["cc-by-4.0", None],
        "source_url": [None, None],
        "creator": ["Ann", None],
        "start_s": [0.0, 1.5],
    },
    schema_overrides={"source_url": pl.String},
)
INSTRUCTIONS = pl.DataFrame({"id": ["a"], "model": ["tiny"], "model_revision": ["r"], "is_ours": [True]})
GENERATED = pl.DataFrame(
    {
        "id": ["a", "b"],
        "kind": ["edited_frame0", "edited_frame0"],
        "generator": ["flux2_klein"] * 2,
        "repository": ["tiny"] * 2,
        "licence": ["apache-2.0"] * 2,
        "is_generated": [True, None],
        "error": [None, "not_finite"],
    }
)
NOTHING = pl.DataFrame()


def test_a_draft_is_told_by_its_tables(tmp_path: Path) -> None:
    """A sample each, by id; what could not be made counts as nothing made; what nobody knows is null."""
    found = gather_origins(str(tmp_path), SAMPLES, INSTRUCTIONS, [GENERATED, NOTHING])
    assert found.select("id", "is_generated").rows() == [("a", True), ("b", False)]
    first, second = map(json.loads, found["origin"])
    assert [(each["kind"], each["licence"]) for each in first["generated"]] == [
        ("edited_frame0", "apache-2.0")
    ]
    assert first["prompt"] == {"model": "tiny", "revision": "r", "is_scene_ours": True}
    assert (second["generated"], second["prompt"]["model"], second["clip"]["creator"]) == ([], None, "Ann")


def test_a_release_is_told_by_its_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The file goes before tables; a line that says it of no sample is passed over and told, and none stops the page."""
    records = origin_records(SAMPLES, INSTRUCTIONS, select_generated(GENERATED), pl.Series(["a"]))
    path = tmp_path / PROVENANCE_NAME
    path.parent.mkdir()
    lines = [
        json.dumps(records[0]),
        "{",
        '{"id": 5}',
        '{"id": "c", "clip": {}, "prompt": {}, "generated": [{}]}',
        "\xff",
    ]
    path.write_bytes("\n".join(lines).encode("latin-1"))
    with caplog.at_level(logging.WARNING):
        found = gather_origins(str(tmp_path), SAMPLES, INSTRUCTIONS, [GENERATED])
    assert found.select("id", "is_generated").rows() == [("a", True)]
    assert caplog.messages == [f"{path}: 4 lines say of no sample where it is from: 2, 3, 4, 5"]


def test_a_release_without_new_samples_has_none(tmp_path: Path) -> None:
    """Of the release itself, one behind a URL, or one that is not there, nothing is told."""
    for root in (str(tmp_path), "hf://datasets/a/b", str(tmp_path / "none")):
        found = gather_origins(root, NOTHING, NOTHING, [NOTHING] * 4)
        assert (found.height, found.schema) == (0, pl.Schema(ORIGINS))
