"""Adaptive passes, run by Kedro against a scripted server: what is asked, what it comes to, and who never sees it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
import xxhash
from kedro.framework.session import KedroSession
from omegaconf import OmegaConf
from polars.testing import assert_frame_equal
from tests.conftest import CHECKOUT, Project
from tests.hooks.test_parallel_runs import RUNNERS
from tests.models.loopback import NAME, Behaviour, serve

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import ParameterError
from sparkle_curation.scoring.agreement import measure, pair_scores
from sparkle_curation.scoring.batches import JOURNAL_SCHEMA
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.stages.gates import NOT_ASKED

pytestmark = pytest.mark.slow

STILL = STAGES[0]
SEED, PASSES = 42, 4
ANSWERS = {0: [25] * 4, 1: [1] * 4, 2: [21, 18, 18, 18]}
"""By the kind of an edited picture, what each pass says: best, worst, and kept by the first alone at a threshold of 8."""
SCORES = {0: 10.0, 1: 0.4, 2: 7.5}
LIMIT = 8


def kind_of(body: dict[str, Any]) -> int:
    """Of the edited picture, which is the last that is shown."""
    pictures = [part for part in body["messages"][0]["content"] if part["type"] == "image_url"]
    return xxhash.xxh3_64_intdigest(pictures[-1]["image_url"]["url"].encode()) % 3


def say(body: dict[str, Any], seed: int) -> str:
    """The same to both questions."""
    answer = ANSWERS[kind_of(body)][seed - SEED]
    return json.dumps({"reasoning": f"pass {seed - SEED}", "score": [answer, 25 if answer == 25 else answer]})


class Served(NamedTuple):
    """The server.

    Attributes:
        behaviour: gives several answers to a request.
        url: its address.
        first: of each request of the first run its seed, and for how many answers it asked.
    """

    behaviour: Behaviour
    url: str
    first: list[tuple[int, int]]


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """The server, which all tests ask."""
    behaviour = Behaviour(say=say, several="drawn")
    with serve(None, behaviour) as url:
        yield Served(behaviour, url, [])


@pytest.fixture(scope="module")
def adaptive(
    inspected: Project,
    server: Served,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """Eight stills, scored with adaptive passes and no margin."""
    params = {
        "score.model.backend": "server",
        "score.model.name": NAME,
        "score.model.url": server.url,
        "score.model.adapter": None,
        "score.stages": STILL.name,
        "score.limit": LIMIT,
        "score.passes": "adaptive",
    }
    project = replace(inspected, data_root=tmp_path_factory.mktemp("adaptive") / "data", params=params)
    shutil.copytree(inspected.data_root, project.data_root)
    project.run_here("score")
    server.first.extend((body["seed"], body.get("n", 1)) for body in server.behaviour.requests)
    return project


@pytest.fixture
def copied(adaptive: Project, tmp_path: Path) -> Project:
    """The same, to go on with."""
    return replace(adaptive, data_root=Path(shutil.copytree(adaptive.data_root, tmp_path / "copied")))


def table_of(project: Project) -> pl.DataFrame:
    """The rescores of the stills that were asked about."""
    return rescores_of(project).filter(pl.col("adaptive_settings").is_not_null())


def rescores_of(project: Project) -> pl.DataFrame:
    """All rescores of stills."""
    return pl.read_parquet(project.output("07_model_output", f"rescored_{STILL.table}.parquet"))


def columns_of(table: pl.DataFrame) -> list[tuple[float, int, bool]]:
    """Score, passes and outcome of each sample, in order."""
    return sorted(table.select("adaptive_score", "adaptive_passes", "adaptive_is_kept").rows())


def kinds(behaviour: Behaviour) -> dict[int, int]:
    """How many samples of each kind were shown."""
    shown = {
        json.dumps(body["messages"][0]["content"][:-1]): kind_of(body)
        for body in behaviour.requests
        if pictures_of(body) == 2
    }
    return {kind: list(shown.values()).count(kind) for kind in SCORES}


def pictures_of(body: dict[str, Any]) -> int:
    """How many pictures are shown: two with SC, of a still one with PQ."""
    return sum(part["type"] == "image_url" for part in body["messages"][0]["content"])


def test_only_what_is_open_is_asked_further(adaptive: Project, server: Served) -> None:
    """Without a margin only the worst are certain; the others of a sample's passes are one request a question."""
    count = kinds(server.behaviour)
    assert sum(count.values()) == LIMIT
    assert all(count.values())
    open_count = count[0] + count[2]
    assert sorted(server.first) == sorted([(SEED, 1)] * 2 * LIMIT + [(SEED + 1, PASSES - 1)] * 2 * open_count)
    wanted = [(SCORES[1], 1, False)] * count[1]
    wanted += [(SCORES[2], PASSES, False)] * count[2] + [(SCORES[0], PASSES, True)] * count[0]
    assert columns_of(table_of(adaptive)) == wanted
    settings = set(table_of(adaptive)["adaptive_settings"])
    assert [json.loads(each) for each in settings] == [
        {"margin": None, "passes": PASSES, "thresholds": {STILL.name: 8.0}}
    ]


