"""The list of source clips that were excluded on request, as a dataset of the catalog: load only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.datasets.previews import TextPreview
from sparkle_curation.ingest.exclusions.exclusion_list import ExclusionList, read_exclusions


class ExclusionsDataset(AbstractDataset[NoReturn, ExclusionList]):
    """The list, for who takes clips from elsewhere than a release.

    Args:
        path: the list, a CSV.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            excluded_clips:
              type: sparkle_curation.datasets.ExclusionsDataset
              path: conf/base/ingest/exclusions.csv
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> ExclusionList:
        """The list.

        Raises:
            ExclusionError: it is not there, or a line of it is none.
        """
        return read_exclusions(self._path)

    def save(self, data: NoReturn) -> None:
        """Never: the exclude pipeline appends to it."""
        raise DatasetError(f"{self._path} is appended to by `kedro run --pipelines exclude`")

    def preview(self) -> TextPreview:
        """How many clips are listed; which they are is nobody's to look through."""
        return TextPreview(f"{len(self.load().clips):,} clips" if self._exists() else "not there")

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
