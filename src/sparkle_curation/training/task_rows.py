"""The rows of each training task: of which samples, with which prompt and files, and which of them cannot be loaded."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import EmptyOutputError, StaleTableError
from sparkle_curation.filtering.benchmark_leaks import BENCHMARK_LEAK
from sparkle_curation.filtering.choices import ExportScope
from sparkle_curation.filtering.own_licences import NO_OWN_LICENCES, has_allowed_licences
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.loader.kiwi_edit import (
    LoaderSettings,
    is_read_as_missing,
    loaded_frame_count,
    loaded_size,
)
from sparkle_curation.spec.description.parts import TrainingTask
from sparkle_curation.spec.layout import KIND, TRAIN, asset_path
from sparkle_curation.spec.stages import CRITERIA, STAGE_NAMES
from sparkle_curation.spec.tables.preflight import PairReason
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.spec.training_tasks import TRAINING_TASKS, is_of_pairs
from sparkle_curation.variant.export import NotExported, find_prompts
from sparkle_curation.variant.split import SplitParams, check_grouped, split_samples

PATHS = ("src_video", "tgt_video", "ref_image")
"""Columns of a row that name files; ``ref_image`` is null where the task has no reference."""

ROW_COLUMNS = ("task", "id", "theme", "prompt", *PATHS)
"""Columns of the rows of all tasks; ``task`` is the task's name, and ``id`` the CSV's ``task``."""

DROPPED_COLUMNS = ("task", "id", "theme", "reason", "detail")
"""Columns of the report of rows that a task does not have."""

_OF_VARIANT = {KIND.source_video: "src_video", KIND.edited_video: "tgt_video"}
"""Kinds whose path a row takes from the variant, where its CSV names another than the layout's, too."""


def list_candidates(
    task: TrainingTask,
    variant: pl.DataFrame,
    verdicts: AnyFrame,
    scope: ExportScope,
    own_licences: pl.DataFrame = NO_OWN_LICENCES,
) -> pl.DataFrame:
    """The samples that a task is made of: ``id``, ``theme``, ``is_released``, and the variant's ``prompt`` and paths.

    A task with ``passes`` takes each sample that no criterion of the stages up to that one rejects, whether or not it
    is in the variant, unless one of its licences is not allowed, or it is alike to one of the benchmark; another one
    takes the variant's pairs.

    Args:
        task: the task.
        variant: the samples of the variant.
        verdicts: one row per known sample; read only where the task has ``passes``.
        scope: themes, licences and leakage that the variant keeps to.
        own_licences: of samples that have some of their own.
    """
    own = variant.select("id", "theme", "prompt", *_OF_VARIANT.values(), pl.lit(value=True).alias("_is_own"))
    if task.passes is None:
        return own.with_columns(pl.lit(value=True).alias("is_released")).drop("_is_own")
    passed = STAGE_NAMES[: STAGE_NAMES.index(task.passes) + 1]
    rejecting = [each.name for each in CRITERIA if each.stage in passed]
    samples = (
        verdicts.lazy()
        .filter(
            ~pl.col("rejected_by").is_in(rejecting).fill_null(value=False),
            pl.col("theme").is_in(list(scope.themes or THEMES)),
            has_allowed_licences(own_licences, scope.licence_allow),
            ~_is_leaking(verdicts, scope),
        )
        .select("id", "theme", "is_released")
        .collect()
    )
    return samples.join(own.drop("theme", "_is_own"), on="id", how="left", maintain_order="left")


def _is_leaking(verdicts: AnyFrame, scope: ExportScope) -> pl.Expr:
    """Whether a sample is alike to one of the benchmark, and the variant goes without such."""
    is_told = BENCHMARK_LEAK in verdicts.lazy().collect_schema().names()
    return (
        pl.col(BENCHMARK_LEAK).is_not_null()
        if is_told and scope.benchmark_leakage == "drop"
        else pl.lit(False)
    )


