"""Rescores as tables: the numbers are worked out from the answers, and only where every answer is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.model_jobs.answer_streams import Row, RowMaker, records_by_theme, stream_rows, tell
from sparkle_curation.scoring.batches import PER_REQUEST
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.kept_answers import read_scorings, records_of, values_of
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.stages import Stage
from sparkle_curation.spec.tables.reruns.rescores import ADAPTIVE, RESCORED_TABLES


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
        row = tell(job, said) | {each.name: job.get(each.name) for each in ADAPTIVE}
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
    records = records_of(list(read_scorings(answers, score_scale)), stage, score_scale)
    found = values_of(records, stage)
    values = {each.score_column: found[each.name] for each in stage.criteria}
    if not stage.is_of_frames:
        return {"editscore": records[0], **values}
    return {"frame_indices": job["edited_frames"], "editscore": records, **values}
