"""The facts of a variant that was exported before, from the record beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.previews import json_preview
from sparkle_curation.errors import MissingTableError
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.record import RECORD_NAME, read_record


class VariantFactsDataset(AbstractDataset[NoReturn, VariantFacts]):
    """What a variant is and how it was made; load only, since it is written with the variant.

    Args:
        filepath: the folder of the variant.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            variant_facts:
              type: sparkle_curation.datasets.VariantFactsDataset
              filepath: data/05_model_input/kiwi_edit
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath) / RECORD_NAME
        self.metadata = metadata

    def load(self) -> VariantFacts:
        """The facts.

        Raises:
            MissingTableError: there is no variant, or one that a version of before made.
            VersionError: the record cannot be read.
        """
        if not self._exists():
            raise MissingTableError(
                "There is no record of a variant",
                where=self._path,
                todo="make the variant first: kedro run --pipelines curate",
            )
        return read_record(self._path.read_text(encoding="utf-8"), where=self._path)

    def save(self, data: NoReturn) -> None:
        """Never: the record is a part of the variant."""
        raise DatasetError("the record of a variant is written with the variant")

    def preview(self) -> JSONPreview:
        """The record as it lies there."""
        return json_preview(json.loads(self._path.read_text(encoding="utf-8")) if self._exists() else {})

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
