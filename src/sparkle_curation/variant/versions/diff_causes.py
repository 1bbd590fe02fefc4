"""Why a sample differs between two versions of a variant, from the verdicts of both.

Where the score and the threshold both moved, each is held alone against the other's old value: it is a cause if it
alone would have changed the outcome, or if without it the outcome would have stayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from sparkle_curation.filtering.benchmark_leaks import BENCHMARK_LEAK
from sparkle_curation.filtering.funnel import NOT_SELECTED
from sparkle_curation.filtering.verdicts import RejectReason
from sparkle_curation.spec.codes.diff_reasons import Cause, Change
from sparkle_curation.spec.layout import annotations_csv_path, metadata_jsonl_path, score_path
from sparkle_curation.spec.stages import CRITERIA, Criterion
from sparkle_curation.spec.tables.variant import DATA_COLUMNS, METADATA_COLUMNS, SIDES
from sparkle_curation.spec.tables.verdicts import imputed_column, score_column, threshold_column
from sparkle_curation.variant.versions.version import CurationSettings

VERDICT_FACTS: tuple[str, ...] = (
    "is_released",
    "is_kept",
    "rejected_by",
    "reject_reason",
    "override",
    "benchmark_leak",
    *(
        column(criterion)
        for criterion in CRITERIA
        for column in (score_column, threshold_column, imputed_column)
    ),
)
"""What is asked of a verdict."""

_CSV, _METADATA = annotations_csv_path("{}"), metadata_jsonl_path("{}")


@dataclass(frozen=True)
class _Finding:
    """One possible cause of a difference: when it is one, and what is said of it.

    Attributes:
        code: the cause, with its stage.
        is_met: whether it is a cause of the row's difference.
        values: what moved, as text; None where the code says it all.
        source: path of the file of the release in which it lies, with ``{}`` for the theme; None for none.
        is_source: whether it lies in that file.
    """

    code: str
    is_met: pl.Expr
    values: pl.Expr | None = None
    source: str | None = None
    is_source: pl.Expr | None = None


def add_causes(
    differences: pl.DataFrame, change: Change, settings: tuple[CurationSettings, CurationSettings]
) -> pl.DataFrame:
    """``differences``, and of each its ``reason``, ``detail`` and ``source_files``.

    Args:
        differences: with ``theme``, ``changed_columns``, and, beginning with ``base_`` and ``other_``: the exported
            columns, ``VERDICT_FACTS`` (all null for a sample without verdict), ``has_verdicts``, ``obstacle`` and
            ``unloadable_for``.
        change: what became of all these samples.
        settings: of the base and of the other.
    """
    findings = {f"_{number}": finding for number, finding in enumerate(_findings(change, settings))}
    # Flags first: as parts of larger expressions they would be planned, and evaluated, over and over.
    flagged = differences.with_columns(
        finding.is_met.fill_null(value=False).alias(flag) for flag, finding in findings.items()
    )
    return flagged.with_columns(
        _joined((pl.when(flag).then(pl.lit(one.code)) for flag, one in findings.items()), " + ").alias("reason"),
        _joined((pl.when(flag).then(_detail(one)) for flag, one in findings.items()), "; ").alias("detail"),
        pl.concat_list(_source(pl.col(flag), one) for flag, one in findings.items() if one.source)
        .list.drop_nulls()
        .list.unique(maintain_order=True)
        .alias("source_files"),
    ).drop(findings)  # fmt: skip


def _findings(change: Change, settings: tuple[CurationSettings, CurationSettings]) -> Iterator[_Finding]:
    """Every possible cause of a change."""
    base, other = SIDES
    if change is Change.CHANGED:
        yield from _of_changed()
    elif change is Change.REMOVED:
        yield from _of_one_sided(base, other, Cause.SOURCE_REMOVED, settings)
    else:
        yield from _of_one_sided(other, base, Cause.SOURCE_ADDED, settings)


def _joined(parts: Iterable[pl.Expr], separator: str) -> pl.Expr:
    """The parts that are there; `unknown` where none is."""
    joined = pl.concat_str(list(parts), separator=separator, ignore_nulls=True)
    return pl.when(joined == "").then(pl.lit(Cause.UNKNOWN.value)).otherwise(joined)


def _detail(finding: _Finding) -> pl.Expr:
    return (
        pl.lit(finding.code) if finding.values is None else pl.format(f"{finding.code} {{}}", finding.values)
    )


def _source(is_met: pl.Expr, finding: _Finding) -> pl.Expr:
    is_source = is_met if finding.is_source is None else is_met & finding.is_source
    return pl.when(is_source).then(pl.format(str(finding.source), "theme"))


def _of_changed() -> Iterator[_Finding]:
    """What differs of a sample that both versions export."""
    columns = pl.col("changed_columns")
    named = {
        Cause.PROMPT: (("prompt",), _CSV),
        Cause.PATH: (tuple(name for name in DATA_COLUMNS if name != "prompt"), _CSV),
        Cause.METADATA: (METADATA_COLUMNS, _METADATA),
    }
    yield _Finding(Cause.SPLIT.value, columns.list.contains("split"), _moved("split"))
    for cause, (names, source) in named.items():
        of_these = columns.list.set_intersection(list(names))
        values = None if len(names) == 1 else of_these.list.sort().list.join(", ")
        yield _Finding(cause.value, of_these.list.len() > 0, values, source)
    for criterion in CRITERIA:
        yield from _of_score(criterion, columns.list.contains(score_column(criterion)))


def _of_score(criterion: Criterion, is_met: pl.Expr) -> Iterator[_Finding]:
    """Another score is a cause: the score of a version is missing, or both have one."""
    old, new = (pl.col(f"{side}_{score_column(criterion)}") for side in SIDES)
    is_missing = old.is_null() | new.is_null()
    source = score_path("{}", criterion.stage, criterion.file_name)
    for cause, is_case in ((Cause.SCORE, ~is_missing), (Cause.MISSING_SCORE, is_missing)):
        yield _Finding(f"{cause}:{criterion.name}", is_met & is_case, _moved(score_column(criterion)), source)


def _of_one_sided(
    keeping: str, stopping: str, is_gone: Cause, settings: tuple[CurationSettings, CurationSettings]
) -> Iterator[_Finding]:
    """Why a sample that the version ``keeping`` exports is not in the version ``stopping``."""
    has_verdicts, is_kept = pl.col(f"{stopping}_has_verdicts"), pl.col(f"{stopping}_is_kept")
    is_released = pl.col(f"{keeping}_is_released")
    yield _Finding(is_gone.value, has_verdicts & is_kept.is_null(), source=_CSV, is_source=is_released)
    is_unloadable = pl.col(f"{stopping}_unloadable_for").is_not_null()
    is_unselected = (pl.col(f"{stopping}_obstacle") == NOT_SELECTED).fill_null(value=False)
    is_leaking = (pl.col(f"{stopping}_obstacle") == BENCHMARK_LEAK).fill_null(value=False)
    is_lacking = is_kept & ~is_unloadable & ~is_unselected & ~is_leaking
    yield _Finding(Cause.NOT_EXPORTED.value, is_lacking, _moved("obstacle"))
    yield _Finding(Cause.BENCHMARK_LEAK.value, is_kept & is_leaking, _moved("benchmark_leak"))
    yield _Finding(Cause.NOT_SELECTED.value, is_kept & is_unselected)
    yield _Finding(Cause.UNLOADABLE.value, is_kept & is_unloadable, _moved("unloadable_for"))
    # Kept by hand where the thresholds reject it, or dropped by hand where they do not: no score or threshold is the cause.
    was_saved = pl.col(f"{keeping}_rejected_by").is_not_null() & pl.col(f"{keeping}_is_kept")
    is_dropped = pl.col(f"{stopping}_rejected_by").is_null() & ~is_kept
    by_hand = (was_saved & ~is_kept | is_dropped).fill_null(value=False)
    yield _Finding(Cause.OVERRIDE.value, by_hand, _moved("override"))
    for criterion in CRITERIA:
        is_reached = pl.col(f"{keeping}_has_verdicts") & ~by_hand
        is_stopped = is_reached & (pl.col(f"{stopping}_rejected_by") == criterion.name)
        yield from _of_criterion(criterion, keeping, stopping, is_stopped, settings)


def _of_criterion(
    criterion: Criterion,
    keeping: str,
    stopping: str,
    is_stopped: pl.Expr,
    settings: tuple[CurationSettings, CurationSettings],
) -> Iterator[_Finding]:
    """Why the stage lets a sample through in one version and stops it in the other."""
    kept_score, kept_threshold, stopped_score, stopped_threshold = (
        pl.col(f"{side}_{column(criterion)}")
        for side in (keeping, stopping)
        for column in (score_column, threshold_column)
    )
    beyond = RejectReason.BELOW_THRESHOLD if criterion.is_at_least else RejectReason.ABOVE_THRESHOLD
    is_below, is_unscored, is_imputed = (
        is_stopped & (pl.col(f"{stopping}_reject_reason") == reason.value)
        for reason in (beyond, RejectReason.UNSCORED, RejectReason.IMPUTED)
    )
    # Only one of the two moved, or else: does it alone stop the sample, or would the sample pass without it?
    passes_by_score = _passes(criterion, kept_score, stopped_threshold)
    passes_by_threshold = _passes(criterion, stopped_score, kept_threshold)
    is_score = kept_score.ne_missing(stopped_score) & (~passes_by_threshold | passes_by_score)
    is_threshold = (kept_threshold != stopped_threshold) & (~passes_by_score | passes_by_threshold)
    yield _Finding(
        f"{Cause.THRESHOLD}:{criterion.name}", is_below & is_threshold, _moved(threshold_column(criterion))
    )
    yield from _of_score(criterion, (is_below & is_score) | (is_unscored & kept_score.is_not_null()))

    was_imputed = pl.col(f"{keeping}_{imputed_column(criterion)}")
    yield _Finding(
        f"{Cause.IMPUTED}:{criterion.name}",
        is_imputed & ~was_imputed,
        source=score_path("{}", criterion.stage, criterion.file_name),
    )
    policies = {
        "missing_scores": (is_unscored, kept_score.is_null()),
        "imputed_scores": (is_imputed, was_imputed),
    }
    for policy, (is_case, is_alike) in policies.items():
        old, new = (getattr(one, policy) or "unknown" for one in settings)
        is_moved = pl.lit(old != new and "unknown" not in (old, new))
        values = pl.lit(f"{policy} {old} -> {new}")
        yield _Finding(f"{Cause.POLICY}:{criterion.name}", is_case & (is_alike | is_moved), values)


def _passes(criterion: Criterion, score: pl.Expr, threshold: pl.Expr) -> pl.Expr:
    """Whether a score passes; none was let through by the policy."""
    is_met: pl.Expr = criterion.is_met(score, threshold)
    return score.is_null() | is_met


def _moved(column: str) -> pl.Expr:
    """``base -> other`` of a column, ``none`` for null."""
    old, new = (pl.col(f"{side}_{column}").cast(pl.String).fill_null("none") for side in SIDES)
    return pl.format("{} -> {}", old, new)
