"""A text on disk, such as a summary in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from sparkle_curation.datasets.previews import TextPreview
from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.escaping import terminal_text

_SHOWN_CHARS = 20_000


class TextDataset(AbstractDataset[str, str]):
    """One UTF-8 text, replaced whole or not at all.

    Args:
        filepath: the file.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            variant_diff_summary:
              type: sparkle_curation.datasets.TextDataset
              filepath: data/08_reporting/variant_diff_summary.md
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> str:
        """The text."""
        return self._path.read_text(encoding="utf-8")

    def save(self, data: str) -> None:
        """Replace the file by ``data``."""
        with atomic_file(self._path) as temporary:
            temporary.write_text(data, encoding="utf-8")

    def preview(self) -> TextPreview:
        """The text as it stands, less what cannot be seen; of a long one, such as a page, the beginning."""
        if not self._exists():
            return TextPreview("not made yet")
        with self._path.open(encoding="utf-8") as file:
            beginning = file.read(_SHOWN_CHARS + 1)
        cut = "\n…" if len(beginning) > _SHOWN_CHARS else ""
        return TextPreview(terminal_text(beginning[:_SHOWN_CHARS]) + cut)

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
