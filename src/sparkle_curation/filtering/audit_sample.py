"""A sample to be judged blind, drawn over what was kept and what was rejected, and the precision that the answers give.

The strata are theme, whether the thresholds keep, and a tenth of the ranked score. The sample names them by a digest, so
that who judges sees neither score nor side; the answers are decisions by hand about its ids.
"""

from __future__ import annotations

from math import sqrt

import polars as pl
import xxhash

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.filtering.overrides.applying import State
from sparkle_curation.filtering.overrides.decisions import Decision
from sparkle_curation.filtering.overrides.resolving import OverrideRule, resolve
from sparkle_curation.filtering.selection.params import SelectionParams
from sparkle_curation.filtering.selection.ranking import rank_score
from sparkle_curation.filtering.selection.selecting import select

_STRATA = ("theme", "passes", "score_bin")
_Z_95 = 1.959963984540054
_DIGESTS = 1 << 64


def draw_audit_sample(
    verdicts: AnyFrame, size: int, seed: int = 0, rank_by: str | None = None
) -> pl.DataFrame:
    """The sample: ``id``, ``stratum`` (a digest), sorted by a digest of id and seed, so that neighbours tell nothing.

    As many of each stratum as can be, and in a stratum those with the smallest digest: the same for the same verdicts and
    seed, and a larger sample holds a smaller one.

    Args:
        verdicts: one row per known sample; those without a score are in no stratum.
        size: how many.
        seed: another one draws others.
        rank_by: the criterion that bins are of; None for the mean over the primary ones.
    """
    strata = _strata(verdicts, rank_by)
    if strata.is_empty():
        return pl.DataFrame(schema={"id": pl.String, "stratum": pl.String})
    turns = [xxhash.xxh3_64_intdigest(f"{seed}\0{key}".encode()) / _DIGESTS for key in strata["id"]]
    names = pl.concat_str([pl.col(name).cast(pl.String) for name in _STRATA], separator="/")
    drawn = strata.with_columns(names.alias("_key"), pl.Series("_turn", turns, dtype=pl.Float64))
    digests = {key: xxhash.xxh3_64_hexdigest(f"{seed}\0{key}".encode())[:8] for key in drawn["_key"].unique()}
    drawn = drawn.with_columns(pl.col("_key").replace_strict(digests).alias("stratum"))
    candidates = drawn.select(
        "id",
        pl.col("stratum").alias("theme"),
        pl.lit(None, pl.String).alias("prompt"),
        pl.lit(None, pl.String).alias("clip"),
        (1 - pl.col("_turn")).alias("rank_score"),
        pl.lit(value=False).alias("is_hand_kept"),
    )
    chosen = select(candidates, SelectionParams(budget=size, balance=["theme"])).filter("is_selected")
    return drawn.join(chosen.select("id"), on="id", how="semi").sort("_turn").select("id", "stratum")


def measure_precision(
    verdicts: AnyFrame, audit_sample: pl.DataFrame, resolved: pl.DataFrame, rank_by: str | None = None
) -> pl.DataFrame:
    """One row per ``theme``, ``passes`` and ``score_bin`` with an answer, sorted by these.

    Columns beside them: ``judged``, ``good``, ``precision``, ``low``, ``high``. ``low`` and ``high`` are Wilson's interval
    of 95%. Decisions about other ids than the sample's do not count: who picked them had seen something.

    Args:
        verdicts: that the sample was drawn from, or those of other thresholds since.
        audit_sample: with ``id``.
        resolved: of the answers, one decision a sample, from ``overrides.resolving.resolve``.
        rank_by: as for the drawing.
    """
    answers = resolved.drop_nulls("override").join(audit_sample.select("id"), on="id", how="semi")
    counts = (
        _strata(verdicts, rank_by)
        .join(answers.select("id", "override"), on="id")
        .group_by(_STRATA)
        .agg(
            pl.len().cast(pl.Int64).alias("judged"),
            (pl.col("override") == Decision.KEEP.value).sum().cast(pl.Int64).alias("good"),
        )
        .sort(_STRATA)
    )
    bounds = [wilson(good, judged) for good, judged in counts.select("good", "judged").iter_rows()]
    return counts.with_columns(
        (pl.col("good") / pl.col("judged")).alias("precision"),
        pl.Series("low", [low for low, _ in bounds], dtype=pl.Float64),
        pl.Series("high", [high for _, high in bounds], dtype=pl.Float64),
    )


def measure_audit(
    verdicts: AnyFrame, audit_sample: AnyFrame, overrides_listed: AnyFrame, rule: OverrideRule
) -> pl.DataFrame:
    """The precision by theme, side and score bin, as ``measure_precision`` has it; no rows where nobody has judged.

    Args:
        verdicts: of the variant.
        audit_sample: with ``id``.
        overrides_listed: the decisions with what became of each; what was made on other content does not count.
        rule: who prevails where people differ.
    """
    counting = overrides_listed.lazy().filter(pl.col("state") != State.STALE.value).collect()
    return measure_precision(verdicts, audit_sample.lazy().collect(), resolve(counting, rule))


def wilson(good: int, judged: int) -> tuple[float, float]:
    """Wilson's score interval of a share, 95%; from 0 to 1 of nothing judged.

    >>> low, high = wilson(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    if not judged:
        return 0.0, 1.0
    share, square = good / judged, _Z_95**2
    middle = (share + square / (2 * judged)) / (1 + square / judged)
    half = _Z_95 * sqrt(share * (1 - share) / judged + square / (4 * judged**2)) / (1 + square / judged)
    return max(0.0, middle - half), min(1.0, middle + half)


def _strata(verdicts: AnyFrame, rank_by: str | None) -> pl.DataFrame:
    """The stratum of each sample with a score: by the thresholds, whatever was decided by hand since."""
    score = rank_score(rank_by)
    return (
        verdicts.lazy()
        .select(
            "id",
            "theme",
            pl.col("rejected_by").is_null().alias("passes"),
            ((score * 10).round(6).floor().clip(0, 9) / 10).round(1).alias("score_bin"),
        )
        .drop_nulls("score_bin")
        .collect()
    )
