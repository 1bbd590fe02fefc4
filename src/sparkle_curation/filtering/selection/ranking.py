"""Which sample goes before another: by one criterion, or by the mean over the primary ones."""

from __future__ import annotations

import polars as pl

from sparkle_curation.spec.stages import CRITERIA, PRIMARY_CRITERIA, Criterion
from sparkle_curation.spec.tables.verdicts import score_column


def rank_score(rank_by: str | None) -> pl.Expr:
    """The score, of verdicts, that samples are ranked by, from 0 to 1 and higher for better; null where there is none.

    Args:
        rank_by: the name of a criterion; None for the mean over the primary ones, of those that the sample has.
    """
    if rank_by is None:
        return pl.mean_horizontal(pl.lit(None, pl.Float64), *(_share(each) for each in PRIMARY_CRITERIA))
    return _share(next(each for each in CRITERIA if each.name == rank_by))


def _share(criterion: Criterion) -> pl.Expr:
    low, high = criterion.scale
    share = (pl.col(score_column(criterion)) - low) / (high - low)
    return share if criterion.is_at_least else 1 - share
