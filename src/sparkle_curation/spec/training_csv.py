"""The text of a theme's training CSV, to and from a frame.

Source: dataset card, "Training Data Format".
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import polars as pl

from sparkle_curation.spec.tables.ingested import CSV_COLUMNS

Target: TypeAlias = Path | io.BytesIO

REFERENCE_CSV_COLUMNS: tuple[str, ...] = (*CSV_COLUMNS, "ref_image")
"""Columns of a training CSV whose rows have a reference, as ``--vid_ref_dataset_metadata_path`` takes them."""


def write_training_csv(samples: pl.DataFrame, target: Target, columns: Sequence[str] = CSV_COLUMNS) -> None:
    r"""Write the training CSV of ``samples`` in their order: UTF-8, ``\n``, quotes only where a cell needs them.

    The same bytes as Python's ``csv`` with ``QUOTE_MINIMAL`` and ``lineterminator="\n"``, and a cell with a
    ``\r`` is quoted too: outside quotes pandas takes it for the end of the row.

    Args:
        samples: with ``id`` (the column ``task``), ``prompt``, ``src_video``, ``tgt_video``.
        target: a new file, or a buffer.
        columns: of the CSV; ``REFERENCE_CSV_COLUMNS`` where each row has a reference.
    """
    cells = samples.select(pl.col("id" if column == "task" else column).alias(column) for column in columns)
    # polars' own quoting, three times as fast, quotes an empty cell and leaves a \r bare; all else is as in Python.
    is_odd = pl.all().str.contains("\r", literal=True) | (pl.all() == "")
    if cells.is_empty() or not any(cells.select(is_odd.any()).row(0)):
        cells.write_csv(target)
        return
    quoted = []
    for cell in map(pl.col, columns):
        doubled = pl.concat_str(pl.lit('"'), cell.str.replace_all('"', '""', literal=True), pl.lit('"'))
        quoted.append(pl.when(cell.str.contains('[,"\n\r]')).then(doubled).otherwise(cell))
    lines = pl.concat_str(quoted, separator=",").alias(",".join(columns))
    cells.select(lines).write_csv(target, quote_style="never")


def parse_training_csv(text: bytes) -> pl.DataFrame:
    """The rows of a training CSV, every cell as text: ``id``, ``prompt``, ``src_video``, ``tgt_video``."""
    cells = pl.read_csv(
        text,
        schema=dict.fromkeys(CSV_COLUMNS, pl.String),
        empty_string_is_null=False,
    )
    return cells.select(pl.col("task").alias("id"), "prompt", "src_video", "tgt_video")
