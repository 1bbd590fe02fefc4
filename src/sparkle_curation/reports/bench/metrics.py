"""The results as few flat numbers, for ``dvc metrics``."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from sparkle_curation.spec.tables.bench_results import MACRO, OVERALL, SUBTHEME_LEVEL


def flat_metrics(results: pl.DataFrame) -> dict[str, Any]:
    """``{rubric}_{judge}_{model}_{theme or macro}[_{dimension}]``: the headline, with its interval for the macro.

    Dimensions apart from the overall are given of the macro alone; an absent number is left out.
    """
    found: dict[str, Any] = {}
    for row in results.filter(pl.col("level") != SUBTHEME_LEVEL).to_dicts():
        is_macro, is_overall = row["level"] == MACRO, row["dimension"] == OVERALL
        if not (is_macro or is_overall):
            continue
        parts = [row["rubric"], row["judge"], row["model"], row["theme"] or MACRO]
        name = "_".join(_word(part) for part in parts)
        if not is_overall:
            found[f"{name}_{_word(row['dimension'])}"] = row["mean_failures_worst"]
            continue
        found[name] = row["mean_failures_worst"]
        if is_macro:
            found |= {
                f"{name}_{each}": row[each]
                for each in ("ci_low", "ci_high", "mean_judged", "n_judged", "n_rows")
            }
    return {name: value for name, value in found.items() if value is not None}


def _word(text: str) -> str:
    """A part of a name: DVC takes a dot for a level."""
    return re.sub(r"[^\w-]+", "-", text)
