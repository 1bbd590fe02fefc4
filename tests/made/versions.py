"""Small versions of a variant for tests, judged by the project's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from tests.made.tables import CUT_OFFS, csv_row, known, metadata, scores, theme_of

from sparkle_curation.filtering.verdicts import MissingScores, TaintedScores, judge, taint_column
from sparkle_curation.spec.stages import STAGE_NAMES, STAGES
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.export import VARIANT_COLUMNS
from sparkle_curation.variant.versions.version import CurationSettings, VariantVersion

_SCORED = [f"Sparkle_{theme}_999999" for theme in THEMES]
"""One scored sample a theme, so that no stage is wholly without scores, which judging refuses; left out again."""

Scores = float | None | Mapping[str, float | None]
"""One score for all stages, or one by the stage's name; a stage that is not named has 9."""


def version(
    samples: Mapping[str, Scores],
    *,
    name: str = "made",
    cut_offs: Mapping[str, float] = CUT_OFFS,
    missing_scores: MissingScores = "reject",
    tainted_scores: TaintedScores = "keep",
    tainted: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, Any]] | None = None,
    obstacles: Mapping[str, str] | None = None,
    unloadable: Mapping[str, str] | None = None,
) -> VariantVersion:
    """What a curation of these samples leaves.

    Args:
        samples: scores by id.
        name: of the version.
        cut_offs: by the stage's name.
        missing_scores: the policy.
        tainted_scores: the policy.
        tainted: id -> stage whose score holds a made-up value.
        values: id -> emitted columns that are not the usual ones.
        obstacles: kept samples that are not emitted, with the reason.
        unloadable: pairs that the preflight dropped, with the reasons.
    """
    every = {**samples, **dict.fromkeys(_SCORED, 0.0)}
    by_stage = {stage: {key: _score(of, stage) for key, of in every.items()} for stage in STAGE_NAMES}
    marked = known(*every).with_columns(
        pl.col("id").replace_strict(tainted or {}, default="").eq(stage.name).alias(taint_column(stage))
        for stage in STAGES
    )
    judged = judge(marked, scores(**by_stage), cut_offs, missing_scores, tainted_scores)
    verdicts = judged.filter(~pl.col("id").is_in(_SCORED))
    stopped = obstacles or {}
    dropped = unloadable or {}
    kept = [key for key in verdicts.filter("is_kept")["id"] if key not in {**stopped, **dropped}]
    rows = [csv_row(key) | metadata(key) | (values or {}).get(key, {}) for key in kept]
    return VariantVersion(
        name=name,
        samples=emitted(*rows),
        verdicts=verdicts,
        settings=CurationSettings(cut_offs, missing_scores, tainted_scores),
        emitted_count=len(kept),
        not_emitted=pl.DataFrame(
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


def emitted(*rows: Mapping[str, Any]) -> pl.DataFrame:
    """Emitted samples."""
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
