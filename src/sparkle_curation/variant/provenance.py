"""What a variant was made with: the version of the code, and of the data."""

from __future__ import annotations

import json
from dataclasses import dataclass

import polars as pl
from xxhash import xxh3_128_hexdigest

from sparkle_curation.spec.layout import ASSET_KINDS


@dataclass(frozen=True)
class CodeVersion:
    """The version of this project's code and configuration.

    Attributes:
        revision: the git commit; None outside a git checkout.
        is_dirty: whether code or configuration differs from that commit.
    """

    revision: str | None
    is_dirty: bool


@dataclass(frozen=True)
class DataVersion:
    """The version of a release, or of the part of it that was there.

    Attributes:
        digest: 32 hexadecimal digits, the same for the same sources on any machine.
        source_count: files that were read, and folders of loose assets that were listed.
        record_count: their records.
        size_bytes: their length.
        excluded_count: samples that were left out since their source clips are excluded on request.
        commit: the commit of the hub that they were read of; None where the release lies elsewhere.
    """

    digest: str
    source_count: int
    record_count: int
    size_bytes: int
    excluded_count: int = 0
    commit: str | None = None


_FACTS = ["table", "path", "size_bytes", "record_count", "xxh3_128"]


def identify_data(sources: pl.DataFrame) -> DataVersion:
    """The version of the data that these sources are.

    Files that are read whole count with their bytes; shards and folders with their path, length and record count.
    Where the release lies and when its files were written do not count.

    Args:
        sources: the lists of source files of all tables (``SOURCE_FILE_COLUMNS``), in any order.

    >>> none = pl.DataFrame(schema={name: pl.String for name in _FACTS})
    >>> identify_data(none.cast({"size_bytes": pl.Int64, "record_count": pl.Int32})).source_count
    0
    """
    facts = json.dumps(sources.select(_FACTS).sort("table", "path").rows())
    return DataVersion(
        digest=xxh3_128_hexdigest(facts.encode()),
        source_count=sources.height,
        record_count=int(sources["record_count"].sum()),
        size_bytes=int(sources["size_bytes"].sum()),
        excluded_count=_count_excluded(sources),
    )


def _count_excluded(sources: pl.DataFrame) -> int:
    """The excluded samples: of each theme as many as the list lost that lost most; of no list, as the kind of asset."""
    if "excluded_count" not in sources.columns:  # as an earlier version of this project listed them
        return 0
    count = pl.col("excluded_count").cast(pl.Int64)
    is_asset = pl.col("table") == "assets"
    # A record of a CSV may take several lines.
    lists = sources.filter(~is_asset, ~pl.col("path").str.ends_with(".csv"))
    # A folder of loose files ends with their kind, and its shards begin with it: {theme}_{kind}_part00.tar.
    kind = pl.col("path").str.extract(rf"({'|'.join(ASSET_KINDS)})(?:_part[0-9]+\.tar)?$")
    assets = (
        sources.filter(is_asset).group_by("theme", kind.alias("kind")).agg(count.sum().alias("of_assets"))
    )
    by_theme = (
        lists.group_by("theme")
        .agg(count.max().alias("of_lists"))
        .join(assets.group_by("theme").agg(pl.col("of_assets").max()), on="theme", how="full", coalesce=True)
    )
    most = (
        pl.when(pl.col("of_lists") > 0).then(pl.col("of_lists")).otherwise(pl.col("of_assets").fill_null(0))
    )
    return int(by_theme.select(most.sum()).item())
