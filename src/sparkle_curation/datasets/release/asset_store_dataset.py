"""The assets of the release as a dataset of the catalog: load only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.previews import TextPreview
from sparkle_curation.engine.io.parquet import parquet_files
from sparkle_curation.escaping import terminal_text
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.united_store import UnitedAssetStore
from sparkle_curation.ingest.remote_files import remote_access
from sparkle_curation.masking import without_secrets


class AssetStoreDataset(AbstractDataset[NoReturn, AssetStore]):
    """The store that opens any asset of a release by sample and kind.

    Loading it opens nothing: a node that takes it beside ``assets`` finds the table that was just ingested.

    Args:
        path: root of the release, a local folder or an fsspec URL.
        assets: the ingested table of assets, local.
        remote: members of ``RemoteSettings``: how a server is asked where the root is a URL.
        credentials: what its file system is opened with, such as ``endpoint_url``, ``key`` and ``secret``; Kedro puts in
            what stands under that name in ``credentials.yml``.
        converted: folder of this machine with what was converted of a release of another shape; it need not be there.
        asset_source: ``released``, or ``rerun`` for the asset that this project made where there is one.
        made: ``root``, the folder of made media in the published layout, and ``assets``, the table of made assets; both
            local, and neither need be there.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            asset_store:
              type: sparkle_curation.datasets.AssetStoreDataset
              path: data/01_raw/sparkle_sample
              remote: { requests: 64, retries: 5, timeout_s: 60 }
              credentials: release_storage
              converted: data/01_raw/converted
              assets: data/02_intermediate/assets.parquet
              asset_source: released
              made: { root: data/made_media, assets: data/02_intermediate/made_assets.parquet }
    """

    def __init__(  # noqa: PLR0913 -- each is a member of its entry in the catalog
        self,
        *,
        path: str,
        assets: str,
        asset_source: str = "released",
        made: Mapping[str, str] | None = None,
        remote: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        converted: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._root, self._assets = path, Path(assets)
        self._made = (made["root"], made["assets"]) if made and asset_source == "rerun" else None
        self._access = remote_access(remote, credentials, converted)
        self.metadata = metadata

    def load(self) -> AssetStore:
        """The store."""
        if self._made:
            return UnitedAssetStore(self._root, self._assets, *self._made, access=self._access)
        return AssetStore(self._root, self._assets, self._access)

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
