"""What a full disk looks like, whoever finds it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sparkle_curation.errors import DiskError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FULL_ERROR = re.compile(rf"os error ({'|'.join(map(str, sorted(_FULL)))})\b")
"""How polars tells the system's error, which it does not keep as a number."""


def is_full(error: BaseException) -> bool:
    """Whether an error is that there is no space left: on the disk, in a quota, or in a file of limited size.

    >>> is_full(OSError(28, "No space left on device")), is_full(OSError(2, "No such file"))
    (True, False)
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    return bool(_FULL_ERROR.search(str(error)))


@contextmanager
def telling_full_disk(target: Path) -> Iterator[None]:
    """Tell of a full disk in words.

    Args:
        target: what is being written.

    Raises:
        DiskError: the disk is full.
    """
    try:
        yield
    except Exception as error:
        if not is_full(error):
            raise
        raise DiskError(
            "The disk is full",
            where=target,
            got=getattr(error, "strerror", None) or error,
            todo="free some space and run again: what was there before is untouched, what was done until here stays done",
        ) from error
