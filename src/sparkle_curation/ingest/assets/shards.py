"""The shards that a release has of a theme and kind: which of them could be read, and which are absent."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.spec.layout import parse_shard_path

SHARDS_SCHEMA = {"theme": pl.String, "kind": pl.String, "part": pl.Int64, "is_readable": pl.Boolean}
"""Of ``list_shards``."""


def list_shards(source_files: AnyFrame, assets: AnyFrame) -> pl.DataFrame:
    """One row per shard that is there (``SHARDS_SCHEMA``), by theme, kind and part; readable is one with an asset.

    A pointer of Git LFS, a packed tar, one whose members lie under another prefix: each is there, and has none.

    Args:
        source_files: the sources of the assets, with ``path``.
        assets: with ``container``.
    """
    read = set(assets.lazy().select("container").unique().drop_nulls().collect()["container"])
    paths = source_files.lazy().select("path").collect()["path"]
    rows = [(*shard, path in read) for path in paths if (shard := parse_shard_path(path))]
    return pl.DataFrame(rows, schema=SHARDS_SCHEMA, orient="row").sort("theme", "kind", "part")


def describe_shards(shards: pl.DataFrame, theme: str, kind: str) -> str:
    """What there is of a theme and kind, for who misses a file of it.

    >>> shards = pl.DataFrame([("time", "mask", 0, True), ("time", "mask", 2, False)], SHARDS_SCHEMA, orient="row")
    >>> describe_shards(shards, "time", "mask")
    'shards at hand: part 0; that cannot be read: part 2; absent before others: part 1; more may be absent behind the last'
    >>> describe_shards(shards, "time", "video")
    'no shard is at hand'
    """
    own = shards.filter(theme=theme, kind=kind)
    if own.is_empty():
        return "no shard is at hand"
    parts = own["part"].to_list()
    found = {
        "shards at hand": own.filter("is_readable")["part"].to_list(),
        "that cannot be read": own.filter(~pl.col("is_readable"))["part"].to_list(),
        "absent before others": sorted(set(range(max(parts))) - set(parts)),
    }
    told = [f"{what}: part {', '.join(map(str, numbers))}" for what, numbers in found.items() if numbers]
    return "; ".join([*told, "more may be absent behind the last"])
