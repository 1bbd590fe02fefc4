"""What the journal has is not asked for; what a run would take is measured on a batch that counts."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pyarrow as pa
import pytest
from tests.full_disk import files_of_at_most

from sparkle_curation.engine.dry_run import describe
from sparkle_curation.engine.journal.faults import JournalError
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.errors import ModelError
from sparkle_curation.model_jobs.asking import AskConfig, ask, plan
from sparkle_curation.models.questions import Question, Reply, ReplyFault

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("said", pa.string()),
        ("answers", pa.list_(pa.struct([("text", pa.string()), ("fault", pa.string())]))),
        ("error", pa.string()),
        ("error_detail", pa.string()),
    ]
)


class Job(NamedTuple):
    """Something to ask about."""

    key: str
    topic: str


@dataclass
class Model:
    """A model that only knows when it was loaded."""

    loaded: int = 0
    provenance: Mapping[str, str] = field(default_factory=lambda: {"backend": "transformers"})

    def load(self) -> None:
        """Notes it."""
        self.loaded += 1

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """No question has a reply: in these tests batches are answered without the model."""
        return [Reply("", fault=ReplyFault.NO_REPLY) for _ in questions]


@dataclass
class Answering:
    """Answers batches of jobs, and notes their topics.

    Attributes:
        fails_at: a topic at which the model cannot answer at all.
        silent: topics of which the server gives no reply.
        prose: topics of which the model says nothing that can be read.
        refused: topics of which the server takes neither question; the third is answered.
        seconds: how long a batch takes.
    """

    fails_at: str = ""
    prose: str = ""
    silent: str = ""
    refused: str = ""
    seconds: float = 0.0
    batches: list[list[str]] = field(default_factory=list)

    def __call__(self, batch: list[Job]) -> pa.Table:
        """Both steps."""
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[Job]) -> list[str]:
        """The topics."""
        return [job.topic for job in batch]

    def finish(self, batch: list[Job], prepared: list[str]) -> pa.Table:
        """A row each."""
        topics = prepared
        if self.fails_at in topics:
            raise ModelError("The model server gives no replies")
        time.sleep(self.seconds)
        self.batches.append(topics)
        rows = [
            {
                "key": job.key,
                "said": job.topic.upper(),
                "answers": [
                    *(
                        {"text": f"400: no {job.topic}{n}", "fault": "refused"}
                        for n in "12"
                        if job.topic in self.refused
                    ),
                    {"text": "{}", "fault": None},
                ],
                "error": "not_json"
                if job.topic in self.prose
                else "no_reply"
                if job.topic in self.silent
                else "refused"
                if job.topic in self.refused
                else None,
            }
            for job in batch
        ]
        return pa.Table.from_pylist(rows, schema=SCHEMA)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Knows the answer to "a"."""
    made = Journal(tmp_path / "some.journal", SCHEMA)
    with made:
        made.append(pa.Table.from_pylist([{"key": "key a", "said": "A"}], schema=SCHEMA))
    return made


def jobs(topics: str, unasked: str = "", broken: str = "") -> pl.DataFrame:
    """A job for each letter."""
    rows = [
        (
            f"key {topic}",
            f"id {topic}",
            topic,
            topic not in unasked + broken,
            "torn" if topic in broken else None,
        )
        for topic in topics
    ]
    return pl.DataFrame(rows, schema=[KEY, "id", "topic", "is_asked", "error"], orient="row")


def asking(answering: Answering, model: Model | None = None) -> AskConfig:
    """Two jobs a batch."""
    return AskConfig(
        "topics",
        "score",
        "is_constrained",
        answering,
        Job,
        model or Model(),
        2,
        pl.col("topic").str.len_chars(),
    )


