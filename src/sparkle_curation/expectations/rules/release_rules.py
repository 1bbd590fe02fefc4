"""The rules beside the tables: on their columns, on the quarantine, and on each theme as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sparkle_curation.expectations.rules.rule import Kind, Rule
from sparkle_curation.expectations.rules.rule_factories import between, equal, worded
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.stages import PRIMARY_CRITERIA, STAGE_BY_NAME
from sparkle_curation.spec.themes import THEMES


@dataclass(frozen=True)
class Bounds:
    """Bounds of a theme's figures; None switches a rule off.

    Attributes:
        max_empty_box_share: largest share of boxes that the model did not find, 0-1.
        max_quarantined_share: largest share of a theme's records that are in the quarantine, 0-1.
        min_mean_score: smallest mean of a stage's scores, 0-10.
        max_mean_score: largest mean of a stage's scores, 0-10.
        min_score_std: smallest standard deviation of a stage's scores: a judge that always says the same is broken.
    """

    max_empty_box_share: float | None
    max_quarantined_share: float | None
    min_mean_score: float | None
    max_mean_score: float | None
    min_score_std: float | None


def schema_rules() -> Iterator[Rule]:
    """On ``schemas``, one row per column."""
    yield Rule(
        "columns_and_types",
        Kind.COLUMNS,
        "Each table has the columns of `docs/tables.md`, each of its type, and no others.",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "declared_type", "column_B": "found_type", "ignore_row_if": "neither"},
    )


def quarantine_rules() -> Iterator[Rule]:
    """On ``quarantine``, one row per piece of input: a rule for each reason."""
    for reason in Reason:
        yield Rule(
            f"no_{reason}",
            Kind.QUARANTINED,
            f"Nothing is in the quarantine for `{reason}`: {reason.meaning}",
            "ExpectNothingQuarantined",
            {"column": "reason", "reason": reason.value},
        )


def release_rules(bounds: Bounds) -> Iterator[Rule]:
    """On ``release``, one row per theme."""
    yield Rule(
        "all_themes",
        Kind.THEMES,
        "All themes are there.",
        "ExpectColumnDistinctValuesToEqualSet",
        {"column": "theme", "value_set": list(THEMES)},
    )
    meaning = "A theme's training CSV and metadata have as many samples as each other."
    yield equal("csv_and_metadata_count", Kind.FILES_AGREE, meaning, "csv_rows", "metadata_rows")
    yield from _bounded("empty_box_share", Kind.EMPTY_BOXES, maximum=bounds.max_empty_box_share)
    yield from _bounded("quarantined_share", Kind.QUARANTINED_SHARE, maximum=bounds.max_quarantined_share)
    for each in PRIMARY_CRITERIA:
        if STAGE_BY_NAME[each.stage].is_of_values:  # on scales of their own
            continue
        kind = Kind.SCORE_DISTRIBUTION
        yield from _bounded(f"{each.name}_mean", kind, bounds.min_mean_score, bounds.max_mean_score)
        yield from _bounded(f"{each.name}_std", kind, minimum=bounds.min_score_std)


def _bounded(
    column: str, kind: Kind, minimum: float | None = None, maximum: float | None = None
) -> Iterator[Rule]:
    """The rule that a theme's figure keeps its bounds; none where both are switched off."""
    if minimum is not None or maximum is not None:
        meaning = f"`{column}` of each theme is {worded(minimum, maximum)}."
        yield between(column, kind, meaning, column, minimum, maximum)
