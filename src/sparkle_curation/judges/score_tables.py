"""Rescores as tables: the numbers are worked out from the answers, and only where every answer is one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from sparkle_curation.engine.journal import KEY
from sparkle_curation.errors import ConservationError
from sparkle_curation.judges.answers import parse_answer
from sparkle_curation.judges.rubric import Rubric
from sparkle_curation.judges.score_jobs import VIDEO_STAGE
from sparkle_curation.judges.scored_records import frame_record, still_record
from sparkle_curation.judges.scoring import ASPECTS, Said, Scoring
from sparkle_curation.models.questions import ReplyFault
from sparkle_curation.release.fields import arrow_schema
from sparkle_curation.release.rescore_tables import NOT_ASKED, RESCORED_TABLES
from sparkle_curation.release.stages import Stage


def make_table(
    jobs: pl.DataFrame,
    facts: pl.DataFrame,
    stage: Stage,
    rubric: Rubric,
    provenance: Mapping[str, str | None],
) -> pl.DataFrame:
    """The rescores of a stage (``RESCORED_TABLES``): one row per job, in their order.

    Args:
        jobs: of all stages, from ``list_jobs``.
        facts: rows of the journal.
        stage: which.
        rubric: range and passes that the answers were asked for with.
        provenance: the columns that are the same for all rows.

    Raises:
        ConservationError: a job has no row in the journal.
    """
    mine = jobs.filter(pl.col("stage") == stage.name)
    answered = {row[KEY]: row for row in facts.join(mine, on=KEY, how="semi").iter_rows(named=True)}
    rows = [{**_row(job, answered, stage, rubric), **provenance} for job in mine.iter_rows(named=True)]
    schema = arrow_schema(RESCORED_TABLES[f"rescored_{stage.table}"])
    return pl.DataFrame(pl.from_arrow(pa.Table.from_pylist(rows, schema=schema)))


def published_records(table: pl.DataFrame, stage: Stage) -> dict[str, list[dict[str, Any]]]:
    """Theme -> the records of its scored samples, as the release writes them."""
    columns = ["id", "prompt", *(["frame_indices"] if stage.name == VIDEO_STAGE else []), "editscore"]
    scored = table.filter(pl.col("fault").is_null())
    return {
        theme: list(part.select(columns).iter_rows(named=True))
        for (theme,), part in scored.group_by("theme", maintain_order=True)
    }


def count_faults(table: pl.DataFrame) -> list[tuple[str, int]]:
    """Why samples have no score, and how many; the most frequent first."""
    faults = table["fault"].drop_nulls().value_counts(sort=True)
    return list(faults.iter_rows())


_NOTHING_SAID: Mapping[str, Any] = {"tries": 0, "raw_texts": []}


def _row(
    job: Mapping[str, Any], answered: Mapping[str, Mapping[str, Any]], stage: Stage, rubric: Rubric
) -> dict[str, Any]:
    known = {name: job[name] for name in ("id", "theme", "prompt", "source_digest", "edited_digest")}
    if job["error"]:
        return {**known, "fault": job["error"], "fault_detail": job["error_detail"], **_NOTHING_SAID}
    if job[KEY] not in answered and not job["is_asked"]:
        return {**known, "fault": NOT_ASKED, **_NOTHING_SAID}
    if job[KEY] not in answered:
        raise ConservationError(
            "A sample that was to be scored has neither answers nor an error",
            where=f"{job['id']}, {stage.name}",
            todo="report it: this is a defect of this project",
        )
    found = answered[job[KEY]]
    row = {
        **known,
        "fault": found["error"],
        "fault_detail": found["error_detail"],
        "tries": max((answer["tries"] for answer in found["answers"]), default=0),
        "raw_texts": [answer["text"] for answer in found["answers"]],
    }
    return row if found["error"] else row | _scores(job, found["answers"], stage, rubric)


def _scores(
    job: Mapping[str, Any], answers: Sequence[Mapping[str, Any]], stage: Stage, rubric: Rubric
) -> dict[str, Any]:
    scorings = list(_scorings(answers, rubric))
    if stage.name != VIDEO_STAGE:
        record = still_record(scorings[0], rubric)
        return {"editscore": record, stage.score_column: record["overall"]}
    records = [frame_record(scoring, rubric) for scoring in scorings]
    mean = math.fsum(record["O_score"] for record in records) / len(records)
    return {"frame_indices": job["edited_frames"], "editscore": records, stage.score_column: mean}


def _scorings(answers: Sequence[Mapping[str, Any]], rubric: Rubric) -> Iterator[Scoring]:
    """The scoring of each picture, from its answers."""
    for place in range(1 + max(answer["picture"] for answer in answers)):
        mine = [answer for answer in answers if answer["picture"] == place]
        yield Scoring(
            {
                aspect: [_said(answer, rubric) for answer in mine if answer["aspect"] == aspect]
                for aspect in ASPECTS
            }
        )


def _said(answer: Mapping[str, Any], rubric: Rubric) -> Said:
    fault = answer["fault"]
    read = ReplyFault(fault) if fault else parse_answer(answer["text"], rubric.score_range)
    return Said(answer["text"], read, answer["tries"])
