"""Reports on disk: metrics as JSON, small tables as CSV. Both are replaced whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from kedro.io import AbstractDataset
from kedro_datasets._typing import JSONPreview, TablePreview

from sparkle_curation.datasets.previews import NOT_MADE, json_preview, table_preview
from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.engine.io.format_version import with_format_version, without_format_version
from sparkle_curation.errors import MissingTableError

_FORMULA = r"[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
"""What a spreadsheet takes for the beginning of a formula, or skips before one; the wide forms are read alike."""


def _absent(path: Path, made_by: str) -> MissingTableError:
    todo = f"make it first: kedro run --pipelines {made_by}"
    return MissingTableError("A table is not there", where=path, todo=todo)


class MetricsJSONDataset(AbstractDataset[dict[str, Any], dict[str, Any]]):
    """Metrics as one indented JSON object, which DVC and Kedro-Viz read too.

    Args:
        filepath: the JSON file.
        made_by: the pipeline that makes it.
        has_format_version: whether the version of our format is a member; to DVC each member of metrics is a metric.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            curation_metrics:
              type: sparkle_curation.datasets.MetricsJSONDataset
              filepath: data/08_reporting/curation_metrics.json
    """

    def __init__(
        self,
        *,
        filepath: str,
        made_by: str = "filter",
        has_format_version: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path, self._made_by, self._has_format_version = Path(filepath), made_by, has_format_version
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        """The metrics; raises MissingTableError where they were not made."""
        if not self._exists():
            raise _absent(self._path, self._made_by)
        metrics: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return without_format_version(metrics, where=self._path, made_by=self._made_by)

    def save(self, data: dict[str, Any]) -> None:
        """Replace the file by ``data``; one that says the same stays.

        Raises:
            ValueError: a number is NaN or infinite, which JSON does not have.
        """
        stored = with_format_version(data) if self._has_format_version else data
        content = f"{json.dumps(stored, indent=2, ensure_ascii=False, allow_nan=False)}\n".encode()
        if self._exists() and self._path.read_bytes() == content:
            return
        with atomic_file(self._path) as temporary:
            temporary.write_bytes(content)

    def preview(self) -> JSONPreview:
        """The metrics."""
        return json_preview(self.load() if self._exists() else {})

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


def parse_report(source: Path | bytes, text_columns: Sequence[str] = ()) -> pl.DataFrame:
    """The table in a file that ``ReportCSVDataset`` wrote, or in its bytes: each text as it was before it was saved."""
    overrides = dict.fromkeys(text_columns, pl.String)
    table = pl.read_csv(source, infer_schema_length=None, schema_overrides=overrides)
    return table.with_columns(pl.col(pl.String).str.replace(rf"^'('*{_FORMULA})", "$1"))


class ReportCSVDataset(AbstractDataset[pl.DataFrame, pl.DataFrame]):
    r"""A small table as CSV: UTF-8, ``\n``, quotes where they are needed.

    People open it in spreadsheets, which run a text that begins as a formula does. Such a text gets an apostrophe in
    front, and so does one that has apostrophes before such a beginning: loading takes one off and gives the true text.

    Args:
        filepath: the CSV file.
        text_columns: columns that are text even where every cell of them reads as a number.
        is_optional: whether no file is a table of the text columns without rows.
        made_by: the pipeline that makes it, where another one reads it.
        outlives_empty: whether a file that is there stays where a run has no rows: it tells what was done, once.
        metadata: anything for other tools, such as the layer in Kedro-Viz.

    Example:
        .. code-block:: yaml

            prompt_warnings:
              type: sparkle_curation.datasets.ReportCSVDataset
              filepath: data/08_reporting/prompt_warnings.csv
              text_columns: [prompt]
    """

    def __init__(
        self,
        *,
        filepath: str,
        text_columns: Sequence[str] = (),
        is_optional: bool = False,
        made_by: str = "",
        outlives_empty: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._path, self._made_by, self._outlives_empty = Path(filepath), made_by, outlives_empty
        self._text_columns = tuple(text_columns)
        self._is_optional = is_optional
        self.metadata = metadata

    def load(self) -> pl.DataFrame:
        """The table; a column of numbers comes back as numbers, an empty cell without quotes as null.

        Raises:
            MissingTableError: it was not made, and it is known what makes it.
        """
        if self._is_optional and not self._exists():
            return pl.DataFrame(schema=dict.fromkeys(self._text_columns, pl.String))
        if self._made_by and not self._exists():
            raise _absent(self._path, self._made_by)
        return parse_report(self._path, self._text_columns)

    def save(self, data: pl.DataFrame) -> None:
        """Replace the file by ``data``; not by nothing where it outlives that."""
        if self._outlives_empty and data.is_empty() and self._exists():
            return
        texts = pl.col(pl.String, pl.Categorical, pl.Enum).cast(pl.String)
        shown = data.with_columns(texts.str.replace(rf"^('*{_FORMULA})", "'$1"))
        with atomic_file(self._path) as temporary:
            shown.write_csv(temporary)

    def preview(self, nrows: int = 20) -> TablePreview:
        """The first ``nrows`` rows."""
        return table_preview(self.load().head(nrows) if self._exists() else NOT_MADE)

    def stats(self) -> dict[str, int]:
        """Its ``rows``, ``columns`` and ``file_size`` in bytes, counted in a scan; empty where there is no file."""
        if not self._exists():
            return {}
        table = pl.scan_csv(self._path, infer_schema=False)
        return {
            "rows": table.select(pl.len()).collect().item(),
            "columns": len(table.collect_schema()),
            "file_size": self._path.stat().st_size,
        }

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}
