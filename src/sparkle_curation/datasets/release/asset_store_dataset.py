"""The assets of the release as a dataset of the catalog: load only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.previews import TextPreview
from sparkle_curation.engine.io.parquet import parquet_files
from sparkle_curation.escaping import terminal_text
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.united_store import UnitedAssetStore
from sparkle_curation.masking import without_secrets


class AssetStoreDataset(AbstractDataset[NoReturn, AssetStore]):
    """The store that opens any asset of a release by sample and kind.

    Loading it opens nothing: a node that takes it beside ``assets`` finds the table that was just ingested.

    Args:
        path: root of the release, a local folder or an fsspec URL.
        assets: the ingested table of assets, local.
        asset_source: ``released``, or ``rerun`` for the asset that this project made where there is one.
        made_root: folder of made media, in the published layout.
        made_assets: the table of made assets, local; need not be there.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            asset_store:
              type: sparkle_curation.datasets.AssetStoreDataset
              path: data/01_raw/sparkle_sample
              assets: data/02_intermediate/assets.parquet
              asset_source: released
              made_root: data/made_media
              made_assets: data/02_intermediate/made_assets.parquet
    """

    def __init__(
        self,
        *,
        path: str,
        assets: str,
        asset_source: str = "released",
        made_root: str = "",
        made_assets: str = "",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._root, self._assets = path, Path(assets)
        self._made = (made_root, made_assets) if asset_source == "rerun" else None
        self.metadata = metadata

    def load(self) -> AssetStore:
        """The store."""
        if self._made:
            return UnitedAssetStore(self._root, self._assets, *self._made)
        return AssetStore(self._root, self._assets)

    def save(self, data: NoReturn) -> None:
        """Never: the release is read only."""
        raise DatasetError(f"the release at {self._root} is read only")

    def preview(self) -> TextPreview:
        """Where the release is."""
        return TextPreview(terminal_text(without_secrets(self._root)))

    def _exists(self) -> bool:
        return bool(parquet_files(self._assets))

    def _describe(self) -> dict[str, Any]:
        return {"path": without_secrets(self._root), "assets": str(self._assets)}
