"""The themes of a training CSV in shares: which rows are repeated, which are dropped, and in which order they stand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, TypeAlias

import polars as pl
import xxhash

from sparkle_curation.errors import ParameterError
from sparkle_curation.spec.themes import THEMES

Shares: TypeAlias = Literal["as_is", "even"] | dict[str, float]
"""``as_is``: each row once. ``even``: as many rows of each theme. Or weights by theme; one that is not named has 1."""

MAX_ROWS = 20_000_000
"""More rows than anybody trains on: a weight was mistyped."""


def apportion(total: int, weights: Mapping[str, Fraction]) -> dict[str, int]:
    """``total`` seats in proportion to ``weights``, exactly as many, by the largest remainder.

    Each gets the whole part of ``total * weight / sum``; those that are left go to the largest fractions, of equal ones to
    the first by place.

    >>> apportion(10, {"a": Fraction(1), "b": Fraction(1), "c": Fraction(1)})
    {'a': 4, 'b': 3, 'c': 3}
    """
    whole = sum(weights.values())
    exact = {name: total * weight / whole for name, weight in weights.items()}
    seats = {name: math.floor(share) for name, share in exact.items()}
    left = total - sum(seats.values())
    by_fraction = sorted(exact, key=lambda name: seats[name] - exact[name])  # stable: equal ones by place
    for name in by_fraction[:left]:
        seats[name] += 1
    return seats


def count_rows(sizes: Mapping[str, int], shares: Shares, max_rows: int | None) -> dict[str, int]:
    """How many rows of each theme a CSV has.

    ``as_is``: as many as there are. Else the rows are in proportion to the weights (``even``: 1 each), by the largest
    remainder, and as few as hold every row of every theme at least once: ``max(ceil(rows / weight * sum of weights))`` in
    all. Where ``max_rows`` is less than that, there are ``max_rows``, in the same proportion (``as_is``: that of the
    rows themselves), and of a theme that has more rows than it gets some are dropped.

    >>> count_rows({"a": 3, "b": 1}, "even", None), count_rows({"a": 3, "b": 1}, {"b": 2}, None)
    ({'a': 3, 'b': 3}, {'a': 3, 'b': 6})
    >>> count_rows({"a": 3, "b": 1}, "as_is", 2), count_rows({"a": 3, "b": 1}, "even", 4)
    ({'a': 2, 'b': 0}, {'a': 2, 'b': 2})

    Args:
        sizes: rows of each theme, themes without a row left out.
        shares: the shares.
        max_rows: rows at most; None for any number.

    Raises:
        ParameterError: the weights would make more than ``MAX_ROWS`` of them.
    """
    if not sizes:
        return {}
    if shares == "as_is":
        weights = {theme: Fraction(size) for theme, size in sizes.items()}
    else:
        given: Mapping[str, float] = {} if shares == "even" else shares
        # By its shortest text: 0.1 is a tenth, and not the binary number next to it.
        weights = {theme: Fraction(repr(given.get(theme, 1))) for theme in sizes}
    whole = sum(weights.values())
    total = max(math.ceil(size * whole / weights[theme]) for theme, size in sizes.items())
    if max_rows is not None:
        total = min(total, max_rows)
    if total > MAX_ROWS:
        raise ParameterError(
            "The shares of the themes would repeat rows beyond any use",
            where="training_kit.shares",
            got=f"{shares}: {total:,} rows, of {sum(sizes.values()):,}",
            allowed=f"{MAX_ROWS:,} rows at most",
            todo="give weights nearer to each other, or set --params training_kit.max_rows=...",
        )
    return apportion(total, weights)


def mix_rows(
    rows: pl.DataFrame, shares: Shares, seed: int, max_rows: int | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a CSV in their order, with ``copy`` (0, and 1 and more of a repeated row), and those that are dropped.

    Which rows of a theme are repeated once more than others, or dropped, and the order of all, follow from ``seed`` and ids
    alone: not from the order of ``rows``, the machine, or what other themes have.

    Args:
        rows: of one task, with ``task``, ``id`` (each once) and ``theme``.
        shares: the shares.
        seed: another one gives another order.
        max_rows: rows at most; None for any number.
    """
    drawn = rows.with_columns(_places(rows["id"], "theme", seed).alias("_place")).sort("_place", "id")
    counts = dict(rows.group_by("theme").len().iter_rows())
    sizes = {theme: counts[theme] for theme in THEMES if theme in counts}  # of equal fractions the first wins
    wanted = count_rows(sizes, shares, max_rows)
    chosen = [drawn.head(0).with_columns(pl.lit(0, pl.Int64).alias("copy"))]
    dropped = [drawn.head(0)]
    for (theme,), of_theme in drawn.group_by("theme", maintain_order=True):
        copies, more = divmod(wanted[str(theme)], of_theme.height)
        repeats = copies + (pl.int_range(pl.len()) < more).cast(pl.Int64)
        numbered = of_theme.with_columns(pl.int_ranges(0, repeats).alias("copy"))
        dropped.append(numbered.filter(pl.col("copy").list.len() == 0).drop("copy"))
        chosen.append(numbered.filter(pl.col("copy").list.len() > 0).explode("copy"))
    return order_rows(pl.concat(chosen).drop("_place"), seed), pl.concat(dropped).drop("_place")


def order_rows(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The rows of one or several tasks in the order of a CSV, which ``seed``, ``task``, ``id`` and ``copy`` alone decide."""
    names = rows.select(pl.format("{} {} {}", "copy", "task", "id")).to_series()
    placed = rows.with_columns(_places(names, "order", seed).alias("_place"))
    return placed.sort("_place", "task", "id", "copy").drop("_place")


def _places(names: pl.Series, purpose: str, seed: int) -> pl.Series:
    """A number for each name that only it, the purpose and the seed decide, on any machine."""
    digests = [xxhash.xxh3_64_intdigest(f"{purpose}\0{seed}\0{name}".encode()) for name in names]
    return pl.Series("_place", digests, dtype=pl.UInt64)
