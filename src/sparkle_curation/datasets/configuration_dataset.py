"""The folder of the configuration, for who looks descriptions of other environments up."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.previews import json_preview


class ConfigurationDataset(AbstractDataset[NoReturn, Path]):
    """The folder with all environments; read only.

    Args:
        filepath: one of them, such as base, which the configuration's loader finds wherever the configuration lies.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            mix_configuration:
              type: sparkle_curation.datasets.ConfigurationDataset
              filepath: conf/base
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """The folder of the environments; nothing in it is read."""
        return self._path.parent

    def save(self, data: NoReturn) -> None:
        """Never: people write it."""
        raise DatasetError("the configuration is read only")

    def preview(self) -> JSONPreview:
        """Where it lies."""
        return json_preview(self._describe())

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
