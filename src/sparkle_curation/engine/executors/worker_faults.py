"""What is told of a process that ended with work in hand, whoever had started it."""

from __future__ import annotations

from collections.abc import Sequence

from sparkle_curation.errors import SparkleError


class WorkerDiedError(SparkleError):
    """A process ended before the batch that it had in hand was done."""


def died(batch: Sequence[object], how: str) -> WorkerDiedError:
    """The error, with the batch named.

    Args:
        batch: that was in hand.
        how: the process ended.
    """
    return WorkerDiedError(
        "A worker process died while it had a batch in hand",
        where=f"a batch of {len(batch)} that begins with {str(batch[0])[:200]}",
        got=how,
        todo="run again, what is done stays done; if it was for want of memory (SIGKILL), with fewer processes or "
        "smaller batches",
    )
