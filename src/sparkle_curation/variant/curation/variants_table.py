"""The table of named variants: what each keeps, theme by theme, and what it was made with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from sparkle_curation.filtering.choices import settle_imputed_scores
from sparkle_curation.filtering.funnel import TOTAL
from sparkle_curation.spec.layout import SPLITS
from sparkle_curation.spec.stages import CRITERION_NAMES
from sparkle_curation.variant.curation.curate import CuratedVariant

_COUNTS = (
    "known",
    "kept",
    "not_exported",
    "dropped",
    "exported",
    *SPLITS,
    "released",
    "missing",
    "extra",
)
_POLICIES = ("missing_scores", "imputed_scores", "score_source")
_SCHEMA = pl.Schema(
    {
        "variant": pl.String(),
        "theme": pl.String(),
        **dict.fromkeys(_COUNTS, pl.Int64()),
        **{f"{name}_threshold": pl.Float64() for name in CRITERION_NAMES},
        **dict.fromkeys((*_POLICIES, "unloadable_pairs", "licence_allow", "error"), pl.String()),
    }
)


def tabulate_variants(curated: Mapping[str, CuratedVariant]) -> pl.DataFrame:
    """One row per variant, theme and the total, in their orders; of a variant that was not made a total without counts.

    Columns: ``variant``, ``theme``; the counts ``known``, ``kept``, ``not_exported``, ``dropped``, ``exported``, ``train``,
    ``val``, ``released``, ``missing``, ``extra`` (see ``funnel.count_samples``); ``{criterion}_threshold``; the policies;
    and ``error``, null where there is none.
    """
    return pl.DataFrame([row for name, each in curated.items() for row in _rows(name, each)], schema=_SCHEMA)


def _rows(name: str, curated: CuratedVariant) -> Iterator[dict[str, Any]]:
    params = curated.params
    counts = [{"theme": TOTAL}] if curated.counts is None else curated.counts.to_dicts()
    for row in counts:
        yield {
            "variant": name,
            "theme": row["theme"],
            **{count: row.get(count) for count in _COUNTS},
            **{f"{criterion}_threshold": value for criterion, value in curated.thresholds.items()},
            **{policy: getattr(params, policy) for policy in _POLICIES},
            "imputed_scores": settle_imputed_scores(params.imputed_scores, curated.thresholds).used,
            "unloadable_pairs": params.preflight.unloadable_pairs,
            "licence_allow": None if params.licence_allow is None else " ".join(params.licence_allow),
            "error": curated.error.what if curated.error else None,
        }
