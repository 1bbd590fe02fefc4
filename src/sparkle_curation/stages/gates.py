"""Between the stages that make a sample: what is made, what of it is scored, and which samples may go on.

Source: the dataset card, stages 2 to 5: a sample is scored where the description has a scored stage of the asset that was
made, and goes on where it scores at least the threshold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.spec.codes.new_sample_codes import StageOutcome, StageReason
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import STAGES, Stage
from sparkle_curation.spec.tables.new_samples import NEW_PROGRESS_COLUMNS
from sparkle_curation.spec.tables.rescores import NOT_ASKED

MADE_KINDS: tuple[str, ...] = tuple(
    kind
    for kind in (
        KIND.edited_frame0,
        KIND.clean_frame0,
        KIND.background_video,
        KIND.mask,
        KIND.edges_video,
        KIND.edited_video,
    )
    if kind
)
"""The asset kinds that the stages make of a source video, in the order in which they are made."""

SCORED: dict[str, Stage] = {stage.edited_kind: stage for stage in STAGES if stage.edited_kind in MADE_KINDS}
"""Asset kind -> the stage that scores it; kinds that none scores pass where they were made."""


@dataclass(frozen=True)
class Scored:
    """What is known of a scored stage.

    Attributes:
        scores: ``id``, ``fault``, ``fault_detail``, and a column for each criterion; one row a sample.
        thresholds: criterion -> its threshold.
    """

    scores: pl.DataFrame
    thresholds: Mapping[str, float]


def tell_progress(
    samples: pl.DataFrame, made: pl.DataFrame, faults: pl.DataFrame, scored: Mapping[str, Scored]
) -> pl.DataFrame:
    """How far each sample came (``NEW_PROGRESS_COLUMNS``): one row per sample and kind that is made, in their order.

    Args:
        samples: ``id``, ``theme``; once each.
        made: ``id``, ``kind``, ``error`` and ``error_detail`` of what was made and inspected.
        faults: the same of what could not be made, from the tables of the stages.
        scored: stage -> its scores.
    """
    schema = frame_schema(NEW_PROGRESS_COLUMNS)
    can_go_on = samples.select("id", "theme", alive=pl.lit(value=True))
    parts = []
    for made_kind in MADE_KINDS:
        stage = SCORED.get(made_kind)
        told = _of_kind(can_go_on, made_kind, made, faults, scored.get(stage.name) if stage else None, stage)
        parts.append(told.select(pl.col(name).cast(kind) for name, kind in schema.items()))
        passed = told.filter(outcome=StageOutcome.PASSED.value).select("id", passed=pl.lit(value=True))
        # What no score decides need not be there for a later stage: it may take another input, or none.
        stops = pl.col("passed").is_null() if stage else pl.lit(value=False)
        can_go_on = can_go_on.join(passed, on="id", how="left", maintain_order="left").select(
            "id", "theme", alive=pl.col("alive") & ~stops
        )
    table = pl.concat(parts)
    order = pl.Enum(MADE_KINDS)
    return table.sort("theme", "id", pl.col("stage").cast(order), maintain_order=True)


def may_go_on(progress: pl.DataFrame, kind: str) -> pl.Series:
    """The ids of samples of which a kind may be made: they passed every scored stage before it.

    Args:
        progress: ``NEW_PROGRESS_COLUMNS``.
        kind: asset kind that is to be made.

    >>> row = {"id": "a", "stage": MADE_KINDS[0], "outcome": "passed"}
    >>> may_go_on(pl.DataFrame([row]), MADE_KINDS[1]).to_list()
    ['a']
    """
    before = [each for each in MADE_KINDS[: MADE_KINDS.index(kind)] if each in SCORED]
    passed = progress.filter(
        pl.col("stage").is_in(before), pl.col("outcome") == StageOutcome.PASSED.value
    ).select("id", "stage")
    count = passed.unique().group_by("id", maintain_order=True).len()
    ids = progress.select("id").unique(maintain_order=True)
    if not before:
        return ids["id"]
    return count.filter(pl.col("len") == len(before))["id"]


def only_going_on(samples: pl.DataFrame, progress: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The rows of samples of which a kind may be made; all of them where no progress was told yet, or of the first kind.

    Args:
        samples: with ``id``.
        progress: ``NEW_PROGRESS_COLUMNS``, or a frame without columns.
        kind: asset kind that is to be made.
    """
    if "stage" not in progress.columns or kind == MADE_KINDS[0]:
        return samples
    return samples.filter(pl.col("id").is_in(may_go_on(progress, kind).implode()))


