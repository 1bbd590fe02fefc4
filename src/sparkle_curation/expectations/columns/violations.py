"""Violations: texts that say what is wrong with a row, empty where nothing is, null where the question does not arise."""

from __future__ import annotations

import polars as pl

from sparkle_curation.expectations.columns.nested import Rows

_SHOWN = 3
"""Labels named in a violation."""


def unless_equal(found: pl.Expr, wanted: pl.Expr) -> pl.Expr:
    """What was found where it is not what was wanted; null where nothing was."""
    return pl.when(found.eq_missing(wanted)).then(pl.lit("")).otherwise(found)


def of_counts(counts: pl.Series, what: str) -> pl.Expr:
    """How many were counted, ``3 of its boxes``, where any were."""
    counted = pl.lit(counts)
    return pl.when(counted > 0).then(pl.format("{} of its {}", counted, pl.lit(what))).otherwise(pl.lit(""))


def in_rows(rows: Rows, row_count: int, text: str) -> pl.Series:
    """The text in these rows, nothing in the others."""
    found = _nothing(row_count)
    return found.scatter(pl.Series(rows).unique(), text) if len(rows) else found


def of_labels(stray: pl.DataFrame, row_count: int) -> pl.Series:
    """The first few labels at fault of each row, each named once; from the columns ``row, value``."""
    named = pl.col("value").head(_SHOWN).str.join(", ")
    named = pl.when(pl.len() > _SHOWN).then(pl.format("{}, ...", named)).otherwise(named)
    found = stray.unique(maintain_order=True).group_by("row").agg(named)
    return _nothing(row_count).scatter(found["row"], found["value"])


def _nothing(row_count: int) -> pl.Series:
    return pl.repeat("", row_count, dtype=pl.String, eager=True)
