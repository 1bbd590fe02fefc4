"""How many assets there are of each theme and kind, and how many of them are broken, by error."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from sparkle_curation.errors import ConservationError
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.themes import THEMES

_GROUP = ["theme", "kind"]
_ORDER = {"theme": pl.Enum(THEMES), "kind": pl.Enum(list(ASSET_KINDS))}


def count_media(assets: pl.LazyFrame, media: pl.LazyFrame, kinds: Collection[str]) -> pl.DataFrame:
    """One row per theme and kind that has assets, by theme and kind as the card has them.

    Columns: ``theme``, ``kind``, ``asset_count``, ``whole_count``, ``broken_count``, and one for each error code.

    Args:
        assets: with ``theme`` and ``kind``.
        media: with ``theme``, ``kind`` and ``error``.
        kinds: those that were inspected.

    Raises:
        ConservationError: the media are not as many as the assets.
    """
    is_broken = pl.col("error").is_not_null()
    counted = media.group_by(_GROUP).agg(
        pl.len().alias("row_count"),
        (~is_broken).sum().alias("whole_count"),
        is_broken.sum().alias("broken_count"),
        *((pl.col("error") == fault.value).sum().alias(fault.value) for fault in MediaFault),
    )
    listed = (
        assets.filter(pl.col("kind").is_in(list(kinds))).group_by(_GROUP).agg(pl.len().alias("asset_count"))
    )
    counts = listed.join(counted, on=_GROUP, how="full", coalesce=True).collect()
    _check(counts)
    return counts.drop("row_count").sort(pl.col(name).cast(order) for name, order in _ORDER.items())


def broken_counts(counts: pl.DataFrame) -> dict[str, int]:
    """How many assets are broken by each error, over all themes and kinds; none where there are none."""
    totals = counts.select(pl.col(fault.value).sum() for fault in MediaFault).row(0, named=True)
    return {error: count for error, count in totals.items() if count}


def _check(counts: pl.DataFrame) -> None:
    odd = counts.filter(
        pl.col("asset_count").ne_missing(pl.col("row_count"))
        | (pl.col("asset_count") != pl.col("whole_count") + pl.col("broken_count"))
        | (pl.col("broken_count") != pl.sum_horizontal(fault.value for fault in MediaFault))
    )
    for row in odd.rows(named=True):
        raise ConservationError(
            "The media are not as many as the assets",
            where=f"theme {row['theme']}, kind {row['kind']}",
            got=f"{row['row_count']} media, {row['whole_count']} whole and {row['broken_count']} broken",
            allowed=f"{row['asset_count']}, one for each asset",
            todo="run inspect again after ingest: kedro run --pipelines curate",
        )
