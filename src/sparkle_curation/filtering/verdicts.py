"""Verdicts: each stage's score held against its cut-off, and the first stage that rejects a sample.

Source of the rules: dataset card, "Per-task Pipeline Metadata". Each rule there says "filter out samples
with ... < x", so keep is ``score >= cut-off``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal, get_args

import polars as pl

from sparkle_curation.engine.any_frame import Frame
from sparkle_curation.errors import ConservationError, ReleaseError
from sparkle_curation.filtering.score_source import RELEASED, SOURCE
from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.layout import intermediate_jsonl_path
from sparkle_curation.spec.sample_ids import ID_FORM, SAMPLE_ID
from sparkle_curation.spec.stages import CRITERIA, PRIMARY_CRITERIA, Criterion
from sparkle_curation.spec.tables.ingested import ID, THEME
from sparkle_curation.spec.themes import THEMES

MissingScores = Literal["reject", "keep", "error"]
"""What becomes of a sample without a score at a stage: rejected there, let through, or the run stops."""

TaintedScores = Literal["keep", "reject"]
"""What becomes of a sample whose score at a stage holds a made-up value: judged all the same, or rejected there."""

_LISTED_IDS = 10


class Outcome(StrEnum):
    """What a stage says of a sample, whatever the other stages say."""

    PASSED = "passed"
    REJECTED = "rejected"
    UNSCORED = "unscored"
    TAINTED = "tainted"


class RejectReason(StrEnum):
    """Why the first rejecting stage rejects a sample."""

    BELOW_CUT_OFF = "below_cut_off"
    ABOVE_CUT_OFF = "above_cut_off"
    UNSCORED = "unscored"
    TAINTED = "tainted"


def score_column(criterion: Criterion) -> str:
    """The column of the verdicts with the value that the criterion is about."""
    return f"{criterion.name}_score"


def cut_off_column(criterion: Criterion) -> str:
    """The column of the verdicts with the cut-off that the value was held against."""
    return f"{criterion.name}_cut_off"


def outcome_column(criterion: Criterion) -> str:
    """The column of the verdicts with the criterion's ``Outcome``."""
    return f"{criterion.name}_outcome"


def taint_column(criterion: Criterion) -> str:
    """The column of the verdicts with whether the stage's score is known to hold a made-up value."""
    return f"{criterion.name}_is_tainted"


def source_column(criterion: Criterion) -> str:
    """The column of the verdicts with where the stage's score is from."""
    return f"{criterion.name}_{SOURCE}"


def _criterion_fields(criterion: Criterion) -> tuple[Field, ...]:
    return (
        Field(
            score_column(criterion),
            "float",
            f"`{criterion.score_column}` of `{criterion.table}`; null when unscored.",
            True,
        ),
        Field(
            source_column(criterion),
            "text",
            "`released` or `rescored`: whose score it is; null when unscored.",
            True,
        ),
        Field(
            cut_off_column(criterion),
            "float",
            f"Threshold of `{criterion.name}`; a score equal to it is kept.",
        ),
        Field(
            outcome_column(criterion),
            "text",
            "`passed`, `rejected`, `unscored` or `tainted`, whatever the other stages say.",
        ),
        Field(
            taint_column(criterion),
            "boolean",
            "Whether the audit proves that the score holds a made-up value.",
        ),
    )


VERDICT_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field("is_released", "boolean", "Whether the release's training CSV has a row of the sample."),
    *(field for criterion in CRITERIA for field in _criterion_fields(criterion)),
    Field("rejected_by", "text", "First criterion that rejects the sample; null when it is kept.", True),
    Field(
        "reject_reason",
        "text",
        "`below_cut_off`, `above_cut_off`, `unscored` or `tainted`, there; null when kept.",
        True,
    ),
    Field("is_kept", "boolean", "Whether no stage rejects the sample."),
)
"""Columns of ``verdicts``: one row per sample known from any table."""


def list_known(annotations: Frame, others: Iterable[Frame]) -> pl.DataFrame:
    """One row per sample id of any of the tables: ``id``, ``theme``, ``is_released``.

    Sorted by theme in the order of the card, then as in the release's CSV, then the samples that no CSV has,
    by id.

    Args:
        annotations: with ``id`` and ``csv_line`` (null where the CSV lacks the sample).
        others: any tables with ``id``, in which an id may occur often.

    Raises:
        ConservationError: an id names no theme; ingest lets none through.
    """
    released = annotations.lazy().select("id", "csv_line").drop_nulls().collect()
    # Most ids of the other tables are released ones; dropping those first leaves little to make unique.
    every = pl.concat(table.lazy().select("id") for table in (annotations, *others))
    others_alone = every.join(released.lazy(), on="id", how="anti").unique()
    known = (
        pl.concat([released.lazy(), others_alone], how="diagonal")
        .with_columns(pl.col("id").str.extract(f"^{SAMPLE_ID.pattern}$", 1).alias("theme"))
        .sort(pl.col("theme").cast(pl.Enum(THEMES)), "csv_line", "id", nulls_last=True)
        .select("id", "theme", pl.col("csv_line").is_not_null().alias("is_released"))
        .collect(engine="streaming")
    )
    stray = known.filter(pl.col("theme").is_null())["id"]
    if len(stray):
        raise ConservationError(
            "A table has an id that is none",
            where="ingested tables",
            got=f"{len(stray)}, such as {stray[0]!r}",
            allowed=ID_FORM,
        )
    return known


