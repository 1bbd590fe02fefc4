"""Whether the score files hold what a threshold rejected; else nobody can tell what a looser one would give."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.filtering.score_source import RELEASED
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import PRIMARY_CRITERIA, Criterion
from sparkle_curation.spec.tables.verdicts import score_column, source_column
from sparkle_curation.spec.themes import THEMES

ENOUGH = 300
"""Scores of which none is beyond the threshold say something from here on: such are below 1%, with 95% confidence (3/n)."""


class Censoring(StrEnum):
    """What the released scores of a criterion and theme say of the samples that its published threshold rejects."""

    CENSORED = "censored"
    NOT = "not"
    TOO_FEW = "too_few"


_COUNTED = {
    "criterion": pl.String,
    "theme": pl.String,
    "published_threshold": pl.Float64,
    **dict.fromkeys(("scored_count", "rejected_count", "rejected_with_video_count"), pl.Int64),
}


def find_censoring(verdicts: AnyFrame, assets: AnyFrame) -> pl.DataFrame:
    """One row per primary criterion and theme, in their orders, whatever the thresholds of the verdicts are.

    Columns: ``criterion``, ``theme``, ``published_threshold``, ``scored_count`` (released scores), ``rejected_count`` (of
    these beyond the published threshold), ``rejected_with_video_count`` (of these with an edited video among the assets),
    ``state``: ``not`` if any is beyond; ``censored`` if none is among ``ENOUGH``; else ``too_few``.

    Args:
        verdicts: with each criterion's score and where it is from; rescores do not count.
        assets: with ``id`` and ``kind``.
    """
    found = verdicts.lazy().collect()
    is_rejected = {each.name: ~_is_met(each) for each in PRIMARY_CRITERIA}
    rejected = found.filter(pl.any_horizontal(pl.lit(value=False), *is_rejected.values())).lazy()
    videos = assets.lazy().filter(pl.col("kind") == KIND.edited_video).select("id")
    with_video = rejected.join(videos, on="id", how="semi").collect()
    themes = pl.DataFrame({"theme": THEMES}, schema={"theme": pl.String})
    joined = {"on": "theme", "how": "left", "maintain_order": "left"}
    rows = []
    for each in PRIMARY_CRITERIA:
        scored = (pl.col(source_column(each)) == RELEASED) & pl.col(score_column(each)).is_not_null()
        counts = found.group_by("theme").agg(
            scored.sum().alias("scored_count"), is_rejected[each.name].sum().alias("rejected_count")
        )
        seen = with_video.group_by("theme").agg(
            is_rejected[each.name].sum().alias("rejected_with_video_count")
        )
        rows.append(
            themes.join(counts, **joined)  # type: ignore[arg-type]
            .join(seen, **joined)  # type: ignore[arg-type]
            .select(
                pl.lit(each.name).alias("criterion"),
                "theme",
                pl.lit(each.published_threshold, pl.Float64).alias("published_threshold"),
                pl.col("scored_count", "rejected_count", "rejected_with_video_count")
                .fill_null(0)
                .cast(pl.Int64),
            )
        )
    none = pl.DataFrame(schema=_COUNTED)
    return pl.concat([none, *rows]).with_columns(
        pl.when(pl.col("rejected_count") > 0)
        .then(pl.lit(Censoring.NOT.value))
        .when(pl.col("scored_count") >= ENOUGH)
        .then(pl.lit(Censoring.CENSORED.value))
        .otherwise(pl.lit(Censoring.TOO_FEW.value))
        .alias("state")
    )


def name_censored(censoring: pl.DataFrame) -> Mapping[str, list[str]]:
    """The themes in which a criterion's scores are censored, by its name; criteria without any are not in it."""
    censored = censoring.filter(pl.col("state") == Censoring.CENSORED.value)
    return dict(censored.group_by("criterion", maintain_order=True).agg("theme").iter_rows())


def _is_met(criterion: Criterion) -> pl.Expr:
    """Whether the published threshold keeps the released score; true where there is none."""
    score = pl.col(score_column(criterion))
    is_released = pl.col(source_column(criterion)) == RELEASED
    if criterion.published_threshold is None:
        return pl.lit(value=True)
    is_met: pl.Expr = criterion.is_met(score, criterion.published_threshold)
    return (is_met | ~is_released).fill_null(value=True)
