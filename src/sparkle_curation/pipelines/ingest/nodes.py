"""The nodes of ``ingest``: one for each table, then the quarantine and the counts of all."""

from __future__ import annotations

import logging
from dataclasses import replace

import polars as pl

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.table_stream import PartitionedStream
from sparkle_curation.ingest import sources_at_hand
from sparkle_curation.ingest.assets.table import ingest_assets as read_assets
from sparkle_curation.ingest.conservation import absences, count_sources, shard_gaps
from sparkle_curation.ingest.csv.annotations import annotation_prompts
from sparkle_curation.ingest.csv.annotations import ingest_annotations as read_annotations
from sparkle_curation.ingest.ingestion import PartitionedIngestion
from sparkle_curation.ingest.jsonl.table import ingest_jsonl
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.shapes.annotations import ingest_shape_annotations
from sparkle_curation.ingest.shapes.assets import ingest_shape_assets
from sparkle_curation.ingest.shapes.known import known_samples
from sparkle_curation.ingest.shapes.scores import ingest_shape_scores
from sparkle_curation.media.masks.other_masks import make_mask
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.tables.ingested import COLUMNS, JsonlTable

logger = logging.getLogger(__name__)

Ingested = tuple[PartitionedStream, PartitionedStream, PartitionedStream]
"""A table, its rows of the quarantine, and its list of sources; read when they are saved."""


def check_release(release: ReleaseFiles, sources_before: pl.DataFrame, allow_empty: bool) -> ReleaseFiles:
    """The release, once it is known to have what the tables are made of; before any of them is written.

    Raises:
        ReleaseError: nothing of a release is there.
        EmptyOutputError: a table would lose all rows of a theme, since its sources are not there any more.
    """
    for packed in sources_at_hand.packed_sources(release):
        logger.warning("%s", packed)
    sources_at_hand.check_release(release, sources_before, allow_empty=allow_empty)
    return release


def note_release(release: ReleaseFiles) -> dict[str, str | None]:
    """Which version of the release is read, where its place has versions: ``commit`` of the hub, else None."""
    if release.commit:
        logger.info("the release is read at the commit %s", release.commit)
    return {"commit": release.commit}


def ingest_annotations(release: ReleaseFiles, allow_empty: bool) -> Ingested:
    """The annotations: one row per sample of a theme's training CSV or metadata JSONL, or of its records."""
    if shape := dataset().shape:
        return _streams(ingest_shape_annotations(release, shape), allow_empty)
    return _streams(read_annotations(release), allow_empty)


def ingest_records(
    table: JsonlTable, release: ReleaseFiles, allow_empty: bool, annotations: pl.LazyFrame
) -> Ingested:
    """A table of scores or groundings: one row per sample in the themes' JSONL files.

    Args:
        table: which.
        release: its files.
        allow_empty: whether the table may lose all its rows.
        annotations: with the prompts that those of the records are compared with.
    """
    if shape := dataset().shape:
        return _streams(ingest_shape_scores(table, release, shape, known_samples(annotations)), allow_empty)
    return _streams(ingest_jsonl(table, release, annotation_prompts(annotations)), allow_empty)


def ingest_assets(
    release: ReleaseFiles, allow_empty: bool, annotations: pl.LazyFrame | None = None
) -> Ingested:
    """The assets: one row per media file, in a shard or loose.

    Args:
        release: its files.
        allow_empty: whether the table may lose all its rows.
        annotations: the samples whose files are looked for, of a dataset with a shape of its own.
    """
    if (shape := dataset().shape) and annotations is not None:
        known = known_samples(annotations)
        return _streams(ingest_shape_assets(release, shape, known, make_mask), allow_empty)
    return _streams(read_assets(release), allow_empty)


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
    if gaps := shard_gaps(counts):
        logger.warning(
            "shards absent between others, and with them their assets (behind the last, more may be): %s",
            "; ".join(gaps),
        )
    return counts


def _streams(ingestion: PartitionedIngestion, allow_empty: bool) -> Ingested:
    glue = code_digest(glue=[__name__])
    rows = ingestion.rows.map(lambda stream: replace(stream, allow_empty=allow_empty))
    return (
        rows.map(lambda stream: stream.made_by(glue)),
        ingestion.quarantined.map(lambda stream: stream.made_by(glue)),
        ingestion.source_files.map(lambda stream: stream.made_by(glue)),
    )
