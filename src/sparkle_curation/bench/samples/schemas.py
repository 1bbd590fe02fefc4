"""The columns of described tables as polars has them."""

from __future__ import annotations

from functools import cache

import polars as pl

from sparkle_curation.spec.fields import Field, arrow_schema


@cache
def frame_schema(columns: tuple[Field, ...]) -> pl.Schema:
    """The schema of a frame with these columns; made when it is asked for, since pyarrow imports pandas for it."""
    return pl.DataFrame(pl.from_arrow(arrow_schema(columns).empty_table())).schema
