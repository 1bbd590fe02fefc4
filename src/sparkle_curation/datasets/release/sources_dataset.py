"""What the tables were made of, as far as they are there: for a run that must not lose any of it in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import polars as pl
import pyarrow as pa
from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import TablePreview

from sparkle_curation.datasets.described_paths import described_paths
from sparkle_curation.datasets.previews import table_preview
from sparkle_curation.engine.io.parquet import open_parquet, parquet_files
from sparkle_curation.errors import MissingTableError
from sparkle_curation.ingest.sources_at_hand import NO_SOURCES


class SourcesDataset(AbstractDataset[NoReturn, pl.DataFrame]):
    """The sources of all tables that were written so far, from each table's list of source files; read only.

    A list that is not there, or is not a whole file, counts as empty: before the first run there is none.

    Args:
        filepaths: the Parquet files, local, by the name of their table, see ``described_paths``.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            sources_before:
              type: sparkle_curation.datasets.SourcesDataset
              filepaths:
                "{table}": data/02_intermediate/source_files/{table}.parquet
    """

    def __init__(self, *, filepaths: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        self._paths = described_paths(filepaths)
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        """One row per source: ``table``, ``theme``, ``path``, ``record_count``."""
        return pl.concat(
            [NO_SOURCES, *(_sources(file) for path in self._paths.values() for file in parquet_files(path))]
        )

    def save(self, data: NoReturn) -> None:
        """Not possible: each list is written with its table."""
        raise DatasetError("the sources of tables are written with them, by other datasets")

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` sources."""
        return table_preview(self.load().head(nrows))

    def _exists(self) -> bool:
        return any(parquet_files(path) for path in self._paths.values())

    def _describe(self) -> dict[str, Any]:
        return {"filepaths": {name: str(path) for name, path in self._paths.items()}}


def _sources(path: Path) -> pl.DataFrame:
    try:
        with open_parquet(path, made_by="ingest") as file:
            table = file.read(columns=NO_SOURCES.columns)
    except (pa.ArrowInvalid, OSError, MissingTableError):
        return NO_SOURCES
    return pl.DataFrame(pl.from_arrow(table)).cast(NO_SOURCES.schema)
