"""The variant of another data root, read without the description of its dataset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.previews import json_preview
from sparkle_curation.engine.io.format_version import without_format_version
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.engine.io.parquet import scan_parquet
from sparkle_curation.errors import MissingTableError, ParameterError, VersionError
from sparkle_curation.spec.layout import TRAIN, VAL
from sparkle_curation.spec.training_csv import parse_training_csv
from sparkle_curation.variant.linking import LinkedVariant
from sparkle_curation.variant.record import RECORD_NAME

_HASHES = ("id", "theme", "frame_hash", "fine_hash", "detail")
_IS_VAL = re.compile(rf"(?<![a-z]){VAL}(?![a-z])")
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
        samples = _read_samples(folder / self._variant)
        record = _read_record(folder / self._variant / RECORD_NAME)
        return LinkedVariant(
            record.get("dataset"), record.get("version"), samples, _read_hashes(folder / self._hashes)
        )


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


def _read_samples(folder: Path) -> pl.DataFrame:
    """``id``, ``prompt``, ``src_video``, ``tgt_video``, ``split``, ``file``, by the names of the CSVs."""
    paths = sorted(folder.rglob("*.csv")) if folder.is_dir() else []
    if not paths:
        raise VersionError(
            "The other data root has no variant",
            where=folder,
            got="no training CSV",
            allowed="what a curation exports",
            todo=_MAKE,
        )
    frames = []
    for path in paths:
        try:
            rows = parse_training_csv(path.read_bytes())
        except pl.exceptions.PolarsError as error:
            raise VersionError(
                "A training CSV of the other data root cannot be read",
                where=path,
                got=str(error).partition("\n")[0],
                allowed="prompt, src_video, tgt_video, task, as this project writes them",
                todo=_MAKE,
            ) from None
        split = VAL if _IS_VAL.search(path.stem) else TRAIN
        frames.append(rows.with_columns(pl.lit(split).alias("split"), pl.lit(path.name).alias("file")))
    samples = pl.concat(frames)
    _check_unique(samples["id"], folder)
    return samples


def _read_record(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        return without_format_version(read_json(path.read_bytes()), where=path, made_by="filter")
    except (ValueError, AttributeError) as error:
        raise VersionError(
            "The record of the other variant cannot be read", where=path, got=str(error), todo=_MAKE
        ) from None


def _read_hashes(path: Path) -> pl.DataFrame:
    try:
        hashes = scan_parquet(path, made_by="near_duplicates").select(_HASHES).collect()
    except (MissingTableError, pl.exceptions.PolarsError) as error:
        raise VersionError(
            "The other data root has no hashes of its first frames",
            where=path,
            got=error.what if isinstance(error, MissingTableError) else str(error).partition("\n")[0],
            allowed="what near_duplicates writes",
            todo=_MAKE,
        ) from None
    _check_unique(hashes["id"], path)
    return hashes


def _check_unique(ids: pl.Series, where: Path) -> None:
    if ids.n_unique() != len(ids):
        raise VersionError(
            "A sample stands twice in the other data root",
            where=where,
            got=ids.filter(ids.is_duplicated())[0],
            allowed="each id once",
            todo=_MAKE,
        )
