"""The variant of another data root, read without the description of its dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.previews import json_preview
from sparkle_curation.errors import ParameterError
from sparkle_curation.variant.linking import LinkedVariant
from sparkle_curation.variant.other_root import read_hashes, read_other_record, read_samples
from sparkle_curation.variant.record import RECORD_NAME

_MAKE = (
    "run curate and near_duplicates of that dataset, with its own --env or release_root, into that data_root"
)


class OtherVariants:
    """Opens variants by data root. One process knows one description, so none is asked here for themes, ids or paths.

    Args:
        data_root: the current one, which cannot be the other.
        variant: the folder of the variant in a data root.
        frame_hashes: the table of hashes in a data root.
    """

    def __init__(self, *, data_root: str, variant: str, frame_hashes: str) -> None:
        self._data_root, self._variant, self._hashes = Path(data_root), variant, frame_hashes

    def open(self, root: str) -> LinkedVariant:
        """The variant that lies in a data root, with the hashes of its first frames.

        Raises:
            ParameterError: it is no folder, or the current data root.
            VersionError: it holds no variant or no hashes, or they cannot be read, or have a sample twice.
            FormatVersionError: they are of a later version of this project.
        """
        folder = Path(root).expanduser()
        if not folder.is_dir():
            raise ParameterError(
                "The other dataset's data root is not there",
                where="link.other",
                got=root,
                allowed="a folder of this machine",
                todo=_MAKE,
            )
        if folder.resolve() == self._data_root.resolve():
            raise ParameterError(
                "The variant would be linked to itself",
                where="link.other",
                got=root,
                allowed="the data root of another dataset",
                todo="name the other one; two variants of one dataset are compared by kedro run --pipelines diff",
            )
        samples = read_samples(folder / self._variant, _MAKE)
        record = read_other_record(folder / self._variant / RECORD_NAME, _MAKE)
        hashes = read_hashes(folder / self._hashes, _MAKE)
        return LinkedVariant(record.get("dataset"), record.get("version"), samples, hashes)


class OtherVariantsDataset(AbstractDataset[NoReturn, OtherVariants]):
    """The variants of other data roots; load only.

    Args:
        path: the current data root.
        files: in a data root: ``variant``, the folder of the variant, and ``frame_hashes``, the table.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            other_variants:
              type: sparkle_curation.datasets.OtherVariantsDataset
              path: data
              files:
                variant: 05_model_input/kiwi_edit
                frame_hashes: 02_intermediate/frame_hashes.parquet
    """

    def __init__(
        self, *, path: str, files: Mapping[str, str], metadata: dict[str, Any] | None = None
    ) -> None:
        self._path, self._files = path, dict(files)
        self.metadata = metadata

    def load(self) -> OtherVariants:
        """What opens them; nothing is read before one is opened."""
        return OtherVariants(data_root=self._path, **self._files)

    def save(self, data: NoReturn) -> None:
        """Never: a variant is what a curation leaves."""
        raise DatasetError("variants of other data roots are read only")

    def preview(self) -> JSONPreview:
        """The data root of this side; the other one is named when a run begins."""
        return json_preview(self._describe())

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}
