"""The release as a dataset of the catalog: load only."""

from __future__ import annotations

from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.reading.release_files import ReleaseFiles


class ReleaseDataset(AbstractDataset[NoReturn, ReleaseFiles]):
    """The files of a release under one root.

    Args:
        path: its root, a local folder or an fsspec URL.
        metadata: for other tools; Kedro does not look at it.
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._root = path
        self.metadata = metadata

    def load(self) -> ReleaseFiles:
        """The files of the release.

        Raises:
            ReleaseError: there is no folder at the root.
        """
        return ReleaseFiles(self._root)

    def save(self, data: NoReturn) -> None:
        """Never: the release is read only."""
        raise DatasetError(f"the release at {self._root} is read only")

    def _describe(self) -> dict[str, Any]:
        return {"path": self._root}
