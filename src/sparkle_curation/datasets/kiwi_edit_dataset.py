"""The training files of a variant, as Kiwi-Edit reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.curation.dataset_card import CARD_NAME
from sparkle_curation.curation.emission import VARIANT_COLUMNS, Variant
from sparkle_curation.curation.metadata_text import parse_metadata, write_metadata
from sparkle_curation.datasets.atomic import atomic_folder
from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.release.layout import PROMPTS_FOLDER, annotations_csv_path, metadata_jsonl_path
from sparkle_curation.release.tables import CSV_COLUMNS
from sparkle_curation.release.themes import THEMES
from sparkle_curation.release.training_csv import parse_training_csv, write_training_csv


class KiwiEditDataset(AbstractDataset[Variant | pl.DataFrame, pl.DataFrame]):
    """A folder with a variant: in ``prompts/`` each theme's CSV and metadata JSONL, and beside it the card.

    The folder changes as a whole: nobody sees the CSV or the card of one variant beside a CSV of another. Whatever
    else lies in it is gone after a save. A theme without samples has no file, and one without metadata no JSONL.

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

    def save(self, data: Variant | pl.DataFrame) -> None:
        """Replace the folder by the files of ``data``; samples alone have no card."""
        samples, card = (data.samples, data.card) if isinstance(data, Variant) else (data, None)
        with atomic_folder(self._folder) as temporary:
            _write_themes(samples, temporary)
            if card is not None:
                (temporary / CARD_NAME).write_text(card, encoding="utf-8", newline="\n")

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` samples of the first theme."""
        if not self._exists():
            return table_preview(NOT_MADE)
        first = [parse_training_csv(self._csv(theme).read_bytes()) for theme in self._themes()[:1]]
        return table_preview(first[0].head(nrows) if first else pl.DataFrame())

    def stats(self) -> dict[str, int]:
        """Its ``rows``, ``columns`` and ``file_size`` in bytes, of all CSVs; empty where there is no variant."""
        if not self._exists():
            return {}
        paths = [self._csv(theme) for theme in self._themes()]
        counts = [pl.scan_csv(path, infer_schema=False).select(pl.len()).collect().item() for path in paths]
        sizes = [path.stat().st_size for path in paths]
        return {"rows": sum(counts), "columns": len(CSV_COLUMNS), "file_size": sum(sizes)}

    def _themes(self) -> list[str]:
        """The themes of the variant, in the order of the card.

        Raises:
            FileNotFoundError: the variant was not emitted yet.
        """
        names = {path.name for path in (self._folder / PROMPTS_FOLDER).iterdir()}
        return [theme for theme in THEMES if self._csv(theme).name in names]

    def _csv(self, theme: str) -> Path:
        return self._folder / annotations_csv_path(theme)

    def _load_theme(self, theme: str) -> pl.DataFrame:
        samples = parse_training_csv(self._csv(theme).read_bytes())
        path = self._folder / metadata_jsonl_path(theme)
        metadata = parse_metadata(path.read_bytes() if path.exists() else b"")
        return (
            samples.join(metadata, on="id", how="left", maintain_order="left")
            .with_columns(pl.lit(theme).alias("theme"))
            .select(VARIANT_COLUMNS)
        )

    def _exists(self) -> bool:
        return (self._folder / PROMPTS_FOLDER).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


def _write_themes(samples: pl.DataFrame, folder: Path) -> None:
    """Write ``prompts/`` into the folder, with the files of each theme that has samples."""
    (folder / PROMPTS_FOLDER).mkdir()
    for theme in THEMES:
        of_theme = samples.filter(pl.col("theme") == theme)
        if of_theme.height:
            write_training_csv(of_theme, folder / annotations_csv_path(theme))
        if of_theme["edit_type"].count():
            write_metadata(of_theme, folder / metadata_jsonl_path(theme))
