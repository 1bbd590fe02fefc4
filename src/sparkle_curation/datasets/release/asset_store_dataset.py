"""The assets of the release as a dataset of the catalog: load only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.previews import TextPreview
from sparkle_curation.engine.io.parquet import parquet_files
from sparkle_curation.escaping import terminal_text
from sparkle_curation.filtering.overrides.mask_decisions import read_mask_decisions, refused_masks
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.united_store import UnitedAssetStore
from sparkle_curation.ingest.remote_files import remote_access
from sparkle_curation.masking import without_secrets
from sparkle_curation.spec.layout import KIND


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
        made: ``root``, the folder of made media in the published layout, ``assets``, the table of made assets, and
            ``tracks``, that of tracked masks; all local, and none need be there.
        mask_decisions: file of decisions by hand about tracked masks: one that is refused is not opened. None for no file.
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
              made:
                root: data/made_media
                assets: data/02_intermediate/made_assets.parquet
                tracks: data/02_intermediate/tracks.parquet
              mask_decisions: conf/base/track/mask_decisions.csv
    """

    def __init__(  # noqa: PLR0913 -- a dataset is what its entry in the catalog says
        self,
        *,
        path: str,
        assets: str,
        asset_source: str = "released",
        made: Mapping[str, str] | None = None,
        mask_decisions: str | None = None,
        remote: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        converted: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._root, self._assets = path, Path(assets)
        self._made = dict(made) if made and asset_source == "rerun" else None
        self._mask_decisions = Path(mask_decisions) if mask_decisions else None
        self._access = remote_access(remote, credentials, converted)
        self.metadata = metadata

    def load(self) -> AssetStore:
        """The store.

        Raises:
            OverridesError: a line of the file of decisions is none.
        """
        if self._made:
            made = self._made["root"], self._made["assets"]
            return UnitedAssetStore(
                self._root, self._assets, *made, self._access, self._refused(self._made["tracks"])
            )
        return AssetStore(self._root, self._assets, self._access)

    def _refused(self, tracks: str) -> list[tuple[str, str]]:
        """Id and kind of the masks that a person refused."""
        files = parquet_files(Path(tracks))
        if self._mask_decisions is None or not files:
            return []
        decisions, _ = read_mask_decisions(self._mask_decisions)
        if decisions.is_empty():
            return []
        masks = pl.scan_parquet(files).select("id", "index_hash").collect()
        return [(name, KIND.mask) for name in refused_masks(decisions, masks)]

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
