"""Groups of samples that share a source clip, within a theme and across themes.

Such samples belong on one side of a split: a model that was trained on one has seen the other's source.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sparkle_curation.curation.frames import Frame
from sparkle_curation.curation.near_hashes import components, near_pairs
from sparkle_curation.errors import ConservationError
from sparkle_curation.release.twin_tables import SAMPLE_GROUP_COLUMNS, JoinedBy

_DISTANCE = "a whole number of bits from 0 to 8"
_DETAIL = "a number of grey levels from 0"


class LikenessParams(BaseModel):
    """When two first frames are taken for frames of one clip.

    Attributes:
        max_distance: bits in which their hashes may differ.
        min_detail: pictures with less detail are joined with none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_distance: Annotated[int, Field(strict=True, ge=0, le=8, description=_DISTANCE)] = 4
    min_detail: Annotated[float, Field(ge=0, allow_inf_nan=False, description=_DETAIL)] = 0.2


def group_samples(frame_hashes: Frame, source_files: Frame, likeness: LikenessParams) -> pl.DataFrame:
    """The groups (``SAMPLE_GROUP_COLUMNS``): one row per row of ``frame_hashes``, in its order.

    Two samples are joined when their source videos are copies of one file, or when the hashes of their first frames
    are near. Groups are what is joined by any chain of these, so two samples of a group may be less alike
    than ``max_distance``.

    Args:
        frame_hashes: with ``id`` once each, ``theme``, ``frame_hash``, ``detail``.
        source_files: ``id``, ``index_hash`` of the sample's source video; one row each at most.
        likeness: how near is near.

    Raises:
        ConservationError: an id has several rows.
    """
    hashes = frame_hashes.lazy().select("id", "theme", "frame_hash", "detail").collect()
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
    by_picture = _near_pictures(samples, likeness)
    lefts, rights = (np.concatenate(ends) for ends in zip(by_file, by_picture, strict=True))
    lowest = components(samples.height, lefts, rights)
    return _as_table(
        samples, lowest, _is_in(by_file, samples.height), _is_in(by_picture, samples.height), hashes
    )


Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def _equal_pairs(values: pl.Series) -> Pairs:
    """Rows with equal values, each with the next one that has it; null equals nothing."""
    rows = values.rename("value").to_frame().with_row_index("row").drop_nulls("value")
    pairs = rows.select("row", pl.col("row").shift(-1).over("value").alias("next")).drop_nulls()
    return pairs["row"].cast(pl.Int64).to_numpy(), pairs["next"].cast(pl.Int64).to_numpy()


def _near_pictures(samples: pl.DataFrame, likeness: LikenessParams) -> Pairs:
    told = samples.with_row_index("row").filter(
        pl.col("frame_hash").is_not_null(), pl.col("detail") >= likeness.min_detail
    )
    hashes = np.array([int(text, 16) for text in told["frame_hash"]], np.uint64)
    rows = told["row"].cast(pl.Int64).to_numpy()
    lefts, rights = near_pairs(hashes, likeness.max_distance)
    return rows[lefts], rows[rights]


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
