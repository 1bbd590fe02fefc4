"""The results in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from rich import box
from rich.table import Table

from sparkle_curation.bench.results.means import UNKNOWN_TUNING
from sparkle_curation.escaping import terminal_text
from sparkle_curation.reports.bench.numbers import (
    Column,
    dimension_columns,
    judged_of,
    judges_of,
    number,
    of_judge,
    overall_columns,
    with_interval,
)
from sparkle_curation.spec.tables.bench_results import MACRO, OVERALL


def result_tables(results: pl.DataFrame) -> Iterator[Table]:
    """For each rubric and judge a table of the themes and one of the dimensions: a row a model, the best macro first.

    Args:
        results: ``BENCH_RESULT_COLUMNS``.
    """
    for rubric, judge in judges_of(results):
        part = of_judge(results, rubric, judge)
        macros = part.filter((pl.col("level") == MACRO) & (pl.col("dimension") == OVERALL))
        ordered = macros.sort("mean_failures_worst", descending=True, nulls_last=True).to_dicts()
        is_known = any(row["tuned_on_bench"] != UNKNOWN_TUNING for row in ordered)
        yield _table(
            f"{rubric}, judged by {judge}: means over all samples, a failure as the worst",
            part,
            ordered,
            overall_columns(part),
            {
                "judged": judged_of,
                "judged alone": lambda row: number(row["mean_judged"]),
                **({"tuned on it": lambda row: str(row["tuned_on_bench"])} if is_known else {}),
            },
        )
        yield _table("by dimension, macro over themes", part, ordered, dimension_columns(part)[:-1], {})


def _table(
    title: str,
    part: pl.DataFrame,
    ordered: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    further: Mapping[str, Callable[[Mapping[str, Any]], str]],
) -> Table:
    """A table with a row for each macro in ``ordered``: what has an interval, what the macro says of itself, other means.

    In a narrow terminal the last columns have no room.
    """
    headline = [column for column in columns if column.has_interval]
    others = [column for column in columns if not column.has_interval]
    table = Table(title=terminal_text(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold")
    for name in (*(each.title for each in headline), *further, *(each.title for each in others)):
        is_wide = any(column.has_interval for column in columns if column.title == name)
        table.add_column(
            terminal_text(name), justify="right", min_width=max(map(len, name.split())), no_wrap=is_wide
        )
    for macro in ordered:
        own = part.filter(pl.col("model") == macro["model"])
        cells = [
            [_cell(own.filter(column.where).row(0, named=True), column) for column in group]
            for group in (headline, others)
        ]
        told = [tell(macro) for tell in further.values()]
        table.add_row(terminal_text(macro["model"]), *cells[0], *told, *cells[1])
    return table


def _cell(row: Mapping[str, Any], column: Column) -> str:
    value = row["mean_failures_worst"]
    return with_interval(value, row) if column.has_interval else number(value)
