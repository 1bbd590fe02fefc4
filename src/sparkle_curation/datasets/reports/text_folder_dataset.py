"""A folder of texts that belong together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from sparkle_curation.datasets.previews import TextPreview
from sparkle_curation.engine.io.atomic import atomic_folder
from sparkle_curation.escaping import terminal_text


class TextFolderDataset(AbstractDataset[Mapping[str, str], dict[str, str]]):
    """UTF-8 texts by path below the folder, which changes as a whole: what else lies in it is gone after a save.

    Args:
        filepath: the folder.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            paper_documents:
              type: sparkle_curation.datasets.TextFolderDataset
              filepath: data/08_reporting/paper
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """The texts by their paths below the folder."""
        files = sorted(path for path in self._folder.rglob("*") if path.is_file())
        return {path.relative_to(self._folder).as_posix(): path.read_text(encoding="utf-8") for path in files}

    def save(self, data: Mapping[str, str]) -> None:
        """Replace the folder by ``data``."""
        with atomic_folder(self._folder) as temporary:
            for name, text in data.items():
                (temporary / name).parent.mkdir(parents=True, exist_ok=True)
                (temporary / name).write_text(text, encoding="utf-8", newline="\n")

    def preview(self) -> TextPreview:
        """The texts as they stand, less what cannot be seen, each under its name; where there are none yet, that."""
        if not self._exists():
            return TextPreview("not made yet")
        return TextPreview(
            "\n".join(terminal_text(f"== {name}\n{text}") for name, text in self.load().items())
        )

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
