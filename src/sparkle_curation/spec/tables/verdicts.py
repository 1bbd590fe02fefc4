"""The table of verdicts: its columns, and how those of a criterion are named."""

from __future__ import annotations

from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.stages import CRITERIA, Criterion
from sparkle_curation.spec.tables.ingested import ID, THEME

SOURCE = "score_source"
"""Column of the chosen scores, and end of a column of the verdicts: ``released`` or ``rescored``."""


def score_column(criterion: Criterion) -> str:
    """The column of the verdicts with the value that the criterion is about."""
    return f"{criterion.name}_score"


def threshold_column(criterion: Criterion) -> str:
    """The column of the verdicts with the threshold that the value was compared with."""
    return f"{criterion.name}_threshold"


def outcome_column(criterion: Criterion) -> str:
    """The column of the verdicts with the criterion's ``Outcome``."""
    return f"{criterion.name}_outcome"


def imputed_column(criterion: Criterion) -> str:
    """The column of the verdicts with whether the stage's score is known to hold an imputed value."""
    return f"{criterion.name}_is_imputed"


def source_column(criterion: Criterion) -> str:
    """The column of the verdicts with where the stage's score is from."""
    return f"{criterion.name}_{SOURCE}"


def _criterion_fields(criterion: Criterion) -> tuple[Field, ...]:
    return (
        Field(
            score_column(criterion),
            "float64",
            f"`{criterion.score_column}` of `{criterion.table}`; null when unscored.",
            True,
        ),
        Field(
            source_column(criterion),
            "string",
            "`released` or `rescored`: whose score it is; null when unscored.",
            True,
        ),
        Field(
            threshold_column(criterion),
            "float64",
            f"Threshold of `{criterion.name}`; a score equal to it is kept.",
        ),
        Field(
            outcome_column(criterion),
            "string",
            "`passed`, `rejected`, `unscored` or `imputed`, whatever the other stages say.",
        ),
        Field(
            imputed_column(criterion),
            "bool",
            "Whether the audit proves that the score holds an imputed value.",
        ),
    )


VERDICT_COLUMNS: tuple[Field, ...] = (
    ID,
    THEME,
    Field("is_released", "bool", "Whether the release's training CSV has a row of the sample."),
    *(field for criterion in CRITERIA for field in _criterion_fields(criterion)),
    Field("rejected_by", "string", "First criterion that rejects the sample; null when it is kept.", True),
    Field(
        "reject_reason",
        "string",
        "`below_threshold`, `above_threshold`, `unscored` or `imputed`, there; null when kept.",
        True,
    ),
    Field(
        "override",
        "string",
        "`keep` or `drop`, what was decided by hand and goes over the stages; null where nobody decided.",
        True,
    ),
    Field("override_reason", "string", "Who decided so and why; null where nobody decided.", True),
    Field(
        "benchmark_leak",
        "string",
        "What it shares with samples of the benchmark, as `bench_leakage` has it; null where that is nothing, and where no "
        "benchmark was ingested. Unless `benchmark_leakage: keep`, such a sample is not exported.",
        True,
    ),
    Field("is_kept", "bool", "Whether no stage rejects the sample, or what was decided by hand."),
)
"""Columns of ``verdicts``: one row per sample known from any table."""
