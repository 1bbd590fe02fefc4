"""Decisions by hand as a dataset of the catalog: a CSV in git that people type and the explorer writes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import polars as pl
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.filtering.overrides.decisions import Decision, change_overrides, read_overrides
from sparkle_curation.filtering.overrides.mask_decisions import MaskDecision


class OverridesDataset(AbstractDataset[pl.DataFrame, pl.DataFrame]):
    """The file of decisions, checked line by line; one that is not there has none.

    Whoever changes it while others may, as the explorer does, takes the functions of ``filtering.overrides.decisions``
    with the path that ``filepath`` tells.

    Args:
        filepath: the CSV file.
        about: ``samples``, which are kept or dropped; or tracked ``masks``, which are accepted or refused.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            overrides:
              type: sparkle_curation.datasets.OverridesDataset
              filepath: conf/base/curate/overrides.csv
    """

    def __init__(
        self,
        *,
        filepath: str,
        about: Literal["samples", "masks"] = "samples",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self.filepath = Path(filepath)
        self._words: type[StrEnum] = {"samples": Decision, "masks": MaskDecision}[about]
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        """The decisions, each with its line.

        Raises:
            OverridesError: a line is no decision.
        """
        return read_overrides(self.filepath, self._words)[0]

    def save(self, data: pl.DataFrame) -> None:
        """Replace the file by these decisions, whatever stands there.

        Raises:
            OverridesError: one is no decision.
        """
        change_overrides(self.filepath, lambda _: data, words=self._words)

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` decisions."""
        return table_preview(self.load().head(nrows) if self._exists() else NOT_MADE)

    def _exists(self) -> bool:
        return self.filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self.filepath)}
