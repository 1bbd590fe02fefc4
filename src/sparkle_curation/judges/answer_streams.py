"""Tables of what was answered, made from the journal piece by piece: the answers to a release are gigabytes of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa
import xxhash

from sparkle_curation.engine.journal import KEY
from sparkle_curation.engine.journal_rows import JournalRows
from sparkle_curation.errors import ConservationError
from sparkle_curation.media.measuring import digests
from sparkle_curation.reading.ingestion import TableStream
from sparkle_curation.release.rescore_tables import NOT_ASKED

Row = Mapping[str, Any]

_SLICE_ROWS = 512
"""Some 10 MB of text: a scored video has 32 answers."""


@dataclass(frozen=True)
class RowMaker:
    """How a row is made.

    Attributes:
        schema: of the table.
        code: a digest of the code that makes a row of a job and its answers.
        make: the row of a job and of what the journal has of it, if anything.
        constants: columns that are the same for all rows.
    """

    schema: pa.Schema
    code: str
    make: Callable[[Row, Row | None], Row]
    constants: Row


def stream_rows(title: str, jobs: pl.DataFrame, answers: JournalRows, maker: RowMaker) -> TableStream:
    """A table of one row per job, in their order; one that was made of the same before is not made again.

    Args:
        title: what the log calls it.
        jobs: with ``key``, ``id``, ``error`` and ``is_asked``.
        answers: of the journal.
        maker: makes the rows.

    Raises:
        ConservationError: a job that was asked for has no row in the journal.
    """
    expected = jobs.filter(pl.col("error").is_null() & pl.col("is_asked"))
    lost = [name for name, key in expected.select("id", KEY).iter_rows() if key not in answers]
    if lost:
        raise ConservationError(
            "Samples that were asked for have neither answers nor an error",
            where=title,
            got=f"{len(lost):,} samples, the first of them {lost[0]}",
            todo="report it: this is a defect of this project",
        )

    before = 0

    def batches() -> Iterator[pa.Table]:
        nonlocal before
        before = answers.bytes_read
        for part in jobs.iter_slices(_SLICE_ROWS):
            said = {row[KEY]: row for row in answers.take(part[KEY].to_list()).to_pylist()}
            rows = [
                {**maker.make(job, said.get(job[KEY])), **maker.constants}
                for job in part.iter_rows(named=True)
            ]
            yield pa.Table.from_pylist(rows, schema=maker.schema)

    return TableStream(
        title=title,
        schema=maker.schema,
        fingerprint=_fingerprint(jobs, answers, maker),
        total_bytes=answers.size_bytes(jobs[KEY]),
        batches=batches,
        bytes_read=lambda: answers.bytes_read - before,
        retracted=dict,
    )


def tell(job: Row, said: Row | None) -> dict[str, Any]:
    """What a row tells whatever came of its job: what it is about, why there is nothing where there is not, the texts."""
    row = {name: job[name] for name in ("id", "theme", "prompt", "source_digest", "edited_digest")}
    if job["error"] or said is None:
        fault = job["error"] or NOT_ASKED
        return {**row, "fault": fault, "fault_detail": job["error_detail"], "tries": 0, "raw_texts": []}
    return {
        **row,
        "fault": said["error"],
        "fault_detail": said["error_detail"],
        "tries": max((answer["tries"] for answer in said["answers"]), default=0),
        "raw_texts": [answer["text"] for answer in said["answers"]],
    }


def count_faults(table: pl.LazyFrame) -> tuple[int, list[tuple[str, int]]]:
    """How many rows have no fault; and each fault with the number of its rows, the most frequent first."""
    faults = table.select("fault").collect()["fault"]
    counts = faults.drop_nulls().value_counts().sort("count", "fault", descending=[True, False])
    return faults.null_count(), list(counts.iter_rows())


def records_by_theme(table: pl.LazyFrame, columns: Sequence[str]) -> dict[str, Iterator[dict[str, Any]]]:
    """Theme -> some columns of its rows that have no fault, in their order, read as they are gone through."""
    whole = table.filter(pl.col("fault").is_null())
    themes = whole.select("theme").unique(maintain_order=True).collect()["theme"]
    return {theme: _records(whole.filter(pl.col("theme") == theme).select(columns)) for theme in themes}


def _records(rows: pl.LazyFrame) -> Iterator[dict[str, Any]]:
    for part in rows.collect_batches(chunk_size=_SLICE_ROWS, maintain_order=True):
        yield from part.iter_rows(named=True)


def _fingerprint(jobs: pl.DataFrame, answers: JournalRows, maker: RowMaker) -> str:
    """A digest of all that the rows are made of; an answer that stands never changes, one that failed may."""
    digest = xxhash.xxh3_128(f"{maker.code} {maker.schema} {sorted(maker.constants.items())}".encode())
    for row in digests(jobs, "", jobs.columns):
        digest.update(row.encode())
    for key in jobs[KEY]:
        digest.update(f"{key in answers} {answers.failure(key)}\0".encode())
    return digest.hexdigest()
