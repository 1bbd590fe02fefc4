"""Tables read a slice at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

Slices = Callable[[], Iterator[pl.DataFrame]]
"""Gives all rows of a table in their order, a slice at a time, at least one; read only when it is called."""

SLICE_ROWS = 16_384
"""Rows worked on at a time, so that a gigabyte of judges' reasons is never in memory together."""


def slices_of(frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """All rows in their order, in slices; at least one, which is empty where there are none."""
    row_count = frame.select(pl.len()).collect().item()
    for start in range(0, max(row_count, 1), SLICE_ROWS):
        yield frame.slice(start, SLICE_ROWS).collect()