def _of_kind(
    samples: pl.DataFrame,
    kind: str,
    made: pl.DataFrame,
    faults: pl.DataFrame,
    scored: Scored | None,
    stage: Stage | None,
) -> pl.DataFrame:
    there = (
        made.filter(kind=kind).select("id", "error", "error_detail", is_made=pl.lit(value=True)).unique("id")
    )
    lacking = faults.filter(kind=kind).select("id", own_error="error", own_detail="error_detail").unique("id")
    told = samples.join(there, on="id", how="left", maintain_order="left").join(
        lacking, on="id", how="left", maintain_order="left"
    )
    told = told.with_columns(
        stage=pl.lit(kind),
        fault=pl.coalesce("error", pl.when(pl.col("is_made").is_null()).then("own_error")),
        fault_detail=pl.coalesce("error_detail", "own_detail"),
        score=pl.lit(None, pl.Float64),
        threshold=pl.lit(None, pl.Float64),
        is_scored=pl.lit(stage is None),
        is_met=pl.lit(value=True),
        own_reason=pl.lit(None, pl.String),
    )
    if stage is not None and scored is not None:
        told = _with_scores(told, scored, stage)
    is_whole = pl.col("is_made").is_not_null() & pl.col("fault").is_null()
    waits, failed, passed = (
        StageOutcome.WAITING.value,
        StageOutcome.FAILED.value,
        StageOutcome.PASSED.value,
    )
    return told.with_columns(
        outcome=pl.when(~pl.col("alive"))
        .then(pl.lit(waits))
        .when(pl.col("fault").is_not_null())
        .then(pl.lit(StageOutcome.FAULT.value))
        .when(~is_whole | ~pl.col("is_scored"))
        .then(pl.lit(waits))
        .when(pl.col("is_met"))
        .then(pl.lit(passed))
        .otherwise(pl.lit(failed)),
        reason=pl.when(~pl.col("alive"))
        .then(pl.lit(StageReason.STOPPED.value))
        .when(pl.col("fault").is_not_null())
        .then("fault")
        .when(~is_whole)
        .then(pl.lit(StageReason.NOT_MADE.value))
        .when(~pl.col("is_scored"))
        .then(pl.lit(StageReason.NOT_SCORED.value))
        .when(~pl.col("is_met"))
        .then(pl.lit(StageReason.BELOW_THRESHOLD.value)),
        reason_detail=pl.when(pl.col("alive") & pl.col("fault").is_not_null())
        .then("fault_detail")
        .when(pl.col("alive") & ~pl.col("is_met"))
        .then("own_reason"),
    )


def _with_scores(told: pl.DataFrame, scored: Scored, stage: Stage) -> pl.DataFrame:
    """The rows with the stage's score and whether each criterion is met; of the one that is not, its name."""
    primary = stage.criteria[0]
    columns = [each.score_column for each in stage.criteria]
    is_asked = pl.col("fault").ne_missing(NOT_ASKED)
    own = scored.scores.select(
        "id",
        *columns,
        score_fault=pl.when(is_asked).then("fault"),
        score_detail=pl.when(is_asked).then("fault_detail"),
    ).unique("id", keep="first", maintain_order=True)
    joined = told.join(own, on="id", how="left", maintain_order="left")
    met = {
        each: each.is_met(pl.col(each.score_column), scored.thresholds[each.name]) for each in stage.criteria
    }
    unmet = [pl.when(~is_met).then(pl.lit(each.name)) for each, is_met in met.items()]
    return joined.with_columns(
        fault=pl.coalesce("fault", "score_fault"),
        fault_detail=pl.coalesce("fault_detail", "score_detail"),
        score=pl.col(primary.score_column),
        threshold=pl.lit(scored.thresholds[primary.name]),
        is_scored=pl.all_horizontal(pl.col(name).is_not_null() for name in columns),
        is_met=pl.all_horizontal(met.values()).fill_null(value=True),
        own_reason=pl.concat_str(unmet, separator=", ", ignore_nulls=True),
    )


def count_progress(progress: pl.DataFrame) -> pl.DataFrame:
    """How many samples there are: one row per ``theme``, ``stage``, ``outcome`` and ``reason``, with their ``count``."""
    order = pl.Enum(MADE_KINDS)
    keys: Sequence[str] = ("theme", "stage", "outcome", "reason")
    return (
        progress.group_by(keys)
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .sort("theme", pl.col("stage").cast(order), "outcome", "reason", nulls_last=True)
    )
