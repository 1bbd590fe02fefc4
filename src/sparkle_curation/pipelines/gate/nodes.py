"""The nodes of ``gate``: what was made, what of it is scored, and how far each sample came."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds
from sparkle_curation.spec.codes.generation_faults import WAITS
from sparkle_curation.spec.codes.new_sample_codes import StageOutcome
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.rescores import NOT_ASKED
from sparkle_curation.stages import gates
from sparkle_curation.stages.gates import MADE_KINDS, Scored

logger = logging.getLogger(__name__)

_FAULTS = {"id": pl.String, "kind": pl.String, "error": pl.String, "error_detail": pl.String}


def gather_faults(*tables: AnyFrame) -> pl.DataFrame:
    """What could not be made: ``id``, ``kind``, ``error``, ``error_detail``, of the tables of the stages that were run.

    Args:
        *tables: of the stages, in the order of ``gates.MADE_KINDS``; without columns where one was not run.
    """
    parts = [pl.DataFrame(schema=_FAULTS)]
    for kind, table in zip(MADE_KINDS, tables, strict=True):
        names = table.lazy().collect_schema().names()
        if "error" in names:
            is_none = pl.col("error").is_null() | pl.col("error").is_in([NOT_ASKED, *WAITS])
            failed = table.lazy().filter(~is_none)
            told = failed.select("id", pl.lit(kind).alias("kind"), "error", "error_detail").collect()
            parts.append(told.select(pl.col(name).cast(dtype) for name, dtype in _FAULTS.items()))
    return pl.concat(parts)


def tell_progress(
    annotations: AnyFrame,
    gate_media: AnyFrame,
    gate_faults: pl.DataFrame,
    threshold: float | None,
    thresholds: Thresholds,
    *rescores: AnyFrame,
) -> pl.DataFrame:
    """How far each sample with an edit prompt came: one row per sample and asset kind that the stages make.

    Args:
        annotations: of the draft.
        gate_media: what the headers say of its assets, the made ones among them.
        gate_faults: what could not be made.
        threshold: of all primary criteria; None for their own.
        thresholds: of criteria by name.
        *rescores: of the scored stages, in their order; without columns where none was scored.
    """
    samples = (
        annotations.lazy()
        .select("id", pl.col("theme").cast(pl.String))
        .unique("id", maintain_order=True)
        .collect()
    )
    bounds = resolve_thresholds(threshold, thresholds)
    scored = {
        stage.name: Scored(table.lazy().collect(), bounds)
        for stage, table in zip(STAGES, rescores, strict=True)
        if stage.score_column in table.lazy().collect_schema().names()
    }
    made = gate_media.lazy().select("id", "kind", "error", "error_detail").collect()
    return gates.tell_progress(samples, made, gate_faults, scored)


def count_progress(new_progress: AnyFrame) -> pl.DataFrame:
    """The report: one row per theme, stage, outcome and reason; how many passed each stage is logged."""
    table = new_progress.lazy().collect()
    counts = gates.count_progress(table)
    known = table["id"].n_unique()
    for kind in MADE_KINDS:
        own = counts.filter(stage=kind)
        told = {each: int(own.filter(outcome=each.value)["count"].sum()) for each in StageOutcome}
        logger.info(
            "gate: %s: of %s samples %s",
            kind,
            f"{known:,}",
            ", ".join(f"{count:,} {outcome.value}" for outcome, count in told.items() if count),
        )
    return counts
