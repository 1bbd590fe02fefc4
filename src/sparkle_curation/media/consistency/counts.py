"""How many samples of each theme fail each check of consistency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import polars as pl

from sparkle_curation.spec.tables.consistency import HEADER_CHECKS
from sparkle_curation.spec.themes import THEMES

_LISTED_IDS = 10


class Check(NamedTuple):
    """A check of the report.

    Attributes:
        name: the column of ``consistency``, or the bound of one.
        bound: what the column is compared with; None for a boolean column.
        is_failed: whether a sample fails; null where nothing can be said.
    """

    name: str
    bound: float | None
    is_failed: pl.Expr


def count_failures(consistency: pl.DataFrame, bounds: Mapping[str, float | None]) -> pl.DataFrame:
    """One row per theme that has a sample, and check.

    Columns: ``theme``, ``check``, ``bound`` (null for a boolean check), ``sample_count``, ``checked_count`` (those
    of which something can be said), ``failed_count``, ``failed_ids`` (the first ten, separated by blanks).

    Args:
        consistency: columns of ``consistency``.
        bounds: ``min_`` or ``max_`` and the name of a column -> bound; None switches it off.
    """
    checks = list(_checks(bounds))
    rows = []
    for theme in THEMES:
        samples = consistency.filter(theme=theme)
        for check in checks if samples.height else ():
            is_failed = samples.select(check.is_failed.alias("is_failed")).to_series()
            failed = samples["id"].filter(is_failed.fill_null(value=False))
            counts = samples.height, is_failed.count(), failed.len()
            rows.append((theme, check.name, check.bound, *counts, " ".join(failed.head(_LISTED_IDS))))
    return pl.DataFrame(
        rows,
        schema={
            "theme": pl.String,
            "check": pl.String,
            "bound": pl.Float64,
            "sample_count": pl.Int64,
            "checked_count": pl.Int64,
            "failed_count": pl.Int64,
            "failed_ids": pl.String,
        },
        orient="row",
    )


def _checks(bounds: Mapping[str, float | None]) -> Iterator[Check]:
    yield Check("is_whole", None, pl.col("error").is_not_null())
    for field in HEADER_CHECKS:
        yield Check(field.name, None, ~pl.col(field.name))
    for name, bound in bounds.items():
        if bound is not None:
            side, _, column = name.partition("_")
            beyond = pl.col(column) < bound if side == "min" else pl.col(column) > bound
            yield Check(name, bound, beyond)
