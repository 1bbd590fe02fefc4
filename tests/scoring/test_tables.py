"""Rescores from a journal of answers: every number from an answer, every sample with its row, every row once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from kedro.io import DatasetError

from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.errors import ConservationError
from sparkle_curation.model_jobs.answer_streams import count_faults
from sparkle_curation.scoring.batches import JOURNAL_SCHEMA, PER_REQUEST
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.tables import published_records, stream_table
from sparkle_curation.spec.stages import STAGES

STAGE_OF = {stage.name: stage for stage in STAGES}
PROVENANCE = dict.fromkeys(
    ("backend", "model", "revision", "prompt_template_origin", "prompt_template_digest", "settings"), "test"
)
SCORE_SCALE = ScoreScale(25, 2)


def said(first: int, second: int, reasoning: str = "Fine.") -> str:
    """An answer as the prompt asks for it."""
    return json.dumps({"reasoning": reasoning, "score": [first, second]})


def answers(*pictures: Sequence[tuple[str, str]], **odd: Any) -> list[dict[str, Any]]:
    """The answers of a job: of each picture and pass those to SC and PQ."""
    return [
        {"picture": place, "number": number, "aspect": aspect, "text": text, "fault": None, "tries": 1, **odd}
        for place, passes in enumerate(pictures)
        for number, texts in enumerate(passes)
        for aspect, text in zip(("SC", "PQ"), texts, strict=True)
    ]


def job(key: str, stage: str = "edited_frame0", **odd: Any) -> dict[str, Any]:
    """A job of one sample that is asked for."""
    row = {KEY: key, "id": f"id {key}", "stage": stage, "edit_prompt": "Dusk", "source_frames": []}
    row |= {
        "edited_frames": [],
        "theme": "time",
        "prompt": "Dusk",
        "source_digest": "s",
        "edited_digest": "e",
    }
    return row | {"error": None, "error_detail": None, "is_asked": True} | odd


def frame(*jobs: Mapping[str, Any]) -> pl.DataFrame:
    """Jobs as a frame."""
    schema = {"source_frames": pl.List(pl.Int32), "edited_frames": pl.List(pl.Int32)}
    texts = {"error": pl.String, "error_detail": pl.String}
    return pl.DataFrame(list(jobs), schema_overrides={**schema, **texts})


@dataclass
class Made:
    """A table, and what it is made of.

    Attributes:
        folder: of the journal and the table.
        written: whether the last save wrote.
    """

    folder: Path
    written: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        """A journal without rows."""
        self.journal = Journal(self.folder / "score.journal", JOURNAL_SCHEMA, retried_errors=["no_reply"])
        self.dataset = TableDataset(filepath=str(self.folder / "made.parquet"))
        with self.journal:
            pass

    def note(self, key: str, found: list[dict[str, Any]], error: str | None = None) -> None:
        """Put answers into the journal."""
        row = {KEY: key, "answers": found, "error": error, "error_detail": error and f"seen: {error}"}
        with self.journal:
            self.journal.append(pa.Table.from_pylist([row], schema=JOURNAL_SCHEMA))

    def table(
        self, jobs: pl.DataFrame, stage: str = "edited_frame0", **constants: str
    ) -> list[dict[str, Any]]:
        """The rows of the table that is saved."""
        path = self.folder / "made.parquet"
        before = path.stat().st_ino if path.exists() else None
        stream = stream_table(
            jobs, JournalRows(self.journal), STAGE_OF[stage], SCORE_SCALE, PROVENANCE | constants
        )
        self.dataset.save(stream)
        self.written.append(path.stat().st_ino != before)
        return self.dataset.load().collect().to_dicts()


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Nothing yet."""
    return Made(tmp_path)


