"""The steps from kept samples to a variant: composition, preflight, split, counts."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.param_types import split_words
from sparkle_curation.filtering import benchmark_leaks, funnel
from sparkle_curation.filtering.benchmark_leaks import LeakPolicy
from sparkle_curation.filtering.censoring import name_censored
from sparkle_curation.filtering.choices import CurationChoices, ExportScope, ImputedPolicy
from sparkle_curation.filtering.overrides import applying
from sparkle_curation.filtering.overrides.binding import bind
from sparkle_curation.filtering.overrides.resolving import OverrideRule
from sparkle_curation.filtering.own_licences import count_own_licences, find_own_licences
from sparkle_curation.filtering.score_source import ScoreSource
from sparkle_curation.filtering.selection.params import SelectionParams
from sparkle_curation.filtering.selection.selecting import select
from sparkle_curation.filtering.signal_bounds import MissingSignals, SignalBoundsModel, resolve_bounds
from sparkle_curation.filtering.verdicts import MissingScores
from sparkle_curation.ingest.assets.shards import describe_shards, list_shards
from sparkle_curation.loader import preflight
from sparkle_curation.loader.preflight_params import PreflightParams
from sparkle_curation.loader.prompt_hazards import find_prompt_hazards
from sparkle_curation.spec.stages import STAGE_NAMES
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.variant import empty_variant, export, split
from sparkle_curation.variant.card.writing import CARD_NAME, write_card
from sparkle_curation.variant.curation.ranked import rank_candidates
from sparkle_curation.variant.facts import VariantFacts, list_splits
from sparkle_curation.variant.pictures import Pictures
from sparkle_curation.variant.provenance import CodeVersion, DataVersion
from sparkle_curation.variant.record import RECORD_NAME, identify_variant, name_libraries, write_record
from sparkle_curation.variant.tuned_on_bench import Entry, mark_all

logger = logging.getLogger(__name__)


def apply_overrides(
    verdicts: pl.DataFrame,
    overrides: pl.DataFrame,
    rule: OverrideRule,
    annotations: AnyFrame,
    assets: AnyFrame,
    media: AnyFrame,
    *scores: AnyFrame,
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, Any]]:
    """The verdicts with the decisions by hand over them, each decision with what became of it, and their counts.

    Args:
        verdicts: by the thresholds.
        overrides: the decisions.
        rule: who prevails where people differ.
        annotations: as ingested; of this and the next is read what a decision is bound to.
        assets: as ingested.
        media: as inspected.
        scores: of the release, by the order of the stages.

    Raises:
        OverridesError: a decision is about a sample that no table knows.
    """
    by_stage = dict(zip(STAGE_NAMES, scores, strict=True))
    done = applying.apply_overrides(
        verdicts, overrides, rule, lambda ids: bind(ids, annotations, by_stage, assets, media)
    )
    if done.summary:
        effects = dict(done.listed.group_by("effect").len().iter_rows())
        logger.info(
            "decisions by hand: %s of %s people; by them %s dropped and %s kept; %s stale, %s bound to nothing; each is "
            "listed in 08_reporting/overrides_listed.csv",
            *(f"{done.summary[name]:,}" for name in ("decisions", "annotators")),
            *(f"{effects.get(name, 0):,}" for name in ("dropped", "kept")),
            *(f"{done.summary[name]:,}" for name in ("stale", "unbound")),
        )
    return done.verdicts, done.listed, done.summary


def mark_leaks(
    verdicts: pl.DataFrame, bench_leakage: AnyFrame, bench_comparison: AnyFrame, policy: LeakPolicy
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The verdicts with what each sample shares with the benchmark, and what is said of that.

    Args:
        verdicts: one row per known sample.
        bench_leakage: of ``bench_ingest``; without columns where it was not run, like the next.
        bench_comparison: how much could be compared.
        policy: what becomes of leaking samples.
    """
    marked = benchmark_leaks.mark_leaks(verdicts, bench_leakage)
    summary = benchmark_leaks.summarise_leaks(marked, bench_comparison, policy)
    lacking = list(benchmark_leaks.describe_lacking(summary)) if summary else []
    if lacking:
        logger.warning("not compared with %s: %s", summary["name"], "; ".join(lacking))
    return marked, summary


