"""The steps of filtering: thresholds, audit, verdicts; what makes a variant of them is in ``variant.curation``."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.filtering import score_source
from sparkle_curation.filtering.censoring import name_censored
from sparkle_curation.filtering.choices import ImputedPolicy
from sparkle_curation.filtering.score_histograms import count_scores
from sparkle_curation.filtering.sweep import surface, sweep
from sparkle_curation.filtering.verdicts import (
    MissingScores,
    list_known,
    mark_imputed,
    split,
)
from sparkle_curation.filtering.verdicts import (
    apply_thresholds as apply_to_scores,
)
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.pages.frame import Page
from sparkle_curation.reports import variant_page
from sparkle_curation.reports.figures import funnel
from sparkle_curation.reports.figures import sweep as sweep_figure
from sparkle_curation.reports.figures.parts import Figure
from sparkle_curation.reports.variant_pictures import draw_pictures
from sparkle_curation.scoring.audit import score_audit
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES
from sparkle_curation.spec.tables.ingested import SCORE_FAULT_COLUMNS
from sparkle_curation.spec.tables.verdicts import SOURCE
from sparkle_curation.variant import empty_variant
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.pictures import Pictures

logger = logging.getLogger(__name__)


def list_known_samples(annotations: AnyFrame, *others: AnyFrame) -> pl.DataFrame:
    """One row per sample id of any table, by theme and in the order of the release: ``id, theme, is_released``."""
    return list_known(annotations, others)


def find_score_faults(
    score_fingerprints: dict[str, str],
    score_faults_before: Callable[[str], pl.LazyFrame | None],
    *scores: AnyFrame,
) -> pl.DataFrame:
    """The scores' violations of EditScore's arithmetic; those of before, where the scores are still the same.

    Reading a gigabyte of raw answers takes seconds and does not depend on the thresholds, so it is done once.
    """
    known = score_faults_before(_fingerprint_of_faults(score_fingerprints))
    if known is not None:
        return known.collect()
    return score_audit.find_score_faults(dict(zip(STAGE_NAMES, scores, strict=True)))


def keep_score_faults(
    score_fingerprints: dict[str, str], score_faults_found: pl.DataFrame, _settled: AnyFrame
) -> TableStream:
    """The violations with what they were found in, to be written once the run is known to make a variant.

    Args:
        score_fingerprints: of the scores.
        score_faults_found: the violations.
        _settled: what is there once that is known.
    """
    schema = arrow_schema(SCORE_FAULT_COLUMNS)
    return TableStream(
        title="score_faults",
        schema=schema,
        fingerprint=_fingerprint_of_faults(score_fingerprints),
        total_bytes=0,
        batches=lambda: iter([score_faults_found.to_arrow().cast(schema)]),
        bytes_read=lambda: 0,
        retracted=dict,
    )


def _fingerprint_of_faults(score_fingerprints: dict[str, str]) -> str:
    code = code_digest(score_audit.__name__, glue=[__name__])
    facts = json.dumps([code, score_fingerprints], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()


def audit_scores(score_faults: AnyFrame, thresholds: dict[str, float]) -> pl.DataFrame:
    """The score audit: each violation, and whether its sample would change sides without the imputed value."""
    return score_audit.compare_with_thresholds(score_faults, thresholds)


def choose_scores(
    source: score_source.ScoreSource, media: AnyFrame, *tables: AnyFrame
) -> tuple[pl.LazyFrame, ...]:
    """The scores to use, a table per stage: of the release, of this project's own judge, or of both.

    Args:
        source: the policy.
        media: columns of ``media``, of the files of now.
        tables: the tables of the release by stage, then those of rescores.

    Raises:
        MissingTableError: rescores are asked for, and there are none.
    """
    pairs = zip(STAGES, tables[: len(STAGES)], tables[len(STAGES) :], strict=True)
    chosen = [
        score_source.choose_scores(released, rescored, stage, source, media)
        for stage, released, rescored in pairs
    ]
    if source != "released":
        for stage, scores in zip(STAGES, chosen, strict=True):
            counts = scores.group_by(SOURCE).len().sort(SOURCE).collect()
            said = ", ".join(f"{count:,} {name}" for name, count in counts.iter_rows())
            logger.info("%s: %s scores", stage.name, said or "no")
    return tuple(chosen)


def mark_imputed_samples(
    samples_known: AnyFrame, score_faults: AnyFrame, *chosen: pl.LazyFrame
) -> pl.DataFrame:
    """The known samples, and at which stages the scores to use are proven to hold an imputed value."""
    by_stage = dict(zip(STAGE_NAMES, chosen, strict=True))
    return mark_imputed(samples_known, score_source.faults_that_count(score_faults, by_stage))


def apply_thresholds(
    samples_marked: AnyFrame,
    thresholds: dict[str, float],
    missing_scores: MissingScores,
    imputed_policy: ImputedPolicy,
    *scores: AnyFrame,
) -> pl.DataFrame:
    """The verdicts: one row per known sample with each stage's score, threshold and outcome.

    Raises:
        ReleaseError: scores are missing that ``missing_scores`` asks for.
        ConservationError: the verdicts are not one per known sample.
    """
    by_stage = dict(zip(STAGE_NAMES, scores, strict=True))
    return apply_to_scores(samples_marked, by_stage, thresholds, missing_scores, imputed_policy.used)


def check_kept(verdicts: pl.DataFrame, thresholds: dict[str, float], allow_empty: bool) -> pl.DataFrame:
    """The verdicts, once some sample is known to be kept; the old ones are still those that the variant was made by.

    Raises:
        EmptyOutputError: no sample is kept, and ``allow_empty`` is not set.
    """
    empty_variant.check_kept(verdicts, thresholds, allow_empty=allow_empty)
    return verdicts


def split_by_verdict(verdicts: AnyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The verdicts of the kept and of the rejected samples, not copied until they are asked for.

    Raises:
        ConservationError: kept and rejected are not all known samples.
    """
    return split(verdicts)


