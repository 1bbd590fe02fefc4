"""The nodes of ``validate``: checks to be made, the site that shows them, and the gate before judging."""

from __future__ import annotations

import logging
from functools import partial

import polars as pl

from sparkle_curation.expectations import flat_frames, theme_figures
from sparkle_curation.expectations.bounds import Bounds
from sparkle_curation.expectations.reports import Report, Validation, failures, stop_if_critical, summarise
from sparkle_curation.expectations.suites import build_suites
from sparkle_curation.pipelines.validate.params import ValidationParams
from sparkle_curation.release.tables import COLUMNS

logger = logging.getLogger(__name__)

_MOST_WARNINGS = 12


def validate_tables(
    validation: ValidationParams,
    table_fingerprints: dict[str, str],
    quarantine: pl.LazyFrame,
    *tables: pl.LazyFrame,
) -> tuple[Validation, ...]:
    """A validation for each suite, in their order; made when it is saved, and only where something has changed.

    Args:
        validation: severities and bounds.
        table_fingerprints: what says whether a table has changed, by its name.
        quarantine: the quarantine of all tables.
        tables: the tables in the order of ``release.tables.COLUMNS``.
    """
    found = dict(zip(COLUMNS, tables, strict=True))
    sound = {name: flat_frames.as_declared(name, frame) for name, frame in found.items()}
    suites = build_suites(Bounds(**validation.bounds.model_dump()), validation.severity.model_dump())
    frames = {
        "schemas": partial(flat_frames.flatten_schemas, found),
        **{
            name: partial(flat_frames.flatten, name, {read: sound[read] for read in suites[name].reads})
            for name in COLUMNS
        },
        "quarantine": partial(flat_frames.flatten_quarantine, quarantine),
        "release": partial(theme_figures.flatten_release, sound, quarantine),
    }
    return tuple(
        Validation(suite, suite.fingerprint(table_fingerprints), frames[name])
        for name, suite in suites.items()
    )


def build_data_docs(*reports: Report) -> list[Report]:
    """The reports that the site shows, in the order of the suites."""
    return list(reports)


def summarise_validations(*reports: Report) -> pl.DataFrame:
    """The summary: one row per suite and rule, and what failed."""
    return summarise(reports)


def pass_tables(
    validation_summary: pl.DataFrame, data_docs: str, *tables: pl.LazyFrame
) -> tuple[pl.LazyFrame, ...]:
    """The tables, as they came, once no critical rule is broken; what is merely odd is logged.

    Args:
        validation_summary: of all suites.
        data_docs: the page that shows the results.
        tables: the tables to let through.

    Raises:
        ValidationError: a critical rule is broken.
    """
    stop_if_critical(validation_summary, data_docs)
    odd = failures(validation_summary, "warning")
    for row in odd.head(_MOST_WARNINGS).rows(named=True):
        logger.warning(
            "%s: %s rows break %s, e.g. %s",
            row["table"],
            row["failed_count"],
            row["rule"],
            row["failed_ids"].partition("; ")[0],
        )
    if odd.height:
        logger.warning("%s of %s rules are not met; see %s", odd.height, validation_summary.height, data_docs)
    return tables
