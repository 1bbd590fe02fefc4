"""Between the stages that make a sample: what is made, what of it is scored, and which samples may go on.

Source: the dataset card, stages 2 to 5: a sample is scored where the description has a scored stage of the asset that was
made, and goes on where it scores at least the threshold.

A score is of two assets and a prompt, and a verdict of what was scored: where one of these is another now, there is no
score, or no verdict, until the sample is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame, frame_schema
from sparkle_curation.spec.codes.generation_faults import GenerationFault
from sparkle_curation.spec.codes.new_sample_codes import StageOutcome, StageReason
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.stages import STAGES, Stage
from sparkle_curation.spec.tables.new_samples import NEW_PROGRESS_COLUMNS
from sparkle_curation.spec.tables.reruns.rescores import NOT_ASKED
from sparkle_curation.stages.lineage import MADE_KINDS, contents_of

SCORED: dict[str, Stage] = {stage.edited_kind: stage for stage in STAGES if stage.edited_kind in MADE_KINDS}
"""Asset kind -> the stage that scores it; kinds that none scores pass where they were made."""


@dataclass(frozen=True)
class Scored:
    """What is known of a scored stage.

    Attributes:
        scores: ``id``, ``prompt``, ``source_digest``, ``edited_digest``, ``fault``, ``fault_detail``, and a column for each
            criterion; one row a sample.
        thresholds: criterion -> its threshold.
    """

    scores: pl.DataFrame
    thresholds: Mapping[str, float]


def samples_of(annotations: pl.DataFrame, instructions: pl.DataFrame) -> pl.DataFrame:
    """``id``, ``theme``, ``prompt`` of the samples with an edit prompt, once each; that of the instructions goes first.

    Args:
        annotations: of the draft.
        instructions: ``new_instructions``, which the draft's annotations may be older than.
    """
    told = instructions.select("id", pl.col("prompt").alias("_told")).unique("id", keep="last")
    own = annotations.select("id", pl.col("theme").cast(pl.String), "prompt").unique(
        "id", maintain_order=True
    )
    joined = own.join(told, on="id", how="left", maintain_order="left")
    return joined.select("id", "theme", pl.coalesce("_told", "prompt").alias("prompt"))


def tell_progress(
    samples: pl.DataFrame,
    media: pl.DataFrame,
    faults: pl.DataFrame,
    outdated: pl.DataFrame,
    scored: Mapping[str, Scored],
) -> pl.DataFrame:
    """How far each sample came (``NEW_PROGRESS_COLUMNS``): one row per sample and kind that is made, in their order.

    Args:
        samples: ``id``, ``theme``, ``prompt``; once each.
        media: columns of ``media``, with what was made in the place of what was released.
        faults: ``id``, ``kind``, ``error`` and ``error_detail`` of what could not be made, from the tables of the stages.
        outdated: ``id``, ``kind``, ``detail`` of what is older than what it was made of.
        scored: stage -> its scores.
    """
    schema = frame_schema(NEW_PROGRESS_COLUMNS)
    contents = contents_of(media)
    made = contents.join(
        media.select("id", pl.col("kind").cast(pl.String), "error", "error_detail").unique(
            ["id", "kind"], keep="last", maintain_order=True
        ),
        on=["id", "kind"],
        how="left",
        maintain_order="left",
    )
    can_go_on = samples.select("id", "theme", "prompt", alive=pl.lit(value=True))
    parts = []
    for made_kind in MADE_KINDS:
        stage = SCORED.get(made_kind)
        told = _of_kind(can_go_on, made_kind, made, faults, outdated)
        if stage is not None and stage.name in scored:
            told = _with_scores(told, scored[stage.name], stage, made)
        told = _with_outcome(told)
        parts.append(told.select(pl.col(name).cast(kind) for name, kind in schema.items()))
        passed = told.filter(outcome=StageOutcome.PASSED.value).select("id", passed=pl.lit(value=True))
        # What no score decides need not be there for a later stage: it may take another input, or none.
        stops = pl.col("passed").is_null() if stage else pl.lit(value=False)
        can_go_on = can_go_on.join(passed, on="id", how="left", maintain_order="left").select(
            "id", "theme", "prompt", alive=pl.col("alive") & ~stops
        )
    table = pl.concat(parts)
    order = pl.Enum(MADE_KINDS)
    return table.sort("theme", "id", pl.col("stage").cast(order), maintain_order=True)


def with_changes(progress: pl.DataFrame, samples: pl.DataFrame, media: pl.DataFrame) -> pl.DataFrame:
    """The progress with ``is_changed``: whether the asset, or the prompt, is another than the one that was judged.

    Args:
        progress: ``NEW_PROGRESS_COLUMNS``; of one told by an earlier version, without contents, all is changed.
        samples: ``id``, ``prompt`` of now.
        media: columns of ``media``, of the assets of now.
    """
    told = progress.with_columns(
        pl.lit(None, pl.String).alias(name) for name in ("prompt", "content") if name not in progress.columns
    )
    now = contents_of(media).select("id", pl.col("kind").alias("stage"), pl.col("content").alias("_content"))
    prompts = samples.select("id", pl.col("prompt").alias("_prompt")).unique("id", keep="last")
    is_same = pl.col("content").eq_missing(pl.col("_content")) & pl.col("prompt").eq_missing(
        pl.col("_prompt")
    )
    return (
        told.join(now, on=["id", "stage"], how="left", maintain_order="left")
        .join(prompts, on="id", how="left", maintain_order="left")
        .with_columns(is_changed=~is_same)
        .drop("_content", "_prompt")
    )


def tell_standing(
    samples: pl.DataFrame, progress: pl.DataFrame, media: pl.DataFrame, kind: str
) -> pl.DataFrame:
    """``id``, ``standing`` of each sample: null where a kind may be made of it, else ``not_passed`` or ``not_judged``.

    A kind may be made of samples that passed every scored stage before it, as what was judged is now; of all of them
    where no progress was told yet.

    Args:
        samples: ``id``, ``prompt``.
        progress: ``NEW_PROGRESS_COLUMNS``, or a frame without columns.
        media: columns of ``media``, of the assets of now.
        kind: asset kind that is to be made.
    """
    before = [each for each in MADE_KINDS[: MADE_KINDS.index(kind)] if each in SCORED]
    if "stage" not in progress.columns or not before:
        return samples.select("id", standing=pl.lit(None, pl.String))
    is_passed = pl.col("outcome") == StageOutcome.PASSED.value
    is_judged = is_passed | (pl.col("outcome") == StageOutcome.FAILED.value)
    told = (
        with_changes(progress, samples, media)
        .filter(pl.col("stage").is_in(before))
        .group_by("id", maintain_order=True)
        .agg(
            changed=(is_judged & pl.col("is_changed")).any(),
            passed=is_passed.sum() == len(before),
        )
    )
    standing = (
        pl.when(pl.col("changed"))
        .then(pl.lit(GenerationFault.NOT_JUDGED.value))
        .when(~pl.col("passed").fill_null(value=False))
        .then(pl.lit(GenerationFault.NOT_PASSED.value))
    )
    return (
        samples.select("id")
        .join(told, on="id", how="left", maintain_order="left")
        .select("id", standing=standing)
    )


def tell_draft_standing(
    progress: AnyFrame, annotations: AnyFrame, instructions: AnyFrame, media: AnyFrame
) -> pl.DataFrame:
    """``id``, ``standing`` of ``tell_standing`` of the samples that no mask may be made of; no rows of a release.

    Args:
        progress: ``new_progress``; without columns where none was told, as of a release.
        annotations: of the draft.
        instructions: ``new_instructions``; without columns where there are none.
        media: columns of ``media``, of the assets of now.
    """
    none = pl.DataFrame(schema={"id": pl.String, "standing": pl.String})
    if not KIND.mask or "stage" not in progress.lazy().collect_schema().names():
        return none
    told = instructions.lazy().collect()
    if "prompt" not in told.columns:
        told = pl.DataFrame(schema={"id": pl.String, "prompt": pl.String})
    samples = samples_of(annotations.lazy().collect(), told)
    standing = tell_standing(samples, progress.lazy().collect(), media.lazy().collect(), KIND.mask)
    return standing.drop_nulls("standing")


def without_changed(
    progress: pl.DataFrame, samples: pl.DataFrame, media: pl.DataFrame
) -> tuple[pl.DataFrame, int]:
    """The progress as it holds now, and how many samples that passed have changed since: these wait to be judged again.

    Args:
        progress: ``NEW_PROGRESS_COLUMNS``.
        samples: ``id``, ``prompt``.
        media: columns of ``media``, of the assets of now.
    """
    told = with_changes(progress, samples, media)
    is_lost = (pl.col("stage") == MADE_KINDS[-1]) & (pl.col("outcome") == StageOutcome.PASSED.value)
    is_lost = is_lost & pl.col("is_changed").any().over("id")
    held = told.with_columns(
        outcome=pl.when(is_lost).then(pl.lit(StageOutcome.WAITING.value)).otherwise("outcome"),
        reason=pl.when(is_lost).then(pl.lit(StageReason.NOT_JUDGED.value)).otherwise("reason"),
    )
    return held.drop("is_changed"), told.filter(is_lost).height


def _of_kind(
    samples: pl.DataFrame, kind: str, made: pl.DataFrame, faults: pl.DataFrame, outdated: pl.DataFrame
) -> pl.DataFrame:
    """The samples with what is there of a kind, what is wrong with it, and the columns that scores fill."""
    there = made.filter(kind=kind).select(
        "id", "content", "error", "error_detail", is_made=pl.lit(value=True)
    )
    lacking = faults.filter(kind=kind).select("id", own_error="error", own_detail="error_detail").unique("id")
    old = outdated.filter(kind=kind).select("id", outdated_detail="detail")
    told = samples
    for frame in (there, lacking, old):
        told = told.join(frame, on="id", how="left", maintain_order="left")
    is_scored = kind in SCORED
    return told.with_columns(
        stage=pl.lit(kind),
        fault=pl.coalesce("error", pl.when(pl.col("is_made").is_null()).then("own_error")),
        fault_detail=pl.coalesce("error_detail", "own_detail"),
        score=pl.lit(None, pl.Float64),
        threshold=pl.lit(None, pl.Float64),
        is_scored=pl.lit(not is_scored),
        is_scored_before=pl.lit(value=False),
        is_met=pl.lit(value=True),
        own_reason=pl.lit(None, pl.String),
    )


def _with_outcome(told: pl.DataFrame) -> pl.DataFrame:
    """The rows with outcome and reason: of all that keeps a sample from passing what comes first."""
    waits, fault = StageOutcome.WAITING.value, StageOutcome.FAULT.value
    checks: list[tuple[pl.Expr, str, pl.Expr, pl.Expr]] = [
        (~pl.col("alive"), waits, pl.lit(StageReason.STOPPED.value), pl.lit(None, pl.String)),
        (pl.col("fault").is_not_null(), fault, pl.col("fault"), pl.col("fault_detail")),
        (
            pl.col("is_made").is_null(),
            waits,
            pl.lit(StageReason.NOT_MADE.value),
            pl.lit(None, pl.String),
        ),
        (
            pl.col("outdated_detail").is_not_null(),
            waits,
            pl.lit(StageReason.OUTDATED.value),
            pl.col("outdated_detail"),
        ),
        (
            pl.col("is_scored_before"),
            waits,
            pl.lit(StageReason.SCORED_BEFORE.value),
            pl.lit(None, pl.String),
        ),
        (~pl.col("is_scored"), waits, pl.lit(StageReason.NOT_SCORED.value), pl.lit(None, pl.String)),
        (
            ~pl.col("is_met"),
            StageOutcome.FAILED.value,
            pl.lit(StageReason.BELOW_THRESHOLD.value),
            pl.col("own_reason"),
        ),
    ]
    outcome, reason, detail = (
        pl.lit(StageOutcome.PASSED.value),
        pl.lit(None, pl.String),
        pl.lit(None, pl.String),
    )
    for is_so, own_outcome, own_reason, own_detail in reversed(checks):
        outcome = pl.when(is_so).then(pl.lit(own_outcome)).otherwise(outcome)
        reason = pl.when(is_so).then(own_reason).otherwise(reason)
        detail = pl.when(is_so).then(own_detail).otherwise(detail)
    return told.with_columns(outcome=outcome, reason=reason, reason_detail=detail)


def _with_scores(told: pl.DataFrame, scored: Scored, stage: Stage, made: pl.DataFrame) -> pl.DataFrame:
    """The rows with the stage's score and whether each criterion is met; of the one that is not, its name.

    A score, or a fault of the judge, counts where it is of the assets and the prompt of now.
    """
    primary = stage.criteria[0]
    columns = [each.score_column for each in stage.criteria]
    own = scored.scores.select(
        "id",
        *columns,
        score_prompt="prompt",
        source_digest="source_digest",
        edited_digest="edited_digest",
        score_fault="fault",
        score_detail="fault_detail",
    ).unique("id", keep="first", maintain_order=True)
    source = made.filter(kind=stage.source_kind).select("id", source_content="content")
    joined = told.join(own, on="id", how="left", maintain_order="left").join(
        source, on="id", how="left", maintain_order="left"
    )
    is_asked = pl.col("score_fault").ne_missing(NOT_ASKED)
    is_of_now = pl.all_horizontal(
        pl.col("edited_digest").eq_missing(pl.col("content")),
        pl.col("source_digest").eq_missing(pl.col("source_content")),
        pl.col("score_prompt").eq_missing(pl.col("prompt")),
    )
    has_scores = pl.all_horizontal(pl.col(name).is_not_null() for name in columns)
    counts = is_asked & is_of_now
    met = {
        each: each.is_met(pl.col(each.score_column), scored.thresholds[each.name]) for each in stage.criteria
    }
    unmet = [pl.when(~is_met).then(pl.lit(each.name)) for each, is_met in met.items()]
    return joined.with_columns(
        fault=pl.coalesce("fault", pl.when(counts).then("score_fault")),
        fault_detail=pl.coalesce("fault_detail", pl.when(counts).then("score_detail")),
        score=pl.when(is_of_now).then(primary.score_column),
        threshold=pl.lit(scored.thresholds[primary.name]),
        is_scored=has_scores & is_of_now,
        is_scored_before=(has_scores | pl.col("score_fault").is_not_null()) & is_asked & ~is_of_now,
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
