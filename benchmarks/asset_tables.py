"""A table of assets as ingestion writes it of a whole release, without the terabytes that it would list."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sparkle_curation.spec.layout import ASSET_KINDS, asset_path, shard_path
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS

SHARD_SAMPLES = 4_000
_HEADER_BYTES, _ASSET_BYTES = 512, 500_000


def write_asset_table(annotations: Path, path: Path) -> None:
    """Write every kind of asset of every annotated sample, as members of shards: eight rows a sample."""
    samples = pl.read_parquet(annotations, columns=["id", "theme"])
    samples = samples.with_columns(place=pl.int_range(pl.len()).over("theme"))
    assets = pl.concat(
        _assets(samples, theme, kind)
        for (theme,), samples in samples.group_by("theme", maintain_order=True)
        for kind in ASSET_KINDS
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    assets.select(field.name for field in ASSET_COLUMNS).write_parquet(
        path, compression="zstd", compression_level=3, row_group_size=16_384
    )


def _assets(samples: pl.DataFrame, theme: str, kind: str) -> pl.DataFrame:
    part, member = pl.col("place") // SHARD_SAMPLES, pl.col("place") % SHARD_SAMPLES
    parts = {number: shard_path(theme, kind, number) for number in range(samples.height // SHARD_SAMPLES + 1)}
    return samples.with_columns(
        kind=pl.lit(kind),
        container=part.replace_strict(parts, return_dtype=pl.String),
        path=pl.format(asset_path(theme, kind, "{}"), "id"),
        offset=(member * (_ASSET_BYTES + _HEADER_BYTES) + _HEADER_BYTES).cast(pl.Int64),
        size=pl.lit(_ASSET_BYTES, pl.Int64),
    )
