"""Verdicts with the decisions by hand over them: scores and outcomes stay, and what is kept follows the decisions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import polars as pl

from sparkle_curation.errors import ConservationError, OverridesError, did_you_mean
from sparkle_curation.filtering.overrides.binding import BOUND_TO
from sparkle_curation.filtering.overrides.decisions import LINE, OVERRIDE_COLUMNS, Decision
from sparkle_curation.filtering.overrides.resolving import OverrideRule, agreement, resolve


class State(StrEnum):
    """What became of one decision of one person."""

    APPLIED = "applied"
    UNBOUND = "unbound"
    OUTVOTED = "outvoted"
    STALE = "stale"


LISTED_SCHEMA = pl.Schema(
    dict.fromkeys(("id", "annotator", "decision", "reason", "state", "effect", "detail"), pl.String())
)
"""The report of the decisions: one row each, sorted by id and annotator."""


@dataclass(frozen=True)
class Overridden:
    """Verdicts with the decisions over them.

    Attributes:
        verdicts: as they came, with ``override``, ``override_reason`` and what is kept now.
        listed: ``LISTED_SCHEMA``. ``state``: ``applied``; ``unbound``, applied and bound to nothing; ``outvoted`` by others;
            ``stale``, made on other content and not applied. ``effect``: ``dropped``, ``kept``, or ``none`` where the
            thresholds say the same.
        summary: for metrics and card; empty where there is no decision.
    """

    verdicts: pl.DataFrame
    listed: pl.DataFrame
    summary: dict[str, Any] = field(default_factory=dict)


def apply_overrides(
    verdicts: pl.DataFrame,
    overrides: pl.DataFrame,
    rule: OverrideRule,
    bind: Callable[[Collection[str]], pl.DataFrame],
    *,
    where: object = "overrides.csv",
) -> Overridden:
    """The verdicts with the decisions over them, each decision with what became of it, and their counts.

    A decision that is bound to other content than the sample has now is stale: it is listed and does not count.

    Args:
        verdicts: one row per known sample.
        overrides: the decisions, from ``decisions.read_overrides``.
        rule: who prevails where people differ.
        bind: from ids to ``id``, ``bound_to`` of today, as ``binding.bind`` gives it; asked where a decision is bound.
        where: the file of the decisions, for errors.

    Raises:
        OverridesError: a decision that is bound to nothing is about a sample that no table knows.
        ConservationError: kept is not what passed, less what was dropped and more what was kept by hand.
    """
    if overrides.is_empty():
        return Overridden(verdicts, pl.DataFrame(schema=LISTED_SCHEMA))
    known = verdicts.select("id", pl.col("rejected_by").is_null().alias("passes"))
    today = bind(overrides.filter(pl.col(BOUND_TO) != "")["id"].unique().to_list())
    found = overrides.join(known, on="id", how="left").join(
        today.rename({BOUND_TO: "_today"}), on="id", how="left"
    )
    is_bound, is_unknown = pl.col(BOUND_TO) != "", pl.col("passes").is_null()
    _check_known(found.filter(is_unknown & ~is_bound), verdicts["id"], where)
    is_stale = is_bound & (is_unknown | pl.col(BOUND_TO).ne_missing(pl.col("_today")))
    found = found.with_columns(is_stale.alias("is_stale"))
    counting = found.filter(~pl.col("is_stale"))
    resolved = resolve(counting.select(OVERRIDE_COLUMNS), rule)
    applied = (
        verdicts.drop("override", "override_reason", strict=False)
        .join(resolved, on="id", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("override").is_null())
            .then(pl.col("is_kept"))
            .otherwise(pl.col("override") == Decision.KEEP.value)
            .alias("is_kept")
        )
        .select(verdicts.columns)
    )
    _check_conservation(verdicts, applied)
    listed = _list(found, resolved)
    return Overridden(applied, listed, _summarise(listed, counting, rule))


def _check_known(unknown: pl.DataFrame, ids: pl.Series, where: object) -> None:
    if unknown.is_empty():
        return
    key, line = unknown["id"][0], unknown[LINE][0] if LINE in unknown.columns else None
    near = did_you_mean(key, ids.filter(ids.str.starts_with(key.rpartition("_")[0])).head(2000))
    raise OverridesError(
        "A decision is about a sample that no table knows",
        where=f"{where}, line {line}" if line else where,
        got=key if unknown.height == 1 else f"{key}, and {unknown.height - 1} more",
        allowed="ids of 03_primary/verdicts.parquet",
        todo=near or "mend the id, or remove the line",
    )


def _list(found: pl.DataFrame, resolved: pl.DataFrame) -> pl.DataFrame:
    is_stale, is_mine = pl.col("is_stale"), (pl.col("decision") == pl.col("override")).fill_null(value=False)
    is_new = pl.col("passes") != (pl.col("override") == Decision.KEEP.value)
    effect = (
        pl.when(pl.col("override") == Decision.KEEP.value).then(pl.lit("kept")).otherwise(pl.lit("dropped"))
    )
    details = {
        State.STALE: pl.when(pl.col("passes").is_null())
        .then(pl.lit("no table knows the sample any more"))
        .otherwise(pl.lit("prompt, scores or assets of the sample are others now")),
        State.OUTVOTED: pl.lit("others decide otherwise, and they prevail or nobody does"),
        State.UNBOUND: pl.lit("bound to nothing, so it holds whatever the sample comes to be"),
    }
    state = (
        pl.when(is_stale)
        .then(pl.lit(State.STALE.value))
        .when(~is_mine)
        .then(pl.lit(State.OUTVOTED.value))
        .when(pl.col(BOUND_TO) == "")
        .then(pl.lit(State.UNBOUND.value))
        .otherwise(pl.lit(State.APPLIED.value))
    )
    return (
        found.join(resolved, on="id", how="left")
        .with_columns(
            state.alias("state"),
            pl.when(~is_stale & is_mine & is_new).then(effect).otherwise(pl.lit("none")).alias("effect"),
        )
        .with_columns(
            pl.coalesce(
                *(pl.when(pl.col("state") == each.value).then(said) for each, said in details.items()),
                pl.lit(""),
            ).alias("detail")
        )
        .select(LISTED_SCHEMA.names())
        .sort("id", "annotator")
    )


def _summarise(listed: pl.DataFrame, counting: pl.DataFrame, rule: OverrideRule) -> dict[str, Any]:
    states = listed["state"]
    alpha = agreement(counting)
    return {
        "rule": rule,
        "decisions": listed.height,
        "annotators": listed["annotator"].n_unique(),
        **{each.value: int((states == each.value).sum()) for each in State},
        "alpha": None if alpha is None else round(alpha, 4),
    }


def _check_conservation(before: pl.DataFrame, after: pl.DataFrame) -> None:
    passed = before["rejected_by"].is_null()
    is_kept = after["is_kept"]
    kept, dropped = (int(each.sum()) for each in (~passed & is_kept, passed & ~is_kept))
    if after.height != before.height or is_kept.sum() != passed.sum() - dropped + kept:
        raise ConservationError(
            "Kept samples are not those that pass, less those dropped and more those kept by hand",
            where="verdicts",
            got=f"{is_kept.sum()} of {after.height}",
            allowed=f"{passed.sum()} - {dropped} + {kept} of {before.height}",
        )
