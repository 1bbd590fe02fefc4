"""What runs noted of how long a sample takes, as a dataset of the catalog: load only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import table_preview
from sparkle_curation.engine.pace import Pace, read_paces


class PacesDataset(AbstractDataset[NoReturn, Mapping[str, Pace]]):
    """The pace of each step; load only: runs add a line a batch. Without a file there is none.

    Args:
        filepath: the file, beside the journals.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            paces:
              type: sparkle_curation.datasets.PacesDataset
              filepath: data/journals/paces.jsonl
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> Mapping[str, Pace]:
        """Step -> its pace."""
        return read_paces(self._path)

    def save(self, data: NoReturn) -> None:
        """Never: lines are added one by one."""
        raise DatasetError(f"{self._path} is written line by line")

    def preview(self) -> TablePreview:
        """A row per step."""
        import polars as pl  # noqa: PLC0415 -- a catalog is listed without it

        rows = [{"step": step, **pace._asdict()} for step, pace in self.load().items()]
        return table_preview(pl.DataFrame(rows))

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
