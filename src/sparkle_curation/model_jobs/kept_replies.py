"""Replies of a server that belong to no whole sample yet: kept one by one beside the journal, and not asked for again.

A reply is known by the job that it was asked for, whose key says who was asked and what is shown, and by all that was said
in the question: its texts, its seed, its form. Another question never takes it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from typing import Any

import xxhash

from sparkle_curation.engine.journal.faults import telling_faults
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.pieces import Piece, Pieces
from sparkle_curation.models.questions import (
    Question,
    Reply,
    ReplyFault,
    Usage,
    VisionLanguageModel,
    describe_question,
)
from sparkle_curation.models.servers.remote import RemoteModel

logger = logging.getLogger(__name__)


class KeptReplies:
    """The replies beside an open journal.

    Args:
        journal: that will have their samples.
        pieces: where they are kept.
    """

    def __init__(self, journal: Journal, pieces: Pieces) -> None:
        self._journal, self._pieces = journal, pieces

    def find(self, question: Question) -> Reply | None:
        """The reply that a run before got to this very question; None for none."""
        if not len(self._pieces):
            return None
        found = self._pieces.find(question.job, _name_of(question))
        return _read(found) if found is not None else None

    def keep(self, questions: Sequence[Question], replies: Sequence[Reply]) -> None:
        """Note replies that came together, each with its question; those that are asked for no job are not kept.

        Raises:
            JournalError: the disk is full.
        """
        pieces = [
            Piece(question.job, _name_of(question), _shown(reply))
            for question, reply in zip(questions, replies, strict=True)
            if question.job
        ]
        if pieces:
            with telling_faults(self._journal.path):
                self._pieces.add(pieces)


@contextmanager
def keeping_replies(model: VisionLanguageModel, journal: Journal, title: str) -> Iterator[None]:
    """Meanwhile each reply of a server is kept as it comes, beside the open journal; one of a run before is not paid twice.

    A model in this process has no such replies: it answers a batch at once, and costs time alone.
    """
    if not isinstance(model, RemoteModel):
        yield
        return
    with journal.keeping_pieces() as pieces:
        if count := len(pieces):
            logger.info("%s: %s single answers are known from a run that did not end", title, f"{count:,}")
        with model.keeping(KeptReplies(journal, pieces)):
            yield


def _name_of(question: Question) -> str:
    said = {**describe_question(question), "place": question.place}
    return xxhash.xxh3_128_hexdigest(json.dumps(said, sort_keys=True).encode())


def _shown(reply: Reply) -> dict[str, Any]:
    """What differs from a reply that is text alone."""
    told = {
        "is_cut": reply.is_cut or None,
        "fault": reply.fault,
        "detail": reply.detail,
        "usage": reply.usage and asdict(reply.usage),
        "of_request": reply.of_request if reply.of_request != 1 else None,
    }
    return {"text": reply.text, **{name: value for name, value in told.items() if value is not None}}


_USAGE = {each.name for each in fields(Usage)}


def _read(told: Mapping[str, Any]) -> Reply:
    usage = told.get("usage")
    if usage is not None:
        known = {name: value for name, value in usage.items() if name in _USAGE}
        usage = Usage(**{**known, "unsent": tuple(known.get("unsent", ()))})
    fault = told.get("fault")
    return Reply(
        told["text"],
        is_cut=told.get("is_cut", False),
        fault=ReplyFault(fault) if fault else None,
        detail=told.get("detail"),
        usage=usage,
        of_request=told.get("of_request", 1),
    )
