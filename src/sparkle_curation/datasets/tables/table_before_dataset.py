"""A table as a run finds it, before it is written: for a node that need not make it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.tables.table_dataset import TableDataset, stored_fingerprint
from sparkle_curation.engine.io.parquet import parquet_files


class TableBeforeDataset(AbstractDataset[NoReturn, Callable[[str], pl.LazyFrame | None]]):
    """The table that a ``TableDataset`` wrote from a stream, by the stream's fingerprint; load only.

    Args:
        filepath: the Parquet file or folder, local.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            score_faults_before:
              type: sparkle_curation.datasets.TableBeforeDataset
              filepath: data/03_primary/score_faults.parquet
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> Callable[[str], pl.LazyFrame | None]:
        """What gives the table for a fingerprint; None where there is none, or one of another fingerprint."""
        path = self._path
        return lambda fingerprint: (
            TableDataset(filepath=str(path)).load() if stored_fingerprint(path) == fingerprint else None
        )

    def save(self, data: NoReturn) -> None:
        """Never: who replaces the table is another entry."""
        raise DatasetError(f"{self._path} is written by another entry of the catalog")

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` rows."""
        return TableDataset(filepath=str(self._path)).preview(nrows)

    def _exists(self) -> bool:
        return bool(parquet_files(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
