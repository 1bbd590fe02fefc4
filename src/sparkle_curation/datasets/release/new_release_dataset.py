"""A new release as a dataset of the catalog: a folder in the published layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.new_samples.release.assembling import NewRelease
from sparkle_curation.new_samples.release.release_folder import write_release


class NewReleaseDataset(AbstractDataset[NewRelease, pl.DataFrame]):
    """A release in the published layout, loose or in tars.

    Files are written beside the folder, one by one, and the folder changes as a whole; what else lies in it is gone after a
    save. A run that ended early is taken up where it was.

    Args:
        filepath: the folder.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            new_release:
              type: sparkle_curation.datasets.NewReleaseDataset
              filepath: data/05_model_input/new_release
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        """Its files: ``path`` and ``size_bytes``, by path."""
        rows = [
            (path.relative_to(self._folder).as_posix(), path.stat().st_size)
            for path in sorted(self._folder.rglob("*"))
            if path.is_file()
        ]
        return pl.DataFrame(rows, schema={"path": pl.String, "size_bytes": pl.Int64}, orient="row")

    def save(self, data: NewRelease) -> None:
        """Replace the folder by the release; raises as ``write_release``."""
        write_release(self._folder, data.files, data.texts, data.store)

    def preview(self, nrows: int = 20) -> TablePreview:
        """Its first ``nrows`` files."""
        return table_preview(self.load().head(nrows) if self._exists() else NOT_MADE)

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
