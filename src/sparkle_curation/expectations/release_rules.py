"""The rules beside the tables: of their columns, of the quarantine, and of each theme as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sparkle_curation.expectations.bounds import Bounds
from sparkle_curation.expectations.rule_forms import worded
from sparkle_curation.expectations.rules import Kind, Rule
from sparkle_curation.release.reasons import Reason
from sparkle_curation.release.stages import STAGES
from sparkle_curation.release.themes import THEMES


def schema_rules() -> Iterator[Rule]:
    """The rule of the suite ``schemas``, one row per column."""
    yield Rule(
        "columns_and_types",
        Kind.COLUMNS,
        "Each table has the columns of `docs/tables.md`, each of its type, and no others.",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "declared_type", "column_B": "found_type", "ignore_row_if": "neither"},
    )


def quarantine_rules() -> Iterator[Rule]:
    """A rule for each reason of the quarantine."""
    for reason in Reason:
        yield Rule(
            f"no_{reason}",
            Kind.QUARANTINED,
            f"Nothing is in the quarantine for `{reason}`: {reason.meaning}",
            "ExpectNothingQuarantined",
            {"column": "reason", "reason": reason.value, "meaning": reason.meaning},
        )


def release_rules(bounds: Bounds) -> Iterator[Rule]:
    """The rules of the themes as wholes; a bound that is None gives none."""
    yield Rule(
        "five_themes",
        Kind.THEMES,
        "All five themes are there.",
        "ExpectColumnDistinctValuesToEqualSet",
        {"column": "theme", "value_set": list(THEMES)},
    )
    yield Rule(
        "csv_and_metadata_count",
        Kind.FILES_AGREE,
        "A theme's training CSV and metadata have as many samples as each other.",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "csv_rows", "column_B": "metadata_rows", "ignore_row_if": "either_value_is_missing"},
    )
    yield from _bounded("empty_box_share", Kind.EMPTY_BOXES, maximum=bounds.max_empty_box_share)
    yield from _bounded("quarantined_share", Kind.QUARANTINED_SHARE, maximum=bounds.max_quarantined_share)
    for stage in STAGES:
        kind = Kind.SCORE_DISTRIBUTION
        yield from _bounded(f"{stage.name}_mean", kind, bounds.min_mean_score, bounds.max_mean_score)
        yield from _bounded(f"{stage.name}_std", kind, minimum=bounds.min_score_std)


def _bounded(
    column: str, kind: Kind, minimum: float | None = None, maximum: float | None = None
) -> Iterator[Rule]:
    """The rule that a theme's figure keeps its bounds; none where both are switched off."""
    bounds: Mapping[str, float | None] = {"min_value": minimum, "max_value": maximum}
    given = {key: bound for key, bound in bounds.items() if bound is not None}
    if given:
        yield Rule(
            column,
            kind,
            f"`{column}` of each theme is {worded(given)}.",
            "ExpectNumbersToBeBetween",
            {"column": column, **given},
        )
