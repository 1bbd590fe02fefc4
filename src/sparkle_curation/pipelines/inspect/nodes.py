"""The nodes of ``inspect``: the table of the media, its counts, and the boxes on the videos."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.executors.ordered_map import core_count
from sparkle_curation.engine.executors.processes import choose_executor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.bboxes.grounding_boxes import grounding_box_stream
from sparkle_curation.media.probe.counts import broken_counts
from sparkle_curation.media.probe.counts import count_media as count
from sparkle_curation.media.probe.inspection import ProbeConfig, media_stream
from sparkle_curation.pipelines.inspect.params import InspectionParams

logger = logging.getLogger(__name__)


def probe_assets(
    release: ReleaseFiles,
    assets: pl.LazyFrame,
    fingerprints: dict[str, str],
    journal: Journal,
    params: InspectionParams,
) -> TableStream:
    """The media: one row per asset of the kinds, broken or whole.

    Where neither the assets nor the parameters have changed since the stored table, nothing is read.

    Args:
        release: the files.
        assets: the ingested assets.
        fingerprints: of the stored tables ``assets`` and ``media``; the latter empty where there is none yet.
        journal: what was probed before.
        params: which assets, and how.
    """
    processes = params.processes or core_count()
    executor = choose_executor(processes=processes, place=journal.place)
    probing = ProbeConfig(params.depth, executor, params.assets_per_batch, processes)
    return media_stream(release, assets, params.inspected_kinds, fingerprints, probing, journal, [__name__])


def count_media(assets: pl.LazyFrame, media: pl.LazyFrame, params: InspectionParams) -> pl.DataFrame:
    """What the media came to: one row per theme and kind, with the broken ones by their error.

    Raises:
        ConservationError: an asset has no row, or one too many.
    """
    counts = count(assets, media, params.inspected_kinds)
    if broken := broken_counts(counts):
        said = ", ".join(f"{number:,} {error}" for error, number in broken.items())
        logger.warning("media: broken are %s of %s assets", said, f"{counts['asset_count'].sum():,}")
    return counts


def locate_boxes(
    grounding_r1: pl.LazyFrame,
    grounding_r2: pl.LazyFrame,
    media: pl.LazyFrame,
    fingerprints: dict[str, str],
) -> TableStream:
    """The boxes of both rounds: one row per grounded object, on the frame and in the pixels of its source video.

    Where none of the three tables has changed since the stored boxes, nothing is read.

    Args:
        grounding_r1: round 1.
        grounding_r2: round 2.
        media: the media; without them the boxes have no pixels.
        fingerprints: of those three as stored.
    """
    boxes = grounding_box_stream(grounding_r1, grounding_r2, media, fingerprints)
    return boxes.made_by(code_digest(glue=[__name__]))
