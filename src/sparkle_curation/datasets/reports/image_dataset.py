"""Pictures on disk, replaced whole or not at all."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset
from kedro_datasets._typing import ImagePreview
from numpy.typing import NDArray

from sparkle_curation.engine.io.atomic import atomic_file

_PREVIEW_WIDTH = 1400

Picture = NDArray[np.uint8]
"""(height, width, 3), RGB."""


class PNGDataset(AbstractDataset[Picture, Picture]):
    """A picture as PNG: the same picture gives the same bytes, without time or name in them.

    Args:
        filepath: the PNG file.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            contact_sheet:
              type: sparkle_curation.datasets.PNGDataset
              filepath: data/08_reporting/contact_sheet.png
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def load(self) -> Picture:
        """The picture."""
        from PIL import Image  # noqa: PLC0415  # costs every run that draws nothing

        with Image.open(self._path) as image:
            return np.asarray(image.convert("RGB"))

    def save(self, data: Picture) -> None:
        """Replace the file by ``data``."""
        from PIL import Image  # noqa: PLC0415

        with atomic_file(self._path) as temporary:
            Image.fromarray(data).save(temporary, format="PNG")

    def preview(self) -> ImagePreview:
        """The picture for Kedro-Viz, as text (base64); a wide one is made smaller, so that the page stays quick."""
        from PIL import Image  # noqa: PLC0415

        target = io.BytesIO()
        if not self._exists():  # an empty picture: Kedro-Viz has no other way to show that there is none
            Image.new("RGB", (1, 1), "white").save(target, format="PNG")
            return ImagePreview(base64.b64encode(target.getvalue()).decode("ascii"))
        with Image.open(self._path) as image:
            image.thumbnail((_PREVIEW_WIDTH, image.height))
            image.save(target, format="PNG")
        return ImagePreview(base64.b64encode(target.getvalue()).decode("ascii"))

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
