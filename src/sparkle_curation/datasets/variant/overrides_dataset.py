"""Decisions by hand as a dataset of the catalog: a CSV in git that people type and the explorer writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.filtering.overrides.decisions import change_overrides, read_overrides


class OverridesDataset(AbstractDataset[pl.DataFrame, pl.DataFrame]):
    """The file of decisions, checked line by line; one that is not there has none.

    Whoever changes it while others may, as the explorer does, takes the functions of ``filtering.overrides.decisions``
    with the path that ``filepath`` tells.

    Args:
        filepath: the CSV file.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            overrides:
              type: sparkle_curation.datasets.OverridesDataset
              filepath: conf/base/curate/overrides.csv
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self.filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        """The decisions, each with its line.

        Raises:
            OverridesError: a line is no decision.
        """
        return read_overrides(self.filepath)[0]

    def save(self, data: pl.DataFrame) -> None:
        """Replace the file by these decisions, whatever stands there.

        Raises:
            OverridesError: one is no decision.
        """
        change_overrides(self.filepath, lambda _: data)

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` decisions."""
        return table_preview(self.load().head(nrows) if self._exists() else NOT_MADE)

    def _exists(self) -> bool:
        return self.filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self.filepath)}
