"""Regroundings as tables: boxes are read from the answers, and only where every answer is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.grounding.grounding_answers import Found, GroundingFault, parse_grounding, relocate
from sparkle_curation.model_jobs.answer_streams import Row, RowMaker, records_by_theme, stream_rows, tell
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.reruns.regroundings import REGROUNDED_TABLES

_OF_ROUND1 = ("round1_labels", "round1_objects")


def stream_round1(
    jobs: pl.DataFrame, answers: JournalRows, provenance: Mapping[str, str | None]
) -> TableStream:
    """The regroundings of round 1: one row per job, in their order.

    Args:
        jobs: from ``list_round1``.
        answers: rows of the journal.
        provenance: the columns that are the same for all rows.

    Raises:
        ConservationError: a job that was asked for has no row in the journal.
    """
    return _stream("regrounded_r1", jobs, answers, _row1, provenance)


def stream_round2(
    jobs: pl.DataFrame, answers: JournalRows, round1: pl.DataFrame, provenance: Mapping[str, str | None]
) -> TableStream:
    """The regroundings of round 2: one row per job, in their order, with what round 1 found.

    Args:
        jobs: from ``list_round2``.
        answers: rows of the journal.
        round1: ``id``, ``round1_labels``, ``round1_objects``.
        provenance: the columns that are the same for all rows.

    Raises:
        ConservationError: a job that was asked for has no row in the journal.
    """
    known = jobs.join(round1.select("id", *_OF_ROUND1), on="id", how="left", maintain_order="left")
    return _stream("regrounded_r2", known, answers, _row2, provenance)


def published_records(table: pl.LazyFrame) -> dict[str, Iterator[dict[str, Any]]]:
    """Theme -> the records of its grounded samples, as the release writes them: integers are whole."""
    names = table.collect_schema().names()
    columns = [name for name in ("id", "prompt", "edit_type", *_OF_ROUND1, "frame_objects") if name in names]
    return {theme: map(_whole, records) for theme, records in records_by_theme(table, columns).items()}


def _stream(
    name: str,
    jobs: pl.DataFrame,
    answers: JournalRows,
    make: Callable[[Row, Row | None], Row],
    provenance: Mapping[str, str | None],
) -> TableStream:
    maker = RowMaker(arrow_schema(REGROUNDED_TABLES[name]), code_digest(__name__), make, provenance)
    return stream_rows(name, jobs, answers, maker)


def _row1(job: Row, said: Row | None) -> Row:
    row = _describe(job, said)
    if row["fault"]:
        return row
    found = parse_grounding(row["raw_texts"][0])
    if isinstance(found, GroundingFault):  # it was taken by code that read it otherwise
        return {**row, "fault": found.value, "fault_detail": None}
    return {**row, "round1_labels": [one.label for one in found], "round1_objects": _objects(found)}


def _row2(job: Row, said: Row | None) -> Row:
    row = {**_describe(job, said), **{name: job[name] for name in _OF_ROUND1}}
    if row["fault"] or said is None:
        return row
    read = [parse_grounding(answer["text"]) for answer in said["answers"]]
    # None where an answer is none, also where it was taken by code that read it otherwise.
    answers = [
        None if answer["fault"] or isinstance(found, GroundingFault) else found
        for answer, found in zip(said["answers"], read, strict=True)
    ]
    relocated = [relocate(job["labels"], found or []) for found in answers]
    return {
        **row,
        "frame_objects": [_objects(one.objects) for one in relocated],
        "surplus_labels": [one.surplus for one in relocated],
        "unanswered_sampled_frames": [number for number, found in enumerate(answers) if found is None],
    }


def _describe(job: Row, said: Row | None) -> dict[str, Any]:
    return {**tell(job, said), "edit_type": job["theme"]}


def _objects(found: Sequence[Found]) -> list[dict[str, Any]]:
    return [{"bbox_2d": list(one.bbox_2d), "label": one.label} for one in found]


def _whole(value: Any) -> Any:
    """The value with integers instead of floats that are whole, as the release has them."""
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
