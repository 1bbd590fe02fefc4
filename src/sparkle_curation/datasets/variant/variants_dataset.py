"""Named variants, side by side in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.datasets.variant.kiwi_edit_dataset import KiwiEditDataset
from sparkle_curation.spec.layout import PROMPTS_FOLDER
from sparkle_curation.variant.export import Variant


class VariantsDataset(AbstractDataset[Mapping[str, Variant], dict[str, Callable[[], pl.DataFrame]]]):
    """A folder with a folder for each variant, by its name; each changes as a whole, as ``KiwiEditDataset`` says.

    Variants that are there and not among those saved stay.

    Args:
        filepath: the folder.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            variants:
              type: sparkle_curation.datasets.VariantsDataset
              filepath: data/05_model_input/variants
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], pl.DataFrame]]:
        """For each variant that is there, by its name, a function that reads its samples; none where there is no folder."""
        if not self._folder.is_dir():
            return {}
        names = sorted(path.parent.name for path in self._folder.glob(f"*/{PROMPTS_FOLDER}"))
        return {name: self._variant(name).load for name in names}

    def save(self, data: Mapping[str, Variant]) -> None:
        """Replace the folder of each variant of ``data``, or make it; of none, the folder is empty or as it was."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, variant in data.items():
            self._variant(name).save(variant)

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` samples of the first variant."""
        names = list(self.load())
        return self._variant(names[0]).preview(nrows) if names else table_preview(NOT_MADE)

    def folder_of(self, name: str) -> Path:
        """Where the variant of that name lies, or would."""
        return self._folder / name

    def _variant(self, name: str) -> KiwiEditDataset:
        return KiwiEditDataset(filepath=str(self._folder / name))

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
