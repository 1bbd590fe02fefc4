"""The media that training needs and no more, where they lie, and which of them are there as files."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.spec.layout import parse_asset_path
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS

NOT_EXTRACTED, EXTRACTED = "not_extracted", "extracted"
"""Whether the media of a theme and kind lie as files where training will look for them."""


@dataclass(frozen=True)
class MediaRoot:
    """The folder that the paths of the CSVs are taken from.

    Attributes:
        path: the folder, on this machine.
        from_kit: the same as seen from the folder of the kit; None where it was given by a parameter.
    """

    path: Path
    from_kit: str | None = None


@dataclass(frozen=True)
class KitMedia:
    """The media that CSVs need.

    Attributes:
        wanted: with the columns of ``assets``, one row per asset.
        unknown_paths: paths of the CSVs that name no asset.
        shards: what of them lies in which shard.
        extraction: which of them are there as files, by theme and kind.
        root: the folder in which they were looked for.
    """

    wanted: pl.DataFrame
    unknown_paths: Sequence[str]
    shards: pl.DataFrame
    extraction: pl.DataFrame
    root: MediaRoot

    @property
    def path_count(self) -> int:
        """Paths that the CSVs name, each once."""
        return int(self.extraction["paths"].sum())

    @property
    def absent_count(self) -> int:
        """Those of them that are no file under the media root."""
        return int(self.extraction["not_extracted"].sum())


def find_media(paths: Sequence[str], assets: AnyFrame, source_files: AnyFrame, root: MediaRoot) -> KitMedia:
    """The media that the paths of CSVs name, by where they lie and whether they are there as files.

    Args:
        paths: from the release root, as CSVs write them.
        assets: as ingested.
        source_files: the sources of the assets.
        root: the folder that training takes the paths from.
    """
    wanted, unknown = find_wanted(paths, assets)
    return KitMedia(wanted, unknown, count_by_shard(wanted, source_files), find_extracted(paths, root), root)


def find_wanted(paths: Iterable[str], assets: AnyFrame) -> tuple[pl.DataFrame, list[str]]:
    """The assets that the paths name, with the columns of ``assets``, and the paths that name none.

    One row per asset, in the order of the release's table: of a loose file and its copies in tars the loose one, else
    that of the first tar by name, as the asset store opens it.

    Args:
        paths: from the release root, as CSVs write them.
        assets: as ingested.
    """
    named = pl.DataFrame({"path": sorted({posixpath.normpath(path) for path in paths})}, {"path": pl.String})
    columns = [field.name for field in ASSET_COLUMNS]
    wanted = prefer_loose(
        assets.lazy()
        .select(columns)
        .join(named.lazy(), on="path", how="semi", maintain_order="left")
        .collect()
    )
    return wanted, named.join(wanted, on="path", how="anti", maintain_order="left")["path"].to_list()


def count_by_shard(wanted: AnyFrame, source_files: AnyFrame) -> pl.DataFrame:
    """One row per shard that holds something wanted: ``shard, theme, kind, members, bytes, shard_bytes, share``.

    Args:
        wanted: with the columns of ``assets``.
        source_files: the sources of the assets, with ``path`` and ``size_bytes``.
    """
    sizes = source_files.lazy().select(
        pl.col("path").alias("shard"), pl.col("size_bytes").alias("shard_bytes")
    )
    return (
        wanted.lazy()
        .filter(pl.col("container").is_not_null())
        .group_by(pl.col("container").alias("shard"), "theme", "kind")
        .agg(pl.len().alias("members"), pl.col("size").sum().alias("bytes"))
        .join(sizes.unique("shard"), on="shard", how="left")
        .with_columns((pl.col("bytes") / pl.col("shard_bytes")).round(4).alias("share"))
        .sort("shard")
        .collect()
    )


def find_extracted(paths: Iterable[str], root: MediaRoot) -> pl.DataFrame:
    """How many of the paths are files below the root: ``theme, kind, paths, extracted, not_extracted, outcome``.

    One row per theme and kind that the paths name, without either for paths that the layout does not know. A folder is
    listed once: asking for each of 280,000 files takes minutes on a network's disk.
    """
    unique = sorted(set(paths))
    files: dict[str, set[str]] = {}
    for folder in {posixpath.dirname(path) for path in unique}:
        files[folder] = set()
        with suppress(OSError), os.scandir(root.path / folder) as entries:
            files[folder] = {entry.name for entry in entries if entry.is_file()}
    rows = []
    for path in unique:
        name = parse_asset_path(posixpath.normpath(path))
        is_there = posixpath.basename(path) in files[posixpath.dirname(path)]
        rows.append((name.theme if name else None, name.kind if name else None, is_there))
    schema = {"theme": pl.String, "kind": pl.String, "is_there": pl.Boolean}
    outcome = pl.when(pl.col("not_extracted") > 0).then(pl.lit(NOT_EXTRACTED)).otherwise(pl.lit(EXTRACTED))
    return (
        pl.DataFrame(rows, schema=schema, orient="row")
        .group_by("theme", "kind")
        .agg(
            pl.len().alias("paths"),
            pl.col("is_there").sum().cast(pl.UInt32).alias("extracted"),
            (~pl.col("is_there")).sum().cast(pl.UInt32).alias("not_extracted"),
        )
        .with_columns(outcome.alias("outcome"))
        .sort("theme", "kind", nulls_last=True)
    )