def count_scores_by_tenth(verdicts: AnyFrame) -> pl.DataFrame:
    """How the scores of each stage and theme are spread, a count for each tenth of a point."""
    return count_scores(verdicts)


def sweep_thresholds(
    verdicts: AnyFrame, missing_scores: MissingScores, imputed_policy: ImputedPolicy
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What each stage alone would keep at every threshold, and what all would at every combination."""
    return (
        sweep(verdicts, missing_scores, imputed_policy.used),
        surface(verdicts, missing_scores, imputed_policy.used),
    )


def draw_threshold_sweep(
    threshold_sweep: AnyFrame,
    threshold_surface: AnyFrame,
    thresholds: dict[str, float],
    censoring: pl.DataFrame,
) -> Figure:
    """The sweep as a figure for Plotly: a picture per theme, a line per stage, the current thresholds marked.

    Shaded is what the released scores cannot say, since they hold nothing that was rejected.
    """
    return sweep_figure.draw_sweep(
        threshold_sweep.lazy().collect(),
        threshold_surface.lazy().collect(),
        thresholds,
        name_censored(censoring),
    )


def draw_funnel(funnel_table: pl.DataFrame, thresholds: dict[str, float]) -> Figure:
    """The funnel as a figure for Plotly, the themes stacked."""
    return funnel.draw_funnel(funnel_table, thresholds)


def draw_variant_pictures(
    samples_exported: pl.DataFrame,
    verdicts: AnyFrame,
    thresholds: dict[str, float],
    media: AnyFrame,
    asset_store: AssetStore,
) -> Pictures:
    """The pictures of the card: some pairs, where their clips are at hand, and the scores with the thresholds."""
    return draw_pictures(samples_exported, verdicts, thresholds, media, asset_store)


def compose_variant_page(variant_stated: VariantFacts, pictures: Pictures, *left_out: pl.DataFrame) -> Page:
    """The page of the variant, the first to look at after a run.

    Args:
        variant_stated: what is to be told of the variant.
        pictures: those of the card.
        left_out: the reports of kept samples that are not exported, of dropped pairs, of odd pairs and of odd prompts.
    """
    return variant_page.compose(variant_stated, pictures, left_out)
