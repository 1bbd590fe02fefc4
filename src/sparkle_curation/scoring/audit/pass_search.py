"""What the passes behind a frame's recorded scores can have been.

A frame of the edited video is recorded with the first pass's raw answers and the means over all passes, so what
is left for the other passes is known: their sums of SC and of PQ answers, and of ``sqrt(SC * PQ)``.

Units: answers (see ``scoring.editscore.score_scale``). Source: EditScore, ``editscore/__init__.py``, ``batch_evaluate``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sparkle_curation.scoring.editscore.score_scale import ScoreScale, is_among, root_sums

ROOT_TOLERANCE = 1e-8
"""In answers, so that an overall score is reproduced to 1e-9; a double of this size is exact to 1e-14."""


def is_made_of_passes(score_scale: ScoreScale, rest: pl.DataFrame) -> NDArray[np.bool_]:
    """Whether whole answers of the passes after the first make each row of ``rest``.

    Args:
        score_scale: the settings.
        rest: sums over those passes: whole ``sc_rest`` and ``pq_rest``, and ``root_rest``, in answers. Rows that
            agree in the first two are looked up together, and the passes of a release agree in a few hundred.
    """
    is_made = np.zeros(rest.height, bool)
    if rest.is_empty():
        return is_made
    sums = rest.lazy().select("sc_rest", "pq_rest", "root_rest").with_row_index("row")
    groups = sums.group_by("sc_rest", "pq_rest").agg("row", "root_rest").collect()
    for sc_rest, pq_rest, rows, roots in groups.iter_rows():
        possible = root_sums(score_scale.score_range, score_scale.passes - 1, int(sc_rest), int(pq_rest))
        is_made[rows] = is_among(np.array(roots), possible, ROOT_TOLERANCE)
    return is_made


class Recorded(NamedTuple):
    """A frame's recorded scores as sums over all passes, and the first pass's answers (None: unparsable)."""

    sc_sum: float
    pq_sum: float
    root_sum: float
    sc_first: int | None
    pq_first: int | None


def overall_without(score_scale: ScoreScale, frame: Recorded) -> float | None:
    """The frame's overall score, 0-10, over the passes other than the one that holds an imputed value.

    Computed where exactly one of the two sub-scores is off the lattice, by one value of EditScore's own, and where
    all passes with whole answers that fit the record agree on the result; None elsewhere.

    >>> passes = [(12.5, 20), (23, 17), (23, 23), (24, 22)]  # the first answer had no scores
    >>> roots = math.fsum(math.sqrt(sc * pq) for sc, pq in passes)
    >>> without = overall_without(ScoreScale(), Recorded(82.5, 82, roots, None, 20))
    >>> round(without, 4) == round(ScoreScale(25, 3).overall([23, 23, 24], [17, 23, 22]), 4)
    True
    """
    sc_value, pq_value = _imputed(score_scale, frame.sc_sum), _imputed(score_scale, frame.pq_sum)
    if score_scale.passes < 2 or (sc_value is None) == (pq_value is None):
        return None
    if sc_value is None:  # the root does not tell SC from PQ, so one case is enough
        frame = Recorded(frame.pq_sum, frame.sc_sum, frame.root_sum, frame.pq_first, frame.sc_first)
    value = sc_value or pq_value or 0.0
    roots = _roots_without(score_scale, frame, value)
    if not roots or max(roots) - min(roots) > ROOT_TOLERANCE:
        return None
    return roots[0] / (score_scale.answers_per_point * (score_scale.passes - 1) / score_scale.passes)


def _imputed(score_scale: ScoreScale, total: float) -> float | None:
    """The one value of EditScore's own that leaves a whole sum of answers; None where the sum is whole already."""
    values = [
        value
        for value in (score_scale.no_score_answer, score_scale.out_of_range_answer)
        if not value.is_integer()
    ]
    return next((value for value in values if (total - value).is_integer()), None)


def _roots_without(score_scale: ScoreScale, frame: Recorded, value: float) -> list[float]:
    """The sums of roots that the passes without the imputed SC value can have."""
    sc_rest = round(frame.sc_sum - value)
    if frame.sc_first is None:
        if frame.pq_first is None:
            return []
        root = frame.root_sum - math.sqrt(value * frame.pq_first)
        others = root_sums(
            score_scale.score_range, score_scale.passes - 1, sc_rest, round(frame.pq_sum) - frame.pq_first
        )
        return [root] if is_among(np.array([root]), others, ROOT_TOLERANCE)[0] else []
    if frame.pq_first is None or score_scale.passes < 3:
        return []
    first = math.sqrt(frame.sc_first * frame.pq_first)
    found = []
    for pq in range(score_scale.score_range + 1):  # the PQ answer of the imputed pass, which is not the first
        root = frame.root_sum - math.sqrt(value * pq)
        pq_rest = round(frame.pq_sum) - frame.pq_first - pq
        others = root_sums(score_scale.score_range, score_scale.passes - 2, sc_rest - frame.sc_first, pq_rest)
        if is_among(np.array([root - first]), others, ROOT_TOLERANCE)[0]:
            found.append(root)
    return found
