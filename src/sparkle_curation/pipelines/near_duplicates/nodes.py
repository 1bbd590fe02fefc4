"""The nodes of ``near_duplicates``: hashes of first frames, groups by source clip, duplicates and counts."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.caching.costly_work import MeasureConfig
from sparkle_curation.engine.executors.ordered_map import core_count
from sparkle_curation.engine.executors.processes import choose_executor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.media.hashing import frame_hashing
from sparkle_curation.pipelines.near_duplicates.params import NearDuplicatesGroup
from sparkle_curation.spec.layout import KIND
from sparkle_curation.variant import near_duplicates
from sparkle_curation.variant import sample_groups as groups

logger = logging.getLogger(__name__)


def hash_first_frames(
    media: pl.LazyFrame, asset_store: AssetStore, journal: Journal, params: NearDuplicatesGroup
) -> pl.DataFrame:
    """The perceptual hash of each sample's first source frame; what could not be read is an error in its row.

    Args:
        media: what the headers say; a file that is broken there is not opened.
        asset_store: the assets.
        journal: what was hashed before; a content is read once.
        params: how they are read.
    """
    processes = params.processes or core_count()
    executor = choose_executor(processes=processes, place=journal.place)
    measuring = MeasureConfig("first frames", executor, params.batch_size)
    return frame_hashing.hash_first_frames(media.collect(), asset_store.shared(processes), measuring, journal)


def group_samples(
    media: pl.LazyFrame, frame_hashes: pl.LazyFrame, params: NearDuplicatesGroup
) -> pl.DataFrame:
    """The groups of samples that share a source clip, by its file or by its first frame.

    Raises:
        ConservationError: a sample is there twice.
    """
    whole = media.filter(pl.col("kind") == KIND.source_video, pl.col("error").is_null())
    return groups.group_samples(frame_hashes, prefer_loose(whole.collect()), params)


def find_duplicates(annotations: pl.LazyFrame, sample_groups: pl.LazyFrame) -> pl.DataFrame:
    """The samples that share both prompt and source clip with another one."""
    return near_duplicates.find_duplicates(annotations, sample_groups)


def count_near_duplicates(
    sample_groups: pl.LazyFrame,
    frame_hashes: pl.LazyFrame,
    duplicates: pl.DataFrame,
    params: NearDuplicatesGroup,
) -> pl.DataFrame:
    """What the groups come to, by theme; the total is logged."""
    counts = near_duplicates.count_near_duplicates(sample_groups, frame_hashes, duplicates, params.min_detail)
    total = counts.row(-1, named=True)
    logger.info(
        "near duplicates: %s of %s samples share their source clip with another, %s across themes; %s share the prompt too",
        *(
            f"{total[name]:,}"
            for name in ("near_duplicate_count", "sample_count", "cross_theme_count", "duplicate_count")
        ),
    )
    return counts
