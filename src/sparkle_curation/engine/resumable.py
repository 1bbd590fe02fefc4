"""Doing work that is not yet done, and noting each batch in the journal before the next one is waited for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import TypeVar

import pyarrow as pa

from sparkle_curation.engine.executors import Executor
from sparkle_curation.engine.journal import KEY, Journal
from sparkle_curation.engine.progress import ItemsDone

Work = TypeVar("Work")


def run_resumable(
    work: Collection[Work],
    key: Callable[[Work], str],
    function: Callable[[list[Work]], pa.Table],
    executor: Executor,
    journal: Journal,
    *,
    batch_size: int,
    progress: ItemsDone = lambda _done, _failed: None,
) -> Iterator[pa.Table]:
    """The results of the work that the journal lacks, batch by batch, each once it is in the journal.

    A run that is killed loses the batches in hand; the next one takes up where it was. Of work that is there
    twice under one key the first is done.

    Args:
        work: gone through twice; a collection that makes its items on the way need not hold them.
        key: names the work: everything that its result depends on.
        function: the results of a batch, one row per item, with the columns of the journal; see ``Executor``.
        executor: runs it.
        journal: open.
        batch_size: items of a batch; what a kill loses is this many for each process.
        progress: is told, first and after each batch, how many items are done, those that the journal had too,
            and how many failed now (column ``error``).

    Raises:
        ValueError: a batch came back with other keys than it was given.
    """
    missing = dict.fromkeys(journal.remaining(map(key, work)))
    done, failed = len(work) - len(missing), 0
    progress(done, failed)
    batches = _batches((item for item in work if _take(missing, key(item))), batch_size)
    sent: list[list[str]] = []
    for rows in executor.map_batches(function, _noting(batches, key, sent)):
        _check_keys(rows, sent.pop(0))
        journal.append(rows)
        done += rows.num_rows
        if "error" in rows.column_names:
            failed += rows.num_rows - rows["error"].null_count
        progress(done, failed)
        yield rows


def _take(missing: dict[str, None], name: str) -> bool:
    """Whether the key is among those that are missing; it is not any more."""
    if name not in missing:
        return False
    del missing[name]
    return True


def _batches(items: Iterator[Work], size: int) -> Iterator[list[Work]]:
    while batch := list(islice(items, size)):
        yield batch


def _noting(
    batches: Iterable[list[Work]], key: Callable[[Work], str], sent: list[list[str]]
) -> Iterator[list[Work]]:
    """The batches, each with its keys noted as it is taken."""
    for batch in batches:
        sent.append([key(item) for item in batch])
        yield batch


def _check_keys(rows: pa.Table, keys: list[str]) -> None:
    found = rows[KEY].to_pylist()
    if found != keys:
        raise ValueError(f"a batch of {len(keys)} items came back with {len(found)} rows, or those of others")
