"""How much a tracked mask is to be doubted, by what was measured of it without knowing the true one."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl


class Doubt(NamedTuple):
    """A reason to doubt a mask.

    Attributes:
        name: its column of ``list_doubts``.
        title: for people.
        share: of 0, none, to 1, from columns of ``tracks``; null where it was not measured.
    """

    name: str
    title: str
    share: pl.Expr


_MASK_PX = pl.col("mask_share") * pl.col("frame_count") * pl.col("width_px") * pl.col("height_px")
DOUBTS: tuple[Doubt, ...] = (
    Doubt("passes_differ", "passes differ", 1 - pl.col("agreement")),
    Doubt("anchor_differs", "an anchor differs from the vote", 1 - pl.col("worst_anchor_iou")),
    Doubt("area_jumps", "the area jumps", pl.col("area_jump")),
    Doubt("frames_empty", "frames are empty", pl.col("empty_frame_count") / pl.col("frame_count")),
    Doubt("boxes_uncovered", "boxes are not covered", 1 - pl.col("boxes_in_mask_share")),
    Doubt("a_box_uncovered", "a box is not covered", 1 - pl.col("smallest_box_in_mask_share")),
    Doubt(
        "pixels_tied",
        "votes are tied",
        # As a share of the mask; a mask without a pixel has all doubt by its empty frames.
        pl.when(_MASK_PX > 0).then((pl.col("tied_px_count") / _MASK_PX).clip(upper_bound=1)),
    ),
    Doubt("released_differs", "the released mask differs", 1 - pl.col("released_iou_mean")),
)
"""The reasons, each from 0 to 1; the doubt of a mask is the largest of them."""


def list_doubts(tracks: pl.LazyFrame) -> pl.DataFrame:
    """One row per row of ``tracks``, in its order.

    Columns: ``id``, ``theme``, ``index_hash``, ``error``, ``error_detail``; each of ``DOUBTS``; ``doubt``, the largest of
    them, null where there is no mask; and ``doubted_by``, its name, null also where it is 0.
    """
    names = [each.name for each in DOUBTS]
    shares = [each.share.cast(pl.Float64).clip(0, 1).alias(each.name) for each in DOUBTS]
    rows = tracks.select(
        "id", pl.col("theme").cast(pl.String), "index_hash", "error", "error_detail", *shares
    )
    largest = pl.max_horizontal(names)
    by = pl.coalesce(pl.when((pl.col(name) == largest) & (largest > 0)).then(pl.lit(name)) for name in names)
    return rows.with_columns(largest.alias("doubt"), by.alias("doubted_by")).collect()
