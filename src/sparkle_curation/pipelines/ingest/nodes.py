"""The nodes of ``ingest``: one for each table, then the quarantine and the counts of all."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.reading.annotations import annotation_prompts
from sparkle_curation.reading.annotations import ingest_annotations as read_annotations
from sparkle_curation.reading.asset_table import ingest_assets as read_assets
from sparkle_curation.reading.conservation import absences, count_sources
from sparkle_curation.reading.ingestion import Ingestion, TableStream
from sparkle_curation.reading.jsonl_table import ingest_jsonl
from sparkle_curation.reading.release_files import ReleaseFiles
from sparkle_curation.release.tables import (
    COLUMNS,
    EDITED_FRAME0_SCORES,
    EDITED_VIDEO_SCORES,
    FOREGROUND_REMOVED_SCORES,
    GROUNDING_R1,
    GROUNDING_R2,
    JsonlTable,
)

logger = logging.getLogger(__name__)

Ingested = tuple[TableStream, TableStream, TableStream]
"""A table, its rows of the quarantine, and its list of sources; read when they are saved."""


def ingest_annotations(release: ReleaseFiles) -> Ingested:
    """The annotations: one row per sample of a theme's training CSV or metadata JSONL."""
    return _streams(read_annotations(release))


def ingest_edited_frame0_scores(release: ReleaseFiles, annotations: pl.LazyFrame) -> Ingested:
    """The scores of the edited first frame: one row per scored sample."""
    return _ingest_jsonl(EDITED_FRAME0_SCORES, release, annotations)


def ingest_foreground_removed_scores(release: ReleaseFiles, annotations: pl.LazyFrame) -> Ingested:
    """The scores of the foreground-removed frame: one row per scored sample."""
    return _ingest_jsonl(FOREGROUND_REMOVED_SCORES, release, annotations)


def ingest_edited_video_scores(release: ReleaseFiles, annotations: pl.LazyFrame) -> Ingested:
    """The scores of the edited video's frames: one row per scored sample."""
    return _ingest_jsonl(EDITED_VIDEO_SCORES, release, annotations)


def ingest_grounding_r1(release: ReleaseFiles, annotations: pl.LazyFrame) -> Ingested:
    """The first round of grounding: one row per grounded sample."""
    return _ingest_jsonl(GROUNDING_R1, release, annotations)


def ingest_grounding_r2(release: ReleaseFiles, annotations: pl.LazyFrame) -> Ingested:
    """The second round of grounding: one row per grounded sample."""
    return _ingest_jsonl(GROUNDING_R2, release, annotations)


def ingest_assets(release: ReleaseFiles) -> Ingested:
    """The assets: one row per media file, in a shard or loose."""
    return _streams(read_assets(release))


def combine_quarantines(*quarantined: pl.LazyFrame) -> pl.LazyFrame:
    """The quarantine: the set-aside input of every table, in the order of ingestion."""
    return pl.concat(quarantined)


def count_ingested(quarantine: pl.LazyFrame, *tables_and_sources: pl.LazyFrame) -> pl.DataFrame:
    """What each source came to: one row per source, present or absent.

    Args:
        quarantine: the quarantine of all tables.
        tables_and_sources: the tables in the order of ``release.tables.COLUMNS``, then their lists of sources.

    Raises:
        ConservationError: a record of a source is neither a row nor in the quarantine.
    """
    names, count = list(COLUMNS), len(COLUMNS)
    tables = dict(zip(names, tables_and_sources[:count], strict=True))
    source_files = dict(zip(names, tables_and_sources[count:], strict=True))
    counts = count_sources(tables, quarantine, source_files)
    if missing := absences(counts):
        logger.warning("absent from the release: %s", "; ".join(missing))
    return counts


def _ingest_jsonl(table: JsonlTable, release: ReleaseFiles, annotations: pl.LazyFrame) -> Ingested:
    return _streams(ingest_jsonl(table, release, annotation_prompts(annotations)))


def _streams(ingestion: Ingestion) -> Ingested:
    glue = code_digest(glue=[__name__])
    rows, quarantined, source_files = ingestion.rows, ingestion.quarantined, ingestion.source_files
    return rows.made_by(glue), quarantined.made_by(glue), source_files.made_by(glue)
