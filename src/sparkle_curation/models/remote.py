"""What models behind a server have in common, whatever its protocol: description, key, and how long it is waited for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict

from sparkle_curation.errors import ModelError
from sparkle_curation.models.questions import Sampling

logger = logging.getLogger(__name__)

SILENCE_S = 60.0
"""Longest wait for a first reply of a server; one that has given any is waited for until a question's deadline."""

BUSY = {429, 503}
"""The server works and asks for patience."""
_TOLD_EVERY_S = 60.0


def describe_remote(backend: str, model: str, revision: str | None, sampling: Sampling) -> Mapping[str, str]:
    """Model and sampling, as text by name; where the server stands is not part of it, and who answers is in each reply."""
    facts = {"backend": backend, "model": model, "revision": revision or "not told", **asdict(sampling)}
    return {name: str(value) for name, value in facts.items()}


def check_key(key: str | None, whose: str, where: str | None, todo: str) -> None:
    """Nothing, when the key can be sent, or there is none.

    Raises:
        ModelError: it cannot.
    """
    if key and not (key.isascii() and key.isprintable()):
        raise ModelError(
            f"The key of {whose} cannot be sent",
            where=where,
            allowed="printable ASCII characters, without a line break",
            todo=todo,
        )


class Patience:
    """How long a server that gives no reply is waited for, over all questions of a run, which come from several threads.

    Args:
        whose: what the log calls the server.
        silence_s: as ``SILENCE_S``.
    """

    def __init__(self, whose: str, silence_s: float = SILENCE_S) -> None:
        self._whose, self._silence_s = whose, silence_s
        self._is_heard = False
        self._failing_since: float | None = None
        self._told_at = -_TOLD_EVERY_S
        self._lock = threading.Lock()

    def note_reply(self) -> None:
        """The server has given a reply, or refused a question."""
        with self._lock:
            self._is_heard, self._failing_since = True, None

    def is_over(self, error: Exception) -> bool:
        """Whether a server that has not given one reply has failed for so long that nobody need wait; says now and then why.

        Each further question is then tried once, until the server gives a reply.
        """
        now = time.monotonic()
        with self._lock:
            if self._failing_since is None:
                self._failing_since = now
            is_to_tell = now - self._told_at >= _TOLD_EVERY_S
            if is_to_tell:
                self._told_at = now
            is_silent = not self._is_heard and now - self._failing_since >= self._silence_s
        if is_to_tell:
            logger.warning("%s gives no reply and is asked again: %s", self._whose, error)
        return is_silent and getattr(error, "status", None) not in BUSY


def gone(whose: str, where: str, detail: object) -> ModelError:
    """What is told where no question has a reply, and the server does not even tell which models it has."""
    return ModelError(
        f"{whose} gives no replies",
        where=where,
        got=detail,
        todo="look at the server's log; what was answered before is kept, so run the same command again",
    )
