"""What can happen to the file of a journal, in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sparkle_curation.engine.io.disk import is_full
from sparkle_curation.engine.journal.records import (
    FIRST_LINE,
    FORMAT_VERSION,
    NewerRecordsError,
    NotRecordsError,
)
from sparkle_curation.errors import SparkleError


class JournalError(SparkleError):
    """A journal cannot be opened, or not be written to."""


@contextmanager
def telling_faults(path: Path) -> Iterator[None]:
    """Tells what can happen to the file of a journal."""
    try:
        yield
    except NotRecordsError as error:
        raise JournalError(
            "A file that should be a journal is none",
            where=path,
            allowed=f"a file that begins with {FIRST_LINE.decode().strip()!r}",
            todo="move it away; its work is then done again",
        ) from error
    except NewerRecordsError as error:
        raise JournalError(
            "A journal was written by a newer version of this project",
            where=path,
            got=f"version {error.version} of the format",
            allowed=f"version {FORMAT_VERSION}",
            todo="use that version of the project; or give this run another data_root, where its work is done again",
        ) from error
    except OSError as error:
        if not is_full(error):
            raise
        raise JournalError(
            "The disk is full",
            where=path,
            got=error.strerror,
            todo="free some space and run again: what was done until here stays done",
        ) from error
