"""Cells of the tables of a benchmark, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from sparkle_curation.spec.tables.bench_results import MACRO, OVERALL, THEME_LEVEL
from sparkle_curation.spec.themes import THEME_TITLES, in_order

NONE = "-"


class Column(NamedTuple):
    """A column of a table of models: a mean of them all.

    Attributes:
        title: for people.
        where: what picks its row among those of a model.
        has_interval: whether it is worth its room with its interval, where there is little.
    """

    title: str
    where: pl.Expr
    has_interval: bool = False


def number(value: float | None, sign: str = "") -> str:
    """Two digits, as the published evaluator prints them.

    >>> number(3.456), number(0.5, "+"), number(None)
    ('3.46', '+0.50', '-')
    """
    # Without the sign that a rounded -0.001 keeps.
    return NONE if value is None else f"{round(value, 2) + 0.0:{sign}.2f}"


def with_interval(value: float | None, row: Mapping[str, Any], sign: str = "") -> str:
    """A mean and its interval, as far as there is one."""
    if value is None or row["ci_low"] is None:
        return number(value, sign)
    return f"{number(value, sign)} [{number(row['ci_low'], sign)}, {number(row['ci_high'], sign)}]"


def title_of(key: str) -> str:
    """A dimension or level for people.

    >>> title_of("bg_visual_quality")
    'bg visual quality'
    """
    return key.replace("_", " ")


def judged_of(row: Mapping[str, Any]) -> str:
    """How many of the samples the judge gave scores."""
    return f"{row['n_judged']:,}/{row['n_rows']:,}"


def overall_columns(results: pl.DataFrame) -> list[Column]:
    """The overall of each theme, then of all."""
    themes = in_order(results.filter(pl.col("level") == THEME_LEVEL)["theme"])
    overall = pl.col("dimension") == OVERALL
    return [
        *(
            Column(
                THEME_TITLES.get(theme, theme),
                overall & (pl.col("level") == THEME_LEVEL) & (pl.col("theme") == theme),
            )
            for theme in themes
        ),
        Column("Macro", overall & (pl.col("level") == MACRO), has_interval=True),
    ]


def dimension_columns(results: pl.DataFrame) -> list[Column]:
    """Each dimension of all themes, the overall last."""
    macro = results.filter(pl.col("level") == MACRO)
    keys = macro["dimension"].unique(maintain_order=True).to_list()
    return [Column(title_of(key), (pl.col("level") == MACRO) & (pl.col("dimension") == key)) for key in keys]


def judges_of(table: pl.DataFrame) -> list[tuple[str, str]]:
    """Rubric and judge of each part of the results, in order."""
    return list(table.select("rubric", "judge").unique(maintain_order=True).iter_rows())


def of_judge(table: pl.DataFrame, rubric: str, judge: str) -> pl.DataFrame:
    """The rows of one rubric and judge."""
    return table.filter((pl.col("rubric") == rubric) & (pl.col("judge") == judge))