def hold_out(
    candidates: pl.DataFrame, variant: pl.DataFrame, groups: AnyFrame, params: SplitParams
) -> pl.DataFrame:
    """The candidates that train: without those of the validation split, or that share a source clip with one of it.

    Raises:
        StaleTableError: the variant was split otherwise than the parameters say, so nobody knows what it holds out; or the
            search for shared source clips knows not all candidates.
    """
    check_grouped(candidates, groups, params)
    split = split_samples(candidates.select("id"), groups, params).select("id", "split")
    expected = variant.select("id", pl.col("split").alias("_own")).join(split, on="id", how="inner")
    odd = expected.filter(pl.col("split") != pl.col("_own"))["id"]
    if len(odd):
        raise StaleTableError(
            "The variant was split otherwise than the parameters say, so what it holds out might be trained on",
            where="split, and the variant in 05_model_input/kiwi_edit",
            got=f"{len(odd):,} samples on the other side, {odd[0]} among them",
            todo="make the variant again: kedro run --pipelines curate; or give the split that it was made with",
        )
    return candidates.join(split.filter(pl.col("split") == TRAIN), on="id", how="semi", maintain_order="left")


def add_prompts(
    candidates: pl.DataFrame, annotations: AnyFrame, tables: Mapping[str, AnyFrame]
) -> pl.DataFrame:
    """The candidates with a ``prompt``: the variant's, else the annotations', else that of the first table."""
    open_ids = candidates.filter(pl.col("prompt").is_null())
    if open_ids.is_empty():
        return candidates
    found = find_prompts(open_ids, annotations, tables).select("id", pl.col("prompt").alias("_found"))
    noted = annotations.lazy().select("id", pl.col("prompt").alias("_noted"))
    noted = noted.join(open_ids.lazy().select("id"), on="id", how="semi")
    return (
        candidates.join(noted.collect(), on="id", how="left", maintain_order="left")
        .join(found, on="id", how="left", maintain_order="left")
        .with_columns(pl.coalesce("prompt", "_noted", "_found"))
        .drop("_noted", "_found")
    )


def list_rows(task: TrainingTask, candidates: pl.DataFrame) -> pl.DataFrame:
    """The rows of a task (``ROW_COLUMNS``), one per candidate in their order."""
    kinds = dict(zip(PATHS, (task.source, task.target, task.reference), strict=True))
    prompt = pl.col("prompt") if task.prompt is None else pl.lit(task.prompt)
    return candidates.select(
        pl.lit(task.name).alias("task"),
        "id",
        "theme",
        prompt.alias("prompt"),
        *(_path(kind).alias(column) for column, kind in kinds.items()),
    )


def _path(kind: str | None) -> pl.Expr:
    if kind is None:
        return pl.lit(None, pl.String)
    of_layout = pl.format(asset_path("{}", kind, "{}"), "theme", "id")
    return pl.coalesce(_OF_VARIANT[kind], of_layout) if kind in _OF_VARIANT else of_layout


