"""Counting a curation: what each stage lets through, what is emitted, how it agrees with the release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import polars as pl

from sparkle_curation.curation.frames import Frame
from sparkle_curation.curation.verdicts import (
    MissingScores,
    Outcome,
    RejectReason,
    TaintedScores,
    outcome_column,
    taint_column,
)
from sparkle_curation.errors import ConservationError
from sparkle_curation.release.stages import STAGE_NAMES, STAGES, Stage
from sparkle_curation.release.themes import THEMES

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


def count_samples(verdicts: Frame, not_emitted: Frame, prompt_warnings: Frame) -> pl.DataFrame:
    """The counts of a curation: one row per theme in the order of the card, then the total.

    Columns: ``theme``, ``known``, ``{stage}_{in|kept|rejected|unscored|tainted}`` of each stage, ``kept``,
    ``rejected``, ``unscored`` (without a score at some stage that they reach), ``tainted`` (with a tainted
    score at one), ``emitted``, ``not_emitted``, ``prompt_warnings``, ``released`` (rows of the release's CSV),
    ``missing`` (released, but not emitted), ``extra`` (emitted, but not released). A theme without samples has zeros.
    """
    counts = (
        pl.LazyFrame({"theme": THEMES}, schema={"theme": pl.String})
        .join(_count_verdicts(verdicts), on="theme", how="left", maintain_order="left")
        .join(_count_rows(not_emitted, "not_emitted"), on="theme", how="left", maintain_order="left")
        .join(_count_rows(prompt_warnings, "prompt_warnings"), on="theme", how="left", maintain_order="left")
        .with_columns(pl.exclude("theme").fill_null(0).cast(pl.Int64))
        .with_columns(
            (pl.col("kept") - pl.col("not_emitted")).alias("emitted"),
            # A kept sample of the release's CSV is always emitted, so those not emitted are all extra ones.
            (pl.col("released") - pl.col("released_kept")).alias("missing"),
            (pl.col("kept") - pl.col("released_kept") - pl.col("not_emitted")).alias("extra"),
        )
        .select("theme", pl.exclude("theme", "released_kept"))
        .collect()
    )
    total = counts.select(pl.lit(TOTAL).alias("theme"), pl.exclude("theme").sum())
    return pl.concat([counts, total])


def count_variant(verdicts: Frame, emitted: Frame) -> pl.DataFrame:
    """The counts of a variant, those of ``count_samples`` but ``prompt_warnings``, from its own samples.

    Args:
        verdicts: of all known samples.
        emitted: the samples of the variant.
    """
    kept = verdicts.lazy().filter("is_kept").select("id", "theme")
    not_emitted = kept.join(emitted.lazy().select("id"), on="id", how="anti")
    no_warnings = pl.DataFrame(schema={"theme": pl.String})
    return count_samples(verdicts, not_emitted, no_warnings).drop("prompt_warnings")


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
            (row["theme"], stage, float(cut_offs[stage]), *(row[f"{stage}_{count}"] for count in FLOW))
            for row in counts.to_dicts()
            for stage in STAGE_NAMES
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
    ``emitted``, ``not_emitted``, ``missing``, ``extra``; see ``count_samples``.
    """
    return counts.select(
        "theme",
        "known",
        *(pl.col(f"{stage}_kept").alias(stage) for stage in STAGE_NAMES),
        "unscored",
        "tainted",
        "emitted",
        "not_emitted",
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
            pl.any_horizontal(_is_unscored(stage) for stage in STAGES).sum().alias("unscored"),
            pl.any_horizontal(_is_tainted(stage) for stage in STAGES).sum().alias("tainted"),
            is_released.sum().alias("released"),
            (is_released & is_kept).sum().alias("released_kept"),
        )
    )


def _count_stages() -> list[pl.Expr]:
    counts = []
    for stage in STAGES:
        is_stopped = (pl.col("rejected_by") == stage.name).fill_null(value=False)
        is_below = is_stopped & (pl.col("reject_reason") == RejectReason.BELOW_CUT_OFF.value)
        flow = (_is_in(stage), _is_in(stage) & ~is_stopped, is_below, _is_unscored(stage), _is_tainted(stage))
        counts += [
            condition.sum().alias(f"{stage.name}_{count}")
            for count, condition in zip(FLOW, flow, strict=True)
        ]
    return counts


def _is_in(stage: Stage) -> pl.Expr:
    """Whether no stage before this one rejects the sample."""
    before = STAGE_NAMES[: STAGE_NAMES.index(stage.name)]
    return pl.col("rejected_by").is_null() | ~pl.col("rejected_by").is_in(before)


def _is_unscored(stage: Stage) -> pl.Expr:
    """Whether the sample reaches the stage and has no score there."""
    return _is_in(stage) & (pl.col(outcome_column(stage)) == Outcome.UNSCORED.value)


def _is_tainted(stage: Stage) -> pl.Expr:
    """Whether the sample reaches the stage with a tainted score there."""
    has_score = pl.col(outcome_column(stage)) != Outcome.UNSCORED.value
    return _is_in(stage) & has_score & pl.col(taint_column(stage))


def _count_rows(frame: Frame, name: str) -> pl.LazyFrame:
    return frame.lazy().group_by(pl.col("theme").cast(pl.String)).agg(pl.len().alias(name))


def _theme_metrics(row: dict[str, Any]) -> Metrics:
    return {
        "known": row["known"],
        "stages": {stage: {count: row[f"{stage}_{count}"] for count in FLOW} for stage in STAGE_NAMES},
        **{name: row[name] for name in ("kept", "rejected", "emitted", "not_emitted", "prompt_warnings")},
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
    sums["released"] = (
        metrics["agreement"]["released"] - metrics["agreement"]["missing"] + metrics["agreement"]["extra"],
        metrics["emitted"],
    )
    for name, (count, parts) in sums.items():
        if count != parts or count < 0:
            raise ConservationError(
                "The counts of the curation do not add up", where=f"{theme}, {name}", got=parts, allowed=count
            )
