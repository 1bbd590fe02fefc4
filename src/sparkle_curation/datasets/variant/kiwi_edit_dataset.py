"""The training files of a variant, as Kiwi-Edit reads them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import polars as pl
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.datasets.variant.version_files import locked_files
from sparkle_curation.engine.io.atomic import atomic_folder
from sparkle_curation.errors import MissingTableError
from sparkle_curation.spec.layout import (
    PROMPTS_FOLDER,
    SPLITS,
    TRAIN,
    annotations_csv_path,
    metadata_jsonl_path,
)
from sparkle_curation.spec.tables.ingested import CSV_COLUMNS
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.spec.training_csv import parse_training_csv, write_training_csv
from sparkle_curation.variant.empty_variant import check_themes
from sparkle_curation.variant.export import VARIANT_COLUMNS, Variant, with_metadata
from sparkle_curation.variant.metadata_text import parse_metadata, write_metadata


class Part(NamedTuple):
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


PARTS = tuple(Part(theme, split) for theme in THEMES for split in SPLITS)
"""All parts that a variant may have, in the order of the card."""


class KiwiEditDataset(AbstractDataset[Variant | pl.DataFrame, pl.DataFrame]):
    """A folder with a variant: in ``prompts/`` each theme's CSV and metadata JSONL, beside it card, record and pictures.

    Samples whose ``split`` is ``val`` stand in ``{theme}_val.csv`` and ``{theme}_val_metadata.jsonl``.
    The folder changes as a whole: nobody sees the CSV or the card of one variant beside a CSV of another. Whatever
    else lies in it is gone after a save. A theme without samples has no file, and one without metadata no JSONL.

    Args:
        filepath: the folder.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            variant_samples:
              type: sparkle_curation.datasets.KiwiEditDataset
              filepath: data/05_model_input/kiwi_edit
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        """One row per sample (``VARIANT_COLUMNS`` and ``split``), by theme and split, each in the order of its CSV."""
        empty = pl.DataFrame(schema=dict.fromkeys((*VARIANT_COLUMNS, "split"), pl.String))
        return pl.concat([empty, *(self._load_part(part) for part in self._parts())])

    def ids(self) -> pl.Series:
        """The ids of all samples, read from the CSVs alone; arguments and errors as for ``load``."""
        found = (
            pl.read_csv(self._csv(part), columns=["task"], infer_schema=False)["task"]
            for part in self._parts()
        )
        return pl.concat([pl.Series("task", [], pl.String), *found]).rename("id")

    def locked_ids(self, root: Path) -> pl.Series | None:
        """The same of the variant that ``dvc.lock`` names, which DVC clears away before the stage that makes another.

        Args:
            root: the folder of DVC's repository, in which the variant's lies.

        Returns:
            None where it names none.

        Raises:
            VersionError: a file of it cannot be had.
        """
        with locked_files(root) as files:
            folder = f"{self._folder.absolute().relative_to(root).as_posix()}/{PROMPTS_FOLDER}"
            names = files.names_in(folder)
            csvs = [files.read(f"{folder}/{part.csv_name}") for part in PARTS if part.csv_name in names]
        found = [pl.read_csv(csv, columns=["task"], infer_schema=False)["task"] for csv in csvs if csv]
        return pl.concat(found).rename("id") if found else None

    def save(self, data: Variant | pl.DataFrame) -> None:
        """Replace the folder by the files of ``data``; samples alone have no card and no record.

        Args:
            data: samples with ``VARIANT_COLUMNS``; the rows of a theme in the order that its CSV shall have. Without
                a column ``split`` all are for training.

        Raises:
            EmptyOutputError: the folder has pairs of a theme that the available release does not know any more.
        """
        variant = data if isinstance(data, Variant) else Variant(data, {})
        if self._exists():
            check_themes([part.theme for part in self._parts()], variant.known_themes, where=self._folder)
        with atomic_folder(self._folder) as temporary:
            _write_parts(variant, temporary)
            for name, text in variant.documents.items():
                (temporary / name).write_text(text, encoding="utf-8", newline="\n")
            for name, content in variant.pictures.items():
                (temporary / name).parent.mkdir(exist_ok=True)
                (temporary / name).write_bytes(content)

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` samples of the first theme."""
        if not self._exists():
            return table_preview(NOT_MADE)
        first = [parse_training_csv(self._csv(part).read_bytes()) for part in self._parts()[:1]]
        return table_preview(first[0].head(nrows) if first else pl.DataFrame())

    def stats(self) -> dict[str, int]:
        """Its ``rows``, ``columns`` and ``file_size`` in bytes, of all CSVs; empty where there is no variant."""
        if not self._exists():
            return {}
        paths = [self._csv(part) for part in self._parts()]
        counts = [pl.scan_csv(path, infer_schema=False).select(pl.len()).collect().item() for path in paths]
        sizes = [path.stat().st_size for path in paths]
        return {"rows": sum(counts), "columns": len(CSV_COLUMNS), "file_size": sum(sizes)}

    def _parts(self) -> list[Part]:
        """The parts of the variant, themes in the order of the card.

        Raises:
            MissingTableError: the variant was not exported yet.
        """
        if not self._exists():
            raise MissingTableError(
                "There is no variant",
                where=self._folder,
                todo="make it first: kedro run --pipelines curate",
            )
        names = {path.name for path in (self._folder / PROMPTS_FOLDER).iterdir()}
        return [part for part in PARTS if part.csv_name in names]

    def _csv(self, part: Part) -> Path:
        return self._folder / PROMPTS_FOLDER / part.csv_name

    def _load_part(self, part: Part) -> pl.DataFrame:
        path = self._folder / PROMPTS_FOLDER / part.metadata_name
        metadata = path.read_bytes() if path.exists() else b""
        return parse_part(part, self._csv(part).read_bytes(), metadata)

    def _exists(self) -> bool:
        return (self._folder / PROMPTS_FOLDER).is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}


class VariantThemesDataset(KiwiEditDataset):
    """The themes that a variant has pairs of, from the names of its files; none where there is no variant.

    Args:
        filepath: the folder of the variant.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            variant_themes_before:
              type: sparkle_curation.datasets.VariantThemesDataset
              filepath: data/05_model_input/kiwi_edit
    """

    def load(self) -> pl.DataFrame:
        """A column ``theme``, each once."""
        themes = [part.theme for part in self._parts()] if self._exists() else []
        return pl.DataFrame({"theme": themes}, schema={"theme": pl.String}).unique(maintain_order=True)

    def save(self, data: Variant | pl.DataFrame) -> None:
        """Never: who replaces the variant is another entry.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError


class VariantIdsDataset(KiwiEditDataset):
    """The ids of a variant's samples, for who goes on without one too.

    Args:
        filepath: the folder of the variant.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            variant_ids:
              type: sparkle_curation.datasets.VariantIdsDataset
              filepath: data/05_model_input/kiwi_edit
    """

    def load(self) -> pl.DataFrame:
        """A column ``id``; no column where there is no variant."""
        return self.ids().to_frame() if self._exists() else pl.DataFrame()

    def save(self, data: Variant | pl.DataFrame) -> None:
        """Never: who replaces the variant is another entry.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError


def parse_part(part: Part, csv: bytes, metadata: bytes) -> pl.DataFrame:
    """The samples of a part (``VARIANT_COLUMNS`` and ``split``) from the bytes of its two files, in the CSV's order."""
    return (
        parse_training_csv(csv)
        .join(parse_metadata(metadata), on="id", how="left", maintain_order="left")
        .with_columns(pl.lit(part.theme).alias("theme"), pl.lit(part.split).alias("split"))
        .select(*VARIANT_COLUMNS, "split")
    )


def _write_parts(variant: Variant, folder: Path) -> None:
    """Write ``prompts/`` into the folder, with the files of each theme and split that has samples."""
    prompts, samples = folder / PROMPTS_FOLDER, variant.samples
    prompts.mkdir()
    split = pl.col("split") if "split" in samples.columns else pl.lit(TRAIN)
    for part in PARTS:
        of_part = samples.filter(pl.col("theme") == part.theme, split == part.split)
        if of_part.is_empty():
            continue
        write_training_csv(of_part, prompts / part.csv_name)
        described = with_metadata(of_part, variant.annotations)
        if described["edit_type"].count():
            write_metadata(described, prompts / part.metadata_name)
