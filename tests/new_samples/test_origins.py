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
    gather_makers,
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
SETTINGS = '{"offered": 4, "seed": 3}'
INSTRUCTIONS = pl.DataFrame(
    {"id": ["a"], "model": ["tiny"], "model_revision": ["r"], "is_ours": [True], "settings": [SETTINGS]}
)
GENERATED = pl.DataFrame(
    {
        "id": ["a", "b"],
        "kind": ["edited_frame0", "edited_frame0"],
        "generator": ["flux2_klein"] * 2,
        "repository": ["tiny"] * 2,
        "licence": ["apache-2.0"] * 2,
        "is_generated": [True, None],
        "prompt": ["a quay", None],
        "inputs": ['{"source_frame0": "1 2"}', None],
        "versions": ['{"torch": "2"}', None],
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
    told = {"model": "tiny", "revision": "r", "is_scene_ours": True, "seed": 3, "settings": SETTINGS}
    assert first["prompt"] == told
    said = {name: first["generated"][0][name] for name in ("prompt", "inputs", "versions", "seed")}
    assert said == {
        "prompt": "a quay",
        "inputs": '{"source_frame0": "1 2"}',
        "versions": '{"torch": "2"}',
        "seed": None,
    }
    assert (second["generated"], second["prompt"]["model"], second["clip"]["creator"]) == ([], None, "Ann")


def test_who_made_masks_grounded_and_scored_is_told(tmp_path: Path) -> None:
    """As the tables have it, in the order of the stages; of what failed, was not run or not noted nothing, or null.

    What is read of a file is what was written into it, and a record of an earlier version has none of these.
    """
    who = {"model": ["sam"] * 2, "revision": ["r1"] * 2, "settings": ["{}"] * 2}
    tracks = pl.DataFrame({"id": ["b", "a"], **who, "error": ["no_anchor", None]})
    edges = pl.LazyFrame({"id": ["a"], "settings": ['{"making": 1}'], "inputs": ["{}"], "error": [None]})
    judged = pl.DataFrame(
        {"id": ["b", "a"], **who, "edited_digest": ["x", "y"], "fault": ["not_asked", None]}
    )
    makers = gather_makers({"mask": tracks, "edges": edges}, [judged, NOTHING], {"edited_frame0": judged})
    assert makers["id"].to_list() == ["a"] * 4
    generated = select_generated(GENERATED)
    first, second = origin_records(SAMPLES, INSTRUCTIONS, generated, pl.Series(["a", "b"]), makers)
    mask = {"kind": "mask", "model": "sam", "revision": "r1", "settings": "{}", "inputs": None}
    control = {"kind": "edges", "model": None, "revision": None, "settings": '{"making": 1}', "inputs": "{}"}
    assert first["made"] == [mask, control]
    (grounded,), (scored,) = first["grounded"], first["scored"]
    assert (grounded["round"], grounded["model"], grounded["adapter"]) == (1, "sam", None)
    assert (scored["stage"], scored["revision"], scored["edited_digest"]) == ("edited_frame0", "r1", "y")
    assert [second[part] for part in ("made", "grounded", "scored")] == [[], [], []]
    path = tmp_path / PROVENANCE_NAME
    path.parent.mkdir()
    old = '{"id": "z", "clip": {}, "prompt": {}, "generated": []}'
    path.write_text(f"{json.dumps(first)}\n{old}\n", encoding="utf-8")
    read, earlier = map(json.loads, gather_origins(str(tmp_path), NOTHING, NOTHING, [])["origin"])
    assert {name: read["scored"][0][name] for name in scored} == scored
    assert {name: read["made"][1][name] for name in control} == control
    assert {name: read["generated"][0][name] for name in first["generated"][0]} == first["generated"][0]
    assert (read["prompt"], earlier["made"]) == (first["prompt"], [])


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
