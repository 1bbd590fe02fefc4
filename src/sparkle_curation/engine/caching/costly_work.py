"""Measuring that takes long: each content once, by any number of processes, and noted in a journal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NoReturn, Protocol, TypeVar

import polars as pl
import pyarrow as pa
import xxhash

from sparkle_curation.engine.batch_functions import BatchFunction
from sparkle_curation.engine.dry_run import Plan
from sparkle_curation.engine.executors.prefetch import PrefetchExecutor
from sparkle_curation.engine.executors.processes import Executor
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.journal.key_index import KeyIndex
from sparkle_curation.engine.journal.resumable import run_resumable
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.journal.shard_journal import ShardJournal
from sparkle_curation.engine.progress import item_progress
from sparkle_curation.engine.shards import Shard, end_shard
from sparkle_curation.errors import ConservationError, ReleaseError
from sparkle_curation.spec.codes.media_faults import MediaFault

logger = logging.getLogger(__name__)


_SLICE_ROWS = 4_096
_MOST_UNREADABLE = 64
"""So many in a row of which no file can be read: not their fault but that of the disk, the server or the root."""
_NOT_READ = frozenset({MediaFault.MISSING.value, MediaFault.UNREADABLE.value})


class Job(Protocol):
    """One thing to measure; its key is a digest of everything that the result depends on."""

    @property
    def key(self) -> str:
        """The digest."""
        ...


WorkT = TypeVar("WorkT", bound=Job)


@dataclass(frozen=True)
class MeasureConfig:
    """How things are measured.

    Attributes:
        title: what the progress bar and the log call it.
        executor: what runs it.
        batch_size: how many are measured between two writes to the journal.
        give_up_after: so many, of which not one could be measured, end the run; None for none.
        part: of several kinds of runs that share the journal, which one this is; see ``Journal.note_wanted``.
        goes_on: whether a run that does a shard goes on where the journal has all that is wanted: its next step is one too.
    """

    title: str
    executor: Executor
    batch_size: int
    give_up_after: int | None = None
    part: str = ""
    goes_on: bool = False


class AllFailedError(Exception):
    """Not one of many could be measured: something is wrong with the measuring itself.

    Args:
        count: how many.
        detail: what was seen of one of them.
    """

    def __init__(self, count: int, detail: str | None) -> None:
        self.count, self.detail = count, detail
        super().__init__(f"{count}: {detail}")


class _Rows(Collection[WorkT]):
    """The jobs of a frame, made as they are gone through."""

    def __init__(self, frame: pl.DataFrame, make: Callable[..., WorkT]) -> None:
        self._frame, self._make = frame, make

    def __len__(self) -> int:
        return self._frame.height

    def __iter__(self) -> Iterator[WorkT]:
        for part in self._frame.iter_slices(_SLICE_ROWS):
            for row in part.iter_rows():
                yield self._make(*row)

    def __contains__(self, job: object) -> bool:
        return any(job == own for own in self)


def digests(frame: pl.DataFrame, prefix: str, columns: Sequence[str]) -> pl.Series:
    """A digest of the prefix and some columns of each row, as 32 hexadecimal digits; the columns may be nested."""
    found: list[str] = []
    for part in frame.select(columns).iter_slices(_SLICE_ROWS):
        texts = part.select(pl.struct(columns).struct.json_encode()).to_series()
        found += [xxhash.xxh3_128_hexdigest(f"{prefix}\0{text}".encode()) for text in texts]
    return pl.Series(KEY, found, pl.String)


def measure(
    wanted: pl.DataFrame,
    make_job: Callable[..., WorkT],
    function: BatchFunction[WorkT, pa.Table],
    measuring: MeasureConfig,
    journal: Journal,
) -> pl.DataFrame:
    """The rows of the journal for what is wanted, by ``key``; what it lacks is measured first.

    A run that does a shard measures its share, in a journal of its own, and ends.

    Args:
        wanted: the columns of a job in their order, ``id`` among them; rows with one key are measured once.
        make_job: a job of such a row.
        function: the results of a batch of jobs; see ``run_resumable``.
        measuring: how.
        journal: what was measured before; it keeps that, whether it is wanted now or not.

    Raises:
        ReleaseError: of nothing at all a file could be read.
        ConservationError: something wanted has no result.
    """
    if journal.place.shard is not None:
        if measuring.goes_on and (found := _all_noted(wanted[KEY], journal)) is not None:
            return found
        work_on_shard(journal.place.shard, wanted, make_job, function, measuring, journal)
    with journal:
        journal.note_wanted(wanted[KEY].to_arrow(), measuring.part, ids=wanted["id"].to_arrow())
        count = measure_missing(wanted, make_job, function, measuring, journal)
        keys = KeyIndex([wanted[KEY].to_arrow()])
        parts = [rows.filter(pa.array(keys.holds(rows[KEY]))) for rows in journal.rows()]
    found = pl.DataFrame(pl.from_arrow(pa.concat_tables([pa.Table.from_batches([], journal.schema), *parts])))
    if found.height != wanted[KEY].n_unique():
        raise ConservationError(
            "Measurements were lost",
            where=measuring.title,
            got=f"{found.height:,}",
            allowed=f"{wanted[KEY].n_unique():,}, one for each content",
            todo="report it: this is a defect of this project",
        )
    logger.info("%s: %s measured, %s known from before", measuring.title, count, found.height - count)
    return found


def _all_noted(keys: pl.Series, journal: Journal) -> pl.DataFrame | None:
    """The rows of the journal, which another run may write to; None where it lacks one."""
    if not journal.path.is_file():
        return None
    rows = JournalRows(journal)
    if not rows.holds(keys.to_arrow()).all():
        return None
    return pl.DataFrame(pl.from_arrow(rows.take(keys.unique(maintain_order=True).to_arrow())))


def work_on_shard(
    shard: Shard,
    wanted: pl.DataFrame,
    make_job: Callable[..., WorkT],
    function: BatchFunction[WorkT, pa.Table],
    measuring: MeasureConfig,
    journal: Journal,
) -> NoReturn:
    """Measure the share of what is wanted that is a shard's, note it in its own journal, and end the process well.

    The other arguments, and what is raised, are those of ``measure_missing``.
    """
    own = wanted.filter(pl.Series(shard.holds(wanted[KEY].to_arrow()), dtype=pl.Boolean))
    measuring = replace(measuring, title=f"{measuring.title}, shard {shard}")
    with ShardJournal(journal, shard) as part:
        part.note_asked(own[KEY].to_arrow(), own["id"].to_arrow(), measuring.part)
        count = measure_missing(own, make_job, function, measuring, part)
    end_shard(shard, measuring.title.partition(",")[0], count, own[KEY].n_unique() - count)


def measure_missing(
    wanted: pl.DataFrame,
    make_job: Callable[..., WorkT],
    function: BatchFunction[WorkT, pa.Table],
    measuring: MeasureConfig,
    journal: Journal,
) -> int:
    """Measure what is wanted and an open journal lacks, and note it there; gives how much that was.

    The arguments are those of ``measure``.

    Raises:
        ReleaseError: of nothing at all a file could be read.
        HopelessError: of ``give_up_after`` not one could be measured.
    """
    jobs = _Rows(wanted, make_job)
    executor = measuring.executor
    rates = executor.describe_rates if isinstance(executor, PrefetchExecutor) else None
    with item_progress(measuring.title, len(jobs), rates) as progress:
        batches = run_resumable(
            jobs,
            attrgetter(KEY),
            function,
            executor,
            journal,
            batch_size=measuring.batch_size,
            progress=progress,
        )
        done = failed = unread = 0
        for batch in batches:
            done += batch.num_rows
            failed += batch.num_rows - batch["error"].null_count
            unread += sum(error in _NOT_READ for error in batch["error"].to_pylist())
            detail = batch["error_detail"][0].as_py()
            if done == unread >= _MOST_UNREADABLE:
                raise _nothing_readable(measuring.title, done, detail)
            if measuring.give_up_after and done == failed >= measuring.give_up_after:
                raise AllFailedError(done, detail)
    journal.compact()
    return done


def plan(
    wanted: pl.DataFrame,
    make_job: Callable[..., WorkT],
    function: BatchFunction[WorkT, pa.Table],
    measuring: MeasureConfig,
    journal: Journal,
    *,
    broken: int,
) -> Plan:
    """What ``measure`` would take, from one batch that is measured now and need not be again.

    The arguments are those of ``measure``; ``broken``: how many cannot be measured.
    """
    asked = wanted.unique(KEY, maintain_order=True)
    seconds = None
    with journal:
        missing = asked.filter(~pl.Series(journal.keys().holds(asked[KEY].to_arrow())))
        batch = missing.head(measuring.batch_size)
        rest = missing.height - batch.height
        if batch.height:
            start = time.perf_counter()
            measure_missing(batch, make_job, function, measuring, journal)
            seconds = (time.perf_counter() - start) * rest / batch.height
    return Plan(asked.height - rest, rest, broken, seconds, needs_gpu=False)


def _nothing_readable(title: str, count: int, detail: str) -> ReleaseError:
    return ReleaseError(
        "None of the media can be read",
        where=title,
        got=f"{count} samples whose files are not there, or not those that were inspected; the first: {detail}",
        todo="give the release_root that was inspected, or inspect this one: kedro run --pipelines ingest,inspect",
    )
