"""What is older than what it was made of: by contents that were noted, of inputs and instructions, along the whole way."""

from __future__ import annotations

import json

import polars as pl
import pytest

from sparkle_curation.spec.layout import KIND
from sparkle_curation.stages.lineage import (
    MADE_KINDS,
    cut_digests,
    gather_lineage,
    instruction_text,
    list_outdated,
)

MADE_OF = {
    KIND.edited_frame0: [KIND.source_frame0],
    KIND.clean_frame0: [KIND.edited_frame0],
    KIND.background_video: [KIND.clean_frame0],
    KIND.mask: [KIND.source_video, KIND.edited_frame0],
    KIND.edges_video: [KIND.source_video, KIND.background_video, KIND.mask],
    KIND.edited_video: [KIND.edited_frame0, KIND.edges_video],
}
INSTRUCTIONS = pl.DataFrame({"id": ["a"], "prompt": ["go"], "scene": ["a quay"]})


def media(*changed: str, gone: str = "") -> pl.DataFrame:
    """All assets of a sample, some with another content than before, one not there."""
    kinds = [KIND.source_frame0, KIND.source_video, *MADE_KINDS]
    rows = [
        {
            "id": "a",
            "kind": kind,
            "container": None,
            "size_bytes": 1,
            "index_hash": f"{kind}{'!' * (kind in changed)}",
        }
        for kind in kinds
        if kind != gone
    ]
    return pl.DataFrame(rows, schema_overrides={"container": pl.String})


def lineage() -> pl.DataFrame:
    """What each was made of before."""
    tables = []
    for kind, inputs in MADE_OF.items():
        row = {"id": "a", "inputs": json.dumps({each: each for each in inputs}), "error": None}
        if kind == KIND.edited_frame0:
            row["instruction"] = instruction_text(["prompt"], INSTRUCTIONS.row(0, named=True))
        tables.append((kind, pl.DataFrame([row], schema_overrides={"error": pl.String})))
    return gather_lineage(tables)


@pytest.mark.parametrize(
    ("changed", "outdated"),
    [
        (KIND.source_frame0, set(MADE_KINDS)),
        (KIND.edited_frame0, set(MADE_KINDS) - {KIND.edited_frame0}),
        (KIND.clean_frame0, {KIND.background_video, KIND.edges_video, KIND.edited_video}),
        (KIND.mask, {KIND.edges_video, KIND.edited_video}),
        (KIND.edges_video, {KIND.edited_video}),
        (KIND.edited_video, set()),
    ],
)
def test_what_hangs_on_a_change_is_outdated_and_no_more(changed: str, outdated: set[str]) -> None:
    """To the end of the way, though the files in between are those of before."""
    found = list_outdated(lineage(), media(changed), INSTRUCTIONS)
    assert set(found["kind"]) == outdated


def test_details_say_of_what() -> None:
    """The next one of another content, those behind it of an outdated one."""
    found = list_outdated(lineage(), media(KIND.clean_frame0), INSTRUCTIONS)
    assert found.select("kind", "detail").rows() == [
        (KIND.background_video, f"of another {KIND.clean_frame0}"),
        (KIND.edges_video, f"of an outdated {KIND.background_video}"),
        (KIND.edited_video, f"of an outdated {KIND.edges_video}"),
    ]


def test_another_instruction_is_one_where_the_prompt_named_what_changed() -> None:
    """Another scene is none to a prompt that names no scene."""
    other_scene = INSTRUCTIONS.with_columns(scene=pl.lit("a hill"))
    assert list_outdated(lineage(), media(), other_scene).is_empty()
    other_prompt = INSTRUCTIONS.with_columns(prompt=pl.lit("stay"))
    found = list_outdated(lineage(), media(), other_prompt)
    assert found["detail"].to_list()[0] == "of another instruction"
    assert set(found["kind"]) == set(MADE_KINDS)


def test_what_was_made_of_a_file_that_is_gone_is_outdated() -> None:
    """A failed remake leaves no input."""
    found = list_outdated(lineage(), media(gone=KIND.mask), INSTRUCTIONS)
    assert set(found["kind"]) == {KIND.edges_video, KIND.edited_video}


def test_without_tables_nothing_is_outdated() -> None:
    """Of a stage that was not run, of an earlier version of its table, of what could not be made, and of no input."""
    failed = pl.DataFrame({"id": ["a"], "inputs": ['{"mask": "x"}'], "error": ["out_of_memory"]})
    boxes = pl.DataFrame({"id": ["a"], "inputs": ['{"edited_frame0": null}'], "error": [None]})
    told = gather_lineage(
        [
            (KIND.mask, boxes),
            (KIND.mask, pl.DataFrame()),
            (KIND.edges_video, pl.DataFrame({"id": ["a"]})),
            (KIND.edited_video, failed),
        ]
    )
    assert told.is_empty()
    assert list_outdated(told, media(), INSTRUCTIONS).is_empty()


def test_a_cut_is_known_by_its_clip_and_settings() -> None:
    """Another length of the same clip is another cut."""
    samples = pl.DataFrame({"id": ["a", "b", "c"], "clip_hash": ["x", "x", "x"], "settings": ["1", "2", "1"]})
    digests = cut_digests(samples)["cut_digest"].to_list()
    assert digests[0] == digests[2] != digests[1]
