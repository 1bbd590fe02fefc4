"""A folder of JSONL files that belong together, such as those of a release: all replaced, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from kedro.io.core import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.engine.io.atomic import atomic_folder

Records = Mapping[str, Iterable[Mapping[str, Any]]]


class JSONLFolderDataset(AbstractDataset[Records, dict[str, list[dict[str, Any]]]]):
    """Path in the folder -> records, an object a line.

    Args:
        filepath: the folder.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            rescored_jsonl:
              type: sparkle_curation.datasets.JSONLFolderDataset
              filepath: data/07_model_output/rescores
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, list[dict[str, Any]]]:
        """The records of each file, by its path in the folder."""
        return {
            path.relative_to(self._folder).as_posix(): [msgspec.json.decode(line) for line in path.open("rb")]
            for path in self._paths()
        }

    def save(self, data: Records) -> None:
        """Write the files into a new folder, which takes the place of the old one whole."""
        encoder = msgspec.json.Encoder()
        with atomic_folder(self._folder) as temporary:
            for name, records in data.items():
                path = temporary / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    file.writelines(encoder.encode(record) + b"\n" for record in records)

    def preview(self) -> TablePreview:
        """The files, with their lengths."""
        if not self._exists():
            return table_preview(NOT_MADE)
        rows = [(path.relative_to(self._folder).as_posix(), path.stat().st_size) for path in self._paths()]
        return table_preview(pl.DataFrame(rows, schema=["file", "size_bytes"], orient="row"))

    def _paths(self) -> list[Path]:
        return sorted(self._folder.rglob("*.jsonl"))

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
