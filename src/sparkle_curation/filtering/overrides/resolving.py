"""One decision a sample from those of several people, and how far they agree."""

from __future__ import annotations

from typing import Literal

import polars as pl

from sparkle_curation.filtering.overrides.decisions import Decision

OverrideRule = Literal["any_drop", "any_keep", "majority", "unanimous"]
"""Who prevails where people differ.

``any_drop``: one who drops; ``any_keep``: one who keeps; ``majority``: more of them, nobody at a tie; ``unanimous``: nobody,
unless all decide alike. Where nobody prevails the thresholds decide. The file knows no order in time, so no rule
goes by it.
"""


def resolve(overrides: pl.DataFrame, rule: OverrideRule) -> pl.DataFrame:
    """One row a sample, sorted by id: ``id``; ``override``, null where nobody prevails; ``override_reason``.

    The reason is of those who prevail, each named, in the order of their names: ``ann: halo; bob: blurred``.

    Args:
        overrides: the decisions that count, with ``id``, ``decision``, ``reason``, ``annotator``.
        rule: who prevails.
    """
    keeps, drops = ((pl.col("decision") == each.value).sum() for each in (Decision.KEEP, Decision.DROP))
    drop_wins, keep_wins = {
        "any_drop": (drops > 0, drops == 0),
        "any_keep": (keeps == 0, keeps > 0),
        "majority": (drops > keeps, keeps > drops),
        "unanimous": (keeps == 0, drops == 0),
    }[rule]
    decided = overrides.group_by("id").agg(
        pl.when(drop_wins)
        .then(pl.lit(Decision.DROP.value))
        .when(keep_wins)
        .then(pl.lit(Decision.KEEP.value))
        .alias("override")
    )
    name, reason = pl.col("annotator"), pl.col("reason")
    said = (
        pl.when((name != "") & (reason != ""))
        .then(pl.format("{}: {}", name, reason))
        .when(name != "")
        .then(name)
        .when(reason != "")
        .then(reason)
    )
    reasons = (
        overrides.join(decided, on="id")
        .filter(pl.col("decision") == pl.col("override"))
        .sort("id", "annotator")
        .group_by("id", maintain_order=True)
        .agg(said.alias("said"))
        .select("id", pl.col("said").list.drop_nulls().list.join("; ").alias("override_reason"))
    )
    return decided.join(reasons, on="id", how="left").sort("id")


def agreement(overrides: pl.DataFrame) -> float | None:
    """Krippendorff's alpha of the decisions, nominal: 1 is full agreement, 0 that of chance; None is no value.

    Samples that one person alone decided about do not count. It has no value where there are no others, or where all
    decisions about them are the same word.

    Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), C.

    Args:
        overrides: with ``id``, ``decision``, one row each sample and annotator.
    """
    units = (
        overrides.group_by("id")
        .agg(
            *((pl.col("decision") == each.value).sum().cast(pl.Int64).alias(each.value) for each in Decision)
        )
        .with_columns(pl.sum_horizontal(*Decision).alias("count"))
        .filter(pl.col("count") > 1)
    )
    keeps, drops = (int(units[each.value].sum()) for each in Decision)
    if not keeps * drops:
        return None
    observed = float((2 * units["keep"] * units["drop"] / (units["count"] - 1)).sum())
    expected = 2 * keeps * drops / (keeps + drops - 1)
    return 1 - observed / expected
