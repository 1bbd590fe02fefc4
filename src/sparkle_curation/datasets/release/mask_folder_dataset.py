"""The folder of tracked masks as a dataset of the catalog: load only, since a run fills it mask by mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.media.tracking.mask_folder import MaskFolder


class MaskFolderDataset(AbstractDataset[NoReturn, MaskFolder]):
    """The folder that masks are written to, in the published layout. Loading it opens nothing.

    Args:
        filepath: the folder, on this machine.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            made_masks:
              type: sparkle_curation.datasets.MaskFolderDataset
              filepath: data/made_media
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> MaskFolder:
        """The folder, not looked at."""
        return MaskFolder(self._path)

    def save(self, data: NoReturn) -> None:
        """Never: masks are written one by one."""
        raise DatasetError(f"{self._path} is filled by `kedro run --pipelines track`")

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
