"""The media that this project made, where they were asked for, as a dataset of the catalog: load only."""

from __future__ import annotations

from typing import Any, NoReturn

import polars as pl
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import table_preview
from sparkle_curation.datasets.tables.table_dataset import TableDataset


class AskedForMediaDataset(AbstractDataset[NoReturn, pl.LazyFrame]):
    """The table ``made_media`` of all pipelines with ``asset_source=rerun``; else, or where nothing was made, no columns.

    For whoever looks at samples as a whole: with ``media.made_media.in_place_of`` it becomes what they load, show and were
    scored by. A pipeline that makes something says itself whose media it looks at.

    Args:
        path: of ``made_media``, a folder with a file a pipeline.
        asset_source: ``released`` or ``rerun``.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            made_media_asked_for:
              type: sparkle_curation.datasets.AskedForMediaDataset
              path: data/02_intermediate/made_media.parquet
              asset_source: released
    """

    def __init__(self, *, path: str, asset_source: str, metadata: dict[str, Any] | None = None) -> None:
        self._table = TableDataset(filepath=path, made_by="edges", is_optional=True)
        self._path, self._source = path, asset_source
        self.metadata = metadata

    def load(self) -> pl.LazyFrame:
        """The table, not yet read."""
        return self._table.load() if self._source == "rerun" else pl.LazyFrame()

    def save(self, data: NoReturn) -> None:
        """Never: who makes media writes theirs."""
        raise DatasetError(f"{self._path} is written by the pipelines that make media")

    def preview(self) -> TablePreview:
        """Some of its rows."""
        return table_preview(self.load().head(20).collect())

    def _exists(self) -> bool:
        return self._source == "rerun" and self._table.exists()

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path, "asset_source": self._source}
