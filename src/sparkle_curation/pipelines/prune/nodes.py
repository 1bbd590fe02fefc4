"""The nodes of ``prune``."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.journal.journal import Journal, Pruning
from sparkle_curation.pipelines.prune.params import PruneGroup

logger = logging.getLogger(__name__)

_SCHEMA = {"journal": pl.String, **dict.fromkeys(Pruning._fields, pl.Int64), "is_pruned": pl.Boolean}


def prune_journals(params: PruneGroup, *journals: Journal) -> pl.DataFrame:
    """What each journal that is there holds, and what was dropped of it: one row per journal.

    Wanted is what the last run of each pipeline would have had, done or not: of its release, its code and its
    settings, of every kind, stage and sample. A journal that no run has said this of is left as it is.

    Args:
        params: whether anything is dropped at all.
        journals: all of them.
    """
    rows = []
    for journal in journals:
        if not journal.path.is_file():
            continue
        with journal:
            pruning = journal.prune(is_dry=params.is_dry)
        name = journal.path.stem
        if pruning is None:
            logger.warning("%s: left as it is, since no run has noted what it wants of it", name)
            continue
        logger.info(
            "%s: %s of %s rows and %s of %s bytes %s",
            *(name, f"{pruning.dropped_rows:,}", f"{pruning.rows:,}"),
            *(f"{pruning.dropped_bytes:,}", f"{pruning.size_bytes:,}"),
            "would be dropped; drop them with --params prune.is_dry=false" if params.is_dry else "dropped",
        )
        rows.append((name, *pruning, not params.is_dry))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")
