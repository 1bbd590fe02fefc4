"""The assets of the release as a dataset of the catalog: load only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.table_dataset import TableDataset
from sparkle_curation.reading.asset_store import AssetStore
from sparkle_curation.reading.release_files import ReleaseFiles


class AssetStoreDataset(AbstractDataset[NoReturn, AssetStore]):
    """Opens any asset of a release.

    Args:
        path: the release's root.
        assets: the table of its assets.
        metadata: for other tools; Kedro does not look at it.
    """

    def __init__(self, *, path: str, assets: str, metadata: dict[str, Any] | None = None) -> None:
        self._root, self._assets = path, Path(assets)
        self.metadata = metadata

    def load(self) -> AssetStore:
        """The store."""
        return AssetStore(ReleaseFiles(self._root), TableDataset(filepath=str(self._assets)).load().collect())

    def save(self, data: NoReturn) -> None:
        """Never: the release is read only."""
        raise DatasetError("the release is read only")

    def _describe(self) -> dict[str, Any]:
        return {"path": self._root, "assets": str(self._assets)}
