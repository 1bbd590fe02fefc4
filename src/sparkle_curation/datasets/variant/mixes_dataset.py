"""Mixes by the data root that they were made in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from sparkle_curation.datasets.previews import json_preview
from sparkle_curation.datasets.variant.variant_store import WORKSPACE
from sparkle_curation.engine.io.parquet import parquet_files, scan_parquet
from sparkle_curation.errors import VersionError


class Mixes:
    """Opens mixes by name.

    Args:
        data_root: the current one.
        table: of the samples of a mix, in a data root.
    """

    def __init__(self, *, data_root: str, table: str) -> None:
        self._data_root, self._table = data_root, table

    def open(self, name: str | None) -> pl.DataFrame:
        """The samples of a mix (``MIX_SAMPLE_COLUMNS``).

        Args:
            name: ``workspace``, or None, for the current data root; else the folder of another one.

        Raises:
            VersionError: there is no mix.
        """
        root = Path(self._data_root if not name or name == WORKSPACE else name).expanduser()
        path = root / self._table
        if not parquet_files(path):
            raise VersionError(
                "There is no mix to compare",
                where=path,
                got="no table of its samples",
                allowed="workspace, or a data root in which mix was run; mixes are not among the revisions of git",
                todo="name one, kedro run --pipelines mix_diff --params base=/path/to/data_root"
                if name not in {None, WORKSPACE}
                else "make one: kedro run --pipelines mix",
            )
        return scan_parquet(path, made_by="mix").collect()


class MixesDataset(AbstractDataset[NoReturn, Mixes]):
    """The mixes of data roots; load only.

    Args:
        path: the current data root.
        table: the table of a mix's samples, in a data root.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            mixes:
              type: sparkle_curation.datasets.MixesDataset
              path: data
              table: 05_model_input/mix_samples.parquet
    """

    def __init__(self, *, path: str, table: str, metadata: dict[str, Any] | None = None) -> None:
        self._path, self._table = path, table
        self.metadata = metadata

    def load(self) -> Mixes:
        """What opens them; nothing is read before one is opened."""
        return Mixes(data_root=self._path, table=self._table)

    def save(self, data: NoReturn) -> None:
        """Never: a mix is what ``mix`` leaves."""
        raise DatasetError("mixes of data roots are read only")

    def preview(self) -> JSONPreview:
        """The current data root; others are named when a run begins."""
        return json_preview(self._describe())

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}
