"""Score files that others have published, as they lie in a folder for each model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.previews import json_preview

_PATTERN = "*/*_score.jsonl"


class PublishedScoresDataset(AbstractDataset[NoReturn, dict[str, dict[str, bytes]]]):
    """The published evaluator's files, ``MODEL/*_score.jsonl``; load only.

    Args:
        filepath: the folder with a folder for each model; it need not be there.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            bench_published_scores:
              type: sparkle_curation.datasets.PublishedScoresDataset
              filepath: data/01_raw/sparkle_bench_scores
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, dict[str, bytes]]:
        """Model -> name of a file -> its content; empty where there is no such file."""
        found: dict[str, dict[str, bytes]] = {}
        for path in sorted(self._folder.glob(_PATTERN)):
            found.setdefault(path.parent.name, {})[path.name] = path.read_bytes()
        return found

    def save(self, data: NoReturn) -> None:
        """Never: they are others'."""
        raise DatasetError("published scores are read only")

    def preview(self) -> JSONPreview:
        """The names of the files, by model."""
        return json_preview({model: list(files) for model, files in self.load().items()})

    def _exists(self) -> bool:
        return any(self._folder.glob(_PATTERN))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
