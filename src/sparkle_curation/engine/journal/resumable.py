"""Doing work that is not yet done, and noting each batch in the journal before the next one is waited for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import compress, islice
from typing import TypeVar

import pyarrow as pa

from sparkle_curation.engine.batch_functions import BatchFunction
from sparkle_curation.engine.executors.processes import Executor
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.engine.progress import ItemsDone

Work = TypeVar("Work")


def run_resumable(
    work: Collection[Work],
    key: Callable[[Work], str],
    function: BatchFunction[Work, pa.Table],
    executor: Executor,
    journal: Journal,
    *,
    batch_size: int,
    progress: ItemsDone = lambda _done, _failed: None,
) -> Iterator[pa.Table]:
    """The results of the work that the journal lacks, batch by batch as they are done, each once it is in the journal.

    A run that is killed loses the batches in hand; the next one takes up where it was. Of work that is there
    twice under one key the first is done.

    Args:
        work: gone through twice, alike; a collection that makes its items on the way need not hold them. Of each a
            byte is held.
        key: names the work: everything that its result depends on.
        function: the results of a batch, one row per item, with the columns of the journal; see ``BatchFunction``.
        executor: runs it.
        journal: open.
        batch_size: items of a batch; what a kill loses is this many for each process.
        progress: is told, first and after each batch, how many items are done, those that the journal had too,
            and how many failed now (column ``error``).

    Raises:
        ValueError: a batch came back with other keys than it was given.
    """
    missing = journal.remaining(map(key, work))
    done, failed = len(work) - int(missing.sum()), 0
    progress(done, failed)
    in_hand: list[list[str]] = []

    def batches() -> Iterator[list[Work]]:
        items = compress(work, missing)
        while batch := list(islice(items, batch_size)):
            in_hand.append([key(item) for item in batch])
            yield batch

    for rows in executor.map_batches(function, batches()):
        keys = rows[KEY].to_pylist()
        if keys not in in_hand:
            raise ValueError(
                f"a batch came back with {rows.num_rows} rows that are those of no batch in hand"
            )
        in_hand.remove(keys)
        journal.append(rows)
        done += rows.num_rows
        if "error" in rows.column_names:
            failed += rows.num_rows - rows["error"].null_count
        progress(done, failed)
        yield rows
