"""How good a tracked mask is, without knowing the true one: by itself, by its passes, by its boxes, by the released one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sparkle_curation.models.trackers.tracker import Mask


class Steadiness(NamedTuple):
    """What a mask tells of itself.

    Attributes:
        empty_frame_count: frames without a foreground pixel.
        area_jump: largest change of the covered area from one frame to the next, as a share of the larger of the two, 0-1:
            1 where the foreground appears or is lost; None with one frame, or where all are empty.
    """

    empty_frame_count: int
    area_jump: float | None


def measure_steadiness(mask: Mask) -> Steadiness:
    """The empty frames, and the largest jump.

    >>> measure_steadiness(np.array([[[1, 1]], [[1, 0]], [[1, 0]]], bool))
    Steadiness(empty_frame_count=0, area_jump=0.5)
    """
    areas = [int(np.count_nonzero(frame)) for frame in mask]
    jumps = [abs(after - before) / max(before, after) for before, after in pairwise(areas) if before or after]
    return Steadiness(areas.count(0), max(jumps, default=None))


def iou(one: Mask, other: Mask) -> float | None:
    """Shared pixels of two masks of one shape as a share of those that either has, 0-1; None where both are empty.

    >>> iou(np.array([True, True]), np.array([True, False]))
    0.5
    """
    union = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) / union if union else None


class Likeness(NamedTuple):
    """A mask beside another one of its clip.

    Attributes:
        mean: mean over the frames of their IoU; a frame that is empty in both counts as 1.
        least: that of the frame where it is least.
        least_frame: that frame, counted from 0.
    """

    mean: float
    least: float
    least_frame: int


def compare(mask: Mask, other: Mask) -> Likeness | None:
    """Both masks frame by frame; None where they differ in shape."""
    if mask.shape != other.shape:
        return None
    values = [1.0 if (value := iou(*frames)) is None else value for frames in zip(mask, other, strict=True)]
    least = int(np.argmin(values))
    return Likeness(float(np.mean(values)), values[least], least)


def worst_pass(mask: Mask, ious: Sequence[float | None]) -> int | None:
    """The place of the pass that agrees least with the vote; None where neither has a pixel."""
    known = [(value, place) for place, value in enumerate(ious) if value is not None]
    return min(known)[1] if known and mask.any() else None
