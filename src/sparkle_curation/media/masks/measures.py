"""What a mask covers, how much it flickers, and how it agrees with the boxes that it was tracked from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""(frames, height, width), true where the foreground is."""
Box = Sequence[int]
"""``[x1, y1, x2, y2]`` in pixels of the mask; the last column and row are outside."""


class MaskMeasures(NamedTuple):
    """How much of the picture a mask covers, and how steadily. All are shares, 0-1; null without a frame or pixel.

    Attributes:
        mask_share: mean share of the picture that is covered.
        smallest_mask_share: that of the frame that it covers least.
        largest_mask_share: that of the frame that it covers most.
        mask_flicker: mean share of the pixels that change from one frame to the next; null with one frame.
        mask_jump: the largest such share.
    """

    mask_share: float | None = None
    smallest_mask_share: float | None = None
    largest_mask_share: float | None = None
    mask_flicker: float | None = None
    mask_jump: float | None = None


class BoxMeasures(NamedTuple):
    """How boxes and mask agree. All are shares, 0-1; null where there is no box, or no mask in any frame with boxes.

    Attributes:
        boxes_in_mask_share: mean share of a box's area that the mask covers, over all boxes.
        smallest_box_in_mask_share: that of the box that is covered least; 0 for an object that the mask lacks.
        mask_in_boxes_share: mean share of the mask that lies inside of the boxes, over the frames that have both.
    """

    boxes_in_mask_share: float | None = None
    smallest_box_in_mask_share: float | None = None
    mask_in_boxes_share: float | None = None


def measure_mask(mask: Mask) -> MaskMeasures:
    """The measures of a mask.

    >>> measure_mask(np.array([[[0, 0, 0, 1]], [[0, 0, 1, 1]]], bool))[:4]
    (0.375, 0.25, 0.5, 0.25)
    """
    if not mask.size:
        return MaskMeasures()
    pixels = mask[0].size
    # Frame by frame: counting the bits of one plane is ten times as fast as summing along two axes.
    shares = [int(np.count_nonzero(frame)) / pixels for frame in mask]
    changes = [int(np.count_nonzero(frame != before)) / pixels for before, frame in pairwise(mask)]
    return MaskMeasures(
        mask_share=float(np.mean(shares)),
        smallest_mask_share=min(shares),
        largest_mask_share=max(shares),
        mask_flicker=float(np.mean(changes)) if changes else None,
        mask_jump=max(changes, default=None),
    )


def measure_boxes(mask: Mask, boxes: Mapping[int, Sequence[Box]]) -> BoxMeasures:
    """The measures of boxes by the number of their frame; a frame that the mask has not is left out.

    >>> measure_boxes(np.array([[[0, 1, 1, 1]]], bool), {0: [[0, 0, 2, 1], [1, 0, 2, 1]]})
    BoxMeasures(boxes_in_mask_share=0.75, smallest_box_in_mask_share=0.5, mask_in_boxes_share=0.3333333333333333)
    """
    covered, inside = [], []
    for frame, found in _frames_with_boxes(mask, boxes):
        covered += [float(_part(frame, box).mean()) for box in found]
        if pixels := int(np.count_nonzero(frame)):
            union = np.zeros_like(frame)
            for box in found:
                _part(union, box)[...] = True
            inside.append(int(np.count_nonzero(frame & union)) / pixels)
    return BoxMeasures(
        boxes_in_mask_share=float(np.mean(covered)) if covered else None,
        smallest_box_in_mask_share=min(covered, default=None),
        mask_in_boxes_share=float(np.mean(inside)) if inside else None,
    )


def _frames_with_boxes(
    mask: Mask, boxes: Mapping[int, Sequence[Box]]
) -> Iterator[tuple[Mask, Sequence[Box]]]:
    for number, found in boxes.items():
        if number < len(mask):
            with_area = [box for box in found if _part(mask[number], box).size]
            if with_area:
                yield mask[number], with_area


def _part(frame: Mask, box: Box) -> Mask:
    left, top, right, bottom = box
    return frame[top:bottom, left:right]
