"""The ground pipeline, run by Kedro with a tiny model on the sample release: both rounds, from pictures to JSONL."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.models.loopback import NAME, Behaviour, serve

from sparkle_curation.errors import ModelError, ParameterError
from sparkle_curation.grounding.grounding_answers import parse_grounding

pytestmark = pytest.mark.slow

LIMIT = 3


@pytest.fixture(scope="module")
def grounded(
    kedro_project: Path,
    sample_release: Path,
    qwen3_checkpoint: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """Three samples of each round, with labels of the release in the second."""
    params = {"ground.model.name": qwen3_checkpoint}
    project = Project(sample_release, tmp_path_factory.mktemp("grounded"), params, env="test")
    for pipeline in ("ingest", "inspect", "ground"):
        project.run_here(pipeline)
    return project


def table_of(project: Project, round_number: int) -> pl.DataFrame:
    """The regroundings of a round."""
    return pl.read_parquet(project.output("07_model_output", f"regrounded_r{round_number}.parquet"))


def test_boxes_follow_from_the_answers(grounded: Project) -> None:
    """Of round 1 those of its one answer; a sample whose answers are none has no box, and keeps the text."""
    table = table_of(grounded, 1)
    asked = table.filter(pl.col("raw_texts").list.len() > 0)
    assert asked.height == LIMIT
    assert set(table["fault"].drop_nulls()) >= {"not_asked"}
    for row in asked.to_dicts():
        read = parse_grounding(row["raw_texts"][0])
        if row["fault"]:
            assert (read.value, row["round1_objects"]) == (row["fault"], None)  # type: ignore[union-attr]
        else:
            assert [(one["label"], tuple(one["bbox_2d"])) for one in row["round1_objects"]] == read
            assert row["round1_labels"] == [one["label"] for one in row["round1_objects"]]


def test_each_frame_has_every_label(grounded: Project) -> None:
    """An answer a frame at two a second; what was not found has no box, and strange labels are told."""
    media = pl.read_parquet(grounded.output("02_intermediate", "media.parquet")).filter(
        pl.col("kind") == "source_video"
    )
    table = table_of(grounded, 2).filter(pl.col("raw_texts").list.len() > 0)
    assert table.height == LIMIT
    released = pl.read_parquet(grounded.output("02_intermediate", "grounding_r1.parquet"))
    for row in table.to_dicts():
        video = media.row(by_predicate=pl.col("id") == row["id"], named=True)
        sampled_frames = int((video["frame_count"] - 1) / (video["fps"] / 2)) + 1
        assert len(row["raw_texts"]) == sampled_frames
        labels = released.row(by_predicate=pl.col("id") == row["id"], named=True)["round1_labels"]
        if row["fault"]:
            assert row["frame_objects"] is None
        else:
            assert [[one["label"] for one in frame] for frame in row["frame_objects"]] == [
                labels
            ] * sampled_frames
            assert len(row["surplus_labels"]) == sampled_frames


def test_a_second_run_asks_nothing(grounded: Project) -> None:
    """The tables are the same, and no weights are loaded."""
    before = [table_of(grounded, number) for number in (1, 2)]
    grounded.run_here("ground", params={"ground.model.device": "cuda:7"})  # loading onto it would fail
    for number, table in zip((1, 2), before, strict=True):
        assert_frame_equal(table_of(grounded, number), table)


def test_the_jsonl_is_a_release(grounded: Project, tmp_path: Path) -> None:
    """Ingest reads it with nothing in quarantine, and finds the same boxes."""
    root = grounded.output("07_model_output", "regroundings")
    again = replace(grounded, release_root=root, data_root=tmp_path / "again")
    tables = {number: table_of(grounded, number).filter(pl.col("fault").is_null()) for number in (1, 2)}
    if all(table.is_empty() for table in tables.values()):
        pytest.fail("the tiny model grounded nothing at all: take other settings")
    again.run_here("ingest")
    assert pl.read_parquet(again.output("02_intermediate", "quarantine.parquet")).is_empty()
    for number, table in tables.items():
        columns = ["id", "theme", "prompt", "edit_type", "round1_labels", "round1_objects"]
        columns += ["frame_objects"] if number == 2 else []
        read = pl.read_parquet(again.output("02_intermediate", f"grounding_r{number}.parquet"))
        assert_frame_equal(read.select(columns).sort("id"), table.select(columns).sort("id"))


def test_a_dry_run_tells_what_a_round_would_take(
    grounded: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the first round that lacks answers; of the second where none is lacking."""
    for seed, said in ((99, "samples of round 1"), (3407, "samples of round 2")):
        with pytest.raises(SystemExit) as ended:
            grounded.run_here("ground", params={"ground.seed": seed, "ground.batch_size": 1, "dry_run": True})
        assert ended.value.code == 0
        assert said in capsys.readouterr().out


def test_a_label_that_cannot_be_stored_is_no_answer(grounded: Project, tmp_path: Path) -> None:
    """One such sample among several has a fault, after other seeds were tried; the others and a rerun go well."""
    good, bad = (json.dumps([{"bbox_2d": [1, 2, 3, 4], "label": label}]) for label in ("Dog", "Dog \ud83d"))
    params = dict(grounded.params) | {
        "ground.model.backend": "server",
        "ground.model.name": NAME,
        "ground.model.concurrency": 1,
        "ground.batch_size": 1,
        "ground.max_tries": 3,
    }
    again = replace(grounded, data_root=tmp_path / "data", params=params)
    shutil.copytree(grounded.output("02_intermediate"), again.output("02_intermediate"))
    sent = (200, json.dumps({"choices": [{"message": {"content": bad}}]}), {})
    behaviour = Behaviour(answers=[sent] * 3, text=good)
    with serve(None, behaviour) as url:
        for _ in range(2):
            again.run_here("ground", params={"ground.model.url": url})
            asked = table_of(again, 1).filter(pl.col("raw_texts").list.len() > 0)
            assert asked["fault"].to_list() == ["unstorable_label", None, None]
            assert asked["tries"].to_list() == [3, 1, 1]
            assert asked["round1_labels"].to_list() == [None, ["Dog"], ["Dog"]]


def test_a_model_that_says_nothing_useful_ends_the_run(grounded: Project) -> None:
    """Random weights that may say anything."""
    params = {"ground.is_constrained": False, "ground.max_tries": 1, "ground.batch_size": 1}
    cut = {"ground.sampling.max_new_tokens": 8, "ground.give_up_after": 2}
    with pytest.raises(ModelError, match="no answer that can be read"):
        grounded.run_here("ground", params=params | cut)


def test_a_wrong_parameter_is_reported(project: Project) -> None:
    """With what is allowed."""
    with pytest.raises(ParameterError, match="regrounded or released"):
        project.run_here("ground", params={"ground.labels_from": "both"})
