"""The samples of a variant by budget and balance: exact, and nested.

Every candidate gets one place in one order, and the first ``budget`` are taken. So the number comes out exactly, a larger
budget never takes a sample away, and what a sample lacked is a place. Within a group the best stand first; how groups
mix is the mode: ``even`` deals them out in rounds, which is max-min fair (water filling); ``proportional`` orders by
Webster's quotients, ``(2 place + 1) / size``, since shares by largest remainder are not nested; ``quota`` does so with
the quotas for sizes. What was kept by hand stands before all others, and counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ConservationError, SelectionError, did_you_mean
from sparkle_curation.filtering.selection.params import SelectionParams

NO_VALUE = "none"
"""What stands in the name of a group for a sample without that value, such as a subtheme."""


class Limit(StrEnum):
    """What a sample was not selected for: the name of the parameter."""

    PER_SOURCE_CLIP = "per_source_clip"
    PER_PROMPT = "per_prompt"
    QUOTA = "quota"
    BUDGET = "budget"


def select(candidates: AnyFrame, params: SelectionParams) -> pl.DataFrame:
    """One row per candidate in its order: ``id``, ``group``, ``is_selected``, ``limit``, ``detail``.

    ``limit`` is the parameter that a sample was not selected for, ``detail`` says it in words; null for a selected one.
    Caps come first: the best of a source clip, of these the best of a prompt; what is left fills budget and quotas.

    Args:
        candidates: ``id``, each once; the columns of ``balance``; ``prompt``; ``clip``, null where it is unknown and
            one of its own; ``rank_score``, the higher the better, null last; ``is_hand_kept``. Equal scores go by id.
        params: what limits them.

    Raises:
        SelectionError: more are kept by hand than budget or quota allow; a quota is missing, or of an unknown group.
        ConservationError: selected and not selected are not all candidates.
    """
    every = candidates.lazy().collect()
    name = pl.concat_str(
        [pl.col(column).cast(pl.String).fill_null(NO_VALUE) for column in params.balance], separator="/"
    )
    order = ["is_hand_kept", "rank_score", "id"]
    found = (
        every.with_columns(name.alias("group"), pl.lit(None, pl.String).alias("limit"))
        .with_columns(pl.lit(None, pl.String).alias("detail"))
        .sort(order, descending=[True, True, False], nulls_last=True)
    )
    for limit, most, of in (
        (Limit.PER_SOURCE_CLIP, params.per_source_clip, pl.col("clip").fill_null(pl.col("id"))),
        (Limit.PER_PROMPT, params.per_prompt, pl.col("prompt").fill_null(pl.col("id"))),
    ):
        if most is not None:
            found = _cap(found, limit, most, of)
    if params.mode == "quota" or params.budget is not None:
        found = _fill(found, params)
    chosen = every.select("id").join(
        found.select("id", "group", pl.col("limit").is_null().alias("is_selected"), "limit", "detail"),
        on="id",
        how="left",
        maintain_order="left",
    )
    if chosen.height != every.height or chosen["is_selected"].null_count():
        raise ConservationError(
            "Selected and not selected samples are not all candidates; an id is there twice",
            where="selection",
            got=f"{chosen.height}",
            allowed=f"{every.height}",
        )
    return chosen


def _cap(found: pl.DataFrame, limit: Limit, most: int, of: pl.Expr) -> pl.DataFrame:
    """The samples, with the limit for those of a clip or prompt that better ones have filled; none that was kept by hand."""
    in_race = pl.col("limit").is_null()
    place = pl.int_range(pl.len()).over("_of")
    inside = found.filter(in_race).with_columns(of.alias("_of")).with_columns(place.alias("_place"))
    is_out = (pl.col("_place") >= most) & ~pl.col("is_hand_kept")
    thing = "source clip" if limit is Limit.PER_SOURCE_CLIP else "prompt"
    said = pl.format(f"{limit}={most}: {{}} better ones of its {thing}", "_place")
    inside = inside.with_columns(
        pl.when(is_out).then(pl.lit(limit.value)).alias("limit"), pl.when(is_out).then(said).alias("detail")
    ).drop("_of", "_place")
    # In the order of rank, which the next cap and the filling go by.
    return pl.concat([inside.filter(in_race), found.filter(~in_race), inside.filter(~in_race)])


def _fill(found: pl.DataFrame, params: SelectionParams) -> pl.DataFrame:
    """The samples, with the limit for those that neither budget nor quota has room for."""
    in_race = pl.col("limit").is_null()
    inside = (
        found.filter(in_race)
        .with_columns(
            pl.int_range(pl.len()).over("group").alias("_place"), pl.len().over("group").alias("_size")
        )
        .with_columns(pl.lit(None, pl.Int64).alias("_quota"))
    )
    if params.mode == "quota":
        quota = _quota(found["group"], params.quota)
        inside = inside.with_columns(
            pl.col("group").replace_strict(quota, default=0, return_dtype=pl.Int64).alias("_quota")
        )
        _check_quotas(inside)
    budget = inside.height if params.budget is None else params.budget
    by_hand = int(inside["is_hand_kept"].sum())
    if by_hand > budget:
        raise SelectionError(
            "More samples are kept by hand than the budget allows",
            where="selection.budget",
            got=f"{by_hand:,} kept by hand, a budget of {budget:,}",
            allowed=f"{by_hand:,} or more",
            todo=f"raise it, --params selection.budget={by_hand}, or take decisions to keep out of overrides.csv",
        )
    turn = {
        "even": pl.col("_place").cast(pl.Float64),
        "proportional": (2 * pl.col("_place") + 1) / pl.col("_size"),
        "quota": (2 * pl.col("_place") + 1) / pl.col("_quota"),
    }[params.mode]
    has_room = (pl.col("_place") < pl.col("_quota")).fill_null(value=True)
    inside = (
        inside.with_columns(has_room.alias("_has_room"), turn.alias("_turn"))
        .sort(["_has_room", "is_hand_kept", "_turn", "group"], descending=[True, True, False, False])
        .with_row_index("_rank")
    )
    is_in = pl.col("_has_room") & (pl.col("_rank") < budget)
    taken = is_in.sum().over("group")
    beyond_quota = pl.format("quota of {}: {} better ones, of {}", "group", "_place", "_size")
    words = f"budget={budget}: {{}} of {{}} in {{}} are taken, it is number {{}}"
    beyond_budget = pl.format(words, taken, "_size", "group", pl.col("_place") + 1)
    said = pl.when(pl.col("_has_room")).then(beyond_budget).otherwise(beyond_quota)
    limit = (
        pl.when(~pl.col("_has_room")).then(pl.lit(Limit.QUOTA.value)).otherwise(pl.lit(Limit.BUDGET.value))
    )
    filled = inside.with_columns(
        pl.when(~is_in).then(limit).alias("limit"), pl.when(~is_in).then(said).alias("detail")
    )
    return pl.concat([filled.select(found.columns), found.filter(~in_race)])


def _quota(groups: pl.Series, quota: Mapping[str, int] | None) -> Mapping[str, int]:
    known = sorted(groups.unique())
    if not quota:
        raise SelectionError(
            "The mode 'quota' needs quotas",
            where="selection.quota",
            got="null",
            allowed="how many of each of " + _few(known),
            todo="set them in conf/base/curate/parameters.yml, or take another mode: --params selection.mode=even",
        )
    unknown = sorted(set(quota) - set(known))
    if unknown:
        raise SelectionError(
            "A quota is of a group that no candidate is in",
            where="selection.quota",
            got=", ".join(unknown),
            allowed=_few(known),
            todo=did_you_mean(unknown[0], known) or "take a name of these, or another selection.balance",
        )
    return quota


def _check_quotas(inside: pl.DataFrame) -> None:
    over = inside.filter(pl.col("is_hand_kept") & (pl.col("_place") >= pl.col("_quota")))
    if over.height:
        group, quota = over.select("group", "_quota").row(0)
        by_hand = inside.filter((pl.col("group") == group) & pl.col("is_hand_kept")).height
        raise SelectionError(
            "More samples of a group are kept by hand than its quota allows",
            where="selection.quota",
            got=f"{by_hand:,} of {group} kept by hand, a quota of {quota:,}",
            allowed=f"{by_hand:,} or more",
            todo="raise it, or take decisions to keep out of overrides.csv",
        )


def _few(names: list[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
