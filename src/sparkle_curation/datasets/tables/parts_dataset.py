"""A Parquet table that several runs or pipelines write a part of: a file for each value of a column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from kedro.io.core import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.io.parquet import FORMAT_METADATA, parquet_files


class PartsDataset(AbstractDataset[pl.DataFrame, pl.LazyFrame]):
    """A folder of Parquet files, read like one; a save replaces the files of the parts that it holds, and no other.

    A frame without rows has no part, so it replaces nothing. Each file changes at once, under a temporary name first.

    Args:
        filepath: the folder, local.
        part_by: a text column, not null; rows of one value are a file of that name.
        made_by: the pipeline that makes it, for who looks for it before.
        is_optional: whether a run goes on without it; it then loads as a frame without columns.
        columns_of: the table whose described columns it must have when it is read.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            camera:
              type: sparkle_curation.datasets.PartsDataset
              filepath: data/02_intermediate/camera.parquet
              part_by: clip_source
              columns_of: camera
              made_by: camera
              is_optional: true
              validator:
                class: sparkle_curation.datasets.TableSchemaValidator
                "on": save
                options: { table: camera }
    """

    def __init__(
        self,
        *,
        filepath: str,
        part_by: str,
        made_by: str,
        is_optional: bool = False,
        columns_of: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path, self._part_by = Path(filepath), part_by
        self._table = TableDataset(
            filepath=filepath, made_by=made_by, is_optional=is_optional, columns_of=columns_of
        )
        self.metadata = metadata

    def load(self) -> pl.LazyFrame:
        """All parts, not yet read; raises as ``TableDataset``."""
        return self._table.load()

    def save(self, data: pl.DataFrame) -> None:
        """Replace the parts that the frame has rows of."""
        for (part,), rows in data.group_by(self._part_by, maintain_order=True):
            with atomic_file(self._path / f"{part}.parquet") as temporary:
                rows.write_parquet(temporary, compression="zstd", metadata=FORMAT_METADATA)

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` rows; only they are read."""
        return self._table.preview(nrows)

    def stats(self) -> dict[str, int]:
        """Its ``rows``, ``columns`` and ``file_size`` in bytes; empty where there is none."""
        return self._table.stats()

    def _exists(self) -> bool:
        return bool(parquet_files(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path), "part_by": self._part_by}
