"""Asking one question about each of some things, again with another seed where the answer is none; and reading one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from sparkle_curation.media.assets import Failure
from sparkle_curation.model_jobs.answer_journal import tell_answer, unread
from sparkle_curation.models.questions import Question, VisionLanguageModel

ObjectT = TypeVar("ObjectT", bound=msgspec.Struct)
ThingT = TypeVar("ThingT")


def ask_until_read(
    model: VisionLanguageModel,
    jobs: Sequence[str],
    things: Sequence[ThingT | Failure],
    question: Callable[[int, ThingT, int], Question],
    fault_of: Callable[[int, str], str | None],
    max_tries: int,
) -> list[dict[str, Any]]:
    """The last answer about each thing, in their order, as ``answers``, ``error`` and ``error_detail`` of a journal.

    Args:
        model: asked; loaded with the first question.
        jobs: the key of the work that each thing is asked about for.
        things: what is asked about, or why it cannot be.
        question: of a thing's place, the thing and the number of the try, counted from 1.
        fault_of: of a thing's place and a reply, why it is no answer; None where it is one.
        max_tries: how often; what the model cannot do at all, it cannot with another seed.

    Raises:
        ModelError: the model cannot answer at all.
    """
    rows: list[dict[str, Any]] = [unread(thing) if isinstance(thing, Failure) else {} for thing in things]
    waiting = [place for place, thing in enumerate(things) if not isinstance(thing, Failure)]
    for tries in range(1, max_tries + 1):
        questions = [question(place, things[place], tries).about(jobs[place]) for place in waiting]  # type: ignore[arg-type]
        replies = model.ask(questions) if questions else []
        still = []
        for place, reply in zip(waiting, replies, strict=True):
            fault = reply.fault.value if reply.fault else fault_of(place, reply.text)
            answer = {"text": reply.text or reply.detail or "", "fault": fault, "tries": tries}
            rows[place] = {
                "answers": [answer],
                "error": fault,
                "error_detail": tell_answer("the answer", answer) if fault else None,
            }
            if fault and reply.fault is None:
                still.append(place)
        waiting = still
    return rows


def read_object(text: str, kind: type[ObjectT]) -> ObjectT | None:
    """The one object that a reply is, blanks around it and a fence of Markdown apart; None where it is none of that kind."""
    body = text.strip()
    if body.startswith("```") and body.endswith("```"):
        body = body.removeprefix("```").removesuffix("```").removeprefix("json").strip()
    try:
        return msgspec.json.decode(body.encode(), type=kind)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
