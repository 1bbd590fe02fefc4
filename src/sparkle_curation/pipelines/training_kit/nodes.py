"""The nodes of ``training_kit``: rows of each task in shares, the media that they need, run files and their check."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.param_types import split_words
from sparkle_curation.filtering.benchmark_leaks import LeakPolicy
from sparkle_curation.filtering.choices import ExportScope
from sparkle_curation.filtering.own_licences import find_own_licences
from sparkle_curation.loader.preflight_params import PreflightParams
from sparkle_curation.pipelines.training_kit.params import TrainingKitGroup
from sparkle_curation.spec.layout import TRAIN, VAL
from sparkle_curation.spec.tables.ingested import JSONL_TABLES
from sparkle_curation.spec.training_tasks import TRAINING_TASKS
from sparkle_curation.training import shares, task_rows, wanted
from sparkle_curation.training.card import KitFacts, describe_kit, extract_command
from sparkle_curation.training.kit import (
    KitCSVs,
    TrainingKit,
    arrange_csvs,
    gather_texts,
    name_variant,
    write_facts,
)
from sparkle_curation.training.options import check_commands
from sparkle_curation.training.plan import Plan, make_plan
from sparkle_curation.training.run_files.run_file import CheckedRunFiles, Places, RunFile
from sparkle_curation.training.run_files.writing import write_run_files
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.split import SplitParams, choose_groups

logger = logging.getLogger(__name__)


def choose_task_groups(media: AnyFrame, sample_groups: AnyFrame, params: SplitParams) -> pl.LazyFrame:
    """The groups that a split does not part: samples that share a source clip, of the variant or not.

    Raises:
        MissingTableError: there is a split, and ``near_duplicates`` was not run.
    """
    return choose_groups(media, sample_groups, params)


def list_task_rows(
    variant_samples: pl.DataFrame,
    verdicts: AnyFrame,
    groups: AnyFrame,
    split_params: SplitParams,
    checked_variant: VariantFacts,
    params: TrainingKitGroup,
    *texts: AnyFrame,
) -> pl.DataFrame:
    """The rows of every task that is asked for, of samples that are not held out for validation.

    Args:
        variant_samples: the variant.
        verdicts: of all known samples.
        groups: samples that share a source clip.
        split_params: how the variant was split.
        checked_variant: its record, whose themes and licences the rows of all tasks keep to.
        params: which tasks.
        texts: where prompts stand: the annotations, then the tables of scores and groundings.

    Raises:
        StaleTableError: the variant was split otherwise than the parameters say.
    """
    annotations, *tables = texts
    settings = checked_variant.settings
    licences, themes = (split_words(settings.get(name)) for name in ("licence_allow", "themes"))  # type: ignore[arg-type]
    leakage: LeakPolicy = "keep" if settings.get("benchmark_leakage") == "keep" else "drop"
    scope = ExportScope(licences, themes, benchmark_leakage=leakage)
    by_name = dict(zip(JSONL_TABLES, tables, strict=True))
    own = find_own_licences(annotations)
    rows = []
    for name in params.tasks:
        task = TRAINING_TASKS[name]
        if task.passes is None:
            samples = task_rows.list_candidates(
                task, variant_samples.filter(pl.col("split") == TRAIN), verdicts, scope, own
            )
        else:
            every = task_rows.list_candidates(task, variant_samples, verdicts, scope, own)
            samples = task_rows.hold_out(every, variant_samples, groups, split_params)
        rows.append(task_rows.list_rows(task, task_rows.add_prompts(samples, annotations, by_name)))
    return pl.concat(rows)


def drop_unloadable_rows(
    task_rows_listed: pl.DataFrame,
    media: AnyFrame,
    settings: PreflightParams,
    params: TrainingKitGroup,
    allow_empty: bool,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that Kiwi-Edit's loader would load, and the others with why.

    Raises:
        EmptyOutputError: a task has no row left, and ``allow_empty`` is not set.
    """
    loadable, dropped = task_rows.drop_unloadable(task_rows_listed, media, settings)
    task_rows.check_filled(loadable, dropped, params.tasks, allow_empty=allow_empty)
    return loadable, dropped


def mix_themes(
    task_rows_loadable: pl.DataFrame,
    unloadable_rows: pl.DataFrame,
    variant_samples: pl.DataFrame,
    params: TrainingKitGroup,
) -> tuple[KitCSVs, pl.DataFrame]:
    """The CSVs with their themes in shares, and all rows that were dropped, those by ``max_rows`` too."""
    mixed, dropped = [], [unloadable_rows.select(task_rows.DROPPED_COLUMNS)]
    for name in params.tasks:
        own = task_rows_loadable.filter(pl.col("task") == name)
        rows, beyond = shares.mix_rows(own, params.shares, params.seed, params.max_rows)
        mixed.append(rows)
        detail = f"training_kit.max_rows is {params.max_rows}"
        beyond = beyond.with_columns(reason=pl.lit("max_rows"), detail=pl.lit(detail))
        dropped.append(beyond.select(task_rows.DROPPED_COLUMNS))
    val = variant_samples.filter(pl.col("split") == VAL).select(
        pl.lit(VAL).alias("task"),
        *task_rows.ROW_COLUMNS[1:-1],
        pl.lit(None, pl.String).alias("ref_image"),
        pl.lit(0, pl.Int64).alias("copy"),
    )
    return arrange_csvs(pl.concat(mixed), val, params.tasks, params.seed), pl.concat(dropped)


