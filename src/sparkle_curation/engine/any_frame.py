"""The kinds of frame that curation takes."""

from __future__ import annotations

from typing import TypeAlias

import polars as pl

AnyFrame: TypeAlias = pl.DataFrame | pl.LazyFrame
"""A table in memory, or one scanned from Parquet of which only the needed columns are read."""
