"""Verdicts: each stage's score compared with its threshold, and the first stage that rejects a sample.

Source of the rules: dataset card, "Per-task Pipeline Metadata". Each rule there says "filter out samples
with ... < x", so keep is ``score >= threshold``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal, get_args

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.id_lookup import are_unique, join_by_id
from sparkle_curation.errors import ConservationError, ReleaseError
from sparkle_curation.filtering.score_source import RELEASED, RESCORED
from sparkle_curation.spec.layout import score_path
from sparkle_curation.spec.sample_ids import ID_DIGITS, ID_FORM, id_prefix
from sparkle_curation.spec.stages import CRITERIA, CRITERION_NAMES, PRIMARY_CRITERIA, Criterion
from sparkle_curation.spec.tables.verdicts import (
    SOURCE,
    VERDICT_COLUMNS,
    imputed_column,
    outcome_column,
    score_column,
    source_column,
    threshold_column,
)
from sparkle_curation.spec.themes import THEMES

MissingScores = Literal["reject", "keep", "error"]
"""What becomes of a sample without a score at a stage: rejected there, let through, or the run stops."""

ImputedScores = Literal["keep", "reject"]
"""What becomes of a sample whose score at a stage holds an imputed value: filtered by it all the same, or rejected there."""

_LISTED_IDS = 10


class Outcome(StrEnum):
    """What a stage says of a sample, whatever the other stages say."""

    PASSED = "passed"
    REJECTED = "rejected"
    UNSCORED = "unscored"
    IMPUTED = "imputed"


class RejectReason(StrEnum):
    """Why the first rejecting stage rejects a sample."""

    BELOW_THRESHOLD = "below_threshold"
    ABOVE_THRESHOLD = "above_threshold"
    UNSCORED = "unscored"
    IMPUTED = "imputed"


# A word of these takes a byte in memory, where text takes 16; the table's file has text.
_SOURCES = pl.Enum([RELEASED, RESCORED])
_CRITERIA = pl.Enum(CRITERION_NAMES)
_OUTCOMES = pl.Enum(Outcome)
_REASONS = pl.Enum(RejectReason)


def list_known(annotations: AnyFrame, others: Iterable[AnyFrame]) -> pl.DataFrame:
    """One row per sample id of any of the tables: ``id``, ``theme``, ``is_released``.

    Sorted by theme in the order of the card, then as in the release's CSV, then the samples that no CSV has,
    by id.

    Args:
        annotations: with ``id`` and ``csv_line`` (null where the CSV lacks the sample).
        others: any tables with ``id``, in which an id may occur often.

    Raises:
        ConservationError: an id names no theme; ingest lets none through.
    """
    listed = annotations.lazy().select("id", "csv_line").collect()
    released = listed.drop_nulls()
    unlisted = _list_unlisted(listed, others)
    rank = pl.col("theme").cast(pl.Enum(THEMES))
    parts = [
        _with_theme(released).sort(rank, "csv_line", nulls_last=True),
        _with_theme(unlisted).sort(rank, "id", nulls_last=True),
    ]
    known = pl.concat(
        part.select("id", "theme", is_released=pl.lit(place == 0)) for place, part in enumerate(parts)
    )
    if unlisted.height:
        known = known.sort(rank, nulls_last=True, maintain_order=True)
    stray = known.filter(pl.col("theme").is_null())["id"]
    if len(stray):
        raise ConservationError(
            "A table has an id that is none",
            where="ingested tables",
            got=f"{len(stray)}, such as {stray[0]!r}",
            allowed=ID_FORM,
        )
    return known


def _list_unlisted(listed: pl.DataFrame, others: Iterable[AnyFrame]) -> pl.DataFrame:
    """The ids that have no line of the CSV, each once, in no order.

    A table with the ids of the CSV in the order of the annotations has none; it is not joined.
    """
    released = listed.drop_nulls()
    tables = [listed.filter(pl.col("csv_line").is_null()).select("id").lazy()]
    tables += [ids for table in others if not _are_ids(ids := table.lazy().select("id"), released["id"])]
    # Most ids of the other tables are released ones; dropping those first leaves little to make unique.
    every = pl.concat(tables)
    return every.join(released.lazy(), on="id", how="anti").unique().collect(engine="streaming")


def _are_ids(table: pl.LazyFrame, ids: pl.Series) -> bool:
    return table.select(pl.len()).collect().item() == len(ids) and table.collect()["id"].equals(ids)


def _with_theme(samples: pl.DataFrame) -> pl.DataFrame:
    """The samples with the ``theme`` that the id names; null where it is none. The pattern costs twice as much."""
    prefixes = {theme: id_prefix(theme) for theme in THEMES}
    themes = [
        pl.when(
            pl.col("id").str.starts_with(prefix),
            pl.col("id").str.len_bytes() == len(prefix.encode()) + ID_DIGITS,
        ).then(pl.lit(theme))
        for theme, prefix in prefixes.items()
    ]
    has_number = pl.col("id").str.contains(f"[0-9]{{{ID_DIGITS}}}$")
    return samples.with_columns(pl.when(has_number).then(pl.coalesce(themes)).alias("theme"))


def mark_imputed(known: AnyFrame, score_faults: AnyFrame) -> pl.DataFrame:
    """``known``, and for each stage whether the audit proves that the sample's score holds an imputed value.

    Args:
        known: with ``id``, one row each.
        score_faults: with ``id``, ``stage``, ``is_imputed``; a sample may have many.
    """
    imputed = score_faults.lazy().filter("is_imputed").select("id", "stage").unique()
    columns = [
        (pl.col("stage") == criterion.stage).any().alias(imputed_column(criterion)) for criterion in CRITERIA
    ]
    by_sample = imputed.group_by("id").agg(columns)
    marked = known.lazy().join(by_sample, on="id", how="left", maintain_order="left")
    return marked.with_columns(
        pl.col(imputed_column(criterion)).fill_null(value=False) for criterion in CRITERIA
    ).collect()


def apply_thresholds(
    known: AnyFrame,
    scores: Mapping[str, AnyFrame],
    thresholds: Mapping[str, float],
    missing_scores: MissingScores,
    imputed_scores: ImputedScores = "keep",
) -> pl.DataFrame:
    """The verdicts (``VERDICT_COLUMNS``): one row per row of ``known``, in its order.

    Args:
        known: with ``id``, ``theme``, ``is_released``, and from ``mark_imputed`` what is imputed (absent: nothing).
        scores: by the stage's name, with ``id``, the stage's score column, and ``score_source`` (absent: the
            release). Nothing else is read.
        thresholds: by the stage's name; a score equal to it is kept.
        missing_scores: what becomes of a sample without a score. A number that is not finite is no score.
        imputed_scores: what becomes of a sample with an imputed score, whatever the threshold.

    Raises:
        ReleaseError: ``missing_scores`` is not ``keep``, and a stage of a theme has no scores at all; or it
            is ``error``, and a sample has none.
        ConservationError: the verdicts are not one per known sample.
    """
    known = _with_imputed(known).collect()
    scored = _add_scores(known, scores)
    _require_scores(scored, missing_scores)
    stopping_outcomes = [Outcome.REJECTED.value, Outcome.IMPUTED.value]
    if missing_scores != "keep":
        stopping_outcomes.append(Outcome.UNSCORED.value)
    stopping = {
        criterion.name: pl.col(outcome_column(criterion)).is_in(stopping_outcomes) for criterion in CRITERIA
    }
    verdicts = (
        scored.lazy()
        .with_columns(
            expression
            for criterion in CRITERIA
            for expression in (
                pl.lit(float(thresholds[criterion.name])).alias(threshold_column(criterion)),
                _outcome(criterion, thresholds[criterion.name], imputed_scores).alias(
                    outcome_column(criterion)
                ),
            )
        )
        .with_columns(
            _first_of(
                [pl.when(stopping[each.name]).then(pl.lit(each.name, _CRITERIA)) for each in CRITERIA],
                _CRITERIA,
            ).alias("rejected_by"),
            _first_of(
                [pl.when(stopping[each.name]).then(_reason(each)) for each in CRITERIA], _REASONS
            ).alias("reject_reason"),
        )
        .with_columns(
            pl.lit(None, pl.String).alias("override"),
            pl.lit(None, pl.String).alias("override_reason"),
            pl.lit(None, pl.String).alias("benchmark_leak"),
            pl.col("rejected_by").is_null().alias("is_kept"),
        )
        .select(field.name for field in VERDICT_COLUMNS)
        .collect()
    )
    _check_one_each(known, verdicts)
    return verdicts


def split(verdicts: AnyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The kept and the rejected rows of ``verdicts``, each in its order; not copied until they are asked for.

    Raises:
        ConservationError: kept and rejected are not all there is.
    """
    table, is_kept = verdicts.lazy(), pl.col("is_kept")
    count, kept, rejected = (
        table.select(pl.len(), is_kept.sum().alias("kept"), (~is_kept).sum().alias("rejected"))
        .collect()
        .row(0)
    )
    if kept + rejected != count:
        raise ConservationError(
            "Kept and rejected samples do not add up",
            where="verdicts",
            got=f"{kept} kept + {rejected} rejected",
            allowed=f"{count} known",
        )
    return table.filter("is_kept"), table.filter(~is_kept)


