"""Decisions by hand about tracked masks: which of them hold for the masks that there are, and which masks are refused.

A sibling of the decisions about samples: the same file form, checks and writing, with words of its own.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import polars as pl

from sparkle_curation.filtering.overrides.decisions import LINE, read_overrides


class MaskDecision(StrEnum):
    """What a person decided about a tracked mask."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class MaskDecisionState(StrEnum):
    """How a decision stands to the mask that there is now."""

    APPLIED = "applied"
    UNBOUND = "unbound"
    STALE = "stale"


def state_of_decisions(decisions: pl.DataFrame, tracks: pl.DataFrame) -> pl.DataFrame:
    """The decisions with ``state``, a ``MaskDecisionState``.

    A decision is about one mask, known by its ``index_hash``: where another was tracked since, or there is none, it is
    stale. Bound to nothing, as when a person typed it, it holds for any mask of the sample.

    Args:
        decisions: columns ``id``, ``bound_to``.
        tracks: columns ``id``, ``index_hash`` of the table ``tracks``.

    >>> decisions = pl.DataFrame({"id": ["a", "b", "c", "d"], "bound_to": ["1", "1", "", ""]})
    >>> tracks = pl.DataFrame({"id": ["a", "b", "c", "d"], "index_hash": ["1", "2", "3", None]})
    >>> state_of_decisions(decisions, tracks)["state"].to_list()
    ['applied', 'stale', 'unbound', 'stale']
    """
    now = tracks.select("id", pl.col("index_hash").alias("_now")).unique("id", maintain_order=True)
    state = (
        pl.when(pl.col("_now").is_null())
        .then(pl.lit(MaskDecisionState.STALE.value))
        .when(pl.col("bound_to") == "")
        .then(pl.lit(MaskDecisionState.UNBOUND.value))
        .when(pl.col("bound_to") == pl.col("_now"))
        .then(pl.lit(MaskDecisionState.APPLIED.value))
        .otherwise(pl.lit(MaskDecisionState.STALE.value))
    )
    return (
        decisions.join(now, on="id", how="left", maintain_order="left")
        .with_columns(state.alias("state"))
        .drop("_now")
    )


def refused_masks(decisions: pl.DataFrame, tracks: pl.DataFrame) -> frozenset[str]:
    """The ids of the samples whose tracked mask is refused: by anybody, in a decision that is not stale.

    One who refuses prevails, as with samples that one person drops: a mask that somebody saw fail is not used.

    Args:
        decisions: columns ``id``, ``decision``, ``bound_to``.
        tracks: as ``state_of_decisions``.
    """
    standing = state_of_decisions(decisions, tracks).filter(
        (pl.col("state") != MaskDecisionState.STALE.value) & (pl.col("decision") == MaskDecision.REFUSE.value)
    )
    return frozenset(standing["id"])


def read_mask_decisions(path: Path) -> tuple[pl.DataFrame, str]:
    """The decisions of a file, and its state; as ``read_overrides``, without the lines.

    Raises:
        OverridesError: a line is no decision about a mask.
    """
    decisions, state = read_overrides(path, MaskDecision)
    return decisions.drop(LINE), state
