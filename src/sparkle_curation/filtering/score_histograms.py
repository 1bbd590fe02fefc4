"""How the scores of each stage are spread, theme by theme: a count for each tenth of a point."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.verdicts import score_column

_BINS_PER_POINT = 10
_SCHEMA = {"stage": pl.String, "theme": pl.String, "score": pl.Float64, "samples": pl.Int64}


def count_scores(verdicts: AnyFrame) -> pl.DataFrame:
    """One row per stage, theme and tenth of a point that any score lies in: ``stage, theme, score, samples``.

    ``score`` is the lower edge; a score on an edge, such as 8.3, counts there although 8.3 * 10 is a little less
    than 83. Samples without a score at a stage are not counted there.

    >>> scores = {score_column(criterion): [8.3, 8.39] for criterion in CRITERIA}
    >>> count_scores(pl.DataFrame({"theme": ["a"] * 2, **scores})).row(0)[1:]
    ('a', 8.3, 2)
    """
    none = pl.DataFrame(schema=_SCHEMA)
    return pl.concat(
        [none, *(_count_stage(verdicts.lazy(), each.name, score_column(each)) for each in CRITERIA)]
    )


def _count_stage(verdicts: pl.LazyFrame, stage: str, column: str) -> pl.DataFrame:
    # Rounded before it is cut down: a score of 8.3 times 10 is 82.99999999999999.
    tenth = (pl.col(column).cast(pl.Float64) * _BINS_PER_POINT).round(6).floor()
    return (
        verdicts.select(pl.col("theme").cast(pl.String), tenth.alias("tenth"))
        .drop_nulls()
        .group_by("theme", "tenth")
        .agg(pl.len().cast(pl.Int64).alias("samples"))
        .sort("theme", "tenth")
        .select(
            pl.lit(stage).alias("stage"),
            "theme",
            (pl.col("tenth") / _BINS_PER_POINT).round(1).alias("score"),
            "samples",
        )
        .collect()
    )
