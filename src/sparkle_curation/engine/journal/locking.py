"""One writer of a journal at a time."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sparkle_curation.engine.io.locks import HELD
from sparkle_curation.engine.journal.faults import JournalError

logger = logging.getLogger(__name__)


class JournalHeldError(JournalError):
    """Another run is writing to the journal."""


@contextmanager
def locked_journal(path: Path) -> Iterator[None]:
    """Alone with a journal, whatever its schema.

    Raises:
        JournalError: another process has it open.
    """
    lock = lock_journal(path)
    try:
        yield
    finally:
        lock.close()


def lock_journal(path: Path) -> BinaryIO:
    """The lock of a journal, held until it is closed; where the file system has none that is told, and not held.

    Raises:
        JournalHeldError: another process has it.
    """
    # A file of its own: the journal itself is replaced while it is open.
    lock = path.with_name(f".{path.name}.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in HELD:
            logger.warning("%s: cannot be locked (%s): let no other run write to it", path, error.strerror)
            return lock
        lock.close()
        raise JournalHeldError(
            "Another run is writing to this journal",
            where=path,
            todo="wait until it has ended, or give this run another data_root",
        ) from error
    return lock