def drop_unloadable(
    rows: pl.DataFrame, media: AnyFrame, settings: LoaderSettings
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that Kiwi-Edit's loader would load, and the others (``DROPPED_COLUMNS``).

    Rows of the pairs of the variant all stay: its preflight has looked at them. Of the others each file must be there and
    whole, source and target must come out of the loader with one size and number of frames, and a reference must be
    larger than what it is cropped to.

    Args:
        rows: with ``ROW_COLUMNS``.
        media: the inspected media.
        settings: the loader's.
    """
    is_checked = ~pl.col("task").is_in([name for name, task in TRAINING_TASKS.items() if is_of_pairs(task)])
    checked, stay = rows.filter(is_checked), rows.filter(~is_checked)
    if checked.is_empty():
        return rows, rows.head(0).select("task", "id", "theme").with_columns(
            pl.lit(None, pl.String).alias(name) for name in DROPPED_COLUMNS[3:]
        )
    facts = ("width_px", "height_px", "frame_count", "sampling_hash", "error")
    kinds = {task.source for task in TRAINING_TASKS.values()} | {t.target for t in TRAINING_TASKS.values()}
    kinds |= {task.reference for task in TRAINING_TASKS.values() if task.reference}
    files = (
        prefer_loose(
            media.lazy()
            .filter(pl.col("kind").is_in(sorted(kinds)))
            .select("id", "kind", "container", "path", *facts)
        )
        .drop("id", "kind", "container")
        .with_columns(pl.lit(value=True).alias("is_there"))
        .unique("path", keep="any")
        .collect()
    )
    for column in PATHS:
        # The CSV of a release may write `./a/b.mp4`.
        paths = {path: posixpath.normpath(path) for path in checked[column].drop_nulls().unique()}
        named = files.rename({name: f"{column}.{name}" for name in files.columns})
        checked = (
            checked.with_columns(
                pl.col(column).replace_strict(paths, default=None, return_dtype=pl.String).alias("_path")
            )
            .join(named, left_on="_path", right_on=f"{column}.path", how="left", maintain_order="left")
            .drop("_path")
        )
    told = checked.with_columns(
        pl.coalesce(pl.when(holds).then(pl.lit(code)) for code, holds, _ in _find_reasons(settings)).alias(
            "reason"
        ),
        pl.coalesce(pl.when(holds).then(detail) for _, holds, detail in _find_reasons(settings)).alias(
            "detail"
        ),
    )
    dropped = told.filter(pl.col("reason").is_not_null()).select(DROPPED_COLUMNS)
    loadable = told.filter(pl.col("reason").is_null()).select(ROW_COLUMNS)
    return pl.concat([stay, loadable]), dropped


def _find_reasons(settings: LoaderSettings) -> list[tuple[str, pl.Expr, pl.Expr]]:
    """Each reason, whether it holds of a row, and what is said of it; the first that holds is the row's."""

    def fact(column: str, name: str) -> pl.Expr:
        return pl.col(f"{column}.{name}")

    source, target, _ = PATHS
    given = {column: pl.col(column).is_not_null() for column in PATHS}
    absent = {column: given[column] & fact(column, "is_there").is_null() for column in PATHS}
    broken = {column: given[column] & fact(column, "error").is_not_null() for column in PATHS}
    sizes = {
        column: loaded_size(fact(column, "width_px"), fact(column, "height_px"), settings) for column in PATHS
    }
    frames = {
        column: loaded_frame_count(fact(column, "frame_count").fill_null(1), settings)
        for column in (source, target)
    }
    shown = [side for column in (source, target) for side in sizes[column]]
    is_small = [
        given[column] & pl.min_horizontal(*sizes[column]).eq(0).fill_null(value=False) for column in PATHS
    ]
    return [
        (NotExported.NO_PROMPT.value, pl.col("prompt").is_null(), pl.lit("no table has its prompt")),
        (
            PairReason.PROMPT_READ_AS_NAN.value,
            is_read_as_missing(pl.col("prompt")),
            pl.format("the prompt {}", "prompt"),
        ),
        *(
            (PairReason.MISSING_FILE.value, absent[column], pl.format("{} is not in the release", column))
            for column in PATHS
        ),
        *(
            (PairReason.CORRUPT_FILE.value, broken[column], pl.format("{}: {}", column, f"{column}.error"))
            for column in PATHS
        ),
        (
            PairReason.TOO_SMALL.value,
            pl.any_horizontal(is_small),
            pl.lit("a side of a picture is shorter than what the loader crops to"),
        ),
        (
            PairReason.SIZE_MISMATCH.value,
            (sizes[source][0] != sizes[target][0]) | (sizes[source][1] != sizes[target][1]),
            pl.format("source {}x{}, target {}x{} after cropping", *shown),
        ),
        (
            PairReason.UNEVEN_FRAMES.value,
            fact(source, "sampling_hash").ne_missing(fact(target, "sampling_hash")),
            pl.lit("FFmpeg repeats or leaves out other frames of one than of the other"),
        ),
        (
            PairReason.FRAME_COUNT_MISMATCH.value,
            frames[source] != frames[target],
            pl.format("{} frames of the source, {} of the target", frames[source], frames[target]),
        ),
    ]


def check_filled(
    rows: pl.DataFrame, dropped: pl.DataFrame, tasks: Sequence[str], *, allow_empty: bool
) -> None:
    """Nothing, when each task has a row, or none need have.

    Raises:
        EmptyOutputError: one has none; with why its samples were dropped.
    """
    for task in tasks:
        if allow_empty or rows.filter(pl.col("task") == task).height:
            continue
        reasons = (
            dropped.filter(pl.col("task") == task).group_by("reason").agg(pl.len(), pl.col("detail").first())
        )
        told = "; ".join(
            f"{count:,} {reason}, such as {detail}"
            for reason, count, detail in reasons.sort("reason").iter_rows()
        )
        raise EmptyOutputError(
            f"The training task '{task}' has no row to train on",
            where="training_kit.tasks",
            got=told or "no sample that the task could be made of",
            allowed="at least one row of each task",
            todo="make a variant that has pairs, kedro run --pipelines curate; or leave the task out of training_kit.tasks; "
            "for a kit without rows: --params allow_empty=true",
        )
