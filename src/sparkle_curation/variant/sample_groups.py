"""Groups of samples that share a source clip, within a theme and across themes.

Such samples belong on one side of a split: a model that was trained on one has seen the other's source.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.errors import ConservationError
from sparkle_curation.spec.tables.near_duplicates import SAMPLE_GROUP_COLUMNS, JoinedBy
from sparkle_curation.variant.near_hashes import Hashes, Pairs, components, near_pairs

_DISTANCE = "an integer of bits from 0 to 8"
_FINE_DISTANCE = "an integer of bits from 0 to 255"
_DETAIL = "a number of grey levels from 0"


class LikenessParams(BaseModel):
    """When two first frames are taken for frames of one clip.

    Attributes:
        max_distance: bits of 63 in which their hashes may differ.
        max_fine_distance: bits of 255 in which their fine hashes may differ.
        min_detail: pictures with less detail are joined with none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_distance: Annotated[int, Field(strict=True, ge=0, le=8, description=_DISTANCE)] = 4
    max_fine_distance: Annotated[int, Field(strict=True, ge=0, le=255, description=_FINE_DISTANCE)] = 16
    min_detail: Annotated[float, Field(ge=0, allow_inf_nan=False, description=_DETAIL)] = 0.2


def group_samples(frame_hashes: AnyFrame, source_files: AnyFrame, likeness: LikenessParams) -> pl.DataFrame:
    """The groups (``SAMPLE_GROUP_COLUMNS``): one row per row of ``frame_hashes``, in its order.

    Two samples are joined when their source videos are copies of one file, or when both hashes of their first
    frames are near. Groups are what is joined by any chain of these, so two samples of a group may be less alike
    than ``max_distance``.

    Args:
        frame_hashes: with ``id`` once each, ``theme``, ``frame_hash``, ``fine_hash``, ``detail``.
        source_files: ``id``, ``index_hash`` of the sample's source video; one row each at most.
        likeness: how near is near.

    Raises:
        ConservationError: an id has several rows.
    """
    hashes = frame_hashes.lazy().select("id", "theme", "frame_hash", "fine_hash", "detail").collect()
    # By id, so that the lowest row of a group is its smallest id.
    samples = hashes.sort("id").join(
        source_files.lazy().select("id", "index_hash").collect(), on="id", how="left", maintain_order="left"
    )
    if samples["id"].n_unique() != hashes.height or samples.height != hashes.height:
        raise ConservationError(
            "A sample has several rows, so it would be in its group twice",
            where="frame_hashes, or the source videos of media",
            got=f"{samples.height} rows of {samples['id'].n_unique()} ids",
            allowed=f"{hashes.height}, one per sample",
        )
    by_file = _equal_pairs(samples["index_hash"])
    by_picture = near_pictures(samples, likeness)
    lowest = components(samples.height, _joined(by_file, by_picture))
    return _as_table(
        samples, lowest, _is_in(by_file, samples.height), _is_in(by_picture, samples.height), hashes
    )


def _equal_pairs(values: pl.Series) -> Pairs:
    """Rows with equal values, each with the next one that has it; null equals nothing."""
    rows = values.rename("value").to_frame().with_row_index("row").drop_nulls("value")
    pairs = rows.select("row", pl.col("row").shift(-1).over("value").alias("next")).drop_nulls()
    return pairs["row"].cast(pl.Int64).to_numpy(), pairs["next"].cast(pl.Int64).to_numpy()


def near_pictures(samples: pl.DataFrame, likeness: LikenessParams) -> Pairs:
    """Pairs that join rows with near hashes; of equal ones, each with the next.

    Args:
        samples: with ``frame_hash``, ``fine_hash`` and ``detail``; a row without a hash, or flat, is in no pair.
        likeness: how near is near.
    """
    told = samples.with_row_index("row").filter(
        pl.col("frame_hash").is_not_null(), pl.col("detail") >= likeness.min_detail
    )
    told = told.with_columns((pl.col("frame_hash") + pl.col("fine_hash")).alias("both"))
    distinct = told.unique("both", keep="first", maintain_order=True)
    near = near_pairs(
        *hashes_of(distinct, likeness),
    )
    return _joined(_at(told, _equal_pairs(told["both"])), _at(distinct, near))


def hashes_of(samples: pl.DataFrame, likeness: LikenessParams) -> tuple[Hashes, Hashes]:
    """Both hashes of each row as numbers, with how near is near.

    Args:
        samples: with ``frame_hash`` and ``fine_hash``, none of them null.
        likeness: how near is near.
    """
    return (
        Hashes(_as_numbers(samples["frame_hash"], 1), likeness.max_distance),
        Hashes(_as_numbers(samples["fine_hash"], 4), likeness.max_fine_distance),
    )


def _as_numbers(digits: pl.Series, count: int) -> NDArray[np.uint64]:
    """Texts of hexadecimal digits as integers of 64 bits, of shape (``count``, texts)."""
    content = bytes.fromhex("".join(digits))
    return np.ascontiguousarray(np.frombuffer(content, ">u8").astype(np.uint64).reshape(-1, count).T)


def _at(samples: pl.DataFrame, pairs: Pairs) -> Pairs:
    """Pairs of rows of ``samples`` as pairs of the numbers in its column ``row``."""
    rows = samples["row"].cast(pl.Int64).to_numpy()
    return rows[pairs[0]], rows[pairs[1]]


def _joined(*pairs: Pairs) -> Pairs:
    lefts, rights = zip(*pairs, strict=True)
    return np.concatenate(lefts), np.concatenate(rights)


def _is_in(pairs: Pairs, count: int) -> NDArray[np.bool_]:
    marks = np.zeros(count, bool)
    marks[np.concatenate(pairs)] = True
    return marks


def _as_table(
    samples: pl.DataFrame,
    lowest: NDArray[np.int64],
    is_by_file: NDArray[np.bool_],
    is_by_picture: NDArray[np.bool_],
    ordered: pl.DataFrame,
) -> pl.DataFrame:
    by_file, by_picture = pl.col("is_by_file"), pl.col("is_by_picture")
    grouped = samples.select(
        "id",
        samples["id"].gather(lowest).alias("group"),
        pl.Series("is_by_file", is_by_file),
        pl.Series("is_by_picture", is_by_picture),
    ).select(
        "id",
        "group",
        pl.len().over("group").cast(pl.Int64).alias("group_size"),
        pl.when(by_file & by_picture)
        .then(pl.lit(JoinedBy.BOTH.value))
        .when(by_file)
        .then(pl.lit(JoinedBy.FILE.value))
        .when(by_picture)
        .then(pl.lit(JoinedBy.PICTURE.value))
        .alias("joined_by"),
    )
    joined = ordered.join(grouped, on="id", how="left", maintain_order="left")
    return joined.select(field.name for field in SAMPLE_GROUP_COLUMNS)
