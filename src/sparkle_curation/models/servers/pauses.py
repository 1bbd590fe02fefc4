"""How long to wait before a server is asked again, until a deadline."""

from __future__ import annotations

import random
import time

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0


class Pauses:
    """The pauses between the tries of one question; each doubles the one before, about.

    Args:
        deadline_s: for all tries and pauses together, from now.

    Attributes:
        count: how many there were.
    """

    def __init__(self, deadline_s: float) -> None:
        self._deadline = time.monotonic() + deadline_s
        self._pause_s = _FIRST_PAUSE_S
        self.count = 0

    @property
    def left_s(self) -> float:
        """Until the deadline; never less than a moment."""
        return max(self._deadline - time.monotonic(), 0.001)

    def next_s(self, at_least_s: float = 0.0) -> float | None:
        """How long to wait now; None where that would end behind the deadline.

        Args:
            at_least_s: what the server asked for.
        """
        wait_s = max(self._pause_s * random.uniform(0.5, 1.5), at_least_s)  # noqa: S311 -- so that not all ask at once
        self.count += 1
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
        return None if time.monotonic() + wait_s >= self._deadline else wait_s