def test_a_still(made: Made) -> None:
    """Passes of 20 and 24 and of 22 and 10 of 25: the lower counts, reasons are those of the last pass."""
    made.note("a", answers([(said(20, 24), said(25, 16)), (said(22, 10, "Dim."), said(15, 25))]))
    (row,) = made.table(frame(job("a")))
    assert row["editscore"] == {
        "prompt_following": 8.4,
        "consistency": 6.8,
        "perceptual_quality": 6.2,
        "overall": pytest.approx((20 * 16) ** 0.5 / 5 + (10 * 15) ** 0.5 / 5),
        "SC_reasoning": "Dim.",
        "PQ_reasoning": "Fine.",
    }
    assert row["overall"] == row["editscore"]["overall"]
    assert (row["fault"], row["tries"], row["model"], row["adapter"]) == (None, 1, "test", None)
    assert row["raw_texts"][2] == said(22, 10, "Dim.")


def test_a_video_is_the_mean_of_its_frames(made: Made) -> None:
    """Each with its own scores, reasons of the first pass, and the indices that were shown."""
    frames = [
        [(said(10 * n, 25), said(10 * n, 25)), (said(10 * n, 25), said(10 * n, 25))] for n in (0, 1, 2, 2)
    ]
    made.note("a", answers(*frames))
    (row,) = made.table(frame(job("a", "edited_video", edited_frames=[1, 5, 9, 13])), "edited_video")
    assert row["frame_indices"] == [1, 5, 9, 13]
    assert [one["O_score"] for one in row["editscore"]] == [0.0, 4.0, 8.0, 8.0]
    assert row[STAGE_OF["edited_video"].score_column] == 5.0
    assert row["editscore"][1]["SC_raw_output"] == said(10, 25)


def test_one_answer_that_is_none_is_no_score(made: Made) -> None:
    """The texts stay, whatever the others said; and no number stands anywhere."""
    broken = answers([(said(20, 20), said(20, 20)), ("20 of 25, I think", said(20, 20))], tries=3)
    made.note("a", broken, "not_json")
    (row,) = made.table(frame(job("a")))
    assert (row["fault"], row["fault_detail"], row["tries"]) == ("not_json", "seen: not_json", 3)
    assert (row["editscore"], row["overall"]) == (None, None)
    assert row["raw_texts"][2] == "20 of 25, I think"


def test_every_job_of_the_stage_has_its_row_in_order(made: Made) -> None:
    """Scored, broken or not asked for; other stages are other tables."""
    for key in ("c", "a"):  # in another order than the jobs
        made.note(key, answers([(said(20, 20), said(20, 20))] * 2))
    jobs = frame(
        job("a", is_asked=False),
        job("b", is_asked=False),
        job("x", "edited_video"),
        job("gone", error="missing", error_detail="no file", is_asked=False),
        job("c"),
    )
    rows = made.table(jobs)
    assert [(row["id"], row["fault"]) for row in rows] == [
        ("id a", None),
        ("id b", "not_asked"),
        ("id gone", "missing"),
        ("id c", None),
    ]
    table = made.dataset.load()
    assert count_faults(table) == (2, [("missing", 1), ("not_asked", 1)])
    ((theme, records),) = published_records(table, STAGE_OF["edited_frame0"]).items()
    assert theme == "time"
    assert [(record["id"], list(record)) for record in records] == [
        (name, ["id", "prompt", "editscore"]) for name in ("id a", "id c")
    ]


def test_an_answer_that_got_lost_stops_the_run(made: Made) -> None:
    """With which; the table that was there stays."""
    with pytest.raises(ConservationError, match="neither answers nor an error") as error:
        made.table(frame(job("a")))
    assert "1 samples, the first of them id a" in str(error.value)
    assert not (made.folder / "made.parquet").exists()


def test_an_old_journal_with_half_a_surrogate_pair_is_a_table(made: Made) -> None:
    """Its answer spells the half out, which no table could hold: the reason is escaped, and the score is there."""
    made.note("a", answers([(said(20, 20, "bad \ud83d"), said(20, 20))] * 2))
    made.note("b", answers([(said(10, 10), said(10, 10))] * 2))
    rows = made.table(frame(job("a"), job("b")))
    assert [(row["fault"], row["overall"]) for row in rows] == [(None, 8.0), (None, 4.0)]
    assert rows[0]["editscore"]["SC_reasoning"] == "bad �{d83d}"
    assert rows[0]["raw_texts"][0] == said(20, 20, "bad \ud83d")