def choose_media_root(extracted_media: wanted.MediaRoot, params: TrainingKitGroup) -> wanted.MediaRoot:
    """The folder that the paths of the CSVs are taken from."""
    return (
        extracted_media
        if params.media_root is None
        else wanted.MediaRoot(Path(params.media_root).expanduser().absolute())
    )


def find_media(
    kit_csvs: KitCSVs, assets: AnyFrame, assets_source_files: AnyFrame, media_root: wanted.MediaRoot
) -> wanted.KitMedia:
    """The assets that the CSVs name and no more, by shard, and which of them are files under the media root."""
    found = wanted.find_media(kit_csvs.paths, assets, assets_source_files, media_root)
    if found.unknown_paths:
        logger.warning(
            "training kit: %s paths of the CSVs name no asset of the release at hand, %s among them",
            f"{len(found.unknown_paths):,}",
            found.unknown_paths[0],
        )
    return found


def plan_training(kit_csvs: KitCSVs, settings: PreflightParams, params: TrainingKitGroup) -> Plan:
    """What the training comes to: accumulation, epochs, micro-batches between checkpoints.

    Raises:
        ParameterError: batch and GPUs, or the number of frames, do not fit.
    """
    counts = {option: kit_csvs.rows[name].height for option, name in kit_csvs.options.items()}
    return make_plan(kit_csvs.options, counts, params.run, settings)


def make_run_files(
    training_plan: Plan, checked_variant: VariantFacts, media_root: wanted.MediaRoot, params: TrainingKitGroup
) -> list[RunFile]:
    """The run files for training and inference."""
    given = params.run
    root = media_root.from_kit
    places = Places(
        kiwi_edit=_absolute(params.kiwi_edit_checkout),
        media_root=shlex.quote(str(media_root.path)) if root is None else f'"$KIT"/{shlex.quote(root)}',
        base_checkpoint=_absolute(given.base_checkpoint),
        kiwi_sparkle_checkpoint=_absolute(given.kiwi_sparkle_checkpoint),
        output=_absolute(given.output),
        name=name_variant(checked_variant.version),
        sparkle_bench=_absolute(given.sparkle_bench),
        openve_bench=_absolute(given.openve_bench),
    )
    return write_run_files(training_plan, places)


def check_run_files(run_files: list[RunFile], params: TrainingKitGroup) -> CheckedRunFiles:
    """The run files, and by what their options were checked.

    Raises:
        ParameterError: Kiwi-Edit would not start with them, or the checkout is none.
    """
    checkout = _absolute(params.kiwi_edit_checkout)
    commands = [(file.name, file.program, file.given) for file in run_files]
    return CheckedRunFiles(run_files, check_commands(commands, None if checkout is None else Path(checkout)))


def assemble_kit(
    kit_csvs: KitCSVs,
    rows_dropped: pl.DataFrame,
    kit_media: wanted.KitMedia,
    checked_variant: VariantFacts,
    training_plan: Plan,
    run_files_checked: CheckedRunFiles,
    params: TrainingKitGroup,
) -> tuple[TrainingKit, pl.DataFrame]:
    """The kit, to be written as a set, and the media that it needs; what it has, and what to do next, is logged."""
    facts = KitFacts(
        variant=checked_variant,
        choices=params.choices,
        csvs=kit_csvs,
        plan=training_plan,
        media=kit_media,
        dropped=rows_dropped,
        checked_by=run_files_checked.checked_by,
    )
    absent = kit_media.absent_count
    logger.info(
        "training kit: %s; %s bytes of media in %s shards and %s loose files; %s of %s paths are there as files%s; see its "
        "README.md",
        ", ".join(f"{name} {rows.height:,} rows" for name, rows in kit_csvs.rows.items()),
        f"{kit_media.wanted['size'].sum():,}",
        f"{kit_media.shards.height:,}",
        f"{kit_media.wanted['container'].null_count():,}",
        f"{kit_media.path_count - absent:,}",
        f"{kit_media.path_count:,}",
        f", {absent:,} {wanted.NOT_EXTRACTED}: bring them there with {extract_command(kit_media.root)}"
        if absent
        else "",
    )
    kit = TrainingKit(
        csvs=kit_csvs.rows,
        reports={
            "shards.csv": kit_media.shards,
            "extraction.csv": kit_media.extraction,
            "dropped_rows.csv": rows_dropped,
        },
        texts=gather_texts(
            run_files_checked.files,
            write_facts(checked_variant, params.choices, training_plan),
            describe_kit(facts),
        ),
    )
    return kit, kit_media.wanted


def _absolute(path: str | None) -> str | None:
    """A path of a parameter as it will be used from another folder."""
    return None if path is None else str(Path(path).expanduser().absolute())
