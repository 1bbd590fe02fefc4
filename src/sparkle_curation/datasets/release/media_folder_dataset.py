"""The folder of extracted media as a dataset of the catalog: load only, since a run fills it file by file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.extraction.manifest import parts_of, read_manifest
from sparkle_curation.extraction.media_folder import MediaFolder
from sparkle_curation.ingest.remote_files import remote_access
from sparkle_curation.masking import without_secrets


class MediaFolderDataset(AbstractDataset[NoReturn, MediaFolder]):
    """The folder that media of a release are extracted to, with the release.

    Loading it opens nothing: a folder is compared with its manifest where the release is not.

    Args:
        filepath: the folder, unless a run says another.
        release: root of the release, a local folder or an fsspec URL.
        remote: members of ``RemoteSettings``: how a server is asked where the root is a URL.
        credentials: what its file system is opened with, such as ``endpoint_url``, ``key`` and ``secret``; Kedro puts in
            what stands under that name in ``credentials.yml``.
        converted: folder of this machine with what was converted of a release of another shape; it need not be there.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            extracted_media:
              type: sparkle_curation.datasets.MediaFolderDataset
              filepath: data/05_model_input/extracted
              release: data/01_raw/sparkle_sample
              remote: { requests: 64, retries: 5, timeout_s: 60 }
              credentials: release_storage
              converted: data/01_raw/converted
    """

    def __init__(
        self,
        *,
        filepath: str,
        release: str,
        remote: Mapping[str, Any] | None = None,
        credentials: Mapping[str, Any] | None = None,
        converted: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path, self._release_root = Path(filepath), release
        self._access = remote_access(remote, credentials, converted)
        self.metadata = metadata

    def load(self) -> MediaFolder:
        """The folder and the release, neither looked at."""
        return MediaFolder(self._release_root, self._path, self._access)

    def save(self, data: NoReturn) -> None:
        """Never: files are brought one by one."""
        raise DatasetError(f"{self._path} is filled by `kedro run --pipelines extract`")

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` rows of the manifest."""
        return table_preview(read_manifest(self._path).head(nrows) if self._exists() else NOT_MADE)

    def _exists(self) -> bool:
        return bool(parts_of(self._path))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path), "release": without_secrets(self._release_root)}
