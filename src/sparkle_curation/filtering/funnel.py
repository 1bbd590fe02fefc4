"""Counting a curation: what each stage lets through, what is emitted, how it agrees with the release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import polars as pl

from sparkle_curation.engine.any_frame import Frame
from sparkle_curation.errors import ConservationError
from sparkle_curation.filtering.verdicts import (
    MissingScores,
    Outcome,
    RejectReason,
    TaintedScores,
    outcome_column,
    taint_column,
)
from sparkle_curation.spec.layout import SPLITS, VAL
from sparkle_curation.spec.stages import CRITERIA, CRITERION_NAMES, Criterion
from sparkle_curation.spec.tables.preflight import PairOutcome, PairReason
from sparkle_curation.spec.themes import THEMES

TOTAL = "total"
"""The name under which the sum over all themes stands."""

FLOW = ("in", "kept", "rejected", "unscored", "tainted")
"""The counts of a stage: samples that reach it; that go on; that are below its cut-off; that have no score;
whose score is proven to hold a made-up value.

``in = kept + rejected`` + those of ``unscored`` and ``tainted`` that are stopped: with ``missing_scores=keep``
unscored samples go on and are counted in ``kept`` too; with ``tainted_scores=keep`` tainted ones are held against
the cut-off and counted in ``kept`` or ``rejected`` too.
"""

Metrics: TypeAlias = dict[str, Any]


_REASON = "reason_"
_BEYOND = [RejectReason.BELOW_CUT_OFF.value, RejectReason.ABOVE_CUT_OFF.value]


def count_samples(
    verdicts: Frame, not_emitted: Frame, prompt_warnings: Frame, preflight: Frame, splits: Frame
) -> pl.DataFrame:
    """The counts of a curation: one row per theme in the order of the card, then the total.

    Columns: ``theme``, ``known``, ``{stage}_{in|kept|rejected|unscored|tainted}`` of each stage, ``kept``,
    ``rejected``, ``unscored`` (without a score at some stage that they reach), ``tainted`` (with a tainted
    score at one), ``emitted``, ``not_emitted``, ``prompt_warnings``, each outcome of the preflight and
    ``reason_{code}`` of each reason, ``dropped`` (by the preflight), ``train`` and ``val``, ``released`` (rows of the
    release's CSV), ``missing`` (released, but not emitted), ``extra`` (emitted, but not released). A theme without
    samples has zeros.

    Args:
        verdicts: one row per known sample.
        not_emitted: report of the kept samples that could not be emitted.
        prompt_warnings: report of the prompts that pandas changes.
        preflight: ``id``, ``theme``, ``outcome``, ``reasons``, ``is_dropped`` of the kept samples that could.
        splits: ``theme`` and ``split`` of the emitted samples.
    """
    counts = (
        pl.LazyFrame({"theme": THEMES}, schema={"theme": pl.String})
        .join(_count_verdicts(verdicts), on="theme", how="left", maintain_order="left")
        .join(_count_rows(not_emitted, "not_emitted"), on="theme", how="left", maintain_order="left")
        .join(_count_barred(not_emitted, verdicts), on="theme", how="left", maintain_order="left")
        .join(_count_rows(prompt_warnings, "prompt_warnings"), on="theme", how="left", maintain_order="left")
        .join(_count_preflight(preflight, verdicts), on="theme", how="left", maintain_order="left")
        .join(_count_splits(splits), on="theme", how="left", maintain_order="left")
        .with_columns(pl.exclude("theme").fill_null(0).cast(pl.Int64))
        .with_columns(
            (pl.col("kept") - pl.col("not_emitted") - pl.col("dropped")).alias("emitted"),
            (
                pl.col("released")
                - pl.col("released_kept")
                + pl.col("released_not_emitted")
                + pl.col("released_dropped")
            ).alias("missing"),
        )
        .with_columns((pl.col("emitted") - pl.col("released") + pl.col("missing")).alias("extra"))
        .select("theme", pl.exclude("theme", "released_kept", "released_not_emitted", "released_dropped"))
        .collect()
    )
    total = counts.select(pl.lit(TOTAL).alias("theme"), pl.exclude("theme").sum())
    return pl.concat([counts, total])


def build_metrics(
    counts: pl.DataFrame,
    cut_offs: Mapping[str, float],
    missing_scores: MissingScores,
    tainted_scores: TaintedScores = "keep",
) -> Metrics:
    """The metrics of a curation as a JSON object: the settings, then the counts by theme and in total.

    Args:
        counts: from ``count_samples``.
        cut_offs: by the stage's name.
        missing_scores: the policy that the verdicts were made under.
        tainted_scores: the policy that the verdicts were made under.

    Raises:
        ConservationError: the counts of a stage, or kept and rejected, do not add up.
    """
    by_theme = {row["theme"]: _theme_metrics(row) for row in counts.to_dicts()}
    for theme, metrics in by_theme.items():
        _check_sums(theme, metrics, missing_scores, tainted_scores)
    return {
        "cut_offs": dict(cut_offs),
        "missing_scores": missing_scores,
        "tainted_scores": tainted_scores,
        TOTAL: by_theme.pop(TOTAL),
        "themes": by_theme,
    }


def list_stages(counts: pl.DataFrame, cut_offs: Mapping[str, float]) -> pl.DataFrame:
    """The funnel, long: one row per theme (and the total) and stage, in their orders.

    Columns: ``theme``, ``stage``, ``cut_off``, ``in``, ``kept``, ``rejected``, ``unscored``, ``tainted``.
    """
    return pl.DataFrame(
        [
            (row["theme"], name, float(cut_offs[name]), *(row[f"{name}_{count}"] for count in FLOW))
            for row in counts.to_dicts()
            for name in CRITERION_NAMES
        ],
        schema={
            "theme": pl.String,
            "stage": pl.String,
            "cut_off": pl.Float64,
            **dict.fromkeys(FLOW, pl.Int64),
        },
        orient="row",
    )


def tabulate_funnel(counts: pl.DataFrame) -> pl.DataFrame:
    """The funnel, wide, to be printed: one row per theme and the total.

    Columns: ``theme``, ``known``, what each stage keeps under the stage's name, ``unscored``, ``tainted``,
    ``emitted``, ``not_emitted``, ``unloadable`` (what the preflight calls ``replaced``), ``accepted_bad``,
    ``not_inspected``, ``val``, ``missing``, ``extra``; see ``count_samples``.
    """
    return counts.select(
        "theme",
        "known",
        *(pl.col(f"{name}_kept").alias(name) for name in CRITERION_NAMES),
        "unscored",
        "tainted",
        "emitted",
        "not_emitted",
        pl.col(PairOutcome.REPLACED.value).alias("unloadable"),
        PairOutcome.ACCEPTED_BAD.value,
        PairOutcome.NOT_INSPECTED.value,
        VAL,
        "missing",
        "extra",
    )


def _count_verdicts(verdicts: Frame) -> pl.LazyFrame:
    is_kept, is_released = pl.col("is_kept"), pl.col("is_released")
    return (
        verdicts.lazy()
        .group_by("theme")
        .agg(
            pl.len().alias("known"),
            *_count_stages(),
            is_kept.sum().alias("kept"),
            (~is_kept).sum().alias("rejected"),
            pl.any_horizontal(_is_unscored(criterion) for criterion in CRITERIA).sum().alias("unscored"),
            pl.any_horizontal(_is_tainted(criterion) for criterion in CRITERIA).sum().alias("tainted"),
            is_released.sum().alias("released"),
            (is_released & is_kept).sum().alias("released_kept"),
        )
    )


def _count_stages() -> list[pl.Expr]:
    counts = []
    for criterion in CRITERIA:
        is_stopped = (pl.col("rejected_by") == criterion.name).fill_null(value=False)
        is_beyond = is_stopped & pl.col("reject_reason").is_in(_BEYOND)
        flow = (
            _is_in(criterion),
            _is_in(criterion) & ~is_stopped,
            is_beyond,
            _is_unscored(criterion),
            _is_tainted(criterion),
        )
        counts += [
            condition.sum().alias(f"{criterion.name}_{count}")
            for count, condition in zip(FLOW, flow, strict=True)
        ]
    return counts


def _is_in(criterion: Criterion) -> pl.Expr:
    """Whether no stage before this one rejects the sample."""
    before = CRITERION_NAMES[: CRITERION_NAMES.index(criterion.name)]
    return pl.col("rejected_by").is_null() | ~pl.col("rejected_by").is_in(before)


def _is_unscored(criterion: Criterion) -> pl.Expr:
    """Whether the sample reaches the stage and has no score there."""
    return _is_in(criterion) & (pl.col(outcome_column(criterion)) == Outcome.UNSCORED.value)


def _is_tainted(criterion: Criterion) -> pl.Expr:
    """Whether the sample reaches the stage with a tainted score there."""
    has_score = pl.col(outcome_column(criterion)) != Outcome.UNSCORED.value
    return _is_in(criterion) & has_score & pl.col(taint_column(criterion))


def _count_rows(frame: Frame, name: str) -> pl.LazyFrame:
    return frame.lazy().group_by(pl.col("theme").cast(pl.String)).agg(pl.len().alias(name))


def _count_barred(not_emitted: Frame, verdicts: Frame) -> pl.LazyFrame:
    """Kept samples of the release's CSV that are not emitted, which their licence alone can do."""
    released = verdicts.lazy().filter("is_released").select("id")
    return _count_rows(not_emitted.lazy().join(released, on="id", how="semi"), "released_not_emitted")


def _count_preflight(preflight: Frame, verdicts: Frame) -> pl.LazyFrame:
    reasons = pl.col("reasons").list
    return (
        preflight.lazy()
        .select("id", "theme", "outcome", "reasons", "is_dropped")
        .join(verdicts.lazy().select("id", "is_released"), on="id", how="left")
        .group_by("theme")
        .agg(
            *((pl.col("outcome") == outcome.value).sum().alias(outcome.value) for outcome in PairOutcome),
            *(reasons.contains(reason.value).sum().alias(f"{_REASON}{reason}") for reason in PairReason),
            pl.col("is_dropped").sum().alias("dropped"),
            (pl.col("is_dropped") & pl.col("is_released")).sum().alias("released_dropped"),
        )
    )


def _count_splits(splits: Frame) -> pl.LazyFrame:
    return (
        splits.lazy().group_by("theme").agg((pl.col("split") == split).sum().alias(split) for split in SPLITS)
    )


def _theme_metrics(row: dict[str, Any]) -> Metrics:
    return {
        "known": row["known"],
        "stages": {name: {count: row[f"{name}_{count}"] for count in FLOW} for name in CRITERION_NAMES},
        **{name: row[name] for name in ("kept", "rejected", "emitted", "not_emitted", "prompt_warnings")},
        "preflight": {
            **{name: row[name] for name in (*map(str, PairOutcome), "dropped")},
            "reasons": {
                reason.value: row[f"{_REASON}{reason}"] for reason in PairReason if row[f"{_REASON}{reason}"]
            },
        },
        "splits": {split: row[split] for split in SPLITS},
        "agreement": {name: row[name] for name in ("released", "missing", "extra")},
    }


def _check_sums(
    theme: str, metrics: Metrics, missing_scores: MissingScores, tainted_scores: TaintedScores
) -> None:
    sums = {"known": (metrics["known"], metrics["kept"] + metrics["rejected"])}
    entering = metrics["known"]
    for stage, flow in metrics["stages"].items():
        stopped = flow["rejected"] + (0 if missing_scores == "keep" else flow["unscored"])
        stopped += flow["tainted"] if tainted_scores == "reject" else 0
        sums[f"{stage}, in"] = (flow["in"], flow["kept"] + stopped)
        sums[f"{stage}, from the stage before"] = (flow["in"], entering)
        entering = flow["kept"]
    sums["kept"] = (metrics["kept"], entering)
    preflight = metrics["preflight"]
    checked = sum(preflight[outcome.value] for outcome in PairOutcome)
    sums["preflight"] = (metrics["kept"], checked + metrics["not_emitted"])
    sums["emitted"] = (metrics["emitted"], checked - preflight["dropped"])
    sums["splits"] = (metrics["emitted"], sum(metrics["splits"].values()))
    sums["released"] = (
        metrics["agreement"]["released"] - metrics["agreement"]["missing"] + metrics["agreement"]["extra"],
        metrics["emitted"],
    )
    for name, (count, parts) in sums.items():
        if count != parts or count < 0:
            raise ConservationError(
                "The counts of the curation do not add up", where=f"{theme}, {name}", got=parts, allowed=count
            )
