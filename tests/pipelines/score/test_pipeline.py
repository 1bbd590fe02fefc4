"""The score pipeline, run by Kedro with a tiny model on the sample release: from tars to tables and JSONL."""

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

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import ModelError, ParameterError
from sparkle_curation.model_jobs.answers import Answer, parse_answer
from sparkle_curation.models.questions import Sampling
from sparkle_curation.models.transformers_model import Device, TransformersModel
from sparkle_curation.models.weights import Weights
from sparkle_curation.scoring.batches import JOURNAL_SCHEMA
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.spec.stages import STAGES, Stage

pytestmark = pytest.mark.slow

LIMIT = 2


@pytest.fixture(scope="module")
def scored(
    inspected: Project,
    qwen3_checkpoint: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """Two samples of each stage, scored."""
    params = {"score.model.name": qwen3_checkpoint}
    data_root = tmp_path_factory.mktemp("scored") / "data"
    project = replace(inspected, data_root=data_root, params=params, env="test")
    shutil.copytree(inspected.data_root, data_root)
    project.run_here("score")
    return project


def table_of(project: Project, stage_table: str) -> pl.DataFrame:
    """The rescores of a stage."""
    return pl.read_parquet(project.output("07_model_output", f"rescored_{stage_table}.parquet"))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_each_score_follows_from_the_answers(scored: Project, stage: Stage) -> None:
    """Worked out once more from the raw texts; the row says which model, settings and assets it is from."""
    table = table_of(scored, stage.table)
    rows = table.filter(pl.col("fault").is_null()).to_dicts()
    assert len(rows) == LIMIT
    assert set(table["fault"].drop_nulls()) == {"not_asked"}
    for row in rows:
        answers = [parse_answer(text) for text in row["raw_texts"]]
        assert all(isinstance(answer, Answer) for answer in answers)
        lowest = [min(answer.scores) for answer in answers if isinstance(answer, Answer)]
        pictures = [lowest[place : place + 4] for place in range(0, len(lowest), 4)]
        overall = [ScoreScale(passes=2).overall(one[0::2], one[1::2]) for one in pictures]
        assert row[stage.score_column] == pytest.approx(sum(overall) / len(overall), abs=1e-12)
        assert row["backend"] == "transformers"
        assert row["revision"].startswith("xxh3:")
        assert json.loads(row["settings"])["rubric"] == {"passes": 2, "score_range": 25}  # an old name
        assert len(row["edited_digest"]) == len(row["source_digest"]) == 32


def test_videos_are_judged_by_frames_of_their_length(scored: Project) -> None:
    """Four, never the first; quality is asked of both pictures, and each picture has its own scores."""
    rows = table_of(scored, "edited_video_scores").filter(pl.col("fault").is_null())
    assert all(len(indices) == 4 and indices[0] == 1 for indices in rows["frame_indices"])
    assert rows["editscore"].list.len().to_list() == [4] * LIMIT


def test_a_second_run_asks_nothing(scored: Project) -> None:
    """The tables are the same, and the weights are not even loaded: the model's folder may be read, not run."""
    before = [table_of(scored, stage.table) for stage in STAGES]
    size = scored.output("journals", "score.journal").stat().st_size
    scored.run_here("score", params={"score.model.device": "cuda:7"})  # loading onto it would fail
    for stage, table in zip(STAGES, before, strict=True):
        assert_frame_equal(table_of(scored, stage.table), table)
    assert scored.output("journals", "score.journal").stat().st_size == size


def test_shards_are_merged_into_the_same_tables(scored: Project, tmp_path: Path) -> None:
    """Each asks for its own; once merged nothing is asked, and the tables are those of a run of all."""
    shared = replace(scored, data_root=Path(shutil.copytree(scored.data_root, tmp_path / "sharded")))
    for output in ("journals", "07_model_output"):
        shutil.rmtree(shared.output(output))
    for shard in ("0/2", "1/2"):
        shared.run_shard("score", shard)
    shared.run_here("merge")
    assert pl.read_csv(shared.output("08_reporting", "merge_counts.csv"))["state"].to_list() == [
        "whole",
        "whole",
    ]
    shared.run_here("score", params={"score.model.device": "cuda:7"})
    for stage in STAGES:
        assert_frame_equal(table_of(shared, stage.table), table_of(scored, stage.table))


def test_other_settings_are_other_scores(scored: Project, tmp_path: Path) -> None:
    """Another seed is asked again; what was scored before stays in the journal."""
    journal = Journal(scored.output("journals", "score.journal"), JOURNAL_SCHEMA)
    with journal:
        before = journal.read().num_rows
    with pytest.raises(ModelError, match="GPU"):
        scored.run_here("score", params={"score.seed": 7, "score.model.device": "cuda:7"})
    with journal:
        assert journal.read().num_rows == before


def test_a_server_gives_the_same_answers(scored: Project, qwen3_checkpoint: Path, tmp_path: Path) -> None:
    """The same model behind HTTP says the same, both passes in one request that draws each with the next seed.

    The row tells which way it was asked, and not where.
    """
    model = TransformersModel(Weights(str(qwen3_checkpoint)), Sampling(), Device("cpu", "float32", 8))
    params = dict(scored.params) | {
        "score.model.backend": "server",
        "score.model.name": NAME,
        "score.limit": 1,
    }
    again = replace(scored, data_root=tmp_path / "data", params=params)
    shutil.copytree(scored.output("02_intermediate"), again.output("02_intermediate"))
    behaviour = Behaviour(several="drawn")
    with serve(model, behaviour) as url:
        again.run_here("score", params={"score.model.url": url, "score.stages": "edited_frame0"})
    (row,) = table_of(again, "edited_frame0_scores").filter(pl.col("fault").is_null()).to_dicts()
    same = table_of(scored, "edited_frame0_scores").row(by_predicate=pl.col("id") == row["id"], named=True)
    assert (row["raw_texts"], row["overall"]) == (same["raw_texts"], same["overall"])
    assert (row["backend"], same["backend"]) == ("server", "transformers")
    assert "127.0.0.1" not in str(row)
    assert (row["answers_per_request"], same["answers_per_request"]) == (2, 1)
    assert [body["n"] for body in behaviour.requests] == [2, 2], "SC and PQ"


def say(reasoning: str) -> str:
    """An answer of 20 and 21, in ASCII: what is half a surrogate pair is spelled out."""
    return json.dumps({"reasoning": reasoning, "score": [20, 21]})


def envelope(content: str) -> tuple[int, str, dict[str, str]]:
    """What a server sends with this content."""
    return 200, json.dumps({"choices": [{"message": {"content": content}}]}), {}


@pytest.mark.parametrize(
    ("content", "raw", "reason"),
    [
        (say("bad \ud83d"), say("bad \ud83d"), "bad �{d83d}"),
        (
            '{"reasoning": "\ud83d", "score": [20, 21]}',
            '{"reasoning": "�{d83d}", "score": [20, 21]}',
            "�{d83d}",
        ),
        (
            f"<think>20, I think?</think>\n{say('Fine')}",
            f"<think>20, I think?</think>\n{say('Fine')}",
            "Fine",
        ),
    ],
)
def test_a_reply_that_is_hard_to_store_costs_nothing(
    content: str, raw: str, reason: str, scored: Project, tmp_path: Path
) -> None:
    """Half a surrogate pair in the answer's JSON or in the server's own; thoughts before it. A rerun goes well too."""
    params = dict(scored.params) | {
        "score.model.backend": "server",
        "score.model.name": NAME,
        "score.stages": "edited_frame0",
        "score.limit": 3,
        "score.passes": 1,
    }
    again = replace(scored, data_root=tmp_path / "data", params=params)
    shutil.copytree(scored.output("02_intermediate"), again.output("02_intermediate"))
    # All answers are of this kind but the first: whichever is asked first, another sample's first pass has it.
    behaviour = Behaviour(answers=[envelope(say("Fine")), *[envelope(content)] * 5])
    with serve(None, behaviour) as url:
        for _ in range(2):
            again.run_here("score", params={"score.model.url": url})
            rows = table_of(again, "edited_frame0_scores").filter(pl.col("fault").is_null())
            assert rows["overall"].to_list() == [8.0] * 3
            assert {text for texts in rows["raw_texts"] for text in texts} == {say("Fine"), raw}
            assert reason in rows["editscore"].struct.field("PQ_reasoning").to_list()
            rescores = again.output("07_model_output", "rescores")
            (path,) = [path for path in rescores.rglob("*.jsonl") if path.stat().st_size]
            told = [json.loads(line)["editscore"]["PQ_reasoning"] for line in path.read_bytes().splitlines()]
            assert reason in told
    assert len(behaviour.requests) == 6


def test_a_server_that_goes_away_costs_nothing(scored: Project) -> None:
    """One clear error; what was scored before is still in the journal, and in the tables."""
    before = [table_of(scored, stage.table) for stage in STAGES]
    params = {
        "score.model.backend": "server",
        "score.model.name": NAME,
        "score.model.url": "http://127.0.0.1:9/v1",
    }
    with pytest.raises(ModelError, match="cannot be reached"):
        scored.run_here("score", params=params)
    for stage, table in zip(STAGES, before, strict=True):
        assert_frame_equal(table_of(scored, stage.table), table)


def test_the_jsonl_is_a_release(scored: Project, tmp_path: Path) -> None:
    """Ingest reads it with nothing in quarantine, and finds the same scores."""
    root = scored.output("07_model_output", "rescores")
    again = replace(scored, release_root=root, data_root=tmp_path / "again")
    again.run_here("ingest")
    assert pl.read_parquet(again.output("02_intermediate", "quarantine.parquet")).is_empty()
    for stage in STAGES:
        columns = ["id", "theme", "prompt", "editscore", stage.score_column]
        read = pl.read_parquet(again.table(stage.table)).select(columns)
        table = table_of(scored, stage.table).filter(pl.col("fault").is_null()).select(columns)
        assert_frame_equal(read.sort("id"), table.sort("id"))


def test_a_dry_run_tells_what_the_run_would_take(scored: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends well, touches no table, and what it measured need not be done again."""
    path = scored.output("07_model_output", "rescored_edited_frame0_scores.parquet")
    before = path.read_bytes()
    params = {"score.limit": 6, "score.stages": "edited_frame0", "score.batch_size": 2, "dry_run": True}
    for to_do, done in ((4, 2), (2, 4)):
        with pytest.raises(SystemExit) as ended:
            scored.run_here("score", params=params | {"score.seed": 99})
        assert ended.value.code == 0
        told = capsys.readouterr().out
        assert f"to do            {to_do} samples" in told
        assert f"already done     {done}" in told
        assert "GPU hours" in told
    assert path.read_bytes() == before


def test_a_model_that_says_nothing_useful_ends_the_run(scored: Project) -> None:
    """Random weights that may say anything; the tables stay as they were."""
    before = [table_of(scored, stage.table) for stage in STAGES]
    params = {
        "score.is_constrained": False,
        "score.sampling.max_new_tokens": 8,
        "score.max_tries": 1,
        "score.limit": 6,
        "score.batch_size": 2,
        "score.give_up_after": 4,
    }
    with pytest.raises(ModelError, match="no answer that can be read") as error:
        scored.run_here("score", params=params)
    assert "4 samples, not one with an answer; of the last: picture 0, pass 0, SC, try 1: " in str(
        error.value
    )
    for stage, table in zip(STAGES, before, strict=True):
        assert_frame_equal(table_of(scored, stage.table), table)


def test_a_model_that_is_not_pinned_is_refused(scored: Project) -> None:
    """Before anything is read or asked; a folder that is not there is told apart."""
    with pytest.raises(ModelError, match="not pinned"):
        scored.run_here("score", params={"score.model.name": "Somebody/Qwen3-VL-8B-tuned"})
    with pytest.raises(ModelError, match="no such folder"):
        scored.run_here("score", params={"score.model.name": "/nowhere/model"})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("score.templates.edited_video", "Edit it", "{prompt}"),
        ("score.stages", "edited_video edited_frame1", "edited_frame0, foreground_removed, edited_video"),
        ("score.model.dtype", "int8", "bfloat16 or float32"),
        ("score.model.revison", "abc", "score.model.revision"),
    ],
)
def test_a_wrong_parameter_is_reported(project: Project, name: str, value: str, said: str) -> None:
    """With what is allowed, before anything runs."""
    with pytest.raises(ParameterError) as error:
        project.run_here("score", params={name: value})
    assert said in str(error.value)
