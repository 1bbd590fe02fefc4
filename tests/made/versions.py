"""Small versions of a variant for tests, filtered by the project's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import polars.selectors as cs
from tests.made.tables import THRESHOLDS, csv_row, known, metadata, scores, theme_of

from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores, apply_thresholds
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES
from sparkle_curation.spec.tables.verdicts import imputed_column
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.export import VARIANT_COLUMNS
from sparkle_curation.variant.versions.version import CurationSettings, VariantVersion

_SCORED = [f"Sparkle_{theme}_999999" for theme in THEMES]
"""One scored sample a theme, so that no stage is wholly without scores, which filtering refuses; left out again."""

Scores = float | None | Mapping[str, float | None]
"""One score for all stages, or one by the stage's name; a stage that is not named has 9."""


def version(
    samples: Mapping[str, Scores],
    *,
    name: str = "made",
    thresholds: Mapping[str, float] = THRESHOLDS,
    missing_scores: MissingScores = "reject",
    imputed_scores: ImputedScores = "keep",
    imputed: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, Any]] | None = None,
    obstacles: Mapping[str, str] | None = None,
    unloadable: Mapping[str, str] | None = None,
) -> VariantVersion:
    """What a curation of these samples leaves.

    Args:
        samples: scores by id.
        name: of the version.
        thresholds: by the stage's name.
        missing_scores: the policy.
        imputed_scores: the policy.
        imputed: id -> stage whose score holds an imputed value.
        values: id -> exported columns that are not the usual ones.
        obstacles: kept samples that are not exported, with the reason.
        unloadable: pairs that the preflight dropped, with the reasons.
    """
    every = {**samples, **dict.fromkeys(_SCORED, 0.0)}
    by_stage = {stage: {key: _score(of, stage) for key, of in every.items()} for stage in STAGE_NAMES}
    marked = known(*every).with_columns(
        pl.col("id").replace_strict(imputed or {}, default="").eq(stage.name).alias(imputed_column(stage))
        for stage in STAGES
    )
    filtered = apply_thresholds(marked, scores(**by_stage), thresholds, missing_scores, imputed_scores)
    # As they are read: a file has text where filtering has enumerations.
    verdicts = filtered.filter(~pl.col("id").is_in(_SCORED)).with_columns(cs.enum().cast(pl.String))
    stopped = obstacles or {}
    dropped = unloadable or {}
    kept = [key for key in verdicts.filter("is_kept")["id"] if key not in {**stopped, **dropped}]
    rows = [csv_row(key) | metadata(key) | (values or {}).get(key, {}) for key in kept]
    return VariantVersion(
        name=name,
        samples=exported(*rows),
        verdicts=verdicts,
        settings=CurationSettings(thresholds, missing_scores, imputed_scores),
        exported_count=len(kept),
        not_exported=pl.DataFrame(
            {
                "id": list(stopped),
                "theme": [theme_of(key) for key in stopped],
                "reason": list(stopped.values()),
            },
            schema={"id": pl.String, "theme": pl.String, "reason": pl.String},
        ),
        unloadable=pl.DataFrame(
            {"id": list(dropped), "reasons": list(dropped.values())},
            schema={"id": pl.String, "reasons": pl.String},
        ),
    )


def exported(*rows: Mapping[str, Any]) -> pl.DataFrame:
    """Exported samples."""
    schema = dict.fromkeys([*VARIANT_COLUMNS, "split"], pl.String)
    return pl.DataFrame([{"split": "train"} | dict(row) for row in rows], schema=schema)


def csvs_of(full: VariantVersion) -> VariantVersion:
    """The same version, as nothing but its training CSVs."""
    bare = full.samples.with_columns(
        pl.lit(None, pl.String).alias(name)
        for name in ("edit_type", "chosen_keyword", "original_scene", "extra_fields")
    )
    return VariantVersion(name=f"CSVs of {full.name}", samples=bare)


def _score(of: Scores, stage: str) -> float | None:
    return of.get(stage, 9.0) if isinstance(of, Mapping) else of
