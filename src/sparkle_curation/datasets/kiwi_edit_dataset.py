"""The training files of a variant, as Kiwi-Edit reads them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import polars as pl
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.curation.emission import VARIANT_COLUMNS
from sparkle_curation.curation.metadata_text import parse_metadata, write_metadata
from sparkle_curation.datasets.atomic import atomic_folder
from sparkle_curation.datasets.report_datasets import table_preview
from sparkle_curation.release.layout import SPLITS, TRAIN, annotations_csv_path, metadata_jsonl_path
from sparkle_curation.release.themes import THEMES
from sparkle_curation.release.training_csv import parse_training_csv, write_training_csv


class _Part(NamedTuple):
    """The samples of one theme and split: a CSV and its metadata."""

    theme: str
    split: str

    @property
    def csv_name(self) -> str:
        """Name of the CSV."""
        return PurePosixPath(annotations_csv_path(self.theme, self.split)).name

    @property
    def metadata_name(self) -> str:
        """Name of the metadata JSONL."""
        return PurePosixPath(metadata_jsonl_path(self.theme, self.split)).name


_PARTS = tuple(_Part(theme, split) for theme in THEMES for split in SPLITS)


class KiwiEditDataset(AbstractDataset[pl.DataFrame, pl.DataFrame]):
    """A folder with ``{theme}_train.csv`` and ``{theme}_train_metadata.jsonl`` of each theme of a variant.

    Samples whose ``split`` is ``val`` stand in ``{theme}_val.csv`` and ``{theme}_val_metadata.jsonl``.
    The folder changes as a whole: nobody sees the CSV of one variant beside that of another. Whatever else
    lies in it is gone after a save. A theme without samples has no file, and one without metadata no JSONL.

    Args:
        filepath: the folder.
        metadata: anything for other tools, such as the layer in Kedro-Viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        """One row per sample (``VARIANT_COLUMNS`` and ``split``), by theme and split, each in the order of its CSV."""
        empty = pl.DataFrame(schema=dict.fromkeys((*VARIANT_COLUMNS, "split"), pl.String))
        return pl.concat([empty, *(self._load_part(part) for part in self._parts())])

    def save(self, data: pl.DataFrame) -> None:
        """Replace the folder by the files of ``data``.

        Args:
            data: with ``VARIANT_COLUMNS``; the rows of a theme in the order that its CSV shall have. Without
                a column ``split`` all are for training.
        """
        split = pl.col("split") if "split" in data.columns else pl.lit(TRAIN)
        with atomic_folder(self._folder) as temporary:
            for part in _PARTS:
                samples = data.filter(pl.col("theme") == part.theme, split == part.split)
                if samples.height:
                    write_training_csv(samples, temporary / part.csv_name)
                if samples["edit_type"].count():
                    write_metadata(samples, temporary / part.metadata_name)

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first ``nrows`` samples of the first theme."""
        first = [
            parse_training_csv((self._folder / part.csv_name).read_bytes()) for part in self._parts()[:1]
        ]
        return table_preview(first[0].head(nrows) if first else pl.DataFrame())

    def _parts(self) -> list[_Part]:
        """The parts of the variant, themes in the order of the card.

        Raises:
            FileNotFoundError: the variant was not emitted yet.
        """
        names = {path.name for path in self._folder.iterdir()}
        return [part for part in _PARTS if part.csv_name in names]

    def _load_part(self, part: _Part) -> pl.DataFrame:
        samples = parse_training_csv((self._folder / part.csv_name).read_bytes())
        path = self._folder / part.metadata_name
        metadata = parse_metadata(path.read_bytes() if path.exists() else b"")
        return (
            samples.join(metadata, on="id", how="left", maintain_order="left")
            .with_columns(pl.lit(part.theme).alias("theme"), pl.lit(part.split).alias("split"))
            .select(*VARIANT_COLUMNS, "split")
        )

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
