"""EditScore's arithmetic: from the answers of some passes to the recorded scores, and back.

In each pass the judge answers two questions with two integers from 0 to the score range: ``SC`` (success,
consistency) and ``PQ`` (naturalness, absence of artifacts). The lower of the two counts. On the scale of 0-10
a pass's overall score is ``sqrt(SC * PQ)``, and a recorded score is the mean over the passes.

The unit *answers* is the scale of the answers: a recorded score times ``answers_per_point`` is the sum of the
answers of all passes, an integer.

Source: EditScore, ``editscore/__init__.py``, reduction ``average_last``. That the release was made with a range
of 25 and four passes follows from the numbers themselves: the frames on the dataset card fit no other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.stages import MAX_SCORE

Floats = NDArray[np.float64]
_SAME_DECIMALS = 10
"""Sums of roots that agree to this many decimals are one: they differ by the order of adding."""


@dataclass(frozen=True)
class ScoreScale:
    """The two settings that recorded scores depend on.

    Attributes:
        score_range: the highest answer.
        passes: how often the judge is asked.
    """

    score_range: int = dataset().scores.score_range
    passes: int = dataset().scores.passes

    @property
    def answers_per_point(self) -> float:
        """The sum of answers, over all passes, that makes one point of a recorded score.

        >>> ScoreScale().answers_per_point
        10.0
        """
        return self.score_range * self.passes / MAX_SCORE

    @property
    def lattice_step(self) -> float:
        """Every recorded score but the overall one is a multiple of this.

        >>> ScoreScale().lattice_step
        0.1
        """
        return 1 / self.answers_per_point

    @property
    def no_score_answer(self) -> float:
        """What EditScore puts in for an answer in which it finds no score: half the range, 5.0 once scaled.

        >>> ScoreScale().no_score_answer
        12.5
        """
        return self.score_range / 2

    @property
    def out_of_range_answer(self) -> float:
        """What EditScore puts in for an answer outside the range, in answers: half the range *after* scaling.

        12.5 on a scale of 0-10, so a broken answer counts more than a perfect one.

        >>> ScoreScale().out_of_range_answer
        31.25
        """
        return self.no_score_answer * self.score_range / MAX_SCORE

    def mean_score(self, answers: Sequence[float]) -> float:
        """The recorded score, 0-10, of one answer per pass.

        >>> ScoreScale().mean_score([20, 23, 23, 24])
        9.0
        """
        return math.fsum(answers) / self.answers_per_point

    def overall(self, sc: Sequence[float], pq: Sequence[float]) -> float:
        """The recorded overall score, 0-10, of one SC and one PQ answer per pass.

        >>> ScoreScale().overall([20, 23, 23, 24], [23, 17, 23, 22])
        8.719958110896453
        """
        return math.fsum(math.sqrt(a * b) for a, b in zip(sc, pq, strict=True)) / self.answers_per_point


DEFAULT_SCORE_SCALE = ScoreScale()
"""The settings of the release."""


def root_sums(score_range: int, passes: int, sc_sum: int, pq_sum: int) -> Floats:
    """Every sum of ``sqrt(SC * PQ)`` that whole answers of this many passes can have, rising, in answers.

    Args:
        score_range: the highest answer.
        passes: none or more; the work grows with the fourth power of the range for each beyond two.
        sc_sum: what the SC answers add up to.
        pq_sum: what the PQ answers add up to.

    >>> root_sums(25, 1, 20, 5)
    array([10.])
    >>> root_sums(25, 1, 26, 5)
    array([], dtype=float64)
    """
    if passes <= 2:
        return _few_root_sums(score_range, passes, sc_sum, pq_sum)
    rest = passes - 1
    parts = [
        root_sums(score_range, rest, sc_sum - sc, pq_sum - pq) + math.sqrt(sc * pq)
        for sc in _answers(score_range, sc_sum, rest)
        for pq in _answers(score_range, pq_sum, rest)
    ]
    return _rising(np.concatenate(parts)) if parts else np.empty(0)


def _answers(score_range: int, total: int, rest: int) -> range:
    """The answers of one pass that leave the ``rest`` of the passes a sum that they can have."""
    return range(max(0, total - rest * score_range), min(score_range, total) + 1)


@cache
def _few_root_sums(score_range: int, passes: int, sc_sum: int, pq_sum: int) -> Floats:
    """``root_sums`` of up to two passes; all of them together are 2 MB at a range of 25."""
    if not (0 <= sc_sum <= passes * score_range and 0 <= pq_sum <= passes * score_range):
        return np.empty(0)
    if passes == 1:
        return np.array([math.sqrt(sc_sum * pq_sum)])
    sc = np.array(_answers(score_range, sc_sum, 1))[:, None]
    pq = np.array(_answers(score_range, pq_sum, 1))
    return _rising((np.sqrt(sc * pq) + np.sqrt((sc_sum - sc) * (pq_sum - pq))).ravel())


def _rising(sums: Floats) -> Floats:
    return np.unique(sums.round(_SAME_DECIMALS))


def is_among(wanted: Floats, rising: Floats, tolerance: float) -> NDArray[np.bool_]:
    """Whether each of ``wanted`` lies within ``tolerance`` of one of the ``rising`` numbers.

    >>> is_among(np.array([1.0, 2.5]), np.array([1.0, 2.0]), 1e-9).tolist()
    [True, False]
    """
    if not len(rising):
        return np.zeros(len(wanted), bool)
    above = np.searchsorted(rising, wanted).clip(max=len(rising) - 1)
    gap = np.minimum(abs(rising[above] - wanted), abs(rising[np.maximum(above - 1, 0)] - wanted))
    return np.asarray(gap <= tolerance)