def test_only_what_is_lacking_is_asked(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    """Each once, though it may be wanted twice; the log tells how much was known."""
    answering = Answering()
    with caplog.at_level(logging.INFO):
        found = ask(jobs("abcdbce", unasked="d"), asking(answering), journal)
    assert answering.batches == [["b", "c"], ["e"]]
    assert [row["said"] for row in found.take(["key a", "key c", "key d"]).to_pylist()] == ["A", "C"]
    assert "topics: 3 asked for, 1 known from before" in caplog.text


def test_what_was_answered_before_a_failure_stays(journal: Journal) -> None:
    """The next run begins there."""
    with pytest.raises(ModelError):
        ask(jobs("abcde"), asking(Answering(fails_at="d")), journal)
    again = Answering()
    ask(jobs("abcde"), asking(again), journal)
    assert again.batches == [["d", "e"]]


def test_a_model_that_answers_nothing_ends_the_run(journal: Journal) -> None:
    """Before it costs days; what it said is kept, and one answer is enough to go on."""
    answering = Answering(prose="bcdefg")
    with pytest.raises(ModelError, match="no answer that can be read") as error:
        ask(jobs("bcdefgh"), replace(asking(answering), give_up_after=4), journal)
    assert "4 samples" in str(error.value)
    assert "--params score.give_up_after=null" in str(error.value)
    assert "--params score.is_constrained=true" in str(error.value)
    assert answering.batches == [["b", "c"], ["d", "e"]]
    found = ask(jobs("bcdefgh"), replace(asking(answering), give_up_after=5), journal)
    assert answering.batches[2:] == [["f", "g"], ["h"]]
    assert found.failures(["key b", "key h"]) == [("not_json", None), None]


def test_a_server_that_never_replied_ends_the_run(tmp_path: Path) -> None:
    """However few are asked about; what had no reply is asked for again, and once one was answered the rest are faults."""
    made = Journal(tmp_path / "silent.journal", SCHEMA, retried_errors=["no_reply"])
    answering = Answering(silent="bcdefgh")
    with pytest.raises(ModelError, match="has never replied") as error:
        ask(jobs("bc"), asking(answering), made)
    assert "2 samples" in str(error.value)
    with pytest.raises(ModelError, match="has never replied"):  # and of many not all are asked about
        ask(jobs("bcdefgh"), replace(asking(answering), give_up_after=4), made)
    assert answering.batches == [["b", "c"], ["b", "c"], ["d", "e"]]
    found = ask(jobs("abcdefgh"), asking(answering), made)
    assert found.failures(["key a", "key h"]) == [None, ("no_reply", None)]
    # A run that goes on with what it always fails at ends well, and all of that is asked about once more.
    ask(jobs("abcdefgh"), replace(asking(answering), give_up_after=2), made)
    assert [topic for batch in answering.batches[-4:] for topic in batch] == list("bcdefgh")


def test_a_model_that_answered_before_is_not_given_up(journal: Journal) -> None:
    """What is left may be what it always fails at; the rest is to be had all the same."""
    answering = Answering(prose="bcde")
    ask(jobs("abcde"), replace(asking(answering), give_up_after=2), journal)
    assert answering.batches == [["b", "c"], ["d", "e"]]


def test_a_full_disk_keeps_what_was_answered(journal: Journal) -> None:
    """One error; with more space the next run begins there, and the batch in hand alone is asked for again."""
    size = journal.path.stat().st_size
    answering = Answering()
    long = "".join(chr(0x4E00 + number) for number in range(3000))  # hard to pack
    wanted = jobs("abcde").with_columns(
        topic=pl.when(pl.col("topic") == "d").then(pl.lit(long)).otherwise("topic")
    )
    with files_of_at_most(size + 3000), pytest.raises(JournalError, match="The disk is full"):
        ask(wanted, asking(answering), journal)
    assert answering.batches == [["b", "c"], [long, "e"]]
    again = Answering()
    found = ask(wanted, asking(again), journal)
    assert again.batches == [[long, "e"]]
    assert found.take(wanted["key"].to_list()).num_rows == 5


def test_a_plan_costs_one_batch(journal: Journal) -> None:
    """It tells what is known, with this batch; what is left; what cannot be; and the time of what is left."""
    answering, model = Answering(seconds=0.1), Model()
    found = plan(jobs("abcdefgxy", unasked="y", broken="x"), asking(answering, model), journal)
    assert (found.done, found.to_do, found.broken) == (3, 4, 1)
    assert found.seconds is not None
    assert found.seconds >= 0.2, "four at the rate of two in 0.1 s"
    assert (answering.batches, model.loaded) == ([["b", "e"]], 1), "some from all over the work"
    assert not found.is_remote
    ask(jobs("abcdefg"), asking(answering, model), journal)
    assert answering.batches == [["b", "e"], ["c", "d"], ["f", "g"]], "the batch of the plan counts"


def test_a_plan_goes_by_pictures(journal: Journal) -> None:
    """A video takes as much as its frames together."""
    answering = Answering(seconds=0.1)
    wanted = jobs("bc").vstack(jobs("d").with_columns(key=pl.lit("video"), topic=pl.lit("d" * 40)))
    found = plan(wanted, replace(asking(answering), batch_size=1), journal)
    assert answering.batches == [["b"]]
    assert found.seconds is not None
    assert found.seconds >= 0.1 * (1 + 40)


def test_a_plan_of_nothing_loads_nothing(journal: Journal) -> None:
    """Neither weights nor a server are needed to say that all is done."""
    model = Model(provenance={"backend": "server"})
    found = plan(jobs("a"), asking(Answering(fails_at="a"), model), journal)
    assert (found.done, found.to_do, found.seconds, found.is_remote) == (1, 0, None, True)
    assert model.loaded == 0


def test_refused_questions_are_told(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    """How many and the last reason, in a dry run and at the end of a run, one that asks nothing too."""
    how = asking(Answering(refused="bd"))
    first = plan(jobs("abcde"), how, journal)
    assert (first.refused, first.last_refusal) == (4, "400: no d2")
    assert "400: no d2" in describe(first, "topics")
    for _ in range(2):
        caplog.clear()
        ask(jobs("abcde"), how, journal)
        assert "topics: the model's server refused 4 questions; the last reason: 400: no d2" in caplog.text
    caplog.clear()
    ask(jobs("ace"), how, journal)
    assert "refused" not in caplog.text
