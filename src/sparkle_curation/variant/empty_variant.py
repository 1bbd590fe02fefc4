"""A variant without a pair: said with its cause, before it takes the place of one that has some."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import polars as pl

from sparkle_curation.errors import EmptyOutputError
from sparkle_curation.filtering.verdicts import Outcome, RejectReason
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.verdicts import outcome_column, score_column
from sparkle_curation.spec.themes import in_order

_ON_PURPOSE = "for a variant without pairs: --params allow_empty=true"


def check_kept(verdicts: pl.DataFrame, thresholds: Mapping[str, float], *, allow_empty: bool) -> None:
    """Nothing, when some sample is kept, or none need be.

    Args:
        verdicts: one row per known sample.
        thresholds: by the stage's name.
        allow_empty: whether the variant may be empty.

    Raises:
        EmptyOutputError: no sample is kept; with what each stage makes of all samples.
    """
    if allow_empty or verdicts["is_kept"].any():
        return
    if verdicts.is_empty():
        raise EmptyOutputError(
            "No sample is known: the variant would be empty",
            got="no row in any of the ingested tables",
            allowed="at least one sample",
            todo=f"make the tables first: kedro run --pipelines curate; {_ON_PURPOSE}",
        )
    beyond = [RejectReason.BELOW_THRESHOLD.value, RejectReason.ABOVE_THRESHOLD.value]
    is_all_below = verdicts["reject_reason"].is_in(beyond).all()
    raise EmptyOutputError(
        "The thresholds reject every sample: the variant would be empty"
        if is_all_below
        else "No sample is kept: the variant would be empty",
        where="threshold, thresholds, missing_scores, imputed_scores",
        got=f"of {verdicts.height:,} known samples: {'; '.join(_describe_stages(verdicts, thresholds))}",
        allowed="thresholds that at least one sample passes at every stage",
        todo=f"lower them, such as --params threshold=8; {_ON_PURPOSE}",
    )


def check_exported(counts: Mapping[str, int], *, allow_empty: bool) -> None:
    """Nothing, when some pair is exported, or none need be.

    Args:
        counts: the total of ``funnel.count_samples``.
        allow_empty: whether the variant may be empty.

    Raises:
        EmptyOutputError: no pair is exported; with how many each step has dropped.
    """
    if allow_empty or counts["exported"]:
        return
    raise EmptyOutputError(
        "No pair can be exported: the variant would be empty",
        got=f"{counts['kept']:,} samples kept; {counts['not_exported']:,} of them left out for want of a prompt or "
        f"video, or by theme, licence or signal, {counts['dropped']:,} dropped by the preflight",
        allowed="at least one pair",
        todo="each is listed with its reason in 08_reporting/samples_not_exported.csv and preflight_dropped.csv; "
        + _ON_PURPOSE,
    )


def check_themes(before: Collection[str], known: Collection[str] | None, *, where: object = None) -> None:
    """Nothing, when each theme that a variant has is still known, or any may go.

    Args:
        before: themes of the variant that is to be replaced.
        known: themes that the available release has a sample of; None: any may go.
        where: the variant's folder.

    Raises:
        EmptyOutputError: it has pairs of a theme that the available release does not know any more.
    """
    lost = set() if known is None else set(before) - set(known)
    if lost:
        raise EmptyOutputError(
            "The variant would lose all pairs of themes that the available release has no sample of",
            where=where,
            got=f"pairs of {', '.join(in_order(lost))} there, and none to take their place",
            allowed="themes that some table knows",
            todo="give the release that has them, or another data_root; if they shall go: --params allow_empty=true",
        )


def _describe_stages(verdicts: pl.DataFrame, thresholds: Mapping[str, float]) -> Iterator[str]:
    """What each stage alone makes of all samples, whatever the others say."""
    for each in CRITERIA:
        scores = verdicts[score_column(each)].drop_nulls().to_list()
        passed = (verdicts[outcome_column(each)] == Outcome.PASSED.value).sum()
        best = (
            (f"highest score {max(scores)}" if each.is_at_least else f"lowest score {min(scores)}")
            if scores
            else "no score"
        )
        yield f"{each.name} {best} at threshold {exact(thresholds[each.name])}, {passed:,} pass"
