"""Which recorded sub-scores are means of whole answers, and what those that are not give away.

Source: EditScore, ``editscore/__init__.py``: a sub-score is the mean over the passes of whole answers, scaled to
0-10. ``batch_evaluate`` counts an answer without scores as half the range (5.0), and one out of range as half the
range *after* scaling (12.5 of 10). With a range of 25 and four passes the lattice is 0.1; one 5.0 moves a mean to
x.x5, one 12.5 to x.x25. Two 5.0 in one mean, or two 12.5 and one 5.0, come out on the lattice: only the
decomposition of the overall score shows those.
"""

from __future__ import annotations

from itertools import product

import polars as pl

from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.spec.stages import MAX_SCORE

_WHOLE_TOLERANCE = 1e-6
"""In answers: a mean computed in double precision is exact to 1e-13 of it, and an imputed value moves it by 0.25."""


def sum_of_answers(score: pl.Expr, score_scale: ScoreScale) -> pl.Expr:
    """A recorded score as the sum of its answers; whole, or a multiple of 0.25, where it is within rounding."""
    total = score * score_scale.answers_per_point
    nearest = (total * 4).round() / 4
    return pl.when((total - nearest).abs() <= _WHOLE_TOLERANCE).then(nearest).otherwise(total)


def is_on_lattice(score: pl.Expr, score_scale: ScoreScale) -> pl.Expr:
    """Whether a recorded sub-score is a mean of whole answers."""
    total = sum_of_answers(score, score_scale)
    return total == total.round()


def lattice_evidence(score: pl.Expr, name: str, score_scale: ScoreScale) -> pl.Expr:
    """What a sub-score off the lattice gives away, as text; null where it is on it.

    >>> frame = pl.DataFrame({"SC_score": [8.8, 8.85, 8.825, 8.83]})
    >>> for line in frame.select(lattice_evidence(pl.col("SC_score"), "SC_score", ScoreScale())).to_series():
    ...     print(line)
    None
    SC_score 8.85 is no multiple of 0.1: in 4 passes, one imputed 5 moves it there
    SC_score 8.825 is no multiple of 0.1: in 4 passes, one imputed 12.5 moves it there
    SC_score 8.83 is no multiple of 0.1: no imputed value of EditScore explains it
    """
    total = sum_of_answers(score, score_scale)
    causes = imputed_causes(score_scale)
    cause = (total - total.floor()).replace_strict(
        list(causes),
        list(causes.values()),
        default="no imputed value of EditScore explains it",
        return_dtype=pl.String,
    )
    text = pl.format(f"{name} {{}} is no multiple of {score_scale.lattice_step:g}: {{}}", score, cause)
    return pl.when(~is_on_lattice(score, score_scale)).then(text)


def imputed_causes(score_scale: ScoreScale) -> dict[float, str]:
    """The fewest imputed values that leave each fraction of an answer, in words, by the fraction.

    >>> imputed_causes(ScoreScale())[0.75]
    'in 4 passes, one imputed 5 and one imputed 12.5 move it there'
    """
    values = (score_scale.no_score_answer, score_scale.out_of_range_answer)
    counts = sorted(
        (
            pair
            for pair in product(range(score_scale.passes + 1), repeat=2)
            if 0 < sum(pair) <= score_scale.passes
        ),
        key=sum,
    )
    causes: dict[float, str] = {}
    for pair in counts:
        total = sum(count * value for count, value in zip(pair, values, strict=True))
        causes.setdefault(total % 1, _in_words(score_scale, pair, values))
    causes.pop(0.0, None)
    return causes


def _in_words(score_scale: ScoreScale, counts: tuple[int, ...], answers: tuple[float, ...]) -> str:
    parts = [
        f"{'one' if count == 1 else count} imputed {answer * MAX_SCORE / score_scale.score_range:g}"
        for count, answer in zip(counts, answers, strict=True)
        if count
    ]
    verb = "moves" if sum(counts) == 1 else "move"
    return f"in {score_scale.passes} passes, {' and '.join(parts)} {verb} it there"
