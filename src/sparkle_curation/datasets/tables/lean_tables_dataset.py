"""Tables without the texts inside their nested columns, for a node that would read a gigabyte to look at none of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
import pyarrow.parquet as pq
from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.described_paths import described_paths
from sparkle_curation.engine.io.parquet import open_table, parquet_files
from sparkle_curation.expectations.columns.slices import SLICE_ROWS, Slices

_TEXT = "BYTE_ARRAY"


class LeanTablesDataset(AbstractDataset[NoReturn, dict[str, Slices]]):
    """Some tables, by name, in slices of their rows; read only.

    A text inside an object or a list is left out where the file says that it is present in every one; where one may be
    absent it stays, so that its reader sees that. A polars scan reads nested columns whole: of the video scores of
    140,000 samples 1.2 GB, which takes fifteen times as long.

    Args:
        filepaths: the Parquet files, local, by the name of their table, see ``described_paths``.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            score_slices:
              type: sparkle_curation.datasets.LeanTablesDataset
              filepaths:
                "{stage}_scores": data/02_intermediate/scores/{stage}_scores.parquet
    """

    def __init__(self, *, filepaths: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        self._paths = described_paths(filepaths)
        self.metadata = metadata

    def load(self) -> dict[str, Slices]:
        """The slices by the name of their table, see ``described_paths``; nothing is read yet."""
        return {name: partial(_slices_of, path) for name, path in self._paths.items()}

    def save(self, data: NoReturn) -> None:
        """Not possible: a table is written whole, by another dataset."""
        raise DatasetError("tables without their texts are read only")

    def _exists(self) -> bool:
        return all(parquet_files(path) for path in self._paths.values())

    def _describe(self) -> dict[str, Any]:
        return {"filepaths": {name: str(path) for name, path in self._paths.items()}}


def _slices_of(path: Path) -> Iterator[pl.DataFrame]:
    for file in open_table(path, made_by="ingest"):
        leaves = [leaf for place, leaf in enumerate(_leaves(file)) if not _is_idle(file, place)]
        if not file.metadata.num_rows:
            yield pl.DataFrame(pl.from_arrow(file.read(columns=leaves)))
        for batch in file.iter_batches(SLICE_ROWS, columns=leaves):
            yield pl.DataFrame(pl.from_arrow(batch))


def _leaves(file: pq.ParquetFile) -> Iterator[str]:
    """The columns as they lie in the file, those inside others by their paths."""
    return (file.schema.column(place).path for place in range(len(file.schema)))


def _is_idle(file: pq.ParquetFile, place: int) -> bool:
    """Whether a leaf is a text inside a nested column, and none of it is absent."""
    leaf = file.schema.column(place)
    if leaf.path == leaf.name or leaf.physical_type != _TEXT:
        return False
    groups = (file.metadata.row_group(number).column(place) for number in range(file.num_row_groups))
    # An empty list counts as absent here, so such a text is read although it need not be.
    return all(group.statistics is not None and group.statistics.null_count == 0 for group in groups)
