"""The nodes of ``gate``: what was made, what of it is scored, and how far each sample came."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.filtering.thresholds import Thresholds, resolve_thresholds
from sparkle_curation.spec.codes.generation_faults import WAITS
from sparkle_curation.spec.codes.new_sample_codes import StageOutcome, StageReason
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.reruns.rescores import NOT_ASKED
from sparkle_curation.stages import gates, lineage
from sparkle_curation.stages.gates import Scored
from sparkle_curation.stages.lineage import MADE_KINDS, way_to_remake

logger = logging.getLogger(__name__)

_FAULTS = {"id": pl.String, "kind": pl.String, "error": pl.String, "error_detail": pl.String}


def gather_faults(gate_media: AnyFrame, *tables: AnyFrame) -> pl.DataFrame:
    """What could not be made: ``id``, ``kind``, ``error``, ``error_detail``, of the tables of the stages that were run.

    Args:
        gate_media: what there is: in one run with a stage its table is read once that is written.
        *tables: of the stages, in the order of ``lineage.MAKING``; without columns where one was not run.
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


def list_outdated(gate_media: AnyFrame, new_instructions: AnyFrame, *tables: AnyFrame) -> pl.DataFrame:
    """What is older than what it was made of: ``id``, ``kind``, ``detail``.

    Args:
        gate_media: what the headers say of assets, the made ones among them.
        new_instructions: that they were made by.
        *tables: of the stages, in the order of ``lineage.MAKING``; without columns where one was not run.
    """
    told = lineage.gather_lineage(zip(MADE_KINDS, (table.lazy().collect() for table in tables), strict=True))
    return lineage.list_outdated(told, gate_media.lazy().collect(), new_instructions.lazy().collect())


def tell_progress(
    annotations: AnyFrame,
    new_instructions: AnyFrame,
    gate_media: AnyFrame,
    gate_faults: pl.DataFrame,
    gate_outdated: pl.DataFrame,
    threshold: float | None,
    thresholds: Thresholds,
    *rescores: AnyFrame,
) -> pl.DataFrame:
    """How far each sample with an edit prompt came: one row per sample and asset kind that the stages make.

    Args:
        annotations: of the draft.
        new_instructions: whose prompts go before those of the annotations.
        gate_media: what the headers say of its assets, the made ones among them.
        gate_faults: what could not be made.
        gate_outdated: what is older than what it was made of.
        threshold: of all primary criteria; None for their own.
        thresholds: of criteria by name.
        *rescores: of the scored stages, in their order; without columns where none was scored.
    """
    samples = gates.samples_of(annotations.lazy().collect(), new_instructions.lazy().collect())
    bounds = resolve_thresholds(threshold, thresholds)
    scored = {
        stage.name: Scored(table.lazy().collect(), bounds)
        for stage, table in zip(STAGES, rescores, strict=True)
        if stage.score_column in table.lazy().collect_schema().names()
    }
    return gates.tell_progress(samples, gate_media.lazy().collect(), gate_faults, gate_outdated, scored)


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
    _tell_what_is_old(counts)
    return counts


def _tell_what_is_old(counts: pl.DataFrame) -> None:
    """Log what is older than what it is about, with what to run."""
    outdated = counts.filter(reason=StageReason.OUTDATED.value).group_by("stage", maintain_order=True)
    old = dict(outdated.agg(pl.col("count").sum()).iter_rows())
    if old:
        logger.warning(
            "gate: made of what is another now, and waiting: %s; make them again: %s",
            ", ".join(f"{old[kind]:,} of {kind}" for kind in MADE_KINDS if kind in old),
            way_to_remake(old),
        )
    scored = counts.filter(reason=StageReason.SCORED_BEFORE.value)["count"].sum()
    if scored:
        logger.warning(
            "gate: %s scores are of other assets or prompts than there are now, and do not count; score again: "
            "kedro run --pipelines score,gate",
            f"{scored:,}",
        )
