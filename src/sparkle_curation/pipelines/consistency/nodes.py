"""The nodes of ``consistency``: the table, and how many samples fail each check."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.caching.costly_work import MeasureConfig
from sparkle_curation.engine.executors.processes import choose_executor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.consistency.consistency import Groundings
from sparkle_curation.media.consistency.consistency import check_consistency as check
from sparkle_curation.media.consistency.counts import count_failures
from sparkle_curation.pipelines.consistency.params import ConsistencyGroup

logger = logging.getLogger(__name__)

_MOST_WARNINGS = 12


def check_consistency(
    media: pl.LazyFrame,
    grounding_r1: pl.LazyFrame,
    grounding_r2: pl.LazyFrame,
    asset_store: AssetStore,
    journal: Journal,
    params: ConsistencyGroup,
) -> pl.DataFrame:
    """The consistency: one row per sample with any asset; a broken asset is an error in its row.

    Args:
        media: what the headers say.
        grounding_r1: boxes on the first source frame.
        grounding_r2: boxes on source frames at 2 a second.
        asset_store: the assets.
        journal: what was measured before; a content is measured once.
        params: what is read, and how.
    """
    return check(
        media.collect(),
        Groundings(grounding_r1, grounding_r2),
        params.readings,
        asset_store,
        MeasureConfig(
            "consistency", choose_executor(processes=params.processes, place=journal.place), params.batch_size
        ),
        journal,
    )


def count_inconsistencies(consistency: pl.LazyFrame, params: ConsistencyGroup) -> pl.DataFrame:
    """The report: one row per theme and check, with how many samples fail it; each failed check is logged."""
    counts = count_failures(consistency.collect(), params.bounds.model_dump())
    failed = counts.group_by("check", maintain_order=True).agg(
        pl.col("failed_count", "checked_count").sum(),
        pl.col("failed_ids").filter(pl.col("failed_count") > 0).first(),
    )
    for row in failed.filter(pl.col("failed_count") > 0).head(_MOST_WARNINGS).rows(named=True):
        logger.warning(
            "consistency: %s of %s samples fail %s, e.g. %s",
            f"{row['failed_count']:,}",
            f"{row['checked_count']:,}",
            row["check"],
            row["failed_ids"].partition(" ")[0],
        )
    return counts
