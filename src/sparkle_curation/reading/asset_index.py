"""Where each asset is, by sample and kind, in 24 bytes an asset: a million of them take 26 MB."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sparkle_curation.errors import MissingTableError
from sparkle_curation.release.layout import ASSET_KINDS, asset_path
from sparkle_curation.release.sample_ids import ID_DIGITS, SampleId, parse_sample_id
from sparkle_curation.release.themes import THEMES

_KINDS = {kind: place for place, kind in enumerate(ASSET_KINDS)}
_THEMES = {theme: place for place, theme in enumerate(THEMES)}
_NUMBERS: int = 10**ID_DIGITS
_LOOSE = -1


class Asset(NamedTuple):
    """Where an asset is.

    Attributes:
        id: sample id.
        kind: asset kind.
        container: path of the tar that holds it, from the release root; None when loose.
        path: path from the release root when loose, or after extracting its tar in place.
        offset: first byte of its content in the tar, or 0.
        size: length in bytes.
    """

    id: str
    kind: str
    container: str | None
    path: str
    offset: int
    size: int


@dataclass(frozen=True, eq=False)
class AssetIndex:
    """The chosen copy of each asset, sorted by its key.

    A path is not stored: the layout gives it (ingest takes no other for an asset).

    Attributes:
        keys: theme, number and kind as one number.
        containers: place in ``container_names``, -1 when loose.
        offsets: first byte in the container.
        sizes: length in bytes.
        container_names: the shards.
    """

    keys: NDArray[np.uint32]
    containers: NDArray[np.int32]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    container_names: tuple[str, ...]

    def find(self, sample_id: str, kind: str) -> Asset | None:
        """The asset; None where there is none, or no such sample id or kind can be."""
        parsed = parse_sample_id(sample_id)
        if parsed is None or kind not in _KINDS:
            return None
        key = np.uint32(_key(parsed, kind))  # a plain int would have the whole array converted
        place = int(self.keys.searchsorted(key))
        if place == len(self.keys) or self.keys[place] != key:
            return None
        container = int(self.containers[place])
        return Asset(
            sample_id,
            kind,
            None if container == _LOOSE else self.container_names[container],
            asset_path(parsed.theme, kind, sample_id),
            int(self.offsets[place]),
            int(self.sizes[place]),
        )


def stored_index(path: Path) -> AssetIndex:
    """The index of the table of assets at ``path``; read once in a process, and again when the file changes.

    Raises:
        MissingTableError: it was never written.
    """
    try:
        facts = path.stat()
    except FileNotFoundError as error:
        raise MissingTableError(
            "A table is not there", where=path, todo="make it first: kedro run --pipelines ingest"
        ) from error
    return _read_once(os.fspath(path), facts.st_mtime_ns, facts.st_size, facts.st_ino)


@lru_cache(maxsize=2)
def _read_once(path: str, *_: int) -> AssetIndex:
    return index_assets(pl.scan_parquet(path))


def index_assets(assets: pl.DataFrame | pl.LazyFrame) -> AssetIndex:
    """The index of a table of assets (``ASSET_COLUMNS``), with one copy of each: as ``choose_copy`` chooses."""
    names = assets.lazy().select(pl.col("container").drop_nulls().unique().sort()).collect().to_series()
    chosen = (
        assets.lazy()
        .select(
            _key_expression().alias("key"),
            # Numbered in the order of their names, so that the least is the copy that is chosen.
            pl.col("container").cast(pl.Enum(names)).to_physical().cast(pl.Int32).fill_null(_LOOSE),
            "offset",
            "size",
        )
        .sort("key", "container")
        .filter(pl.col("key") != pl.col("key").shift(1, fill_value=np.iinfo(np.uint32).max))
        .collect()
    )
    key, container, offset, size = (column.to_numpy() for column in chosen)
    return AssetIndex(key, container, offset, size, tuple(names))


def _key(sample: SampleId, kind: str) -> int:
    return (_THEMES[sample.theme] * _NUMBERS + sample.number) * len(_KINDS) + _KINDS[kind]


def _key_expression() -> pl.Expr:
    theme = pl.col("theme").cast(pl.Enum(THEMES)).to_physical().cast(pl.UInt32)
    kind = pl.col("kind").cast(pl.Enum(list(ASSET_KINDS))).to_physical().cast(pl.UInt32)
    number = pl.col("id").str.tail(ID_DIGITS).cast(pl.UInt32)
    return (theme * _NUMBERS + number) * len(_KINDS) + kind
