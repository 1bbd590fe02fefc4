"""The nodes of ``merge``."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.shard_journal import Merged, merge_shards

logger = logging.getLogger(__name__)

_PIPELINES = {"clip_look": "clips", "clip_cut": "clips", "track_votes": "track"}
"""Journal -> the pipeline that it is of, where it has another name."""

_TYPES = dict(zip(Merged._fields, (pl.String, pl.String, pl.Int64, pl.Int64), strict=True))


def merge_journals(*journals: Journal) -> pl.DataFrame:
    """What became of each shard of each journal: one row per shard; the missing ones are logged.

    In any order and of any number of them: what is merged is merged, and the rest can follow. Twice is harmless.

    Args:
        journals: those whose work can be shared.
    """
    rows = [(journal.path.stem, *row) for journal in journals for row in merge_shards(journal)]
    counts = pl.DataFrame(rows, schema={"journal": pl.String, **_TYPES}, orient="row")
    for (name,), of_journal in counts.group_by("journal", maintain_order=True):
        _tell(str(name), of_journal)
    if counts.is_empty():
        logger.warning("nothing to merge: there is no journal of a shard; the counts of a merge before stay")
    return counts


def _tell(name: str, counts: pl.DataFrame) -> None:
    logger.info("%s: %s rows of shards merged", name, f"{counts['merged_rows'].sum():,}")
    lacking = [
        f"{shard} ({state}{'' if missing is None else f', {missing:,} to do'})"
        for shard, state, missing in counts.filter(pl.col("state") != "whole")
        .select("shard", "state", "missing_rows")
        .iter_rows()
    ]
    if lacking:
        logger.warning(
            "%s: not all is there, missing are the shards %s; run them, then merge again",
            name,
            ", ".join(lacking),
        )
    else:
        pipeline = _PIPELINES.get(name, name)
        logger.info("%s: all shards are there: kedro run --pipelines %s makes the tables", name, pipeline)
