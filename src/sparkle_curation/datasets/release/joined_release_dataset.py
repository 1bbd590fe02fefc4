"""Two releases as one, as a dataset of the catalog: a folder in the published layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from sparkle_curation.datasets.previews import TextPreview
from sparkle_curation.escaping import terminal_text
from sparkle_curation.new_samples.release.joining import JoinedRelease, write_joined


class JoinedReleaseDataset(AbstractDataset[JoinedRelease, str]):
    """A folder that holds two releases as one: their media by hard links, the lines of the one behind those of the other.

    The folder changes as a whole. What is changed in it must not be written into: the files are those of the releases.

    Args:
        filepath: the folder.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            joined_release:
              type: sparkle_curation.datasets.JoinedReleaseDataset
              filepath: data/05_model_input/joined_release
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> str:
        """The folder, as a ``release_root``."""
        return str(self._folder)

    def save(self, data: JoinedRelease) -> None:
        """Replace the folder; raises as ``write_joined``."""
        write_joined(self._folder, data)

    def preview(self) -> TextPreview:
        """Where it is."""
        return TextPreview(terminal_text(str(self._folder) if self._exists() else "not made yet"))

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
