"""Which samples are excluded on request, as a dataset of the catalog: load only, and never written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.ingest.exclusions.exclusion_list import read_exclusions
from sparkle_curation.ingest.exclusions.resolving import Excluded, excluded_samples
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.masking import without_secrets


class ExcludedSamplesDataset(AbstractDataset[NoReturn, Excluded]):
    """The samples of a release whose source clips are listed; the release is opened where the list has any.

    Args:
        path: root of the release, a local folder or an fsspec URL.
        exclusions: the list, a CSV.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            excluded_samples:
              type: sparkle_curation.datasets.ExcludedSamplesDataset
              path: data/01_raw/sparkle_sample
              exclusions: conf/base/ingest/exclusions.csv
    """

    def __init__(self, *, path: str, exclusions: str, metadata: dict[str, Any] | None = None) -> None:
        self._root, self._exclusions = path, Path(exclusions)
        self.metadata = metadata

    def load(self) -> Excluded:
        """The samples; none where no clip is listed.

        Raises:
            ExclusionError: the list is not there, or a line of it is none.
            ReleaseError: clips are listed, and there is no folder at the root, so nobody knows whose they are.
        """
        listed = read_exclusions(self._exclusions)
        return excluded_samples(ReleaseFiles(self._root, exclusions=listed)) if listed else Excluded()

    def save(self, data: NoReturn) -> None:
        """Never: it follows from the list and the release."""
        raise DatasetError(f"{self._exclusions} is appended to by `kedro run --pipelines exclude`")

    def _describe(self) -> dict[str, Any]:
        return {"path": without_secrets(self._root), "exclusions": str(self._exclusions)}
