"""Rescores as tables: the numbers are worked out from the answers, and only where every answer is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.model_jobs.answer_streams import Row, RowMaker, records_by_theme, stream_rows, tell
from sparkle_curation.model_jobs.answers import parse_answer
from sparkle_curation.models.questions import ReplyFault
from sparkle_curation.scoring.batches import PER_REQUEST
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import ASPECTS, Attempt, Scoring
from sparkle_curation.scoring.scored_records import frame_record, still_record
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.stages import Stage
from sparkle_curation.spec.tables.rescores import RESCORED_TABLES


def stream_table(
    jobs: pl.DataFrame,
    answers: JournalRows,
    stage: Stage,
    score_scale: ScoreScale,
    provenance: Mapping[str, str | None],
) -> TableStream:
    """The rescores of a stage (``RESCORED_TABLES``): one row per job, in their order.

    Args:
        jobs: of all stages, from ``list_jobs``.
        answers: rows of the journal.
        stage: which.
        score_scale: range and passes that the answers were asked for with.
        provenance: the columns that are the same for all rows.

    Raises:
        ConservationError: a job that was asked for has no row in the journal.
    """

    def make(job: Row, said: Row | None) -> Row:
        row = tell(job, said)
        row[PER_REQUEST] = said[PER_REQUEST] or 1 if row["raw_texts"] and said is not None else None
        if row["fault"] or said is None:
            return row
        return row | _scores(job, said["answers"], stage, score_scale)

    name = f"rescored_{stage.table}"
    maker = RowMaker(arrow_schema(RESCORED_TABLES[name]), code_digest(__name__), make, provenance)
    return stream_rows(name, jobs.filter(pl.col("stage") == stage.name), answers, maker)


def published_records(table: pl.LazyFrame, stage: Stage) -> dict[str, Iterator[dict[str, Any]]]:
    """Theme -> the records of its scored samples, as the release writes them, read as they are gone through."""
    columns = ["id", "prompt", *(["frame_indices"] if stage.is_of_frames else []), "editscore"]
    return records_by_theme(table, columns)


def _scores(job: Row, answers: Sequence[Row], stage: Stage, score_scale: ScoreScale) -> dict[str, Any]:
    scorings = list(_scorings(answers, score_scale))
    if not stage.is_of_frames:
        record = still_record(scorings[0], score_scale)
        return {"editscore": record, **{each.score_column: record[each.field] for each in stage.criteria}}
    records = [frame_record(scoring, score_scale) for scoring in scorings]
    values = {
        each.score_column: each.reduce([record[each.field] for record in records]) for each in stage.criteria
    }
    return {"frame_indices": job["edited_frames"], "editscore": records, **values}


def _scorings(answers: Sequence[Row], score_scale: ScoreScale) -> Iterator[Scoring]:
    """The scoring of each picture, from its answers."""
    for place in range(1 + max(answer["picture"] for answer in answers)):
        mine = [answer for answer in answers if answer["picture"] == place]
        yield Scoring(
            {
                aspect: [_attempt(answer, score_scale) for answer in mine if answer["aspect"] == aspect]
                for aspect in ASPECTS
            }
        )


def _attempt(answer: Row, score_scale: ScoreScale) -> Attempt:
    fault = answer["fault"]
    read = ReplyFault(fault) if fault else parse_answer(answer["text"], score_scale.score_range)
    return Attempt(answer["text"], read, answer["tries"])
