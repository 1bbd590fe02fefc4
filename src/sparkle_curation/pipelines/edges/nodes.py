"""The nodes of ``edges``: the control videos and their table, what was made as assets, and the report."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.caching.costly_work import MeasureConfig
from sparkle_curation.engine.dry_run import end_dry_run
from sparkle_curation.engine.executors.processes import choose_executor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.united_store import released_store
from sparkle_curation.media.edges.counts import count_edges as count
from sparkle_curation.media.edges.tabulate import Edging, made_assets, plan_edges, tabulate_edges
from sparkle_curation.media.made_media import probe_made
from sparkle_curation.pipelines.edges.params import EdgesGroup

logger = logging.getLogger(__name__)


def make_edges(
    edges_media: pl.LazyFrame,
    media: pl.LazyFrame,
    asset_store: AssetStore,
    made_media_root: str,
    journal: Journal,
    params: EdgesGroup,
    dry_run: bool,
) -> pl.DataFrame:
    """The table of control videos, which are made on the way; of a dry run only what the rest would take.

    Args:
        edges_media: what the headers say, of the masks that are asked for.
        media: the same of the release.
        asset_store: the assets; made masks where ``asset_source=rerun`` asks for them.
        made_media_root: folder that control videos are written below, in the published layout.
        journal: what was made before; equal clips, mask and settings are not made twice.
        params: how edges are found.
        dry_run: whether to end after a batch.
    """
    released, inputs = media.collect(), edges_media.collect()
    edging = Edging(
        asset_store, released_store(asset_store), made_media_root, params.making, params.min_released_iou
    )
    executor = choose_executor(processes=params.processes, place=journal.place)
    measuring = MeasureConfig("edges", executor, params.batch_size)
    if dry_run:
        end_dry_run(plan_edges(inputs, released, edging, measuring, journal), "samples")
    return tabulate_edges(inputs, released, edging, measuring, journal)


def list_made_assets(edges: pl.LazyFrame, made_media_root: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The control videos as rows of ``made_assets``, and their facts as rows of ``media``."""
    assets = made_assets(edges.collect())
    return assets, probe_made(assets, made_media_root)


def count_edges(edges: pl.LazyFrame) -> pl.DataFrame:
    """The report: one row per theme, error and state of the released control videos; what is lacking is logged."""
    counts = count(edges.collect())
    lacking = counts.drop_nulls("error").group_by("error", maintain_order=True).agg(pl.col("count").sum())
    for error, number in lacking.sort("count", descending=True).iter_rows():
        logger.warning("edges: %s samples have no control video: %s", f"{number:,}", error)
    return counts
