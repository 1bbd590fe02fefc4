"""Regroundings as tables: boxes are read from the answers, and only where every answer is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from sparkle_curation.engine.journal import KEY
from sparkle_curation.errors import ConservationError
from sparkle_curation.judges.grounding_answers import Found, parse_grounding, relocate
from sparkle_curation.release.fields import arrow_schema
from sparkle_curation.release.reground_tables import REGROUNDED_TABLES
from sparkle_curation.release.rescore_tables import NOT_ASKED

_NOTHING_SAID: Mapping[str, Any] = {"tries": 0, "raw_texts": []}
_OF_ROUND1 = ("round1_labels", "round1_objects")


def make_round1(
    jobs: pl.DataFrame, facts: pl.DataFrame, provenance: Mapping[str, str | None]
) -> pl.DataFrame:
    """The regroundings of round 1: one row per job, in their order.

    Args:
        jobs: from ``list_round1``.
        facts: rows of the journal.
        provenance: the columns that are the same for all rows.

    Raises:
        ConservationError: a job has no row in the journal.
    """
    rows = []
    for job, row, texts in _rows(jobs, facts):
        found = [_found(text) for text in texts]
        objects = (
            {"round1_labels": [one.label for one in found[0]], "round1_objects": _objects(found[0])}
            if found
            else {}
        )
        rows.append({**row, **objects, "prompt": job["prompt"], **provenance})
    return _as_table(rows, "regrounded_r1")


def make_round2(
    jobs: pl.DataFrame, facts: pl.DataFrame, round1: pl.DataFrame, provenance: Mapping[str, str | None]
) -> pl.DataFrame:
    """The regroundings of round 2: one row per job, in their order, with what round 1 found.

    Args:
        jobs: from ``list_round2``.
        facts: rows of the journal.
        round1: ``id``, ``round1_labels``, ``round1_objects``.
        provenance: the columns that are the same for all rows.

    Raises:
        ConservationError: a job has no row in the journal.
    """
    known = {row["id"]: row for row in round1.select("id", *_OF_ROUND1).iter_rows(named=True)}
    rows = []
    for job, row, texts in _rows(jobs, facts):
        first = {name: known.get(job["id"], {}).get(name) for name in _OF_ROUND1}
        relocated = [relocate(job["labels"], _found(text)) for text in texts]
        frames = {
            "frame_objects": [_objects(one.objects) for one in relocated],
            "surplus_labels": [one.surplus for one in relocated],
        }
        rows.append({**row, **first, **(frames if texts else {}), "prompt": job["prompt"], **provenance})
    return _as_table(rows, "regrounded_r2")


def published_records(table: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Theme -> the records of its grounded samples, as the release writes them: whole numbers are whole."""
    columns = [
        name for name in ("id", "prompt", "edit_type", *_OF_ROUND1, "frame_objects") if name in table.columns
    ]
    grounded = table.filter(pl.col("fault").is_null())
    return {
        theme: [_whole(record) for record in part.select(columns).iter_rows(named=True)]
        for (theme,), part in grounded.group_by("theme", maintain_order=True)
    }


def _rows(jobs: pl.DataFrame, facts: pl.DataFrame) -> list[tuple[dict[str, Any], dict[str, Any], list[str]]]:
    """Each job, what is known of it whatever was found, and its answers where all are answers."""
    answered = {row[KEY]: row for row in facts.iter_rows(named=True)}
    found: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = []
    for job in jobs.iter_rows(named=True):
        row = {name: job[name] for name in ("id", "theme", "source_digest", "edited_digest")} | {
            "edit_type": job["theme"]
        }
        said = answered.get(job[KEY])
        if job["error"] or (said is None and not job["is_asked"]):
            fault = {"fault": job["error"] or NOT_ASKED, "fault_detail": job["error_detail"]}
            found.append((job, {**row, **fault, **_NOTHING_SAID}, []))
            continue
        if said is None:
            raise ConservationError(
                "A sample that was to be grounded has neither answers nor an error",
                where=job["id"],
                todo="report it: this is a defect of this project",
            )
        texts = [answer["text"] for answer in said["answers"]]
        told = {
            "fault": said["error"],
            "fault_detail": said["error_detail"],
            "tries": max((answer["tries"] for answer in said["answers"]), default=0),
            "raw_texts": texts,
        }
        found.append((job, {**row, **told}, [] if said["error"] else texts))
    return found


def _found(text: str) -> list[Found]:
    read = parse_grounding(text)
    if not isinstance(read, list):
        raise ConservationError(
            "An answer that was taken cannot be read any more",
            got=read.value,
            todo="report it: this is a defect",
        )
    return read


def _objects(found: Sequence[Found]) -> list[dict[str, Any]]:
    return [{"bbox_2d": list(one.bbox_2d), "label": one.label} for one in found]


def _as_table(rows: list[dict[str, Any]], name: str) -> pl.DataFrame:
    table = pa.Table.from_pylist(rows, schema=arrow_schema(REGROUNDED_TABLES[name]))
    return pl.DataFrame(pl.from_arrow(table))


def _whole(value: Any) -> Any:
    """The value with whole numbers instead of floats that are whole, as the release has them."""
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
