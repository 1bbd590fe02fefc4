"""Ingested tables some times as large, made of those of a smaller release: ``python -m benchmarks.grown_tables``.

A release of 1.4 million samples is 21 GB of text, which tells nothing about what filters and validates its tables. So each
sample becomes some, which differ in id, paths and lines, and all else stays as it is.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from sparkle_curation.spec.layout import KIND, asset_path
from sparkle_curation.spec.sample_ids import ID_DIGITS, id_prefix
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.ingested import GROUNDING_TABLES

_LINES = ("csv_line", "metadata_line", "source_line")
_PATHS = {"src_video": KIND.source_video, "tgt_video": KIND.edited_video}
_FIRST = 100
"""Numbers of a theme start from here."""


def grow_tables(data_root: Path, grown: Path, times: int) -> None:
    """Write what ``ingest`` left in ``data_root`` to ``grown``, each sample ``times`` times.

    Args:
        data_root: of a run of ``ingest``; every sample stands in all of its tables.
        grown: a folder that is not there yet.
        times: how many samples become of one.

    Raises:
        ValueError: a theme would have more samples than ids have numbers.
    """
    partial = grown.with_name(f"{grown.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(data_root / "02_intermediate", partial / "02_intermediate", copy_function=_link)
    tables = partial / "02_intermediate"
    places = _places(tables / "annotations.parquet")
    for table in ("annotations", *(f"scores/{stage.table}" for stage in STAGES), *GROUNDING_TABLES):
        for path in sorted((tables / f"{table}.parquet").glob("[!_]*.parquet")):
            _grow(path, places, times)
    partial.rename(grown)


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _places(annotations: Path) -> pl.DataFrame:
    """The place of each sample within its theme."""
    samples = pl.read_parquet(annotations / "[!_]*.parquet", columns=["id", "theme"])
    return samples.select("id", "theme", pl.int_range(pl.len()).over("theme").alias("place"))


def _grow(path: Path, places: pl.DataFrame, times: int) -> None:
    grown = path.with_suffix(".grown")
    with pq.ParquetFile(path) as file:
        row_count = file.metadata.num_rows
        most = int(places["place"].max() or 0) + 1  # type: ignore[call-overload]
        if _FIRST + most * times >= 10**ID_DIGITS:
            raise ValueError(f"{most * times} samples of a theme need more than {ID_DIGITS} digits")
        with pq.ParquetWriter(grown, file.schema_arrow, compression="zstd", compression_level=1) as writer:
            for copy in range(times):
                for group in range(file.num_row_groups):
                    writer.write_table(_renamed(file.read_row_group(group), places, copy, times, row_count))
    grown.replace(path)


def _renamed(rows: pa.Table, places: pl.DataFrame, copy: int, times: int, row_count: int) -> pa.Table:
    """The rows under the ids of one copy."""
    found = pl.DataFrame({"id": pl.from_arrow(rows["id"])}).join(
        places, on="id", how="left", maintain_order="left"
    )
    if not found.height:
        return rows
    theme = found["theme"][0]
    numbers = (found["place"] * times + copy + _FIRST).cast(pl.String).str.zfill(ID_DIGITS)
    ids = pl.select(pl.lit(id_prefix(theme)) + pl.lit(numbers)).to_series()
    changed = {"id": ids.to_arrow()}
    for name, kind in _PATHS.items():
        before, after = asset_path(theme, kind, "|").split("|")
        changed[name] = pl.select(pl.lit(before) + pl.lit(ids) + pl.lit(after)).to_series().to_arrow()
    for name in _LINES:
        if name in rows.column_names:
            changed[name] = pa.array(rows[name].to_numpy() + np.int32(copy * row_count), pa.int32())
    for name, values in changed.items():
        if name in rows.column_names:
            place = rows.column_names.index(name)
            rows = rows.set_column(
                place, rows.schema.field(place), values.cast(rows.schema.field(place).type)
            )
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grown_tables", description=__doc__)
    parser.add_argument("data_root", type=Path)
    parser.add_argument("grown", type=Path)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    grow_tables(options.data_root, options.grown, options.times)
