"""The nodes of ``validate``: checks to be made, the site that shows them, and the gate before filtering."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import polars as pl

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.expectations import checking
from sparkle_curation.expectations.columns import flat_frames
from sparkle_curation.expectations.columns.flat_frames import (
    FlatFrames,
    as_declared,
    flatten_quarantine,
    flatten_schemas,
)
from sparkle_curation.expectations.columns.slices import Slices
from sparkle_curation.expectations.pages.reports import (
    Report,
    Validation,
    failures,
    stop_if_critical,
    summarise,
)
from sparkle_curation.expectations.rules.release_rules import Bounds
from sparkle_curation.expectations.suites import build_suites
from sparkle_curation.pipelines.validate.params import ValidationParams
from sparkle_curation.spec.tables.ingested import COLUMNS
from sparkle_curation.variant.provenance import DataVersion

logger = logging.getLogger(__name__)

_SLICES_MODULE = f"{__name__.partition('.')[0]}.datasets.tables.lean_tables_dataset"
"""Cuts the tables into the slices that are checked; a pipeline imports no dataset."""

_MOST_WARNINGS = 12


def validate_tables(
    validation: ValidationParams,
    table_fingerprints: dict[str, str],
    score_slices: dict[str, Slices],
    quarantine: pl.LazyFrame,
    *tables: pl.LazyFrame,
) -> tuple[Validation, ...]:
    """A validation for each suite, in their order; made when it is saved, and only where something has changed.

    Args:
        validation: severities and bounds.
        table_fingerprints: what says whether a table has changed, by its name.
        score_slices: the tables of scores without the judges' reasons.
        quarantine: the quarantine of all tables.
        tables: the tables in the order of ``release.tables.COLUMNS``.
    """
    found = dict(zip(COLUMNS, tables, strict=True))
    sound = {name: as_declared(name, frame) for name, frame in found.items()}
    slices = {name: each for name, each in score_slices.items() if sound[name] is found[name]}
    suites = build_suites(Bounds(**validation.bounds.model_dump()), validation.severity.model_dump())
    flat = FlatFrames(sound, slices, quarantine)
    frames: dict[str, Callable[[], pl.DataFrame]] = {
        "schemas": partial(flatten_schemas, found),
        **{name: partial(flat.of, name) for name in COLUMNS},
        "quarantine": partial(flatten_quarantine, quarantine),
        "release": flat.of_themes,
    }
    code = code_digest(checking.__name__, flat_frames.__name__, glue=[__name__, _SLICES_MODULE])
    return tuple(
        Validation(suite, suite.fingerprint(table_fingerprints, code), frames[name])
        for name, suite in suites.items()
    )


def build_data_docs(validations: list[Report], data_version: DataVersion) -> tuple[list[Report], str]:
    """What the site shows: the reports in the order of the suites, and the version of the data that they are of."""
    return validations, data_version.digest


def summarise_validations(validations: list[Report]) -> pl.DataFrame:
    """The summary: one row per suite and rule, and what failed."""
    return summarise(validations)


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