def mark_tainted(known: Frame, score_faults: Frame) -> pl.DataFrame:
    """``known``, and for each stage whether the audit proves that the sample's score holds a made-up value.

    Args:
        known: with ``id``, one row each.
        score_faults: with ``id``, ``stage``, ``is_taint``; a sample may have many.
    """
    tainted = score_faults.lazy().filter("is_taint").select("id", "stage").unique()
    columns = [
        (pl.col("stage") == criterion.stage).any().alias(taint_column(criterion)) for criterion in CRITERIA
    ]
    by_sample = tainted.group_by("id").agg(columns)
    marked = known.lazy().join(by_sample, on="id", how="left", maintain_order="left")
    return marked.with_columns(
        pl.col(taint_column(criterion)).fill_null(value=False) for criterion in CRITERIA
    ).collect()


def judge(
    known: Frame,
    scores: Mapping[str, Frame],
    cut_offs: Mapping[str, float],
    missing_scores: MissingScores,
    tainted_scores: TaintedScores = "keep",
) -> pl.DataFrame:
    """The verdicts (``VERDICT_COLUMNS``): one row per row of ``known``, in its order.

    Args:
        known: with ``id``, ``theme``, ``is_released``, and from ``mark_tainted`` what is tainted (absent: nothing).
        scores: by the stage's name, with ``id``, the stage's score column, and ``score_source`` (absent: the
            release). Nothing else is read.
        cut_offs: by the stage's name; a score equal to it is kept.
        missing_scores: what becomes of a sample without a score. A number that is not finite is no score.
        tainted_scores: what becomes of a sample with a tainted score, whatever the cut-off.

    Raises:
        ReleaseError: ``missing_scores`` is not ``keep``, and a stage of a theme has no scores at all; or it
            is ``error``, and a sample has none.
        ConservationError: the verdicts are not one per known sample.
    """
    known = _with_taints(known).collect()
    scored = _add_scores(known.lazy(), scores).collect()
    _require_scores(scored, missing_scores)
    stopping = {
        criterion.name: _is_stopped_by(criterion, is_unscored_stopped=missing_scores != "keep")
        for criterion in CRITERIA
    }
    verdicts = (
        scored.lazy()
        .with_columns(
            expression
            for criterion in CRITERIA
            for expression in (
                pl.lit(float(cut_offs[criterion.name])).alias(cut_off_column(criterion)),
                _outcome(criterion, cut_offs[criterion.name], tainted_scores).alias(
                    outcome_column(criterion)
                ),
            )
        )
        .with_columns(
            pl.coalesce(
                pl.when(stopping[criterion.name]).then(pl.lit(criterion.name)) for criterion in CRITERIA
            ).alias("rejected_by"),
            pl.coalesce(
                pl.when(stopping[criterion.name]).then(_reason(criterion)) for criterion in CRITERIA
            ).alias("reject_reason"),
        )
        .with_columns(pl.col("rejected_by").is_null().alias("is_kept"))
        .select(field.name for field in VERDICT_COLUMNS)
        .collect()
    )
    _check_one_each(known, verdicts)
    return verdicts


