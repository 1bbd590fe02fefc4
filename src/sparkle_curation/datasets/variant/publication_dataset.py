"""The files of a published variant as they lie on this machine, and where the release that it refers to is from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.previews import TextPreview, json_preview
from sparkle_curation.engine.io.atomic import atomic_folder
from sparkle_curation.engine.io.parquet import missing_table
from sparkle_curation.hub.origin import Origin, read_origin
from sparkle_curation.hub.publication.contents import CROISSANT_NAME, Publication, PublishedFolder
from sparkle_curation.masking import without_secrets


class PublicationDataset(AbstractDataset[Publication, PublishedFolder]):
    """A folder with all files of a repository; it changes as a whole, and whatever else lies in it is gone after a save.

    Args:
        filepath: the folder.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            publication:
              type: sparkle_curation.datasets.PublicationDataset
              filepath: data/05_model_input/publication
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> PublishedFolder:
        """The folder and its files.

        Raises:
            MissingTableError: nothing was made yet.
        """
        if not self._exists():
            raise missing_table(self._folder, "publish")
        paths = (
            path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*") if path.is_file()
        )
        return PublishedFolder(self._folder, tuple(sorted(paths)))

    def save(self, data: Publication) -> None:
        """Replace the folder by the files, each written when its turn comes."""
        with atomic_folder(self._folder) as temporary:
            for path, content in data.files.items():
                target = temporary / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    if isinstance(content, bytes):
                        file.write(content)
                    else:
                        content(file)

    def preview(self) -> JSONPreview:
        """Its files with their lengths."""
        published = self.load() if self._exists() else PublishedFolder(self._folder, ())
        return json_preview({path: (published.root / path).stat().st_size for path in published.paths})

    def _exists(self) -> bool:
        return (self._folder / CROISSANT_NAME).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


class ReleaseOriginDataset(AbstractDataset[NoReturn, Origin | None]):
    """Where on the hub a release is from; load only, since a download notes it.

    Args:
        path: root of the release, a local folder or an fsspec URL.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            release_origin:
              type: sparkle_curation.datasets.ReleaseOriginDataset
              path: data/01_raw/sparkle_sample
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        self._root = path
        self.metadata = metadata

    def load(self) -> Origin | None:
        """Repository and commit; None where nothing says them."""
        return read_origin(self._root)

    def save(self, data: NoReturn) -> None:
        """Never: a download notes it."""
        raise DatasetError(
            f"where {without_secrets(self._root)} is from is noted by `kedro run --pipelines download`"
        )

    def preview(self) -> TextPreview:
        """What is known."""
        return TextPreview(str(read_origin(self._root)))

    def _describe(self) -> dict[str, Any]:
        return {"path": without_secrets(self._root)}
