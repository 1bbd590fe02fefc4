"""The folder of a training kit, and the folder that its media lie in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview, TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, json_preview, table_preview
from sparkle_curation.engine.io.atomic import atomic_folder
from sparkle_curation.engine.io.parquet import missing_table
from sparkle_curation.spec.tables.ingested import CSV_COLUMNS
from sparkle_curation.spec.training_csv import REFERENCE_CSV_COLUMNS, write_training_csv
from sparkle_curation.training.kit import CARD_NAME, VAL_CSV, TrainingKit
from sparkle_curation.training.wanted import MediaRoot

_MADE_BY = "training_kit"


class TrainingKitDataset(AbstractDataset[TrainingKit, dict[str, pl.DataFrame]]):
    """A folder with all that a training with Kiwi-Edit starts from: CSVs, tables, run files, a card.

    The folder changes as a whole; whatever else lies in it is gone after a save.

    Args:
        filepath: the folder.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            training_kit:
              type: sparkle_curation.datasets.TrainingKitDataset
              filepath: data/05_model_input/training_kit
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> dict[str, pl.DataFrame]:
        """The CSVs for training and validation by their file names, every cell as text.

        Raises:
            MissingTableError: the kit was never made.
        """
        if not self._exists():
            raise missing_table(self._folder, _MADE_BY)
        paths = [*sorted(self._folder.glob("train*.csv")), *self._folder.glob(VAL_CSV)]
        return {
            path.name: pl.read_csv(path, infer_schema=False, empty_string_is_null=False) for path in paths
        }

    def save(self, data: TrainingKit) -> None:
        """Replace the folder by the kit."""
        with atomic_folder(self._folder) as temporary:
            for name, rows in data.csvs.items():
                columns = REFERENCE_CSV_COLUMNS if rows["ref_image"].count() else CSV_COLUMNS
                write_training_csv(rows, temporary / name, columns)
            for name, report in data.reports.items():
                report.write_csv(temporary / name)
            for name, text in data.texts.items():
                path = temporary / name
                path.write_text(text, encoding="utf-8", newline="\n")
                if path.suffix == ".sh":
                    path.chmod(path.stat().st_mode | 0o111)

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` rows of the first CSV."""
        tables = self.load() if self._exists() else {}
        return table_preview(next(iter(tables.values())).head(nrows) if tables else NOT_MADE)

    def _exists(self) -> bool:
        return (self._folder / CARD_NAME).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


class MediaRootDataset(AbstractDataset[NoReturn, MediaRoot]):
    """The folder that a training takes its media from; nothing of it is opened.

    Args:
        path: the folder.
        kit: the folder of the kit, from which its run files name the other, so that both can be moved together.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            training_media:
              type: sparkle_curation.datasets.MediaRootDataset
              path: data/05_model_input/extracted
              kit: data/05_model_input/training_kit
    """

    def __init__(self, *, path: str, kit: str, metadata: dict[str, Any] | None = None) -> None:
        self._path, self._kit = Path(path), Path(kit)
        self.metadata = metadata

    def load(self) -> MediaRoot:
        """The folder, there or not."""
        return MediaRoot(self._path, os.path.relpath(self._path, self._kit))

    def save(self, data: NoReturn) -> None:
        """Never: media are brought there by extraction."""
        raise DatasetError("media are brought there by extraction, not by a dataset")

    def preview(self) -> JSONPreview:
        """The folder, and whether it is there."""
        return json_preview({"path": str(self._path), "is_there": self._path.is_dir()})

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