def look_up_prompts(samples_kept: AnyFrame, annotations: AnyFrame, *tables: AnyFrame) -> pl.DataFrame:
    """Prompts of kept samples that the annotations lack: from the scores by stage, then the groundings."""
    by_name = dict(zip(JSONL_TABLES, tables, strict=True))
    return export.find_prompts(samples_kept, annotations, by_name)


def choose_scope(
    licence_allow: list[str] | str | None,
    themes: list[str] | str | None,
    signal_bounds: SignalBoundsModel | None,
    missing_signals: MissingSignals,
    benchmark_leakage: LeakPolicy = "drop",
) -> ExportScope:
    """Which kept samples may be exported, whatever their scores; words may come as one text, as ``--params`` gives them."""
    return ExportScope(
        split_words(licence_allow),
        split_words(themes),
        resolve_bounds(signal_bounds),
        missing_signals,
        benchmark_leakage,
    )


def compose_variant(
    samples_kept: AnyFrame,
    annotations: AnyFrame,
    prompts_found: AnyFrame,
    assets: AnyFrame,
    scope: ExportScope,
    signals: AnyFrame | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The samples that could be exported, and the kept ones that cannot.

    Raises:
        MissingTableError: there are bounds on signals, and none were measured.
        ConservationError: the two are not all kept samples.
    """
    return export.compose(samples_kept, annotations, prompts_found, assets, scope, signals)


def check_pairs(
    variant_candidates: AnyFrame,
    media: AnyFrame,
    assets: AnyFrame,
    assets_source_files: AnyFrame,
    params: PreflightParams,
) -> pl.DataFrame:
    """The preflight: what Kiwi-Edit's loader would do with each pair that could be exported.

    Raises:
        ConservationError: it is not one row per pair.
    """
    shards = list_shards(assets_source_files, assets)
    checked = preflight.check_pairs(variant_candidates, media, params, params.unloadable_pairs, shards)
    unseen = preflight.count_uninspected(checked)
    if unseen.height:
        logger.warning(
            "preflight: %s pairs were not inspected, since the available release lacks a kind of video of %s",
            f"{unseen['count'].sum():,}",
            ", ".join(unseen["theme"]),
        )
    for theme, kind, count in preflight.count_missing(checked, variant_candidates, media).iter_rows():
        logger.warning(
            "preflight: %s pairs of %s are %s, since their %s is not there (%s)",
            f"{count:,}",
            theme,
            "dropped" if params.unloadable_pairs == "drop" else "kept all the same",
            kind,
            describe_shards(shards, theme, kind),
        )
    return checked


def drop_unloadable(
    variant_candidates: AnyFrame, preflight_table: AnyFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The pairs that stay, a report of those that are dropped, and one of those that train badly.

    Raises:
        ConservationError: stay and dropped are not all pairs.
    """
    return preflight.drop_unloadable(variant_candidates, preflight_table)


def choose_groups(
    media: AnyFrame, sample_groups: AnyFrame, params: split.SplitParams, selection: SelectionParams
) -> pl.LazyFrame:
    """The groups that a split must not part, and that a selection may limit: samples that share a source clip.

    Raises:
        MissingTableError: there is a split or such a limit, and ``near_duplicates`` was not run.
    """
    is_wanted = bool(params.val_share) or selection.per_source_clip is not None
    return split.choose_groups(media, sample_groups, params, is_wanted=is_wanted)


def select_samples(
    variant_loadable: pl.DataFrame,
    verdicts: AnyFrame,
    annotations: AnyFrame,
    source_groups: AnyFrame,
    samples_lacking: pl.DataFrame,
    params: SelectionParams,
    split_params: split.SplitParams,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The samples of the variant by budget and balance, and all kept ones that are not exported, with their reasons.

    Args:
        variant_loadable: the samples that could be exported.
        verdicts: with their scores, and what was kept by hand.
        annotations: with their subthemes; not read where nothing is to be selected.
        source_groups: of source clips.
        samples_lacking: kept ones that could not be exported.
        params: the limits; without any all samples are selected.
        split_params: what makes a source clip.

    Raises:
        SelectionError: the limits and what was kept by hand, or the names of groups, do not fit.
        StaleTableError: a sample came after the groups, and there is a limit per source clip.
    """
    if not params.is_on:
        return variant_loadable, samples_lacking
    is_wanted = params.per_source_clip is not None
    split.check_grouped(variant_loadable, source_groups, split_params, is_wanted=is_wanted)
    chosen = select(rank_candidates(variant_loadable, verdicts, annotations, source_groups, params), params)
    if params.budget is not None and chosen.height < params.budget:
        logger.warning(
            "selection: the budget of %s is above the %s pairs that there are; all are taken that other limits let through",
            f"{params.budget:,}",
            f"{chosen.height:,}",
        )
    logger.info(
        "selection: %s of %s pairs; the others are in 08_reporting/samples_not_exported.csv",
        f"{chosen['is_selected'].sum():,}",
        f"{chosen.height:,}",
    )
    is_selected = chosen["is_selected"]
    reason = pl.lit(export.NotExported.NOT_SELECTED.value).alias("reason")
    left_out = variant_loadable.select("id", "theme", reason, chosen["detail"]).filter(~is_selected)
    return variant_loadable.filter(is_selected), pl.concat([samples_lacking, left_out])


def split_samples(
    variant_loadable: AnyFrame, source_groups: AnyFrame, params: split.SplitParams
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The exported samples, the split of each, and the prompts that pandas changes.

    Raises:
        ConservationError: a sample is in several groups.
        StaleTableError: a sample came after the groups.
    """
    split.check_grouped(variant_loadable, source_groups, params)
    exported = split.split_samples(variant_loadable, source_groups, params)
    return exported, exported.select("id", "theme", "split"), find_prompt_hazards(exported)


def count_samples(
    verdicts: AnyFrame,
    samples_not_exported: AnyFrame,
    prompt_warnings: AnyFrame,
    preflight_table: AnyFrame,
    variant_splits: AnyFrame,
) -> pl.DataFrame:
    """The counts of the curation: one row per theme, then the total."""
    return funnel.count_samples(
        verdicts, samples_not_exported, prompt_warnings, preflight_table, variant_splits
    )


def settle(
    allow_empty: bool,
    themes_before: pl.DataFrame,
    counts: pl.DataFrame,
    not_exported: pl.DataFrame,
    dropped: pl.DataFrame,
    *others: AnyFrame,
) -> tuple[AnyFrame, ...]:
    """What was found, as it is, once it is known to make a variant: until then the files of the run before stay.

    Args:
        allow_empty: whether the variant may be empty, or lose a theme.
        themes_before: ``theme`` of the variant that is to be replaced.
        counts: one row per theme, then the total.
        not_exported: report of the kept samples that cannot be exported.
        dropped: report of the pairs that the preflight drops.
        others: what else is to be saved.

    Raises:
        EmptyOutputError: no pair is exported, or a theme of the variant before is lost.
    """
    check_exported(counts, not_exported, dropped, allow_empty)
    empty_variant.check_themes(themes_before["theme"], _known_themes(counts, allow_empty))
    return counts, not_exported, dropped, *others


def check_exported(
    counts: pl.DataFrame, not_exported: pl.DataFrame, dropped: pl.DataFrame, allow_empty: bool
) -> None:
    """Nothing, when some pair is exported, or none need be; arguments as of ``settle``.

    Raises:
        EmptyOutputError: no pair is exported.
    """
    empty_variant.check_exported(
        counts.row(-1, named=True),
        not_exported["reason"].to_list(),
        " ".join(dropped["reasons"]).split(),
        allow_empty=allow_empty,
    )


def gather_settings(  # noqa: PLR0913, PLR0917 -- one for each group of parameters, as nodes get them
    missing_scores: MissingScores,
    imputed_policy: ImputedPolicy,
    preflight_params: PreflightParams,
    split_params: split.SplitParams,
    source: ScoreSource,
    scope: ExportScope,
    overrides: Mapping[str, Any] | None = None,
    selection: SelectionParams | None = None,
    benchmark: Mapping[str, Any] | None = None,
) -> CurationChoices:
    """What decides which samples are in a variant, beside the thresholds."""
    return CurationChoices(
        missing_scores,
        imputed_policy,
        source,
        preflight_params.model_dump(),
        split_params.model_dump(),
        scope,
        overrides or {},
        selection.model_dump() if selection and selection.is_on else {},
        benchmark or {},
    )


def mark_tuning(
    choices: CurationChoices, thresholds: Mapping[str, float], ledger: Sequence[Entry] | None
) -> CurationChoices:
    """The choices with whether they may have been tuned on a benchmark, as the ledger of benchmarks says.

    Args:
        choices: what decides, beside the thresholds.
        thresholds: by the criterion's name.
        ledger: of what was evaluated; None where there is none.
    """
    variant = {
        "thresholds": dict(thresholds),
        "missing_scores": choices.missing_scores,
        "imputed_scores": choices.imputed_scores.used,
        "settings": choices.dotted,
    }
    return replace(choices, tuned_on_bench=mark_all(ledger, variant))


def state_variant(  # noqa: PLR0913, PLR0917 -- all that is told of a variant, as a node gets it
    samples_exported: pl.DataFrame,
    sample_counts: pl.DataFrame,
    thresholds: dict[str, float],
    choices: CurationChoices,
    code_version: CodeVersion,
    data_version: DataVersion,
    censoring: pl.DataFrame,
    audit_precision: pl.DataFrame,
    annotations: AnyFrame,
) -> VariantFacts:
    """What is to be told of the variant: what it is and how it was made.

    Args:
        samples_exported: the samples, with their split.
        sample_counts: one row per theme, then the total.
        thresholds: by the stage's name.
        choices: what else decided.
        code_version: of the code.
        data_version: of the release.
        censoring: where its scores hold nothing that was rejected.
        audit_precision: what people found who judged a sample blind.
        annotations: as ingested, which say licences that samples have of their own.
    """
    return VariantFacts(
        splits=list_splits(samples_exported),
        counts=sample_counts,
        thresholds=thresholds,
        missing_scores=choices.missing_scores,
        imputed_scores=choices.imputed_scores.used,
        imputed_why=choices.imputed_scores.why,
        code=code_version,
        data=data_version,
        settings=choices.dotted,
        version=identify_variant(samples_exported),
        libraries=name_libraries(),
        overrides=choices.overrides,
        benchmark=choices.benchmark,
        tuned_on_bench=choices.tuned_on_bench,
        censored=name_censored(censoring),
        audit=audit_precision.to_dicts(),
        own_licences=count_own_licences(samples_exported, find_own_licences(annotations)),
    )


def describe_variant(facts: VariantFacts, pictures: Pictures) -> dict[str, str]:
    """The variant's dataset card, for people, and its record, to be read again."""
    return {CARD_NAME: write_card(facts, pictures), RECORD_NAME: write_record(facts)}


def assemble_variant(
    samples_exported: pl.DataFrame,
    annotations: AnyFrame,
    variant_documents: dict[str, str],
    pictures: Pictures,
    sample_counts: pl.DataFrame,
    allow_empty: bool,
) -> export.Variant:
    """The variant: its samples with what describes and shows them, to be written as a set."""
    known = _known_themes(sample_counts, allow_empty)
    return export.Variant(samples_exported, variant_documents, known, pictures.files, annotations)


def _known_themes(counts: pl.DataFrame, allow_empty: bool) -> frozenset[str] | None:
    """The themes that the available release has a sample of; None where any may go."""
    return None if allow_empty else frozenset(counts.head(-1).filter(pl.col("known") > 0)["theme"])


def measure_curation(
    sample_counts: pl.DataFrame, thresholds: dict[str, float], choices: CurationChoices
) -> tuple[funnel.Metrics, pl.DataFrame, pl.DataFrame]:
    """The metrics, the funnel by theme and stage, and the funnel as a table to print.

    Raises:
        ConservationError: the counts do not add up.
    """
    metrics = funnel.build_metrics(
        sample_counts, thresholds, choices.missing_scores, choices.imputed_scores.used
    )
    return (
        metrics | choices.groups,
        funnel.list_stages(sample_counts, thresholds),
        funnel.tabulate_funnel(sample_counts),
    )
