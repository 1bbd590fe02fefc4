"""Whatever ends a run, no answer of a server is paid for twice: here the money of the key runs out in the middle."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from tests.bench.judging.loopback_judge import NAME as JUDGE
from tests.bench.judging.loopback_judge import Asked, LoopbackJudge, Said, serving
from tests.full_disk import files_of_at_most
from tests.models.loopback import NAME, Behaviour, serve

from sparkle_curation.engine.journal.faults import JournalError
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.pieces import pieces_path
from sparkle_curation.errors import ModelError
from sparkle_curation.model_jobs.answer_journal import journal_schema, tell_answer
from sparkle_curation.model_jobs.asking import AskConfig, ask
from sparkle_curation.model_jobs.kept_replies import keeping_replies
from sparkle_curation.model_jobs.tries import ask_until_read
from sparkle_curation.models.questions import Question, Reply, ReplyFault, Sampling, VisionLanguageModel
from sparkle_curation.models.servers.chat_model import Server, ServerModel
from sparkle_curation.models.servers.gemini_model import Gemini, GeminiModel
from sparkle_curation.scoring.editscore.prompt_template import PromptTemplate
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import Candidate, ScoreSettings, Scoring, score

PICTURE = np.zeros((4, 4, 3), np.uint8)
SCHEMA = journal_schema(place=pa.int32())


class Job(NamedTuple):
    """Something to ask about."""

    key: str
    topic: str


@dataclass
class Tries:
    """Asks about each job until the answer can be read."""

    model: VisionLanguageModel

    def __call__(self, batch: list[Job]) -> pa.Table:
        """A row each."""
        told = ask_until_read(
            self.model,
            [job.key for job in batch],
            [job.topic for job in batch],
            lambda _place, topic, tries: Question((topic,), tries),
            lambda _place, text: "unreadable" if "?" in text else None,
            3,
        )
        rows = [{KEY: job.key, **row} for job, row in zip(batch, told, strict=True)]
        return pa.Table.from_pylist(rows, schema=SCHEMA)


@dataclass
class Thrice:
    """Asks three questions about each job, together."""

    model: VisionLanguageModel

    def __call__(self, batch: list[Job]) -> pa.Table:
        """A row each."""
        asked = [Question((f"{job.topic} {n}",), 1).about(job.key, n) for job in batch for n in range(3)]
        replies = self.model.ask(asked)
        return pa.Table.from_pylist(
            [_row(job, replies[3 * place : 3 * place + 3]) for place, job in enumerate(batch)], schema=SCHEMA
        )


def _row(job: Job, replies: Sequence[Reply]) -> dict[str, Any]:
    answers = [
        {"place": place, "text": reply.text, "fault": reply.fault and reply.fault.value, "tries": 1}
        for place, reply in enumerate(replies)
    ]
    fault = next((answer for answer in answers if answer["fault"]), None)
    detail = fault and tell_answer("an answer", fault)
    return {KEY: job.key, "answers": answers, "error": fault and fault["fault"], "error_detail": detail}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """As the pipelines have theirs."""
    return Journal(tmp_path / "some.journal", SCHEMA, retried_errors=["no_reply"])


def told(body: dict[str, Any], seed: int) -> str:
    """The first time that it is asked about b it says nothing that can be read."""
    text = body["messages"][0]["content"][-1]["text"]
    return "?" if (text, seed) == ("b", 1) else f"{text} by {seed}"


def run(
    behaviour: Behaviour, journal: Journal, make: Callable[[VisionLanguageModel], Any], **server: Any
) -> list[dict[str, Any]]:
    """What the journal has of three jobs afterwards; questions go one after the other."""
    jobs = pl.DataFrame(
        [(f"key {topic}", f"id {topic}", topic, True, None) for topic in "abc"],
        schema={
            KEY: pl.String,
            "id": pl.String,
            "topic": pl.String,
            "is_asked": pl.Boolean,
            "error": pl.String,
        },
        orient="row",
    )
    with serve(None, behaviour) as url:
        model = ServerModel(replace(Server(url, NAME, concurrency=1), **server), Sampling())
        asking = AskConfig("topics", "score", None, make(model), Job, model, 3, pl.lit(1))
        found: list[dict[str, Any]] = ask(jobs, asking, journal).take(jobs[KEY].to_arrow()).to_pylist()
    return sorted(found, key=lambda row: row[KEY])


def seen(behaviour: Behaviour) -> list[tuple[str, int]]:
    """Text and seed of what was replied to."""
    return [(body["messages"][0]["content"][-1]["text"], body["seed"]) for body in behaviour.replied]


@pytest.mark.parametrize("paid", [1, 2, 3])
def test_tries_go_on_where_the_money_ran_out(
    paid: int, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    """Cameras and instructions are asked so: three first tries, and a second one of what could not be read."""
    first, then = Behaviour(say=told, most_replies=paid), Behaviour(say=told)
    with pytest.raises(ModelError, match="does not take the key"):
        run(first, journal, Tries)
    with caplog.at_level(logging.INFO):
        rows = run(then, journal, Tries)
    assert seen(first) + seen(then) == [("a", 1), ("b", 1), ("c", 1), ("b", 2)]
    assert f"topics: {paid} single answers are known" in caplog.text
    assert [row["answers"][0]["text"] for row in rows] == ["a by 1", "b by 2", "c by 1"]
    assert [row["answers"][0]["tries"] for row in rows] == [1, 2, 1]
    assert not pieces_path(journal.path).exists()


def test_another_question_takes_no_answer_of_before(journal: Journal) -> None:
    """Though it is asked for the same job."""
    with pytest.raises(ModelError):
        run(Behaviour(say=told, most_replies=2), journal, Thrice)
    then = Behaviour(say=told)
    run(then, journal, Tries)
    assert seen(then) == [("a", 1), ("b", 1), ("c", 1), ("b", 2)]


def test_a_sample_with_one_answer_missing_is_asked_for_that_one(journal: Journal) -> None:
    """The server failed at the second question; the other two answers of its sample are paid."""
    first, then = Behaviour(say=told, answers=[(502, "down", {})]), Behaviour(say=told)
    rows = run(first, journal, Thrice, deadline_s=0.1)
    assert [row["error"] for row in rows] == ["no_reply", None, None]
    rows = run(then, journal, Thrice)
    assert seen(then) == [("a 0", 1)]
    assert [row["error"] for row in rows] == [None, None, None]
    assert [answer["text"] for answer in rows[0]["answers"]] == [f"a {n} by 1" for n in range(3)]


def test_a_full_disk_is_told(journal: Journal) -> None:
    """What was kept until then is kept."""
    with pytest.raises(ModelError):
        run(Behaviour(say=told, most_replies=1), journal, Tries)
    size = pieces_path(journal.path).stat().st_size
    with files_of_at_most(size + 20), pytest.raises(JournalError, match="The disk is full"):
        run(Behaviour(say=told), journal, Tries)
    then = Behaviour(say=told)
    run(then, journal, Tries)
    assert seen(then) == [("b", 1), ("c", 1), ("b", 2)]


@pytest.mark.parametrize("numbers", [None, (0,), (1, 2, 3)])
def test_passes_that_share_requests_go_on_with_the_rest(
    numbers: tuple[int, ...] | None, journal: Journal
) -> None:
    """Two answers a request; the first of two pictures has its first request answered. So too with adaptive passes."""
    settings = ScoreSettings(ScoreScale(25, 4), numbers=numbers)
    texts = PromptTemplate("<instruction>", "Is it good?", "test")
    pictures = [Candidate(PICTURE, PICTURE, "Dusk", False, "key", place) for place in (0, 1)]
    say = '{{"score": [{}, {}]}}'
    paid: list[list[int]] = []
    for most, expected in ((None, None), (1, ModelError), (None, None)):
        behaviour = Behaviour(
            say=lambda _, seed: say.format(seed % 7, 20), several="drawn", most_replies=most
        )
        with serve(None, behaviour) as url:
            model = ServerModel(Server(url, NAME, concurrency=1, answers_per_request=2), Sampling())
            if not paid:
                whole = score(pictures, model, texts, settings)
            elif expected:
                with journal, keeping_replies(model, journal, "t"), pytest.raises(expected):
                    score(pictures, model, texts, settings)
            else:
                with journal, keeping_replies(model, journal, "t"):
                    found: list[Scoring] = score(pictures, model, texts, settings)
        paid.append([body.get("n", 1) for body in behaviour.replied])
    assert [each.attempts for each in found] == [each.attempts for each in whole]
    assert sum(paid[1]) + sum(paid[2]) == sum(paid[0]) == 4 * len(settings.asked_numbers)


def test_gemini_is_paid_once_and_its_tokens_are_kept(journal: Journal) -> None:
    """With what it tells of itself, so that the money that was spent is known."""

    def answer(asked: Asked, left: list[int]) -> Said:
        left[0] -= 1
        return Said("{}", status=401) if left[0] < 0 else Said(f"said {asked.texts[0]}")

    questions = [Question((text,), 1).about("key") for text in "abc"]
    replies: list[list[Reply]] = []
    counts = []
    for left in (2, 9):
        with serving(LoopbackJudge(answer=partial(answer, left=[left]))) as judge:
            model = GeminiModel(Gemini(JUDGE, url=judge.url, concurrency=1, api_key="k"), Sampling())
            with journal, keeping_replies(model, journal, "t"):
                try:
                    replies.append(model.ask(questions))
                except ModelError:
                    replies.append([])
            counts.append([asked.texts[0] for asked in judge.asked])
    assert counts == [["a", "b", "c"], ["c"]]
    assert [reply.text for reply in replies[1]] == ["said a", "said b", "said c"]
    assert {reply.usage for reply in replies[1]} == {replies[1][2].usage}
    assert replies[1][0].usage is not None
    assert replies[1][0].usage.tokens_in == 1000


def test_what_a_server_refuses_is_not_asked_again_and_questions_of_no_job_are_not_kept(
    journal: Journal,
) -> None:
    """A refusal would come again; a question that belongs to nothing could be taken for another."""
    refusal = (400, "too large", {})
    for answers, count in (([refusal], 2), ([], 1)):
        behaviour = Behaviour(answers=answers)
        with serve(None, behaviour) as url:
            model = ServerModel(Server(url, NAME, concurrency=1), Sampling())
            with journal, keeping_replies(model, journal, "t"):
                replies = model.ask([Question(("a",), 1).about("key"), Question(("b",), 1)])
        assert replies[0].fault is ReplyFault.REFUSED
        assert replies[0].detail == "400: too large"
        assert replies[1].text == "a reply"
        assert len(behaviour.requests) == count
