"""The hub as a dataset of the catalog, and the folder that a release is brought to from there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.previews import json_preview
from sparkle_curation.hub.client import Hub
from sparkle_curation.masking import hide


class HubDataset(AbstractDataset[NoReturn, Hub]):
    """The hub, asked as the owner of a token; loading it asks nothing.

    Args:
        credentials: with the member ``api_key``, the token; Kedro puts in what that name has in ``credentials.yml``.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            hub:
              type: sparkle_curation.datasets.HubDataset
              credentials: hub
    """

    def __init__(self, *, credentials: Mapping[str, Any], metadata: dict[str, Any] | None = None) -> None:
        self._token = str(credentials.get("api_key") or "").strip()
        hide(self._token)
        self.metadata = metadata

    def load(self) -> Hub:
        """A client of it."""
        return Hub(self._token)

    def save(self, data: NoReturn) -> None:
        """Never: what changes there is changed by publishing."""
        raise DatasetError("the hub is changed by `kedro run --pipelines publish` alone")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"has_token": bool(self._token)}


class DownloadFolderDataset(AbstractDataset[NoReturn, Path]):
    """The folder that a release is brought to; nothing of it is opened.

    Args:
        path: the folder.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            download_folder:
              type: sparkle_curation.datasets.DownloadFolderDataset
              path: data/01_raw/download
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> Path:
        """The folder, there or not."""
        return self._path

    def save(self, data: NoReturn) -> None:
        """Never: files are brought one by one."""
        raise DatasetError(f"{self._path} is filled by `kedro run --pipelines download`")

    def preview(self) -> JSONPreview:
        """The folder, and whether it is there."""
        return json_preview({"path": str(self._path), "is_there": self._path.is_dir()})

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
