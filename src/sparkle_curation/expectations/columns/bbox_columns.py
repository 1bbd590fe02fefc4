"""What there is to say of the boxes and labels of a grounding, row by row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sparkle_curation.expectations.columns import violations
from sparkle_curation.expectations.columns.nested import Elements, Mask, Rows, exploded, lengths

MAX_BOX = 1000.0
"""Boxes are in thousandths of width and height (dataset card, "foreground_grounding_r1.jsonl")."""

_NUMBERS = 4
"""Numbers of a box that was found: [x1, y1, x2, y2]."""


def first_grounding_columns(rows: pl.DataFrame) -> Iterator[pl.Expr | pl.Series]:
    """Violations on the objects of the source frame."""
    objects = Elements.of(rows["round1_objects"]).inside()
    yield _repeats(objects, objects.rows, rows.height).alias("boxes_once")
    yield from _box_counts(objects, rows.height)
    yield from _box_violations(objects, rows.height)
    yield from _label_columns(rows)
    yield _stray_labels(objects, rows).alias("object_labels")


def second_grounding_columns(rows: pl.DataFrame) -> Iterator[pl.Expr | pl.Series]:
    """Violations on the objects of all frames, and on the labels of the source frame's."""
    frames = Elements.of(rows["frame_objects"]).inside()
    objects = frames.inside()
    of_frame = np.repeat(np.arange(len(frames.rows), dtype=np.int32), lengths(frames.values))
    yield _repeats(objects, of_frame, rows.height).alias("boxes_once")
    yield from _box_counts(objects, rows.height)
    yield from _box_violations(objects, rows.height)
    yield from _label_columns(rows)
    yield _stray_labels(Elements.of(rows["round1_objects"]).inside(), rows).alias("object_labels")
    yield _stray_labels(objects, rows).alias("frame_labels")
    yield pl.col("frame_objects").list.len().cast(pl.Int64).alias("sampled_frame_count")


def _box_counts(objects: Elements, row_count: int) -> Iterator[pl.Series]:
    """How many boxes each row has, and how many of them are empty: the model did not find the label."""
    sizes = lengths(objects.member("bbox_2d").values)
    yield objects.counted(np.full(len(sizes), fill_value=True), row_count).alias("box_count")
    yield objects.counted(sizes == 0, row_count).alias("empty_box_count")


def _repeats(objects: Elements, frames: Rows, row_count: int) -> pl.Expr:
    """How many boxes of a row stand in their frame already, with the same label: a model that repeats itself.

    Args:
        objects: of all rows.
        frames: the number of each object's frame, no two frames of the table having the same.
        row_count: rows of the table.
    """
    boxes = objects.member("bbox_2d").values
    found = np.flatnonzero(lengths(boxes) == _NUMBERS)
    numbers = exploded(boxes.gather(found)).to_numpy().reshape(-1, _NUMBERS)
    labels = objects.member("label").values.gather(found)
    placed = pl.DataFrame(
        {"frame": frames[found], "label": labels.hash(), **dict(zip("abcd", numbers.T, strict=True))}
    )
    is_repeated = np.zeros(len(boxes), dtype=bool)
    # One number a box, since comparing six columns of six million boxes takes three times as long.
    is_repeated[found] = ~placed.select(pl.struct(pl.all()).hash().is_first_distinct()).to_series().to_numpy()
    return violations.of_counts(objects.counted(is_repeated, row_count), "boxes")


def _box_violations(objects: Elements, row_count: int) -> Iterator[pl.Expr | pl.Series]:
    """How many boxes of a row are at fault, and in what. Counted, not shown: as text they take seconds."""
    boxes = objects.member("bbox_2d").values
    sizes = lengths(boxes)
    numbers = exploded(boxes).to_numpy()
    faults = {
        "box_shapes": (sizes != 0) & (sizes != _NUMBERS),
        "box_ranges": _is_out_of_range(numbers, sizes),
        "box_corners": _has_swapped_corners(numbers, sizes),
    }
    for name, is_at_fault in faults.items():
        yield violations.of_counts(objects.counted(is_at_fault, row_count), "boxes").alias(name)
    of_row = np.repeat(objects.rows, sizes)
    is_of_another_scale = np.bincount(of_row, minlength=row_count) > 0
    is_of_another_scale[of_row[~(numbers <= 1)]] = False
    yield violations.in_rows(
        np.flatnonzero(is_of_another_scale).astype(np.int32), row_count, "no number above 1"
    ).alias("box_scale")


def _is_out_of_range(numbers: NDArray[np.float64], sizes: NDArray[np.int64]) -> Mask:
    """Whether a box has a number outside 0-1000, or one that is none."""
    is_outside = ~((numbers >= 0) & (numbers <= MAX_BOX))
    mask = np.zeros(len(sizes), dtype=bool)
    if is_outside.any():
        mask[np.repeat(np.arange(len(sizes)), sizes)[is_outside]] = True
    return mask


def _has_swapped_corners(numbers: NDArray[np.float64], sizes: NDArray[np.int64]) -> Mask:
    """Whether a box of four numbers has its first corner elsewhere than left of and above its second."""
    is_box: Mask = sizes == _NUMBERS
    x1, y1, x2, y2 = numbers[np.repeat(is_box, sizes)].reshape(-1, _NUMBERS).T
    is_box[is_box] = ~((x1 < x2) & (y1 < y2))
    return is_box


def _label_columns(rows: pl.DataFrame) -> Iterator[pl.Expr]:
    yield pl.col("round1_labels").list.len().cast(pl.Int64).alias("label_count")


def _stray_labels(objects: Elements, rows: pl.DataFrame) -> pl.Series:
    """The labels of objects that ``round1_labels`` of their row lacks, as a violation."""
    known = Elements.of(rows["round1_labels"]).inside().frame()
    stray = (
        objects.member("label").frame().join(known, on=["row", "value"], how="anti", maintain_order="left")
    )
    return violations.of_labels(stray.drop_nulls(), rows.height)
