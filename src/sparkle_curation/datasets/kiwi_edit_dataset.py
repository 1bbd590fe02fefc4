"""The training files of a variant, as Kiwi-Edit reads them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.curation.emission import VARIANT_COLUMNS
from sparkle_curation.curation.metadata_text import parse_metadata, write_metadata
from sparkle_curation.datasets.atomic import atomic_folder
from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.release.layout import annotations_csv_path, metadata_jsonl_path
from sparkle_curation.release.themes import THEMES
from sparkle_curation.release.training_csv import parse_training_csv, write_training_csv


class KiwiEditDataset(AbstractDataset[pl.DataFrame, pl.DataFrame]):
    """A folder with ``{theme}_train.csv`` and ``{theme}_train_metadata.jsonl`` of each theme of a variant.

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
        """One row per sample (``VARIANT_COLUMNS``), by theme, each theme in the order of its CSV."""
        empty = pl.DataFrame(schema=dict.fromkeys(VARIANT_COLUMNS, pl.String))
        return pl.concat([empty, *(self._load_theme(theme) for theme in self._themes())])

    def save(self, data: pl.DataFrame) -> None:
        """Replace the folder by the files of ``data``.

        Args:
            data: with ``VARIANT_COLUMNS``; the rows of a theme in the order that its CSV shall have.
        """
        with atomic_folder(self._folder) as temporary:
            for theme in THEMES:
                samples = data.filter(pl.col("theme") == theme)
                if samples.height:
                    write_training_csv(samples, temporary / _csv_name(theme))
                if samples["edit_type"].count():
                    write_metadata(samples, temporary / _metadata_name(theme))

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first ``nrows`` samples of the first theme."""
        first = [
            parse_training_csv((self._folder / _csv_name(theme)).read_bytes()) for theme in self._themes()[:1]
        ]
        return table_preview(first[0].head(nrows) if first else pl.DataFrame())

    def _themes(self) -> list[str]:
        """The themes of the variant, in the order of the card.

        Raises:
            FileNotFoundError: the variant was not emitted yet.
        """
        names = {path.name for path in self._folder.iterdir()}
        return [theme for theme in THEMES if _csv_name(theme) in names]

    def _load_theme(self, theme: str) -> pl.DataFrame:
        samples = parse_training_csv((self._folder / _csv_name(theme)).read_bytes())
        path = self._folder / _metadata_name(theme)
        metadata = parse_metadata(path.read_bytes() if path.exists() else b"")
        return (
            samples.join(metadata, on="id", how="left", maintain_order="left")
            .with_columns(pl.lit(theme).alias("theme"))
            .select(VARIANT_COLUMNS)
        )

    def _exists(self) -> bool:
        return self._folder.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


def _csv_name(theme: str) -> str:
    return PurePosixPath(annotations_csv_path(theme)).name


def _metadata_name(theme: str) -> str:
    return PurePosixPath(metadata_jsonl_path(theme)).name
