"""Several answers to one question in one request (``n``), where a server gives them: passes then share their prompt.

Nobody lists what a server does with ``n``, so it is found out by the first request that asks for several. vLLM gives them,
each drawn with the next seed, as a request each would; others refuse, give one whatever was asked for, or give copies of
one, since all are drawn with the request's seed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable, Sequence

from sparkle_curation.models.questions import Question, Reply

logger = logging.getLogger(__name__)

_MOST_DOUBTS = 3
"""So many failures of requests for several, each where one for one answer goes well, are no accident."""


class SharedRequests:
    """How many answers one request asks for, and what the server has been seen to do with that; for several threads.

    Args:
        most: of one request; None for all that are wanted.
        is_drawn: whether answers are drawn, so that equal ones are copies; at temperature 0 all are equal.
    """

    def __init__(self, most: int | None, *, is_drawn: bool) -> None:
        self._most, self._is_drawn = most, is_drawn
        self._gives: bool | None = None
        self._doubts = 0
        self._lock = threading.Lock()

    @property
    def is_known(self) -> bool:
        """Whether it is known what the server does, or nothing is to be found out."""
        return self._gives is not None or self._most == 1

    def count(self, wanted: int) -> int:
        """For how many answers to ask in one request, where so many are wanted."""
        return 1 if self._gives is False else min(wanted, self._most or wanted)

    def take(self, asked: int, replies: Sequence[Reply]) -> list[Reply]:
        """The replies of a request for ``asked`` answers that count, at least one; the rest is to be asked for.

        Until the server has given several that are not all equal, equal ones are copies of one. From then on they are
        answers that happen to be the same.
        """
        taken = list(replies[:asked])
        if asked == 1 or self._gives:
            return taken
        if len(taken) == 1:
            self._note_none(f"it gives one answer where {asked} are asked for")
        elif self._is_drawn and len({reply.text for reply in taken}) == 1:
            self._note_none(f"it gives {len(taken)} copies of one answer: the seed is not counted on")
            return taken[:1]
        elif all(reply.fault is None for reply in taken):
            self._gives = True
            logger.info("the model server gives several answers to a request: the passes share their prompt")
        return taken

    def note_refused(self, detail: str | None, *, is_sure: bool) -> None:
        """A request for several failed, and the same one for one answer went well.

        Args:
            detail: what the server said.
            is_sure: whether it understood and refused, and did not merely break down.
        """
        with self._lock:
            self._doubts += _MOST_DOUBTS if is_sure else 1
        if self._doubts >= _MOST_DOUBTS and not self._gives:
            self._note_none(f"it refuses to give several: {detail}")

    def _note_none(self, why: str) -> None:
        with self._lock:
            is_news, self._gives = self._gives is None, False
        if is_news:
            logger.warning("the model server is asked once a pass, with the prompt each time: %s", why)


def group_alike(questions: Sequence[Question]) -> list[list[int]]:
    """The places of the questions, those together that differ by their seed alone, in order of the first of each.

    Alike are questions of the same schema and texts, and the very same pictures.

    >>> group_alike([Question(("How?",), 1), Question(("Why?",), 1), Question(("How?",), 2)])
    [[0, 2], [1]]
    """
    groups: dict[Hashable, list[int]] = {}
    for place, question in enumerate(questions):
        parts = tuple(part if isinstance(part, str) else id(part) for part in question.parts)
        groups.setdefault((parts, question.schema), []).append(place)
    return list(groups.values())
