"""Counting a curation: what each stage lets through, what is exported, how it agrees with the release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ConservationError
from sparkle_curation.filtering.benchmark_leaks import BENCHMARK_LEAK
from sparkle_curation.filtering.overrides.decisions import Decision
from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores, Outcome, RejectReason
from sparkle_curation.spec.layout import SPLITS, VAL
from sparkle_curation.spec.stages import CRITERIA, CRITERION_NAMES, Criterion
from sparkle_curation.spec.tables.preflight import PairOutcome, PairReason
from sparkle_curation.spec.tables.verdicts import imputed_column, outcome_column
from sparkle_curation.spec.themes import THEMES

TOTAL = "total"
"""The name under which the sum over all themes stands."""

FLOW = ("in", "kept", "rejected", "unscored", "imputed")
"""The counts of a stage: samples that reach it; that go on; that are below its threshold; that have no score;
whose score is proven to hold an imputed value.

``in = kept + rejected`` + those of ``unscored`` and ``imputed`` that are stopped: with ``missing_scores=keep``
unscored samples go on and are counted in ``kept`` too; with ``imputed_scores=keep`` imputed ones are compared with
the threshold and counted in ``kept`` or ``rejected`` too.
"""

Metrics: TypeAlias = dict[str, Any]


NOT_SELECTED = "not_selected"
"""Reason of a sample that could be exported, and that the selection left out."""

_NO = pl.lit(value=False)
_REASON = "reason_"
_BEYOND = [RejectReason.BELOW_THRESHOLD.value, RejectReason.ABOVE_THRESHOLD.value]


def count_samples(
    verdicts: AnyFrame,
    not_exported: AnyFrame,
    prompt_warnings: AnyFrame,
    preflight: AnyFrame,
    splits: AnyFrame,
) -> pl.DataFrame:
    """The counts of a curation: one row per theme in the order of the card, then the total.

    Columns: ``theme``, ``known``, ``{stage}_{in|kept|rejected|unscored|imputed}`` of each stage, ``kept``,
    ``rejected``, ``unscored`` (without a score at some stage that they reach), ``imputed`` (with an imputed
    score at one), ``exported``, ``not_exported``, of these ``not_selected`` (of pairs that could be) and
    ``benchmark_leaks`` (alike to a sample of the benchmark), ``leaking`` (such samples that are exported),
    ``prompt_warnings``, each outcome of the preflight and ``reason_{code}`` of each reason, ``dropped`` (by the
    preflight), ``train`` and ``val``, ``released`` (rows of the release's CSV), ``missing`` (released, but not exported),
    ``extra`` (exported, but not released). A theme without samples has zeros. ``hand_dropped`` pass all stages and were
    dropped by hand, ``hand_kept`` do not and were kept by hand: ``kept`` = those that pass - ``hand_dropped`` +
    ``hand_kept``.

    Args:
        verdicts: one row per known sample.
        not_exported: report of the kept samples that could not be exported.
        prompt_warnings: report of the prompts that pandas changes.
        preflight: ``id``, ``theme``, ``outcome``, ``reasons``, ``is_dropped`` of the kept samples that could.
        splits: ``theme`` and ``split`` of the exported samples.
    """
    # Kept samples of the release's CSV that are not exported, which their licence or theme alone can do.
    released = verdicts.lazy().filter("is_released").select("id", "theme")
    has_reason = "reason" in not_exported.lazy().collect_schema().names()
    unselected = not_exported.lazy().filter(pl.col("reason") == NOT_SELECTED if has_reason else False)
    leaks = not_exported.lazy().filter(pl.col("reason") == BENCHMARK_LEAK if has_reason else False)
    barred = released.join(not_exported.lazy().select("id"), on="id", how="semi")
    dropped = released.join(preflight.lazy().filter("is_dropped").select("id"), on="id", how="semi")
    counts = (
        pl.LazyFrame({"theme": THEMES}, schema={"theme": pl.String})
        .join(_count_verdicts(verdicts), on="theme", how="left", maintain_order="left")
        .join(_count_rows(not_exported, "not_exported"), on="theme", how="left", maintain_order="left")
        .join(_count_rows(unselected, "not_selected"), on="theme", how="left", maintain_order="left")
        .join(_count_rows(leaks, "benchmark_leaks"), on="theme", how="left", maintain_order="left")
        .join(_count_leaking(verdicts, splits), on="theme", how="left", maintain_order="left")
        .join(_count_rows(barred, "released_not_exported"), on="theme", how="left", maintain_order="left")
        .join(_count_rows(prompt_warnings, "prompt_warnings"), on="theme", how="left", maintain_order="left")
        .join(_count_rows(dropped, "released_dropped"), on="theme", how="left", maintain_order="left")
        .join(_count_preflight(preflight), on="theme", how="left", maintain_order="left")
        .join(_count_reasons(preflight), on="theme", how="left", maintain_order="left")
        .join(_count_splits(splits), on="theme", how="left", maintain_order="left")
        .with_columns(pl.exclude("theme").fill_null(0).cast(pl.Int64))
        .with_columns(
            (pl.col("kept") - pl.col("not_exported") - pl.col("dropped")).alias("exported"),
            (
                pl.col("released")
                - pl.col("released_kept")
                + pl.col("released_not_exported")
                + pl.col("released_dropped")
            ).alias("missing"),
        )
        .with_columns((pl.col("exported") - pl.col("released") + pl.col("missing")).alias("extra"))
        .select("theme", pl.exclude("theme", "released_kept", "released_not_exported", "released_dropped"))
        .collect()
    )
    total = counts.select(pl.lit(TOTAL).alias("theme"), pl.exclude("theme").sum())
    return pl.concat([counts, total])


def build_metrics(
    counts: pl.DataFrame,
    thresholds: Mapping[str, float],
    missing_scores: MissingScores,
    imputed_scores: ImputedScores = "keep",
) -> Metrics:
    """The metrics of a curation as a JSON object: the settings, then the counts by theme and in total.

    Args:
        counts: from ``count_samples``.
        thresholds: by the stage's name.
        missing_scores: the policy that the verdicts were made under.
        imputed_scores: the policy that the verdicts were made under.

    Raises:
        ConservationError: the counts of a stage, or kept and rejected, do not add up.
    """
    by_theme = {row["theme"]: _theme_metrics(row) for row in counts.to_dicts()}
    for theme, metrics in by_theme.items():
        _check_sums(theme, metrics, missing_scores, imputed_scores)
    return {
        "thresholds": dict(thresholds),
        "missing_scores": missing_scores,
        "imputed_scores": imputed_scores,
        TOTAL: by_theme.pop(TOTAL),
        "themes": by_theme,
    }


def list_stages(counts: pl.DataFrame, thresholds: Mapping[str, float]) -> pl.DataFrame:
    """The funnel, long: one row per theme (and the total) and stage, in their orders.

    Columns: ``theme``, ``stage``, ``threshold``, ``in``, ``kept``, ``rejected``, ``unscored``, ``imputed``.
    """
    return pl.DataFrame(
        [
            (row["theme"], name, float(thresholds[name]), *(row[f"{name}_{count}"] for count in FLOW))
            for row in counts.to_dicts()
            for name in CRITERION_NAMES
        ],
        schema={
            "theme": pl.String,
            "stage": pl.String,
            "threshold": pl.Float64,
            **dict.fromkeys(FLOW, pl.Int64),
        },
        orient="row",
    )


def tabulate_funnel(counts: pl.DataFrame) -> pl.DataFrame:
    """The funnel, wide, to be printed: one row per theme and the total.

    Columns: ``theme``, ``known``, what each stage keeps under the stage's name, ``unscored``, ``imputed``,
    ``exported``, ``not_exported``, ``unloadable`` (what the preflight calls ``replaced``), ``refused``, ``accepted_bad``,
    ``not_inspected``, ``val``, ``missing``, ``extra``; see ``count_samples``. ``hand_dropped`` and ``hand_kept`` stand after
    the stages where a decision by hand changed anything, ``not_selected``, ``benchmark_leaks`` and
    ``leaking`` after ``not_exported`` where there are any.
    """
    left_out = [name for name in ("not_selected", "benchmark_leaks", "leaking") if counts[name].sum()]
    by_hand = [name for name in ("hand_dropped", "hand_kept") if counts[name].sum()]
    return counts.select(
        "theme",
        "known",
        *(pl.col(f"{name}_kept").alias(name) for name in CRITERION_NAMES),
        *by_hand,
        "unscored",
        "imputed",
        "exported",
        "not_exported",
        *left_out,
        pl.col(PairOutcome.REPLACED.value).alias("unloadable"),
        PairOutcome.REFUSED.value,
        PairOutcome.ACCEPTED_BAD.value,
        PairOutcome.NOT_INSPECTED.value,
        VAL,
        "missing",
        "extra",
    )


def _count_verdicts(verdicts: AnyFrame) -> pl.LazyFrame:
    is_kept, is_released = pl.col("is_kept"), pl.col("is_released")
    return (
        verdicts.lazy()
        .group_by("theme")
        .agg(
            pl.len().alias("known"),
            *_count_stages(),
            is_kept.sum().alias("kept"),
            (~is_kept).sum().alias("rejected"),
            pl.any_horizontal(_NO, *(_is_unscored(each) for each in CRITERIA)).sum().alias("unscored"),
            pl.any_horizontal(_NO, *(_is_imputed(each) for each in CRITERIA)).sum().alias("imputed"),
            *_count_by_hand(),
            is_released.sum().alias("released"),
            (is_released & is_kept).sum().alias("released_kept"),
        )
    )


def _count_by_hand() -> list[pl.Expr]:
    passes, override = pl.col("rejected_by").is_null(), pl.col("override")
    return [
        (passes & (override == Decision.DROP.value)).sum().alias("hand_dropped"),
        (~passes & (override == Decision.KEEP.value)).sum().alias("hand_kept"),
    ]


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
            _is_imputed(criterion),
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


def _is_imputed(criterion: Criterion) -> pl.Expr:
    """Whether the sample reaches the stage with an imputed score there."""
    has_score = pl.col(outcome_column(criterion)) != Outcome.UNSCORED.value
    return _is_in(criterion) & has_score & pl.col(imputed_column(criterion))


def _count_rows(frame: AnyFrame, name: str) -> pl.LazyFrame:
    return frame.lazy().group_by(pl.col("theme").cast(pl.String)).agg(pl.len().alias(name))


def _count_leaking(verdicts: AnyFrame, splits: AnyFrame) -> pl.LazyFrame:
    """Exported samples that are alike to one of the benchmark."""
    names = [table.lazy().collect_schema().names() for table in (verdicts, splits)]
    if BENCHMARK_LEAK not in names[0] or "id" not in names[1]:
        return _count_rows(splits.lazy().limit(0), "leaking")
    leaking = verdicts.lazy().filter(pl.col(BENCHMARK_LEAK).is_not_null()).select("id")
    return _count_rows(splits.lazy().join(leaking, on="id", how="semi"), "leaking")


def _count_preflight(preflight: AnyFrame) -> pl.LazyFrame:
    return (
        preflight.lazy()
        .group_by("theme")
        .agg(
            *((pl.col("outcome") == outcome.value).sum().alias(outcome.value) for outcome in PairOutcome),
            pl.col("is_dropped").sum().alias("dropped"),
        )
    )


def _count_reasons(preflight: AnyFrame) -> pl.LazyFrame:
    found = preflight.lazy().select("theme", "reasons").explode("reasons").group_by("theme", "reasons").len()
    return found.group_by("theme").agg(
        pl.col("len").filter(pl.col("reasons") == reason.value).sum().alias(f"{_REASON}{reason}")
        for reason in PairReason
    )


def _count_splits(splits: AnyFrame) -> pl.LazyFrame:
    return (
        splits.lazy().group_by("theme").agg((pl.col("split") == split).sum().alias(split) for split in SPLITS)
    )


def _theme_metrics(row: dict[str, Any]) -> Metrics:
    return {
        "known": row["known"],
        "stages": {name: {count: row[f"{name}_{count}"] for count in FLOW} for name in CRITERION_NAMES},
        **{name: row[name] for name in ("kept", "rejected", "exported", "not_exported", "prompt_warnings")},
        # Named where there is any, so that the metrics of a variant without decisions stay as they were.
        **(
            {"by_hand": {"dropped": row["hand_dropped"], "kept": row["hand_kept"]}}
            if row["hand_dropped"] or row["hand_kept"]
            else {}
        ),
        **{name: row[name] for name in ("not_selected", "benchmark_leaks", "leaking") if row[name]},
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
    theme: str, metrics: Metrics, missing_scores: MissingScores, imputed_scores: ImputedScores
) -> None:
    sums = {"known": (metrics["known"], metrics["kept"] + metrics["rejected"])}
    entering = metrics["known"]
    for stage, flow in metrics["stages"].items():
        stopped = flow["rejected"] + (0 if missing_scores == "keep" else flow["unscored"])
        stopped += flow["imputed"] if imputed_scores == "reject" else 0
        sums[f"{stage}, in"] = (flow["in"], flow["kept"] + stopped)
        sums[f"{stage}, from the stage before"] = (flow["in"], entering)
        entering = flow["kept"]
    by_hand = metrics.get("by_hand", {"dropped": 0, "kept": 0})
    sums["kept"] = (metrics["kept"], entering - by_hand["dropped"] + by_hand["kept"])
    preflight = metrics["preflight"]
    checked = sum(preflight[outcome.value] for outcome in PairOutcome)
    unselected = metrics.get("not_selected", 0)
    sums["preflight"] = (metrics["kept"], checked + metrics["not_exported"] - unselected)
    sums["exported"] = (metrics["exported"], checked - preflight["dropped"] - unselected)
    sums["splits"] = (metrics["exported"], sum(metrics["splits"].values()))
    sums["released"] = (
        metrics["agreement"]["released"] - metrics["agreement"]["missing"] + metrics["agreement"]["extra"],
        metrics["exported"],
    )
    for name, (count, parts) in sums.items():
        if count != parts or count < 0:
            raise ConservationError(
                "The counts of the curation do not add up", where=f"{theme}, {name}", got=parts, allowed=count
            )