def _with_imputed(known: AnyFrame) -> pl.LazyFrame:
    known = known.lazy()
    present = known.collect_schema().names()
    absent = [imputed_column(criterion) for criterion in CRITERIA if imputed_column(criterion) not in present]
    return known.with_columns(pl.lit(value=False).alias(name) for name in absent)


def _add_scores(known: pl.DataFrame, scores: Mapping[str, AnyFrame]) -> pl.DataFrame:
    for criterion in CRITERIA:
        score = pl.col(criterion.score_column).cast(pl.Float64)
        # In polars NaN is greater than any threshold, so it would pass.
        table = scores[criterion.stage].lazy()
        has_source = SOURCE in table.collect_schema().names()
        source = pl.col(SOURCE) if has_source else pl.lit(RELEASED, _SOURCES)
        chosen = table.select(
            "id",
            pl.when(score.is_finite()).then(score).alias(score_column(criterion)),
            pl.when(score.is_finite()).then(source.cast(_SOURCES)).alias(source_column(criterion)),
        ).collect(engine="streaming")
        known = join_by_id(known, chosen)
    return known


def _outcome(criterion: Criterion, threshold: float, imputed_scores: ImputedScores) -> pl.Expr:
    score = pl.col(score_column(criterion))
    unscored, imputed, passed, rejected = (
        pl.lit(outcome.value, _OUTCOMES)
        for outcome in (Outcome.UNSCORED, Outcome.IMPUTED, Outcome.PASSED, Outcome.REJECTED)
    )
    return (
        pl.when(score.is_null())
        .then(unscored)
        .when(pl.col(imputed_column(criterion)) & (imputed_scores == "reject"))
        .then(imputed)
        .when(criterion.is_met(score, threshold))
        .then(passed)
        .otherwise(rejected)
    )


def _reason(criterion: Criterion) -> pl.Expr:
    beyond = RejectReason.BELOW_THRESHOLD if criterion.is_at_least else RejectReason.ABOVE_THRESHOLD
    reasons = {
        Outcome.REJECTED: beyond,
        Outcome.UNSCORED: RejectReason.UNSCORED,
        Outcome.IMPUTED: RejectReason.IMPUTED,
    }
    outcome = pl.col(outcome_column(criterion))
    return _first_of(
        [
            pl.when(outcome == each.value).then(pl.lit(reason.value, _REASONS))
            for each, reason in reasons.items()
        ],
        _REASONS,
    )


def _first_of(words: list[pl.Expr], words_of: pl.Enum) -> pl.Expr:
    """The first of the words that is not null; null where there are none."""
    return pl.coalesce([*words, pl.lit(None, words_of)])


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
        score_path(theme, criterion.stage, criterion.file_name)
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
    if known.height != verdicts.height or not are_unique(verdicts["id"]):
        raise ConservationError(
            "The verdicts are not one per known sample; a score table has an id twice",
            where="verdicts",
            got=f"{verdicts.height} verdicts on {verdicts['id'].n_unique()} ids",
            allowed=f"{known.height} known samples",
        )
