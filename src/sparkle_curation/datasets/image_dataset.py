"""Pictures on disk, replaced whole or not at all."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import ImagePreview

from sparkle_curation.datasets.atomic import atomic_file

if TYPE_CHECKING:
    from PIL.Image import Image

_PREVIEW_WIDTH = 1400


class PNGDataset(AbstractDataset["Image", "Image"]):
    """A picture as PNG: the same picture gives the same bytes, without time or name in them.

    Args:
        filepath: the PNG file.
        metadata: for other tools; Kedro does not look at it.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> Image:
        """The picture, read to its end."""
        from PIL import Image  # noqa: PLC0415  # costs every run that draws nothing

        with Image.open(self._path) as image:
            image.load()
            return image

    def save(self, data: Image) -> None:
        """Replace the file by ``data``."""
        with atomic_file(self._path) as temporary:
            data.save(temporary, format="PNG", optimize=False)

    def preview(self) -> ImagePreview:
        """The picture for Kedro-Viz, as text (base64); a wide one is made smaller, so that the page stays quick."""
        image = self.load()
        image.thumbnail((_PREVIEW_WIDTH, image.height))
        target = io.BytesIO()
        image.save(target, format="PNG")
        return ImagePreview(base64.b64encode(target.getvalue()).decode("ascii"))

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
