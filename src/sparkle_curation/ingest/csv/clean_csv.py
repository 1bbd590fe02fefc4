"""A training CSV read in bulk, where that is provably the same as reading it record by record.

The proof is to write the rows again: a CSV that comes out byte for byte as it went in was read right. Any
other file, and any with a row to quarantine, is left to ``csv_records``.
"""

from __future__ import annotations

import io

import polars as pl

from sparkle_curation.spec.sample_ids import ID_DIGITS, id_prefix
from sparkle_curation.spec.tables.ingested import CSV_COLUMNS
from sparkle_curation.spec.training_csv import parse_training_csv, write_training_csv

_HEADER = (",".join(CSV_COLUMNS) + "\n").encode()


def read_clean_csv(data: bytes, theme: str) -> pl.DataFrame | None:
    """The rows of a CSV without a fault, in file order; None where a closer look is needed.

    Returns:
        ``id`` and the columns of the CSV; ``csv_line``, the first line of each record counted from 1, and
        ``csv_line_count``, the lines that it takes.
    """
    if not data.startswith(_HEADER):
        return None
    try:
        cells = parse_training_csv(data)
    except (pl.exceptions.PolarsError, UnicodeDecodeError):
        return None
    # No cell is empty, every id is one of the theme, and none stands twice.
    is_id = pl.col("id").str.contains(f"^{id_prefix(theme)}[0-9]{{{ID_DIGITS}}}$")
    is_filled = pl.all_horizontal(pl.all().str.len_bytes() > 0)
    if not cells.select((is_id & is_filled).all() & pl.col("id").is_unique().all()).item():
        return None
    rewritten = io.BytesIO()
    write_training_csv(cells, rewritten)
    if rewritten.getvalue() != data:
        return None
    breaks = pl.sum_horizontal(pl.col("id", "prompt", "src_video", "tgt_video").str.count_matches("\n"))
    return (
        cells.with_columns(pl.col("id").alias("task"), (breaks + 1).cast(pl.Int32).alias("csv_line_count"))
        .with_columns((pl.col("csv_line_count").cum_sum() - pl.col("csv_line_count") + 2).alias("csv_line"))
        .select("id", *CSV_COLUMNS, "csv_line", "csv_line_count")
    )
