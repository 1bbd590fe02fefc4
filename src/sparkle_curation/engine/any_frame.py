"""The kinds of frame that curation takes, and the columns of described tables as polars has them."""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import polars as pl

from sparkle_curation.spec.fields import Field, arrow_schema

AnyFrame: TypeAlias = pl.DataFrame | pl.LazyFrame
"""A table in memory, or one scanned from Parquet of which only the needed columns are read."""


@cache
def frame_schema(columns: tuple[Field, ...]) -> pl.Schema:
    """The schema of a frame with these columns."""
    return pl.Schema(arrow_schema(columns))
