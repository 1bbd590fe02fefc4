"""A benchmark of one's own as a folder: texts, source videos and reference images, changed as a set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from kedro.io.core import AbstractDataset
from kedro_datasets._typing import TablePreview

from sparkle_curation.bench.samples.built import BuiltBenchmark
from sparkle_curation.bench.samples.checking import FACTS_NAME
from sparkle_curation.datasets.previews import NOT_MADE, table_preview
from sparkle_curation.engine.io.atomic import atomic_folder
from sparkle_curation.engine.io.parquet import missing_table
from sparkle_curation.engine.progress import item_progress

_MADE_BY = "bench_build"


class BenchmarkFolderDataset(AbstractDataset[BuiltBenchmark, pl.DataFrame]):
    """A benchmark in the published layout, as a download of it would be.

    The folder changes as a whole, once each medium was copied out of the release; what else lies in it is gone after a save.

    Args:
        filepath: the folder.
        metadata: for other tools; Kedro does not look at it.

    Example:
        .. code-block:: yaml

            built_benchmark:
              type: sparkle_curation.datasets.BenchmarkFolderDataset
              filepath: data/05_model_input/benchmark
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._folder = Path(filepath)
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        """The rows of its CSVs, every cell as text.

        Raises:
            MissingTableError: it was never built.
        """
        if not self._exists():
            raise missing_table(self._folder, _MADE_BY)
        paths = sorted(self._folder.glob("*.csv"))
        return pl.concat(pl.read_csv(path, infer_schema=False, empty_string_is_null=False) for path in paths)

    def save(self, data: BuiltBenchmark) -> None:
        """Replace the folder by the benchmark.

        Raises:
            AssetError: a medium is not in the release any more, or is not what was ingested; the old folder stays.
        """
        media = list(data.media())
        with atomic_folder(self._folder) as temporary:
            for path, text in data.texts.items():
                (temporary / path).parent.mkdir(parents=True, exist_ok=True)
                (temporary / path).write_bytes(text)
            with item_progress("media of the benchmark", len(media)) as tell:
                for number, (path, sample_id, kind) in enumerate(media, 1):
                    (temporary / path).parent.mkdir(parents=True, exist_ok=True)
                    (temporary / path).write_bytes(data.store.read(data.store.find(sample_id, kind)))
                    tell(number, 0)

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` rows."""
        return table_preview(self.load().head(nrows) if self._exists() else NOT_MADE)

    def _exists(self) -> bool:
        return (self._folder / FACTS_NAME).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder)}
