"""The steps from kept samples to a variant: composition, preflight, split, counts."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.param_types import split_words
from sparkle_curation.filtering import funnel
from sparkle_curation.filtering.choices import CurationChoices, ExportScope, ImputedPolicy
from sparkle_curation.filtering.score_source import ScoreSource
from sparkle_curation.filtering.verdicts import MissingScores
from sparkle_curation.ingest.assets.shards import describe_shards, list_shards
from sparkle_curation.loader import preflight
from sparkle_curation.loader.preflight_params import PreflightParams
from sparkle_curation.loader.prompt_hazards import find_prompt_hazards
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.variant import empty_variant, export, split
from sparkle_curation.variant.card import CARD_NAME, write_card
from sparkle_curation.variant.facts import VariantFacts, list_splits
from sparkle_curation.variant.pictures import Pictures
from sparkle_curation.variant.provenance import CodeVersion, DataVersion
from sparkle_curation.variant.record import RECORD_NAME, identify_variant, name_libraries, write_record

logger = logging.getLogger(__name__)


def look_up_prompts(samples_kept: AnyFrame, annotations: AnyFrame, *tables: AnyFrame) -> pl.DataFrame:
    """Prompts of kept samples that the annotations lack: from the scores by stage, then the groundings."""
    by_name = dict(zip(JSONL_TABLES, tables, strict=True))
    return export.find_prompts(samples_kept, annotations, by_name)


def choose_scope(licence_allow: list[str] | str | None, themes: list[str] | str | None) -> ExportScope:
    """Which kept samples may be exported, whatever their scores; words may come as one text, as ``--params`` gives them."""
    return ExportScope(split_words(licence_allow), split_words(themes))


def compose_variant(
    samples_kept: AnyFrame,
    annotations: AnyFrame,
    prompts_found: AnyFrame,
    assets: AnyFrame,
    scope: ExportScope,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The samples that could be exported, and the kept ones that cannot.

    Raises:
        ConservationError: the two are not all kept samples.
    """
    return export.compose(samples_kept, annotations, prompts_found, assets, scope)


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


def choose_groups(media: AnyFrame, sample_groups: AnyFrame, params: split.SplitParams) -> pl.LazyFrame:
    """The groups that a split must not part: samples that share a source clip.

    Raises:
        MissingTableError: there is a split, and ``near_duplicates`` was not run.
    """
    return split.choose_groups(media, sample_groups, params)


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
    *others: pl.DataFrame,
) -> tuple[pl.DataFrame, ...]:
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


def gather_settings(
    missing_scores: MissingScores,
    imputed_policy: ImputedPolicy,
    preflight_params: PreflightParams,
    split_params: split.SplitParams,
    source: ScoreSource,
    scope: ExportScope,
) -> CurationChoices:
    """What decides which samples are in a variant, beside the thresholds."""
    return CurationChoices(
        missing_scores,
        imputed_policy,
        source,
        preflight_params.model_dump(),
        split_params.model_dump(),
        scope,
    )


def state_variant(
    samples_exported: pl.DataFrame,
    sample_counts: pl.DataFrame,
    thresholds: dict[str, float],
    choices: CurationChoices,
    code_version: CodeVersion,
    data_version: DataVersion,
) -> VariantFacts:
    """What is to be told of the variant: what it is and how it was made.

    Args:
        samples_exported: the samples, with their split.
        sample_counts: one row per theme, then the total.
        thresholds: by the stage's name.
        choices: what else decided.
        code_version: of the code.
        data_version: of the release.
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
    )


def describe_variant(facts: VariantFacts, pictures: Pictures) -> dict[str, str]:
    """The variant's dataset card, for people, and its record, to be read again."""
    return {CARD_NAME: write_card(facts, pictures), RECORD_NAME: write_record(facts)}


def assemble_variant(
    samples_exported: pl.DataFrame,
    variant_documents: dict[str, str],
    pictures: Pictures,
    sample_counts: pl.DataFrame,
    allow_empty: bool,
) -> export.Variant:
    """The variant: its samples with what describes and shows them, to be written as a set."""
    known = _known_themes(sample_counts, allow_empty)
    return export.Variant(samples_exported, variant_documents, known, pictures.files)


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
