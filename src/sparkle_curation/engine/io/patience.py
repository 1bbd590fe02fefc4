"""Asking a server again whose fault may pass: it restarts, is busy, or has lost the connection."""

from __future__ import annotations

import errno
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sparkle_curation.engine.io.server_faults import status_of

logger = logging.getLogger(__name__)

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PASSING_NAMES = frozenset(
    {
        *("ClientConnectionError", "ClientPayloadError", "FSTimeoutError", "IncompleteRead"),
        *("ResponseStreamingError", "HTTPClientError", "TransportError", "TimeoutException", "ProxyError"),
    }
)
"""Of aiohttp, fsspec, botocore and httpx, where a connection breaks or is not made; the last is what gcsfs makes of 502."""
_PAUSES_S = (0.25, 1.0, 4.0)
"""Five seconds in all: longer ones are for a person to look at."""

_LONGEST_PAUSE_S = 2.0

ResultT = TypeVar("ResultT")


def pauses_of(retries: int) -> tuple[float, ...]:
    """The pauses before each of so many further tries.

    >>> pauses_of(5)
    (0.25, 0.5, 1.0, 2.0, 2.0)
    """
    return tuple(min(_PAUSES_S[0] * 2**place, _LONGEST_PAUSE_S) for place in range(retries))


def ask_patiently(ask: Callable[[], ResultT], pauses_s: tuple[float, ...] = _PAUSES_S) -> ResultT:
    """What a server gives at last; a fault that may pass is asked again after each pause, any other one is raised at once.

    Args:
        ask: what is asked; done again as a whole.
        pauses_s: before each further try, about.
    """
    for pause_s in pauses_s:
        try:
            return ask()
        except Exception as error:
            if not may_pass(error):
                raise
            logger.info("a server is asked again: %s: %s", type(error).__name__, error)
        time.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 -- so that not all ask again at once
    return ask()


def may_pass(error: BaseException) -> bool:
    """Whether an error is one of a server or a connection that may be well a moment later.

    It goes by what the errors of HTTP libraries have in common, so that none of them has to be there.

    >>> may_pass(ConnectionResetError()), may_pass(TimeoutError()), may_pass(FileNotFoundError("404"))
    (True, True, False)
    """
    if type(error).__module__.startswith("huggingface_hub."):  # its client has asked again already
        return False
    own_status = status_of(error)
    if own_status is not None:
        return own_status in _PASSING
    if (
        isinstance(error, OSError) and error.errno == errno.EBUSY
    ):  # what s3fs makes of a bucket that says SlowDown
        return True
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, ConnectionError | TimeoutError) or not names.isdisjoint(_PASSING_NAMES):
        return True
    # Some libraries tell it by an error of their own.
    return error.__cause__ is not None and may_pass(error.__cause__)


def wanted_pause_s(error: BaseException) -> float:
    """Seconds that a server asks to be left alone for (``Retry-After``); 0 where it says none, or a date."""
    with suppress(TypeError, ValueError, AttributeError, KeyError):
        return max(0.0, float(error.headers["Retry-After"]))  # type: ignore[attr-defined]
    return 0.0
