"""What bounds on signals are worth, by samples that people labelled.

Labels are decisions by hand: drop for a bad pair, keep for a good one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.filtering.audit_sample import wilson
from sparkle_curation.filtering.overrides.decisions import Decision
from sparkle_curation.filtering.signal_bounds import Bounds
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.tables.signals import SIGNALS

Side = Literal["at_least", "at_most"]

_OTHER_SIDES: Mapping[str, tuple[Side, ...]] = {
    "flicker_excess": ("at_most",),
    "same_prompt_count": ("at_most",),
    "prompt_chars": ("at_least", "at_most"),
    "source_background_liveliness": (),
}
"""Where a bound makes sense, of the signals that are not simply better when high; no edit decides the last."""

_LEFT_OUT_SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
"""Shares of the labelled samples that the bounds beside those that are set would leave out, about."""

_SCHEMA = pl.Schema(
    {
        "signal": pl.String(),
        "side": pl.String(),
        "bound": pl.Float64(),
        "is_set": pl.Boolean(),
        "labelled_count": pl.Int64(),
        "bad_count": pl.Int64(),
        "left_out_count": pl.Int64(),
        "left_out_bad_count": pl.Int64(),
        "precision": pl.Float64(),
        "precision_low": pl.Float64(),
        "precision_high": pl.Float64(),
        "recall": pl.Float64(),
        "recall_low": pl.Float64(),
        "recall_high": pl.Float64(),
    }
)


def measure_signal_precision(verdicts: AnyFrame, signals: AnyFrame, bounds: Bounds) -> pl.DataFrame:
    """One row per signal, side and bound: what the bound leaves out of the labelled samples, and how much of that is bad.

    Bounds are those that are set, and some that would leave out a twentieth, a tenth and so on of the labelled samples.
    ``precision`` is the share of bad ones among those left out, ``recall`` the share of the bad ones that are left out;
    ``low`` and ``high`` are Wilson's interval of 95%. No rows where nobody labelled, or nothing was measured.

    Args:
        verdicts: with ``id`` and ``override``, the decision that people came to.
        signals: columns of ``signals``; without any where it was not run.
        bounds: those that are set.
    """
    if "id" not in signals.lazy().collect_schema().names():
        return pl.DataFrame(schema=_SCHEMA)
    labelled = (
        verdicts.lazy()
        .filter(pl.col("override").is_not_null())
        .select("id", (pl.col("override") == Decision.DROP.value).alias("is_bad"))
        .join(signals.lazy().select("id", *(field.name for field in SIGNALS)), on="id")
        .collect()
    )
    rows = []
    for field in SIGNALS:
        known = labelled.select("is_bad", pl.col(field.name).cast(pl.Float64).alias("value")).drop_nulls()
        for side, bound, is_set in _bounds_of(field.name, known["value"], bounds.get(field.name, {})):
            rows.append(
                {
                    "signal": field.name,
                    "side": side,
                    "bound": bound,
                    "is_set": is_set,
                    **_worth(known, side, bound),
                }
            )
    return pl.DataFrame(rows, schema=_SCHEMA)


def describe_set(precision: pl.DataFrame) -> list[str]:
    """What the bounds that are set are worth, a line each."""
    return [
        f"signal_bounds.{row['signal']}.{row['side']}={exact(row['bound'])}: of {row['left_out_count']:,} labelled "
        f"samples that it leaves out {_percent(row, 'precision')} are dropped by hand; of {row['bad_count']:,} dropped by "
        f"hand it leaves out {_percent(row, 'recall')}"
        for row in precision.filter("is_set").iter_rows(named=True)
    ]


def _bounds_of(
    name: str, values: pl.Series, set_ones: Mapping[str, float]
) -> Iterator[tuple[str, float, bool]]:
    if values.is_empty():
        return
    yield from ((side, float(bound), True) for side, bound in set_ones.items())
    for side in _OTHER_SIDES.get(name, ("at_least",)):
        found = {
            values.quantile(share if side == "at_least" else 1 - share, "nearest")
            for share in _LEFT_OUT_SHARES
        }
        tried = {float(value) for value in found if value is not None} - {set_ones.get(side)}
        yield from ((side, bound, False) for bound in sorted(tried))


def _worth(known: pl.DataFrame, side: str, bound: float) -> dict[str, Any]:
    is_beyond = pl.col("value") < bound if side == "at_least" else pl.col("value") > bound
    left_out = known.filter(is_beyond)
    counts = {
        "labelled_count": known.height,
        "bad_count": int(known["is_bad"].sum()),
        "left_out_count": left_out.height,
        "left_out_bad_count": int(left_out["is_bad"].sum()),
    }
    found: dict[str, Any] = {**counts}
    for name, whole in (("precision", counts["left_out_count"]), ("recall", counts["bad_count"])):
        part = counts["left_out_bad_count"]
        low, high = wilson(part, whole)
        found |= {name: part / whole if whole else None, f"{name}_low": low, f"{name}_high": high}
    return found


def _percent(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return "none"
    return f"{row[name]:.0%} ({row[f'{name}_low']:.0%} to {row[f'{name}_high']:.0%})"
