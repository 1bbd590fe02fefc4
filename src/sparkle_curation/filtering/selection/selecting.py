"""The samples of a variant by budget and balance: exact, and nested.

Every candidate gets one place in one order, and the first ``budget`` are taken. So the number comes out exactly, a larger
budget never takes a sample away, and what a sample lacked is a place. Within a group the best stand first; how groups
mix is the mode: ``even`` deals them out in rounds, which is max-min fair (water filling); ``proportional`` orders by
Webster's quotients, ``(2 place + 1) / size``, since shares by largest remainder are not nested; ``quota`` does so with
the quotas for sizes. What was kept by hand stands before all others, and counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.id_lookup import are_unique, number_texts
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


_ROWS_AT_ONCE = 1 << 16


def select(candidates: AnyFrame, params: SelectionParams) -> pl.DataFrame:
    """One row per candidate in its order: ``id``, ``group``, ``is_selected``, ``limit``, ``detail``.

    ``limit`` is the parameter that a sample was not selected for, ``detail`` says it in words; null for a selected one.
    Caps come first: the best of a source clip, of these the best of a prompt; what is left fills budget and quotas.
    Samples are ranked by numbers alone, 30 bytes each, since texts of all candidates would be held some times over.

    Args:
        candidates: ``id``, each once; the columns of ``balance``; ``prompt`` and ``clip`` where they are limited, null where
            they are unknown, each such sample one of its own; ``rank_score``, the higher the better, null last;
            ``is_hand_kept``. Equal scores go by id.
        params: what limits them.

    Raises:
        SelectionError: more are kept by hand than budget or quota allow; a quota is missing, or of an unknown group.
        ConservationError: an id is there twice.
    """
    every = candidates.lazy().collect()
    if not are_unique(every["id"]):
        raise ConservationError(
            "Selected and not selected samples are not all candidates; an id is there twice",
            where="selection",
            got=f"{every.height} candidates of {every['id'].n_unique()} ids",
            allowed="each id once",
        )
    ranking = _Ranking(every, params)
    for limit, most, column in (
        (Limit.PER_SOURCE_CLIP, params.per_source_clip, "clip"),
        (Limit.PER_PROMPT, params.per_prompt, "prompt"),
    ):
        if most is not None:
            ranking.cap(limit, most, every[column])
    if params.mode == "quota" or params.budget is not None:
        ranking.fill()
    limits = pl.Series("limit", ranking.limits)
    names = [
        pl.when(limits == place).then(pl.lit(name, pl.Enum(Limit))) for place, name in enumerate(Limit, 1)
    ]
    return pl.DataFrame([every["id"], ranking.groups]).with_columns(
        (limits == 0).alias("is_selected"), pl.coalesce(names).alias("limit"), ranking.describe()
    )


class _Ranking:
    """Candidates in one order, and what they were not selected for.

    Attributes:
        groups: of each candidate, by name.
        limits: of each candidate: 0, or the place of the ``Limit`` from 1.
        places: of each candidate that has a limit: how many better ones there are.
    """

    def __init__(self, every: pl.DataFrame, params: SelectionParams) -> None:
        self._params = params
        self.groups = _name_groups(every, params.balance)
        self.limits = np.zeros(every.height, np.uint8)
        self.places = np.zeros(every.height, np.uint32)
        self._filled = pl.DataFrame()
        is_first = pl.col("is_hand_kept").fill_null(value=False)
        by_id = every.select(is_first, "rank_score").with_row_index("row")[every["id"].arg_sort()]
        by_score = by_id.sort("rank_score", descending=True, nulls_last=True, maintain_order=True)
        self._ranked = pl.concat(
            by_score.select("row", "is_hand_kept").filter(are_first) for are_first in (is_first, ~is_first)
        )

    def _in_race(self) -> pl.DataFrame:
        """``row`` and ``is_hand_kept`` of the candidates without a limit, the best first."""
        return self._ranked.filter(self.limits[self._ranked["row"].to_numpy()] == 0)

    def _set_out(self, limit: Limit, out: pl.DataFrame) -> None:
        rows = out["row"].to_numpy()
        self.limits[rows] = list(Limit).index(limit) + 1
        self.places[rows] = out["_place"].to_numpy()

    def cap(self, limit: Limit, most: int, of: pl.Series) -> None:
        """Set the limit of samples of a clip or prompt that better ones have filled; of none that was kept by hand."""
        numbers = number_texts(of)
        inside = self._in_race()
        inside = inside.with_columns(numbers.gather(inside["row"]).alias("_of")).drop_nulls("_of")
        place = pl.int_range(pl.len(), dtype=pl.UInt32).over("_of")
        is_out = (pl.col("_place") >= most) & ~pl.col("is_hand_kept")
        self._set_out(limit, inside.select("row", "is_hand_kept", place.alias("_place")).filter(is_out))

    def fill(self) -> None:
        """Set the limit of samples that neither budget nor quota has room for.

        Raises:
            SelectionError: as ``select``.
        """
        params, inside = self._params, self._in_race()
        inside = inside.with_columns(self.groups.gather(inside["row"]).alias("group")).with_columns(
            pl.int_range(pl.len()).over("group").alias("_place"),
            pl.len().over("group").alias("_size"),
            pl.lit(None, pl.Int64).alias("_quota"),
        )
        if params.mode == "quota":
            quota = _quota(self.groups, params.quota)
            inside = inside.with_columns(
                pl.col("group")
                .cast(pl.String)
                .replace_strict(quota, default=0, return_dtype=pl.Int64)
                .alias("_quota")
            )
            _check_quotas(inside)
        budget = inside.height if params.budget is None else params.budget
        _check_budget(int(inside["is_hand_kept"].sum()), budget)
        turn = {
            "even": pl.col("_place").cast(pl.Float64),
            "proportional": (2 * pl.col("_place") + 1) / pl.col("_size"),
            "quota": (2 * pl.col("_place") + 1) / pl.col("_quota"),
        }[params.mode]
        has_room = (pl.col("_place") < pl.col("_quota")).fill_null(value=True)
        inside = (
            inside.select(
                "row", "group", "_place", "is_hand_kept", has_room.alias("_has_room"), turn.alias("_turn")
            )
            .sort(["_has_room", "is_hand_kept", "_turn", "group"], descending=[True, True, False, False])
            .with_row_index("_rank")
        )
        is_in = pl.col("_has_room") & (pl.col("_rank") < budget)
        self._filled = inside.group_by("group").agg(pl.len().alias("_size"), is_in.sum().alias("_taken"))
        self._set_out(Limit.QUOTA, inside.filter(~pl.col("_has_room")))
        self._set_out(Limit.BUDGET, inside.filter(pl.col("_has_room") & ~is_in))

    def describe(self) -> pl.Series:
        """What is said of each candidate that has a limit: ``detail``."""
        rows = pl.DataFrame([self.groups, pl.Series("_limit", self.limits), pl.Series("_place", self.places)])
        if not self._filled.height:
            self._filled = pl.DataFrame(
                schema={"group": self.groups.dtype, "_size": pl.UInt32, "_taken": pl.UInt32}
            )
        told = [
            part.join(self._filled, on="group", how="left", maintain_order="left").select(
                _words(self._params)
            )
            for part in rows.iter_slices(_ROWS_AT_ONCE)
        ]
        return pl.concat([pl.DataFrame(schema={"detail": pl.String}), *told])["detail"]


def _words(params: SelectionParams) -> pl.Expr:
    better = pl.col("_place")
    said = {
        Limit.PER_SOURCE_CLIP: pl.format(
            f"per_source_clip={params.per_source_clip}: {{}} better ones of its source clip", better
        ),
        Limit.PER_PROMPT: pl.format(
            f"per_prompt={params.per_prompt}: {{}} better ones of its prompt", better
        ),
        Limit.QUOTA: pl.format("quota of {}: {} better ones, of {}", "group", better, "_size"),
        Limit.BUDGET: pl.format(
            f"budget={params.budget}: {{}} of {{}} in {{}} are taken, it is number {{}}",
            "_taken",
            "_size",
            "group",
            better + 1,
        ),
    }
    told = [pl.when(pl.col("_limit") == place).then(said[limit]) for place, limit in enumerate(Limit, 1)]
    return pl.coalesce(told).alias("detail")


def _name_groups(every: pl.DataFrame, balance: Sequence[str]) -> pl.Series:
    """The group of each candidate by name: ``group``, an enumeration in the order of names."""
    name = pl.concat_str(
        [pl.col(column).cast(pl.String).fill_null(NO_VALUE) for column in balance], separator="/"
    ).alias("group")
    names = pl.Enum(sorted(set(every.select(balance).unique().select(name)["group"])))
    named = [part.select(name.cast(names)) for part in every.iter_slices(_ROWS_AT_ONCE)]
    return pl.concat([pl.DataFrame(schema={"group": names}), *named])["group"]


def _check_budget(by_hand: int, budget: int) -> None:
    if by_hand > budget:
        raise SelectionError(
            "More samples are kept by hand than the budget allows",
            where="selection.budget",
            got=f"{by_hand:,} kept by hand, a budget of {budget:,}",
            allowed=f"{by_hand:,} or more",
            todo=f"raise it, --params selection.budget={by_hand}, or take decisions to keep out of overrides.csv",
        )


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