def split(verdicts: Frame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The kept and the rejected rows of ``verdicts``, each in its order.

    Raises:
        ConservationError: kept and rejected are not all there is.
    """
    verdicts = verdicts.lazy().collect()
    kept, rejected = verdicts.filter("is_kept"), verdicts.filter(~pl.col("is_kept"))
    if kept.height + rejected.height != verdicts.height:
        raise ConservationError(
            "Kept and rejected samples do not add up",
            where="verdicts",
            got=f"{kept.height} kept + {rejected.height} rejected",
            allowed=f"{verdicts.height} known",
        )
    return kept, rejected


def _with_taints(known: Frame) -> pl.LazyFrame:
    known = known.lazy()
    present = known.collect_schema().names()
    absent = [taint_column(criterion) for criterion in CRITERIA if taint_column(criterion) not in present]
    return known.with_columns(pl.lit(value=False).alias(name) for name in absent)


def _add_scores(known: pl.LazyFrame, scores: Mapping[str, Frame]) -> pl.LazyFrame:
    for criterion in CRITERIA:
        score = pl.col(criterion.score_column).cast(pl.Float64)
        # In polars NaN is greater than any cut-off, so it would pass.
        table = scores[criterion.stage].lazy()
        has_source = SOURCE in table.collect_schema().names()
        source = pl.col(SOURCE) if has_source else pl.lit(RELEASED)
        chosen = table.select(
            "id",
            pl.when(score.is_finite()).then(score).alias(score_column(criterion)),
            pl.when(score.is_finite()).then(source).alias(source_column(criterion)),
        )
        known = known.join(chosen, on="id", how="left", maintain_order="left")
    return known


def _outcome(criterion: Criterion, cut_off: float, tainted_scores: TaintedScores) -> pl.Expr:
    score = pl.col(score_column(criterion))
    return (
        pl.when(score.is_null())
        .then(pl.lit(Outcome.UNSCORED.value))
        .when(pl.col(taint_column(criterion)) & (tainted_scores == "reject"))
        .then(pl.lit(Outcome.TAINTED.value))
        .when(criterion.is_met(score, cut_off))
        .then(pl.lit(Outcome.PASSED.value))
        .otherwise(pl.lit(Outcome.REJECTED.value))
    )


def _is_stopped_by(criterion: Criterion, *, is_unscored_stopped: bool) -> pl.Expr:
    outcome = pl.col(outcome_column(criterion))
    stopping = [Outcome.REJECTED, Outcome.TAINTED, *([Outcome.UNSCORED] if is_unscored_stopped else [])]
    return outcome.is_in([one.value for one in stopping])


def _reason(criterion: Criterion) -> pl.Expr:
    reasons = {
        Outcome.REJECTED.value: (
            RejectReason.BELOW_CUT_OFF if criterion.is_at_least else RejectReason.ABOVE_CUT_OFF
        ).value,
        Outcome.UNSCORED.value: RejectReason.UNSCORED.value,
        Outcome.TAINTED.value: RejectReason.TAINTED.value,
    }
    return pl.col(outcome_column(criterion)).replace_strict(reasons, default=None, return_dtype=pl.String)


def _require_scores(scored: pl.DataFrame, missing_scores: MissingScores) -> None:
    """Stop when the release lacks scores that the policy wants.

    A whole stage without scores is a file that was not downloaded; rejecting the theme for it would be a
    costly mistake made in silence.
    """
    if missing_scores == "keep":
        return
    columns = [score_column(criterion) for criterion in PRIMARY_CRITERIA]
    counts = scored.group_by("theme").agg(pl.col(columns).count())
    by_theme = {row["theme"]: row for row in counts.to_dicts()}
    absent = [
        intermediate_jsonl_path(theme, criterion.file_name)
        for theme in THEMES
        for criterion in PRIMARY_CRITERIA
        if theme in by_theme and by_theme[theme][score_column(criterion)] == 0
    ]
    if absent:
        raise ReleaseError(
            "A whole stage of a theme has no scores",
            where=f"\n{' ' * 11}".join(absent),
            got="the file is absent or empty, or all its lines are in the quarantine",
            allowed="scores of at least one sample, unless missing_scores=keep",
            todo="add the files to the release, or let unscored samples pass: --params missing_scores=keep",
        )
    if missing_scores == "error":
        _require_every_score(scored)


def _require_every_score(scored: pl.DataFrame) -> None:
    lines = []
    for criterion in PRIMARY_CRITERIA:
        unscored = scored.filter(pl.col(score_column(criterion)).is_null())["id"]
        if len(unscored):
            shown = ", ".join(unscored.head(_LISTED_IDS)) + (", ..." if len(unscored) > _LISTED_IDS else "")
            lines.append(f"{criterion.name}: {len(unscored)} of {scored.height} samples: {shown}")
    if lines:
        policies = ", ".join(policy for policy in get_args(MissingScores) if policy != "error")
        raise ReleaseError(
            "Samples have no score",
            where=f"\n{' ' * 11}".join(lines),
            allowed="a score of every sample at every stage, because missing_scores=error",
            todo=f"complete the scores, or choose another policy: --params missing_scores={{{policies}}}",
        )


def _check_one_each(known: pl.DataFrame, verdicts: pl.DataFrame) -> None:
    unique_count = verdicts["id"].n_unique()
    if not known.height == verdicts.height == unique_count:
        raise ConservationError(
            "The verdicts are not one per known sample; a score table has an id twice",
            where="verdicts",
            got=f"{verdicts.height} verdicts on {unique_count} ids",
            allowed=f"{known.height} known samples",
        )
