"""Tables of what was answered, made from the journal piece by piece: the answers to a release are gigabytes of text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa
import xxhash

from sparkle_curation.engine.caching.costly_work import digests
from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.errors import ConservationError, SparkleError
from sparkle_curation.spec.tables.reruns.rescores import NOT_ASKED, NOT_TABULATED

logger = logging.getLogger(__name__)

Row = Mapping[str, Any]

_SLICE_ROWS = 512
"""Some 10 MB of text: a scored video has 32 answers."""
_MOST_BROKEN = 64
"""So many rows of the journal that no table can be made of, and none that one can: the table is not written."""
_MOST_NAMED = 10
_NO_ROW = (SparkleError, ArithmeticError, LookupError, TypeError, ValueError, pa.ArrowException)
"""What a row of the journal can raise that this version did not write: other texts, members or numbers."""


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

    A row of the journal that no row can be made of costs its sample alone: the log names it, and its fault is
    ``not_tabulated``.

    Args:
        title: what the log calls it.
        jobs: with ``key``, ``id``, ``error`` and ``is_asked``.
        answers: of the journal.
        maker: makes the rows.

    Raises:
        ConservationError: a job that was asked for has no row in the journal; or, while the table is made, nothing can
            be made of any of many rows of the journal.
    """
    expected = jobs.filter(pl.col("error").is_null() & pl.col("is_asked"))
    lost = expected["id"].filter(~pl.Series(answers.holds(expected[KEY].to_arrow())))
    if len(lost):
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
        tabulator = _Tabulator(title, maker)
        for part in jobs.iter_slices(_SLICE_ROWS):
            said = {row[KEY]: row for row in answers.take(part[KEY].to_arrow()).to_pylist()}
            yield tabulator.table([(job, said.get(job[KEY])) for job in part.iter_rows(named=True)])
        tabulator.close()

    return TableStream(
        title=title,
        schema=maker.schema,
        fingerprint=_fingerprint(jobs, answers, maker),
        total_bytes=answers.size_bytes(jobs[KEY].to_arrow()),
        batches=batches,
        bytes_read=lambda: answers.bytes_read - before,
        retracted=dict,
    )


class _Tabulator:
    """Makes rows of what the journal has, and stops for none that cannot be made.

    Args:
        title: of the table.
        maker: makes the rows.
    """

    def __init__(self, title: str, maker: RowMaker) -> None:
        self._title, self._maker = title, maker
        self._made = 0
        self._broken: list[str] = []

    def table(self, pairs: Sequence[tuple[Row, Row | None]]) -> pa.Table:
        """The rows of some jobs with what the journal has of each."""
        try:
            table = self._rows(pairs)
        except _NO_ROW:
            return pa.concat_tables([self._row(job, said) for job, said in pairs])
        self._made += sum(said is not None for _, said in pairs)
        return table

    def close(self) -> None:
        """Stop where nothing could be made of anything: the table would be one of faults alone."""
        if len(self._broken) > _MOST_NAMED:
            logger.warning(
                "%s: %s samples have no row for such reasons", self._title, f"{len(self._broken):,}"
            )
        if self._made or len(self._broken) < _MOST_BROKEN:
            return
        raise ConservationError(
            "No table can be made of the journal's answers",
            where=self._title,
            got=f"{len(self._broken):,} samples and not one that it can be; the first: {self._broken[0]}",
            todo="report it: this is a defect of this project. What was said stays in the journal",
        )

    def _rows(self, pairs: Sequence[tuple[Row, Row | None]]) -> pa.Table:
        rows = [{**self._maker.make(job, said), **self._maker.constants} for job, said in pairs]
        return pa.Table.from_pylist(rows, schema=self._maker.schema)

    def _row(self, job: Row, said: Row | None) -> pa.Table:
        if said is None:
            return self._rows([(job, None)])
        try:
            row = self._rows([(job, said)])
        except _NO_ROW as error:
            told = error.what if isinstance(error, SparkleError) else str(error)
            detail = storable(f"{type(error).__name__}: {told}")
            self._broken.append(f"{job['id']} (key {job[KEY]}), {detail}")
            if len(self._broken) <= _MOST_NAMED:
                logger.warning(
                    "%s: no row can be made of what the journal has of %s", self._title, self._broken[-1]
                )
            return self._faulty(job, said, detail)
        self._made += 1
        return row

    def _faulty(self, job: Row, said: Row, detail: str) -> pa.Table:
        failed = {**said, "error": NOT_TABULATED, "error_detail": detail}
        try:
            return self._rows([(job, failed)])
        except _NO_ROW:  # the texts themselves
            return self._rows([(job, {**failed, "answers": []})])


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
    keys = jobs[KEY].to_arrow()
    for is_known, failure in zip(answers.holds(keys), answers.failures(keys), strict=True):
        digest.update(f"{bool(is_known)} {failure}\0".encode())
    return digest.hexdigest()
