"""Weights, quotas and budget of a mix: one order over all members, of which the first are taken.

Of each member the best stand first: kept by hand, then by score, then by id. How members mix is Webster's rule with the
weights for sizes: turn ``(2 place + 1) / weight``. What is a prefix of one order is exact and nested. No row is repeated: a
member that has too few for its share ends the mix, or, under a budget, leaves its part to the others.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sparkle_curation.errors import ParameterError, did_you_mean
from sparkle_curation.mixing.params import Member
from sparkle_curation.spec.layout import TRAIN, VAL
from sparkle_curation.spec.tables.mixing import MixOutcome

_BEST_FIRST = ["is_hand_kept", "score", "id"]
_NO_WEIGHT = "its member has the weight 0"


def check_quotas(members: Mapping[str, Member], themes: Mapping[str, list[str]]) -> None:
    """Nothing, when each quota is of a theme that its member has.

    Raises:
        ParameterError: one is not.
    """
    for name, member in members.items():
        for theme in member.quota if isinstance(member.quota, dict) else ():
            if theme not in themes[name]:
                where = f"mix.members.{name}.quota"
                raise ParameterError(
                    "A quota is of a theme that the member does not have",
                    where=where,
                    got=theme,
                    allowed=", ".join(themes[name]),
                    todo=did_you_mean(theme, themes[name])
                    or f"name one of these, or give one number for all: --params {where}=100",
                )


def take(samples: pl.DataFrame, members: Mapping[str, Member], budget: int | None) -> pl.DataFrame:
    """The samples, each with an outcome: what could be in the mix becomes ``train`` or ``val``, or why it is in neither.

    Args:
        samples: with ``member``, ``key``, ``id``, ``theme``, ``split``, ``score``, ``is_hand_kept``, ``outcome``.
        members: with weights and quotas.
        budget: the most samples for training.
    """
    able = samples.filter(pl.col("outcome").is_null(), pl.col("split") == TRAIN)
    ranked = able.sort(_BEST_FIRST, descending=[True, True, False], nulls_last=True)
    ranked = _place_in_quota(ranked, members)
    beyond = ranked.filter("_is_beyond").select(
        "key",
        pl.lit(MixOutcome.QUOTA.value).alias("_outcome"),
        pl.format("quota of {}: {} better ones", "_quota", "_place").alias("_detail"),
    )
    chosen = _choose(ranked.filter(~pl.col("_is_beyond")), members, budget)
    without = [name for name, each in members.items() if each.weight == 0]
    held_out = samples.filter(pl.col("outcome").is_null(), pl.col("split") == VAL)
    unweighted = held_out.filter(pl.col("member").is_in(without)).select(
        "key", pl.lit(MixOutcome.WEIGHT.value).alias("_outcome"), pl.lit(_NO_WEIGHT).alias("_detail")
    )
    found = pl.concat([beyond, chosen, unweighted])
    is_val = pl.col("key").is_in(held_out.filter(~pl.col("member").is_in(without))["key"].implode())
    return (
        samples.join(found, on="key", how="left", maintain_order="left")
        .with_columns(
            pl.when(is_val)
            .then(pl.lit(MixOutcome.VAL.value))
            .otherwise(pl.coalesce("outcome", "_outcome"))
            .alias("outcome"),
            pl.coalesce("detail", "_detail").alias("detail"),
        )
        .drop("_outcome", "_detail")
    )


def _place_in_quota(ranked: pl.DataFrame, members: Mapping[str, Member]) -> pl.DataFrame:
    """The samples with ``_place`` among those of their quota, ``_quota``, and whether they are beyond it."""
    of_member = {name: each.quota for name, each in members.items() if isinstance(each.quota, int)}
    of_theme = [
        (name, theme, count)
        for name, each in members.items()
        if isinstance(each.quota, dict)
        for theme, count in each.quota.items()
    ]
    themes = pl.DataFrame(
        of_theme, schema={"member": pl.String, "theme": pl.String, "_of_theme": pl.Int64}, orient="row"
    )
    joined = ranked.join(themes, on=["member", "theme"], how="left", maintain_order="left")
    has_theme = pl.col("_of_theme").is_not_null()
    in_theme, in_member = (pl.int_range(pl.len()).over(of) for of in (["member", "theme"], ["member"]))
    quota = pl.col("member").replace_strict(of_member, default=None, return_dtype=pl.Int64)
    return joined.with_columns(
        pl.when(has_theme).then(in_theme).otherwise(in_member).alias("_place"),
        pl.when(has_theme).then("_of_theme").otherwise(quota).alias("_quota"),
    ).with_columns((pl.col("_place") >= pl.col("_quota")).fill_null(value=False).alias("_is_beyond"))


def _choose(ranked: pl.DataFrame, members: Mapping[str, Member], budget: int | None) -> pl.DataFrame:
    """``key``, ``_outcome``, ``_detail`` of each sample within its quota.

    Without a budget the mix ends at the first turn for which some member has no sample.
    """
    sizes = dict(ranked.group_by("member").len().rows())
    # Without weights each has its size for one: then all are taken.
    weights = {
        name: float(sizes.get(name, 0) if each.weight is None else each.weight)
        for name, each in members.items()
    }
    ordered = (
        ranked.with_columns(
            pl.int_range(pl.len()).over("member").alias("_place"),
            pl.col("member").replace_strict(weights, return_dtype=pl.Float64).alias("_weight"),
        )
        .with_columns(((2 * pl.col("_place") + 1) / pl.col("_weight")).alias("_turn"))
        .sort("_turn", "member", "_place")
        .with_row_index("_rank")
    )
    has_part = pl.col("_weight") > 0
    if budget is None:
        end = min(
            ((2 * sizes.get(name, 0) + 1) / weight for name, weight in weights.items() if weight > 0),
            default=0.0,
        )
        is_in = has_part & (pl.col("_turn") < end)
        outcome, said = (
            MixOutcome.WEIGHT,
            pl.format("its member has more than its share, weight {}", "_weight"),
        )
    else:
        is_in = has_part & (pl.col("_rank") < budget)
        outcome, said = (
            MixOutcome.BUDGET,
            pl.format(f"budget={budget}: it is number {{}} of the order", pl.col("_rank") + 1),
        )
    lost = pl.when(has_part).then(pl.lit(outcome.value)).otherwise(pl.lit(MixOutcome.WEIGHT.value))
    detail = pl.when(has_part).then(said).otherwise(pl.lit(_NO_WEIGHT))
    return ordered.select(
        "key",
        pl.when(is_in).then(pl.lit(MixOutcome.TRAIN.value)).otherwise(lost).alias("_outcome"),
        pl.when(~is_in).then(detail).alias("_detail"),
    )
