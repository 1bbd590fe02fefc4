"""The results in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
from rich import box
from rich.table import Table

from sparkle_curation.escaping import terminal_text
from sparkle_curation.reports.bench.numbers import (
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
    """A table for each rubric and judge: a row for each model, the best macro first.

    Args:
        results: ``BENCH_RESULT_COLUMNS``.
    """
    for rubric, judge in judges_of(results):
        part = of_judge(results, rubric, judge)
        columns = [*overall_columns(part), *dimension_columns(part)[:-1]]
        table = Table(
            title=terminal_text(
                f"{rubric}, judged by {judge}: means over all samples, a failure as the worst"
            ),
            title_justify="left",
            box=box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        table.add_column("model")
        table.add_column("judged", justify="right")
        for column in columns:
            table.add_column(terminal_text(column.title), justify="right")
        table.add_column("judged alone", justify="right")
        table.add_column("tuned on it", justify="right")
        macros = part.filter((pl.col("level") == MACRO) & (pl.col("dimension") == OVERALL))
        for macro in macros.sort("mean_failures_worst", descending=True, nulls_last=True).to_dicts():
            own = part.filter(pl.col("model") == macro["model"])
            cells = []
            for column in columns:
                row = own.filter(column.where).row(0, named=True)
                value = row["mean_failures_worst"]
                cells.append(with_interval(value, row) if column.title == "Macro" else number(value))
            table.add_row(
                terminal_text(macro["model"]),
                judged_of(macro),
                *cells,
                number(macro["mean_judged"]),
                macro["tuned_on_bench"],
            )
        yield table