def test_a_margin_and_a_threshold_are_rules_over_the_same_answers(copied: Project, server: Served) -> None:
    """A margin lets the first pass decide, here wrongly where it is 0; nothing that was answered is asked again."""
    behaviour, count = server.behaviour, kinds(server.behaviour)
    before = len(behaviour.requests)
    copied.run_here("score", params={"score.adaptive.margin": 1.5})
    assert columns_of(table_of(copied)) == [
        *[(SCORES[1], 1, False)] * count[1],
        *[(SCORES[2], PASSES, False)] * count[2],
        *[(SCORES[0], 1, True)] * count[0],
    ]
    copied.run_here("score", params={"score.adaptive.margin": 0})
    assert columns_of(table_of(copied))[count[1] :] == [
        *[(8.4, 1, True)] * count[2],
        *[(SCORES[0], 1, True)] * count[0],
    ]
    assert len(behaviour.requests) == before
    copied.run_here(
        "score", params={"threshold": 0.3}
    )  # which even the worst may reach: they are asked about further
    assert columns_of(table_of(copied))[: count[1]] == [(SCORES[1], PASSES, True)] * count[1]
    assert len(behaviour.requests) == before + 2 * count[1]


def test_all_passes_stand_beside_them(copied: Project, server: Served) -> None:
    """A run of four passes asks for them, keeps the other columns, and where four were asked for both scores agree."""
    before = len(server.behaviour.requests)
    adaptive = table_of(copied)
    copied.run_here("score", params={"score.passes": PASSES})
    assert len(server.behaviour.requests) == before + 2 * LIMIT
    names = [name for name in adaptive.columns if name.startswith("adaptive_")]
    both = table_of(copied)
    assert_frame_equal(both.select("id", *names), adaptive.select("id", *names))
    whole = both.filter(pl.col("adaptive_passes") == PASSES)
    assert whole["adaptive_score"].to_list() == whole[STILL.score_column].to_list()
    copied.run_here("score")  # and a run of adaptive passes takes no score away
    assert_frame_equal(table_of(copied), both)
    assert len(server.behaviour.requests) == before + 2 * LIMIT


def test_no_score_of_all_passes_is_claimed(adaptive: Project) -> None:
    """Each sample is ``not_asked`` there, the JSONL has none, and agreement compares none."""
    table = rescores_of(adaptive)
    assert table[STILL.score_column].null_count() == table.height
    assert table["editscore"].null_count() == table.height
    assert set(table["fault"]) == {NOT_ASKED}
    assert not any(
        path.stat().st_size for path in adaptive.output("07_model_output", "rescores").rglob("*.jsonl")
    )
    pairs = pair_scores(STILL, pl.scan_parquet(adaptive.table(STILL.table)), table)
    assert pairs["rescored"].null_count() == pairs.height > 0
    measured = measure(pairs, {STILL.name: 8.0})
    assert measured["compared"].sum() == measured["gained"].sum() == measured["lost"].sum() == 0


def test_curating_sweeping_and_ranking_are_those_of_the_release(copied: Project) -> None:
    """``rescored_else_released`` finds no rescore: verdicts, sweep and a ranked selection are the same to the row."""
    ranked = {"selection.budget": 3, "selection.rank_by": STILL.name}
    found = []
    for source in ("released", "rescored_else_released"):
        copied.run_here("filter", params=ranked | {"score_source": source})
        tables = [("03_primary", "verdicts"), ("08_reporting", "threshold_sweep")]
        found.append([pl.read_parquet(copied.output(folder, f"{name}.parquet")) for folder, name in tables])
    for released, chosen in zip(*found, strict=True):
        assert_frame_equal(released, chosen)


def test_shards_do_first_passes_then_the_others(copied: Project, server: Served) -> None:
    """Merged between the two, they come to the same columns, and nothing is asked twice."""
    wanted, count = table_of(copied), kinds(server.behaviour)
    for output in ("journals", "07_model_output"):
        shutil.rmtree(copied.output(output))
    before = len(server.behaviour.requests)
    for _ in range(2):
        for shard in ("0/2", "1/2"):
            copied.run_shard("score", shard)
        copied.run_here("merge")
    asked = len(server.behaviour.requests) - before
    assert asked == 2 * LIMIT + 2 * (count[0] + count[2])
    copied.run_here("score")
    assert len(server.behaviour.requests) == before + asked
    assert_frame_equal(table_of(copied), wanted)


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_runner_gives_the_same(
    runner: str, adaptive: Project, inspected: Project, tmp_path: Path
) -> None:
    """Threads, processes, and datasets that are saved beside: the judge, the rule and the answers go to all of them."""
    again = replace(adaptive, data_root=Path(shutil.copytree(inspected.data_root, tmp_path / "again")))
    runtime = OmegaConf.to_container(OmegaConf.from_dotlist(again.param_items()))
    with KedroSession.create(CHECKOUT, runtime_params=runtime) as session:
        session.run(pipeline_names=["score"], runner=RUNNERS[runner]())
    assert_frame_equal(rescores_of(again), rescores_of(adaptive))


def test_passes_that_are_neither_are_refused(project: Project) -> None:
    """With what is allowed; a margin below 0 too."""
    for name, value, said in (
        ("score.passes", "adaptiv", "an integer above 0, or adaptive"),
        ("score.adaptive.margin", -1, "a number from 0, or null"),
        ("score.adaptive.passes", 1, "an integer above 1"),
    ):
        with pytest.raises(ParameterError) as error:
            project.run_here("score", params={name: value})
        assert said in str(error.value)


def test_the_journal_has_a_row_for_each_part(adaptive: Project, server: Served) -> None:
    """The first pass by itself, the others together, each with the number of the pass that it is."""
    count = kinds(server.behaviour)
    assert sum(count.values()) == LIMIT
    with Journal(adaptive.output("journals", "score.journal"), JOURNAL_SCHEMA) as journal:
        rows = journal.read().to_pylist()
    numbers = [tuple(dict.fromkeys(answer["number"] for answer in row["answers"])) for row in rows]
    assert sorted(numbers) == [(0,)] * LIMIT + [(1, 2, 3)] * (count[0] + count[2])
    assert {row["answers_per_request"] for row in rows} == {1, PASSES - 1}
