"""What models behind a server have in common, whatever its protocol: description, key, and how long it is waited for."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Protocol

from sparkle_curation.errors import ModelError
from sparkle_curation.models.questions import Question, Reply, ReplyFault, Sampling

logger = logging.getLogger(__name__)

SILENCE_S = 60.0
"""Longest wait for a first reply of a server; one that has given any is waited for until a question's deadline."""

BUSY = {429, 503}
"""The server works and asks for patience."""
_TOLD_EVERY_S = 60.0


class KeptReplies(Protocol):
    """Replies that are paid for and not yet in a journal; for several threads."""

    def find(self, question: Question) -> Reply | None:
        """The reply that a run before got to this very question; None for none."""
        ...

    def keep(self, questions: Sequence[Question], replies: Sequence[Reply]) -> None:
        """Note replies that came together, each with its question, so that no death of the process loses them."""
        ...


class RemoteModel(ABC):
    """A ``VisionLanguageModel`` behind a server: each of its replies is kept as it comes, where ``keeping`` says how."""

    def __init__(self) -> None:
        self._kept: KeptReplies | None = None

    @property
    @abstractmethod
    def provenance(self) -> Mapping[str, str]:
        """Model and sampling, as text by name; where the server stands is not part of it."""

    @abstractmethod
    def load(self) -> None:
        """Reach the server, and look whether it has the model.

        Raises:
            ModelError: it cannot be reached, or does not know the key or the model.
        """

    @abstractmethod
    def _ask_all(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies, in the order of the questions; each is given to ``_keep`` as it comes."""

    @abstractmethod
    def _silence(self, detail: str | None) -> ModelError | None:
        """What is told where no question got a reply and the server is gone; None where it is there."""

    @contextmanager
    def keeping(self, kept: KeptReplies) -> Iterator[None]:
        """Meanwhile no question is asked that ``kept`` has a reply to, and each reply is kept as it comes."""
        self._kept = kept
        try:
            yield
        finally:
            self._kept = None

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies, in the order of the questions.

        Raises:
            ModelError: the key, the address or the model is wrong, or no question got a reply and the server is gone.
        """
        replies = [self._kept.find(question) if self._kept else None for question in questions]
        missing = [place for place, reply in enumerate(replies) if reply is None]
        if missing:
            self.load()
        asked = self._ask_all([questions[place] for place in missing])
        # They may be questions that it always fails at, and the rest is to be had all the same.
        is_silent = bool(asked) and all(reply.fault is ReplyFault.NO_REPLY for reply in asked)
        if is_silent and (error := self._silence(asked[0].detail)):
            raise error
        for place, reply in zip(missing, asked, strict=True):
            replies[place] = reply
        return [reply for reply in replies if reply is not None]

    def _keep(self, questions: Sequence[Question], replies: Sequence[Reply]) -> None:
        """Keep what is no failure of the moment: what had no reply is to be asked again."""
        if self._kept is None:
            return
        given = [
            pair for pair in zip(questions, replies, strict=True) if pair[1].fault is not ReplyFault.NO_REPLY
        ]
        if given:
            self._kept.keep([question for question, _ in given], [reply for _, reply in given])


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
