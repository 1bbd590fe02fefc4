"""The files of a mix: CSVs by split, the record, the card, and the mix as a dataset."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.mixing.documents import compose
from sparkle_curation.mixing.mix import Mix
from sparkle_curation.mixing.params import MixGroup
from sparkle_curation.pipelines.mix.pipeline import create_pipeline
from sparkle_curation.spec.description.reading import read_description
from sparkle_curation.spec.tables.mixing import MIX_MEDIA_COLUMNS, MIX_SAMPLE_COLUMNS
from sparkle_curation.spec.training_csv import parse_training_csv


def sample(key: str, outcome: str, **more: Any) -> dict[str, Any]:
    """A row of ``mix_samples``; both members have the same ids and paths."""
    member, _, name = key.partition("/")
    row: dict[str, Any] = dict.fromkeys(field.name for field in MIX_SAMPLE_COLUMNS)
    return row | {
        "member": member,
        "id": name,
        "theme": "t",
        "outcome": outcome,
        "prompt": "Snow, <b>ü</b>",
        "src_video": f"{member}/s/{name}.mp4",
        "tgt_video": f"{member}/e/{name}.mp4",
        "licence": "cc0-1.0",
        "score": 0.5,
        **more,
    }


def facts(**more: Any) -> dict[str, Any]:
    """What is told of a member."""
    return {
        "dataset": "d",
        "title": "D | <x>",
        "weight": None,
        "terms": [],
        "has_hashes": True,
        "preflight": {},
        "changed_thresholds": [],
        **more,
    }


@pytest.fixture
def mix() -> Mix:
    """Two members with equal ids, one sample for validation, losses of several kinds."""
    rows = [
        sample("a/1", "train"),
        sample("a/2", "val"),
        sample("Ab-c/1", "train", score=None),
        sample("Ab-c/2", "near_duplicate", reason="prompt"),
        sample("Ab-c/3", "rejected", reason="o|x", prompt=None),
    ]
    table = pl.DataFrame(rows, schema=frame_schema(MIX_SAMPLE_COLUMNS))
    media = pl.DataFrame(schema=frame_schema(MIX_MEDIA_COLUMNS))
    return Mix(table, media, {"a": facts(), "Ab-c": facts(has_hashes=False)}, {"a": 3})


def composed(mix: Mix) -> dict[str, str]:
    """The texts of the mix."""
    members = {name: {"data_root": "x"} for name in mix.members}
    group = MixGroup(members=members, budget=None, near_duplicates="prompt", benchmark_leakage="drop")  # type: ignore[arg-type]
    return compose(mix, group, {"max_distance": 4})


def test_the_csvs_keep_members_apart(mix: Mix) -> None:
    """By the folder of each; validation is a file of its own; the same mix has the same version."""
    texts = composed(mix)
    train = parse_training_csv(texts["prompts/mix_train.csv"].encode())
    assert train["id"].to_list() == ["a/1", "Ab-c/1"]
    assert train["src_video"].to_list() == ["a/s/1.mp4", "Ab-c/s/1.mp4"]
    assert parse_training_csv(texts["prompts/mix_val.csv"].encode())["id"].to_list() == ["a/2"]
    record = json.loads(texts["mix.json"])
    assert record["sample_count"] == 3
    assert sum(row["count"] for row in record["counts"]) == 5
    assert record["members"]["Ab-c"]["lost"] == {"rejected": 1, "near_duplicate": 1}
    assert composed(mix)["mix.json"] == texts["mix.json"]


def test_the_card_says_what_came_from_where_and_what_was_not_compared(mix: Mix) -> None:
    """Text of others is shown as text."""
    card = composed(mix)["README.md"]
    assert r"| Ab-c | D \| \<x> | 3 | 1 | 0 | all | 50.0% |" in card
    assert "| Ab-c | near_duplicate | prompt | 1 |" in card
    assert "Content was not compared for Ab-c" in card
    assert "the benchmark of a (3 samples)" in card


def test_the_card_says_that_no_benchmark_was_ingested(mix: Mix) -> None:
    """A member may have one that nobody ingested, so the card does not say that there is none."""
    card = composed(replace(mix, benchmarks={}))["README.md"]
    assert "has a benchmark that was ingested (`kedro run --pipelines bench_ingest`)" in card


def test_media_are_wanted_once_the_csvs_are_there() -> None:
    """A run that ends while it extracts leaves CSVs and media of one mix."""
    steps = create_pipeline()
    assert "compose_mix" in {node.name for node in steps.to_outputs("mix_media").nodes}
    written = next(node.outputs for node in steps.nodes if node.name == "compose_mix")
    assert written.index("mix_files") < written.index("mix_media")


def test_the_mix_is_a_dataset_of_what_trains(mix: Mix, tmp_path: Path) -> None:
    """A theme for each member; nothing that is held out; no score where a pair has none."""
    texts = composed(mix)
    (tmp_path / "dataset.yml").write_text(texts["dataset.yml"], "utf-8")
    described = read_description(tmp_path / "dataset.yml")
    assert [theme.name for theme in described.themes] == ["a", "ab_c"]
    assert described.scores is not None
    assert not described.scores.stages
    records = [json.loads(line) for line in texts["records/a.jsonl"].splitlines()]
    assert [record["task"] for record in records] == ["a/1"]
    assert json.loads(texts["records/ab_c.jsonl"])["tgt_video"] == "Ab-c/e/1.mp4"