@pytest.mark.parametrize(
    ("found", "detail"),
    [
        ([], "ValueError: "),
        (answers([(said(20, 20), said(20, 20))])[:1], "ValueError: zip()"),
        (answers([(said(20, 20), said(20, 20))] * 2, fault="gone_fishing"), "ValueError: 'gone_fishing'"),
        (answers([(said(20, 20), said(20, 20))] * 2, tries=None), "TypeError: "),
    ],
)
def test_a_row_of_the_journal_without_a_row_costs_its_sample_alone(
    found: list[dict[str, Any]], detail: str, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names it; the samples beside it have their scores."""
    made.note("a", answers([(said(20, 20), said(20, 20))] * 2))
    made.note("b", found)
    made.note("c", answers([(said(10, 10), said(10, 10))] * 2))
    rows = made.table(frame(job("a"), job("b"), job("c")))
    assert [(row["fault"], row["overall"]) for row in rows] == [
        (None, 8.0),
        ("not_tabulated", None),
        (None, 4.0),
    ]
    assert rows[1]["fault_detail"].startswith(detail)
    (said_of_it,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "id b (key b)" in said_of_it


def test_a_table_of_nothing_but_such_rows_is_not_written(made: Made) -> None:
    """It would take the place of one with scores: something is wrong with the making itself."""
    names = [f"{number}" for number in range(64)]
    for name in names:
        made.note(name, [])
    with pytest.raises(DatasetError, match="No table can be made") as error:
        made.table(frame(*map(job, names)))
    assert isinstance(error.value.__cause__, ConservationError)
    assert "64 samples" in str(error.value)
    assert not (made.folder / "made.parquet").exists()
    made.note("good", answers([(said(20, 20), said(20, 20))] * 2))
    assert len(made.table(frame(*map(job, [*names, "good"])))) == 65


def test_the_same_answers_are_not_tabulated_again(made: Made) -> None:
    """What decides a row decides whether it is rebuilt: the job, the judge, and an answer that came."""
    made.note("a", answers([(said(20, 20), said(20, 20))] * 2))
    made.note("b", [], "no_reply")
    jobs = frame(job("a"), job("b"))
    assert [row["fault"] for row in made.table(jobs)] == [None, "no_reply"]
    made.note("c", answers([(said(1, 1), said(1, 1))] * 2))  # of another judge: nobody asked
    made.table(jobs)
    made.table(jobs, settings="others")
    made.table(frame(job("a", prompt="Dawn"), job("b")), settings="others")
    made.note("b", answers([(said(20, 20), said(20, 20))] * 2))
    rows = made.table(frame(job("a", prompt="Dawn"), job("b")), settings="others")
    assert [row["overall"] for row in rows] == [8.0, 8.0]
    assert made.written == [True, False, True, True, True]


def test_a_journal_of_before_is_of_a_request_a_pass(made: Made) -> None:
    """It lacks the column that says how many answers share a request; what was never asked has none."""
    passes = [(said(20, 24), said(25, 16))] * 2
    before = JOURNAL_SCHEMA.remove(JOURNAL_SCHEMA.get_field_index(PER_REQUEST))
    row = {KEY: "a", "answers": answers(passes), "error": None, "error_detail": None}
    with Journal(made.journal.path, before) as journal:
        journal.append(pa.Table.from_pylist([row], schema=before))
    new = {**row, KEY: "b", PER_REQUEST: 2}
    with made.journal:
        made.journal.append(pa.Table.from_pylist([new], schema=JOURNAL_SCHEMA))
    rows = made.table(frame(job("a"), job("b"), job("c", is_asked=False)))
    assert [row[PER_REQUEST] for row in rows] == [1, 2, None]
