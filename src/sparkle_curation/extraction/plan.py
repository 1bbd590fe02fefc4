"""What is to be done, from what is wanted and what is there: pure functions on tables, nothing is opened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from sparkle_curation.errors import FileError
from sparkle_curation.extraction.settings import Shard
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.spec.tables.extraction import Method
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS

WANTED = tuple(column.name for column in ASSET_COLUMNS)
_PLACE = ("container", "offset", "size")
_SHOWN = 3


class Action(StrEnum):
    """What is done for a wanted file."""

    KEEP = "keep"
    """It is there as the manifest has it."""
    HASH = "hash"
    """It is ours and as long as it was, and its time is another: it is read, and brought again where it differs."""
    COMPARE = "compare"
    """A file as long as it lies there, and the manifest does not say that it is of this place of the release."""
    BRING = "bring"


@dataclass(frozen=True)
class Choice:
    """The share of the work that a run does.

    Attributes:
        rows: what is wanted of it, in the order of the table.
        left_samples: samples of the share that ``max_bytes`` leaves for another time.
        left_bytes: their length.
    """

    rows: pl.DataFrame
    left_samples: int
    left_bytes: int


def one_of_each(wanted: pl.DataFrame) -> pl.DataFrame:
    """The wanted files, each path once, in the order of the table: of several copies the loose one, else the first tar's.

    A table may repeat a file as often as a pair is trained on, or have a row for each copy, as ``assets`` does.
    """
    return prefer_loose(wanted.select(WANTED)).unique("path", keep="first", maintain_order=True)


def choose(wanted: pl.DataFrame, shard: Shard, max_bytes: int | None) -> Choice:
    """The files of one share, whole samples in the order of the table, until the next one would exceed ``max_bytes``.

    A share is a run of samples, cut where the bytes before the middle of a sample come to a multiple of one share's: all
    machines cut alike, every sample is in exactly one share, and neighbours, which lie in the same tars, stay together.

    >>> wanted = pl.DataFrame({"id": list("aabbcd"), "size": [4, 4, 1, 1, 5, 5], "path": list("123456")})
    >>> [choose(wanted, Shard(number, 2), None).rows["path"].to_list() for number in (1, 2)]
    [['1', '2', '3', '4'], ['5', '6']]
    >>> choose(wanted, Shard(1, 1), 12).rows["id"].to_list(), choose(wanted, Shard(1, 1), 12).left_bytes
    (['a', 'a', 'b', 'b'], 10)
    """
    samples = wanted.group_by("id", maintain_order=True).agg(pl.col("size").sum().alias("bytes"))
    total = int(samples["bytes"].sum())
    before = pl.col("bytes").cum_sum() - pl.col("bytes")
    share = ((2 * before + pl.col("bytes")) * shard.of // max(2 * total, 1)).clip(0, shard.of - 1)
    mine = samples.filter(share == shard.number - 1)
    fits = pl.lit(value=True) if max_bytes is None else pl.col("bytes").cum_sum() <= max_bytes
    chosen = mine.filter(fits)
    return Choice(
        wanted.join(chosen.select("id"), on="id", how="semi", maintain_order="left"),
        mine.height - chosen.height,
        int(mine["bytes"].sum()) - int(chosen["bytes"].sum()),
    )


def decide(chosen: pl.DataFrame, there: pl.DataFrame, manifest: pl.DataFrame, where: object) -> pl.DataFrame:
    """The chosen files with ``action``, ``is_ours`` and ``known_hash``, in their order.

    Args:
        chosen: what is wanted, each path once.
        there: ``path``, ``is_file``, ``there_size`` and ``there_modified_ns`` of what lies in the folder under these paths.
        manifest: what was brought before, each path once.
        where: the folder, for the error.

    Raises:
        FileError: something lies in a file's place that nothing of ours has put there and that is no such file.
    """
    known = manifest.select(
        "path",
        *(pl.col(name).alias(f"known_{name}") for name in _PLACE),
        pl.col("xxh3_128").alias("known_hash"),
        pl.col("modified_ns").alias("known_modified_ns"),
        (pl.col("method") != Method.FOUND).alias("is_ours"),
    )
    rows = chosen.join(there, on="path", how="left", maintain_order="left").join(
        known, on="path", how="left", maintain_order="left"
    )
    is_there, is_named = pl.col("is_file").is_not_null(), pl.col("known_size").is_not_null()
    is_ours = pl.col("is_ours").fill_null(value=False)
    is_as_long = pl.col("there_size") == pl.col("size")
    is_same_place = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"known_{name}")) for name in _PLACE)
    foreign = rows.filter(is_there & (~pl.col("is_file") | (~is_as_long & ~is_ours)))
    if foreign.height:
        _refuse(foreign, where)
    action = (
        pl.when(~is_there | ~is_as_long)
        .then(pl.lit(Action.BRING.value))
        .when(~is_named | ~is_same_place)
        .then(pl.lit(Action.COMPARE.value))
        .when(pl.col("there_modified_ns") == pl.col("known_modified_ns"))
        .then(pl.lit(Action.KEEP.value))
        .when(pl.col("known_hash").is_null())
        .then(pl.lit(Action.COMPARE.value))
        .otherwise(pl.lit(Action.HASH.value))
    )
    return rows.select(*WANTED, action.alias("action"), is_ours.alias("is_ours"), "known_hash")


def unwanted(manifest: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """The rows of the manifest that the whole of the wanted files does not have."""
    return manifest.join(wanted.select("path"), on="path", how="anti")


def _refuse(foreign: pl.DataFrame, where: object) -> None:
    rows = foreign.head(_SHOWN).select("path", "is_file", "there_size", "size").rows()
    told = (
        f"{path}, {f'{there:,} bytes where {size:,} are wanted' if is_file else 'a link, a folder or no plain file'}"
        for path, is_file, there, size in rows
    )
    more = f"; and {foreign.height - _SHOWN:,} more" if foreign.height > _SHOWN else ""
    raise FileError(
        "Something else lies where a file shall be extracted to",
        where=where,
        got="; ".join(told) + more,
        allowed="nothing, or files that were extracted here before, or the very same files",
        todo="move it away, or give another folder: kedro run --pipelines extract --params extract.folder=/path/to/folder",
    )
