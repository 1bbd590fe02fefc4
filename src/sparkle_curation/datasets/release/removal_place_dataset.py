"""Where a clip is removed from, as a dataset of the catalog: load only."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from sparkle_curation.removal.place import RemovalPlace


class RemovalPlaceDataset(AbstractDataset[NoReturn, RemovalPlace]):
    """The folder of outputs, with the list of excluded clips and the decisions by hand.

    Args:
        path: the folder of outputs.
        exclusions: the list.
        filepath: the file of decisions by hand.
        mask_decisions: that of decisions about tracked masks; None for no file.
        raw: roots of raw data, local ones or URLs; None for none.
        packed_in: where an archive of the configuration lies unpacked while a run lasts; None for a folder.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            removal_place:
              type: sparkle_curation.datasets.RemovalPlaceDataset
              path: data
              exclusions: conf/base/ingest/exclusions.csv
              filepath: conf/base/curate/overrides.csv
              mask_decisions: conf/base/track/mask_decisions.csv
              raw: [data/01_raw/sparkle_sample, data/01_raw/sparkle_bench_sample]
              packed_in: null
    """

    def __init__(
        self,
        *,
        path: str,
        exclusions: str,
        filepath: str,
        raw: list[str | None],
        mask_decisions: str | None = None,
        packed_in: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        local = tuple(Path(each) for each in raw if each and "://" not in each)
        self._place = RemovalPlace(
            Path(path),
            Path(exclusions),
            tuple(Path(each) for each in (filepath, mask_decisions) if each),
            local,
            Path(packed_in) if packed_in else None,
        )
        self.metadata = metadata

    def load(self) -> RemovalPlace:
        """The paths, none of them looked at."""
        return self._place

    def save(self, data: NoReturn) -> None:
        """Never: files are changed one by one."""
        raise DatasetError(f"{self._place.outputs} is changed by `kedro run --pipelines exclude`")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._place.outputs), "exclusions": str(self._place.exclusions)}
