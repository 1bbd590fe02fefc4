"""EditScore's arithmetic with the settings of the release: a range of 25, four passes, plain means.

A judge answers each pass with two integers from 0 to 25 per question. ``SC`` asks for success and consistency,
``PQ`` for naturalness and absence of artifacts. Per pass the lower of the two counts, scaled to 0-10, and the
overall score is the square root of ``SC * PQ``; a published score is the mean over the passes. So every score
but the overall one is a multiple of 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SCORE_RANGE = 25
PASSES = 4
_STEP = SCORE_RANGE / 10
_SPREAD = 1.1  # standard deviation of one answer around its target, in steps of the 0-25 range
_HEADROOM = (
    0.7  # the lower of two answers lies this much below their mean, so they are drawn that much higher
)


@dataclass(frozen=True)
class Pass:
    """One pass of the judge: two integers, 0 to 25, for each of its two questions.

    Attributes:
        sc: (success, consistency).
        pq: (naturalness, absence of artifacts).
    """

    sc: tuple[int, int]
    pq: tuple[int, int]

    @property
    def overall(self) -> float:
        """The pass's overall score, 0 to 10.

        >>> Pass((25, 20), (22, 20)).overall
        8.0
        """
        return math.sqrt(min(self.sc) * min(self.pq)) / _STEP


def mean_score(answers: Sequence[int]) -> float:
    """The mean of answers of 0-25, scaled to 0-10 and rounded only once.

    >>> mean_score([20, 23, 23, 24])
    9.0
    """
    return sum(answers) * 10 / (SCORE_RANGE * len(answers))


def overall_score(passes: Sequence[Pass]) -> float:
    """The mean of the passes' overall scores, 0 to 10, summed exactly."""
    return math.fsum(one.overall for one in passes) / len(passes)


def still_scores(passes: Sequence[Pass]) -> dict[str, float]:
    """The four scores of a still image, by their published names.

    >>> still_scores([Pass((25, 20), (22, 20))] * 4)
    {'prompt_following': 10.0, 'consistency': 8.0, 'perceptual_quality': 8.0, 'overall': 8.0}
    """
    return {
        "prompt_following": mean_score([one.sc[0] for one in passes]),
        "consistency": mean_score([one.sc[1] for one in passes]),
        "perceptual_quality": mean_score([min(one.pq) for one in passes]),
        "overall": overall_score(passes),
    }


def frame_scores(passes: Sequence[Pass]) -> dict[str, float]:
    """The three scores of a frame of the edited video, by their published names.

    >>> frame_scores([Pass((25, 20), (22, 20))] * 4)
    {'SC_score': 8.0, 'PQ_score': 8.0, 'O_score': 8.0}
    """
    return {
        "SC_score": mean_score([min(one.sc) for one in passes]),
        "PQ_score": mean_score([min(one.pq) for one in passes]),
        "O_score": overall_score(passes),
    }


def draw_passes(rng: np.random.Generator, low: float, high: float) -> tuple[Pass, ...]:
    """Four passes whose overall score lies in ``low <= score < high``, or is ``low`` where both are equal.

    Raises:
        ValueError: no four passes with such a score were found.
    """
    if low == high:
        answer = round(low * _STEP)
        return (Pass((answer, answer), (answer, answer)),) * PASSES
    for _ in range(10_000):
        passes = _draw(rng, rng.uniform(low, high))
        if low <= overall_score(passes) < high:
            return passes
    raise ValueError(f"no four passes with {low} <= overall < {high}")


def _draw(rng: np.random.Generator, target: float) -> tuple[Pass, ...]:
    centre = target * _STEP + _HEADROOM
    answers = np.clip(np.rint(rng.normal(centre, _SPREAD, size=(PASSES, 4))), 0, SCORE_RANGE).astype(int)
    return tuple(Pass((int(a), int(b)), (int(c), int(d))) for a, b, c, d in answers)
