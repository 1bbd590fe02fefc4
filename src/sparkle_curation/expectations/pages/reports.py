"""What came of checking a suite, as it is stored, and the summary that a person reads first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from sparkle_curation.errors import ValidationError
from sparkle_curation.expectations.rules.rule import Suite

MAX_SHOWN = 10
"""Offending ids that are kept and shown of a rule; a page with thousands of values freezes a browser."""

FOUND = "found"
"""In the list of offending rows: what was found in a row, beside what names it."""

Report = dict[str, Any]
"""A stored result: ``suite``, ``fingerprint``, and ``result``, the JSON of Great Expectations with our row names."""


@dataclass(frozen=True)
class Validation:
    """A check that has not been made yet; a dataset makes it where the stored report is of another fingerprint.

    Attributes:
        suite: what is expected.
        fingerprint: of the suite and the tables it reads; equal fingerprints mean equal reports.
        frame: gives the flat frame to check.
    """

    suite: Suite
    fingerprint: str
    frame: Callable[[], pl.DataFrame]


SUMMARY_SCHEMA = {
    "table": pl.String,
    "rule": pl.String,
    "kind": pl.String,
    "severity": pl.String,
    "is_met": pl.Boolean,
    "checked_count": pl.Int64,
    "failed_count": pl.Int64,
    "failed_ids": pl.String,
    "meaning": pl.String,
}


def summarise(reports: Iterable[Report]) -> pl.DataFrame:
    """One row per suite and rule, in order: ``table, rule, kind, severity, is_met`` and what failed.

    ``failed_ids`` names up to ten rows, by what names a row of the table to a person.
    """
    rows = [
        _summary_row(report["suite"], found) for report in reports for found in report["result"]["results"]
    ]
    return pl.DataFrame(rows, schema=SUMMARY_SCHEMA, orient="row")


def _summary_row(suite: str, found: Mapping[str, Any]) -> tuple[object, ...]:
    expectation, result = found["expectation_config"], found["result"]
    meta = expectation["meta"]
    absent = result.get("partial_missing_list", [])
    rows = result.get("partial_unexpected_index_list", [])
    names = [name for row in rows for key, name in row.items() if key != FOUND]
    failed_count = result.get("unexpected_count", 0) + len(absent)
    return (
        suite,
        meta["rule"],
        meta["kind"],
        expectation["severity"],
        found["success"],
        result.get("element_count"),
        failed_count if not found["success"] else 0,
        "; ".join(map(str, [*names, *absent][:MAX_SHOWN])) if not found["success"] else "",
        meta["meaning"],
    )


def failures(summary: pl.DataFrame, severity: str) -> pl.DataFrame:
    """The rows of rules of one severity that are not met."""
    return summary.filter(~pl.col("is_met") & (pl.col("severity") == severity))


def stop_if_critical(summary: pl.DataFrame, data_docs: str) -> None:
    """Nothing, where no critical rule is broken.

    Args:
        summary: of all suites.
        data_docs: the page that shows them.

    Raises:
        ValidationError: a critical rule is broken; names the first one, and up to ten rows that break it.
    """
    critical = failures(summary, "critical")
    if critical.is_empty():
        return
    first = critical.row(0, named=True)
    others = [f"{table}.{rule}" for table, rule in critical.select("table", "rule").rows()[1:]]
    raise ValidationError(
        "A critical rule is broken, so nothing is exported",
        where=f"table {first['table']}, expectation {first['rule']}"
        + (f"; also {', '.join(others)}" if others else ""),
        got=f"{first['failed_count']} rows: {first['failed_ids']}",
        allowed=first["meaning"],
        todo=f"look at {data_docs}; if the release is at fault and the variant may have it, set"
        f" validation.severity.{first['kind']}=warning",
    )
