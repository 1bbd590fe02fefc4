"""From the ingested tables to a variant for one set of parameters, in one call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ConservationError, SparkleError
from sparkle_curation.filtering import score_source
from sparkle_curation.filtering.audit_sample import measure_audit
from sparkle_curation.filtering.censoring import find_censoring
from sparkle_curation.filtering.choices import settle_imputed_scores
from sparkle_curation.filtering.thresholds import resolve_thresholds
from sparkle_curation.filtering.verdicts import apply_thresholds, mark_imputed, split
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.variant import empty_variant
from sparkle_curation.variant.curation import steps
from sparkle_curation.variant.curation.params import FilterParams
from sparkle_curation.variant.export import Variant
from sparkle_curation.variant.pictures import DrawPictures, Pictures
from sparkle_curation.variant.provenance import CodeVersion, DataVersion
from sparkle_curation.variant.tuned_on_bench import Entry


@dataclass(frozen=True)
class CurationTables:
    """What variants are made of; the same for all of them.

    Attributes:
        samples_known: the samples of all tables.
        annotations: as ingested.
        scores: of the release, by the order of the stages.
        rescores: in the same order; without columns where nothing was rescored.
        groundings: as ingested, in their order.
        assets: as ingested.
        assets_source_files: the shards as ingested.
        media: as inspected.
        sample_groups: of ``near_duplicates``; without columns where it was not run.
        signals: of ``signals``; likewise.
        score_faults: scores that EditScore cannot have given.
        overrides: decisions by hand, from ``overrides.decisions``.
        bench_leakage: of ``bench_ingest``; without columns where it was not run, like the next.
        bench_comparison: how much it could compare.
        audit_sample: what people judge blind; without rows where nobody has drawn any.
        bench_ledger: what was evaluated on benchmarks; None where nothing was noted.
        draw: draws the pictures of a variant; by itself none.
    """

    samples_known: pl.DataFrame
    annotations: AnyFrame
    scores: tuple[AnyFrame, ...]
    rescores: tuple[AnyFrame, ...]
    groundings: tuple[AnyFrame, ...]
    assets: AnyFrame
    assets_source_files: AnyFrame
    media: AnyFrame
    sample_groups: AnyFrame
    signals: AnyFrame
    score_faults: AnyFrame
    overrides: pl.DataFrame
    bench_leakage: AnyFrame
    bench_comparison: AnyFrame
    audit_sample: AnyFrame
    bench_ledger: Sequence[Entry] | None = None
    draw: DrawPictures = lambda *_: Pictures()


@dataclass(frozen=True)
class CuratedVariant:
    """A variant with its counts, or why there is none.

    Attributes:
        params: what it was to be made with.
        thresholds: by the criterion's name.
        variant: its samples and card; None where it could not be made.
        counts: one row per theme, then the total, from ``funnel.count_samples``; None where it could not be made.
        error: what kept it from being made.
    """

    params: FilterParams
    thresholds: Mapping[str, float]
    variant: Variant | None = None
    counts: pl.DataFrame | None = None
    error: SparkleError | None = None


def curate(
    tables: CurationTables,
    params: FilterParams,
    code: CodeVersion,
    data: DataVersion,
    themes_before: Collection[str] = (),
) -> CuratedVariant:
    """The variant that the parameters give, by the steps of ``filter`` in their order and with all its checks.

    What ends it, such as thresholds that no sample passes, is part of the answer, so that others are made all the same.

    Args:
        tables: what it is made of.
        params: the parameters of filtering.
        code: the code's version, for the card.
        data: the release's version, for the card.
        themes_before: themes of the variant whose place it takes.

    Raises:
        ConservationError: the counts do not add up, which is a defect of this project.
    """
    thresholds = resolve_thresholds(params.threshold, params.thresholds, *tables.scores)
    try:
        variant, counts = _curate(tables, params, thresholds, code, data)
        empty_variant.check_themes(themes_before, variant.known_themes)
    except ConservationError:
        raise
    except SparkleError as error:
        return CuratedVariant(params, thresholds, error=error)
    return CuratedVariant(params, thresholds, variant, counts)


def _curate(
    tables: CurationTables,
    params: FilterParams,
    thresholds: dict[str, float],
    code: CodeVersion,
    data: DataVersion,
) -> tuple[Variant, pl.DataFrame]:
    scores = {
        stage.name: score_source.choose_scores(released, rescored, stage, params.score_source, tables.media)
        for stage, released, rescored in zip(STAGES, tables.scores, tables.rescores, strict=True)
    }
    faults = score_source.faults_that_count(tables.score_faults, scores)
    marked = mark_imputed(tables.samples_known, faults)
    policy = settle_imputed_scores(params.imputed_scores, thresholds)
    scored = apply_thresholds(marked, scores, thresholds, params.missing_scores, policy.used)
    decided, listed, overridden = steps.apply_overrides(
        scored,
        tables.overrides,
        params.override_rule,
        tables.annotations,
        tables.assets,
        tables.media,
        *tables.scores,
    )
    verdicts, benchmark = steps.mark_leaks(
        decided, tables.bench_leakage, tables.bench_comparison, params.benchmark_leakage
    )
    empty_variant.check_kept(verdicts, thresholds, allow_empty=params.allow_empty)
    kept, _ = split(verdicts)
    prompts = steps.look_up_prompts(kept, tables.annotations, *tables.scores, *tables.groundings)
    scope = steps.choose_scope(
        params.licence_allow,
        params.themes,
        params.signal_bounds,
        params.missing_signals,
        params.benchmark_leakage,
    )
    candidates, lacking = steps.compose_variant(
        kept, tables.annotations, prompts, tables.assets, scope, tables.signals
    )
    preflight = steps.check_pairs(
        candidates, tables.media, tables.assets, tables.assets_source_files, params.preflight
    )
    loadable, dropped, _ = steps.drop_unloadable(candidates, preflight)
    groups = steps.choose_groups(tables.media, tables.sample_groups, params.split, params.selection)
    selected, not_exported = steps.select_samples(
        loadable, verdicts, tables.annotations, groups, lacking, params.selection, params.split
    )
    exported, splits, prompt_warnings = steps.split_samples(selected, groups, params.split)
    counts = steps.count_samples(verdicts, not_exported, prompt_warnings, preflight, splits)
    steps.check_exported(counts, not_exported, dropped, params.allow_empty)
    choices = steps.gather_settings(
        params.missing_scores,
        policy,
        params.preflight,
        params.split,
        params.score_source,
        scope,
        overridden,
        params.selection,
        benchmark,
    )
    choices = steps.mark_tuning(choices, thresholds, tables.bench_ledger)
    # Its counts are checked where they become metrics; nothing else is wanted of these.
    steps.measure_curation(counts, thresholds, choices)
    censoring = find_censoring(verdicts, tables.assets)
    audit = measure_audit(verdicts, tables.audit_sample, listed, params.override_rule)
    facts = steps.state_variant(
        exported, counts, thresholds, choices, code, data, censoring, audit, tables.annotations
    )
    pictures = tables.draw(exported, verdicts, thresholds)
    documents = steps.describe_variant(facts, pictures)
    variant = steps.assemble_variant(
        exported, tables.annotations, documents, pictures, counts, params.allow_empty
    )
    return variant, counts
