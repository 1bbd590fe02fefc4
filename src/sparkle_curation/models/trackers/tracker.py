"""What follows objects through a video, whatever computes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Frames: TypeAlias = NDArray[np.uint8]
"""A clip as shown: RGB, (frames, height, width, 3)."""
Mask: TypeAlias = NDArray[np.bool_]
"""(frames, height, width), true where an object is."""
Box: TypeAlias = tuple[int, int, int, int]
"""``(x1, y1, x2, y2)`` in pixels of the clip, x1 <= x2 and y1 <= y2."""


class OutOfMemoryError(Exception):
    """A clip does not fit into the memory of the device; another may."""


class ClipTracker(Protocol):
    """A clip whose objects can be followed, from one frame after another."""

    def track(self, frame_index: int, boxes: Sequence[Box]) -> Mask:
        """The union of the objects, each followed as if it were alone, from that frame to the end and to the beginning.

        Nothing of a call is left for the next one.

        Args:
            frame_index: where the boxes lie, counted from 0.
            boxes: one an object, at least one.

        Raises:
            OutOfMemoryError: it does not fit.
        """
        ...


class Tracker(Protocol):
    """A model that follows objects."""

    @property
    def provenance(self) -> Mapping[str, str]:
        """All that a mask depends on beside the clip and the boxes, as text by name; with ``model`` and ``revision``.

        Raises:
            ModelError: the weights are not to be found.
        """
        ...

    def name_device(self) -> str:
        """What people call the device that it computes on; once it is loaded."""
        ...

    def load(self) -> None:
        """Load the weights onto the device.

        Raises:
            ModelError: they cannot be had, or there is no such device.
        """
        ...

    def open(self, frames: Frames) -> AbstractContextManager[ClipTracker]:
        """The clip, its frames looked at once for all that is followed in it.

        Raises:
            OutOfMemoryError: it does not fit.
        """
        ...
