"""The vote of the passes: a pixel is foreground where most passes found it so.

Source of the vote: paper, "BAIT", pixel-wise majority. What becomes of a tie is not said there, and clips of 69 to 73 or of
81 to 84 frames have an even number of passes or an odd one as their length has it, so a tie is a parameter and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.models.trackers.tracker import Mask

Ties = Literal["background", "foreground"]
_MOST_PASSES = 255


class Majority(NamedTuple):
    """The outcome of a vote.

    Attributes:
        mask: (frames, height, width), true on the foreground.
        tied_px: pixels of all frames that as many passes took for foreground as did not.
    """

    mask: Mask
    tied_px: int


@dataclass
class Votes:
    """Votes for each pixel of a clip, counted as passes come: a byte a pixel, and never two passes in memory.

    >>> votes = Votes((1, 1, 3))
    >>> votes.add(np.array([[[True, True, False]]])); votes.add(np.array([[[True, False, False]]]))
    >>> votes.majority("background").mask.tolist(), votes.majority("background").tied_px
    ([[[True, False, False]]], 1)
    >>> votes.agreement()
    0.5

    Attributes:
        shape: frames, height and width.
        passes: how many were counted.
    """

    shape: tuple[int, int, int]
    passes: int = 0
    _counts: NDArray[np.uint8] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """No vote yet."""
        self._counts = np.zeros(self.shape, np.uint8)

    def add(self, mask: Mask) -> None:
        """Count a pass.

        Raises:
            ValueError: it is of another shape, or one pass more than a byte counts.
        """
        if mask.shape != self.shape or mask.dtype != np.bool_:
            raise ValueError(f"a pass of {mask.dtype} {mask.shape}; the clip has {self.shape}")
        if self.passes == _MOST_PASSES:
            raise ValueError(f"more than {_MOST_PASSES} passes")
        self._counts += mask
        self.passes += 1

    def majority(self, ties: Ties) -> Majority:
        """The mask of the majority, ties decided as said.

        Raises:
            ValueError: there was no pass.
        """
        if not self.passes:
            raise ValueError("a vote without a pass")
        least = self.passes // 2 + 1
        tied = 0
        if self.passes % 2 == 0:
            half = self.passes // 2
            tied = sum(int(np.count_nonzero(frame == half)) for frame in self._counts)
            least = half if ties == "foreground" else least
        return Majority(self._counts >= least, tied)

    def agreement(self) -> float | None:
        """Pixels that two passes share as a share of those that one of the two has, over all pairs of passes.

        From the counts alone: of ``n`` passes and a pixel that ``c`` of them have, ``c (c - 1)`` ordered pairs share it, and
        all but the ``(n - c) (n - c - 1)`` pairs that both lack it have it. None with one pass, or where none found a pixel.
        """
        n = self.passes
        if n < 2:
            return None
        histogram = np.zeros(n + 1, np.int64)
        for frame in self._counts:  # frame by frame: counting turns bytes into words
            histogram += np.bincount(frame.ravel(), minlength=n + 1)
        counts = np.arange(n + 1, dtype=np.int64)
        shared = int((histogram * counts * (counts - 1)).sum())
        had = int((histogram * (n * (n - 1) - (n - counts) * (n - counts - 1))).sum())
        return shared / had if had else None
