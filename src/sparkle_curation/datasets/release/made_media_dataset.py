"""The folder of media that this project made, as a dataset of the catalog: load only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.previews import TextPreview
from sparkle_curation.escaping import terminal_text


class MadeMediaDataset(AbstractDataset[NoReturn, str]):
    """The folder of made media, in the published layout; load only: who makes a file writes and renames it there.

    Args:
        path: a local folder; it need not be there yet.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            made_media_root:
              type: sparkle_curation.datasets.MadeMediaDataset
              path: data/made_media
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = path
        self.metadata = metadata

    def load(self) -> str:
        """The path."""
        return self._path

    def save(self, data: NoReturn) -> None:
        """Never: files are put there one by one."""
        raise DatasetError(f"{self._path} is filled file by file")

    def preview(self) -> TextPreview:
        """Where it is."""
        return TextPreview(terminal_text(self._path))

    def _exists(self) -> bool:
        return Path(self._path).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}
