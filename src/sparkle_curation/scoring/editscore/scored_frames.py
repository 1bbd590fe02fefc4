"""Which frames of a video are scored."""

from __future__ import annotations

import numpy as np

from sparkle_curation.spec.frames import SCORED_FRAMES


def choose_scored_frames(frame_count: int, count: int = SCORED_FRAMES) -> list[int]:
    """The frames that are scored, counted from 0: evenly spread from the second to the last.

    "We uniformly sample four non-first frames" (dataset card). Of 77 frames this gives the indices that the card
    shows; of 69 to 81, the lengths of the release, others: index 76 is not in all of them.

    Raises:
        ValueError: the video has fewer than ``count`` frames after its first.

    >>> choose_scored_frames(77), choose_scored_frames(81), choose_scored_frames(69)
    ([1, 26, 51, 76], [1, 27, 54, 80], [1, 23, 46, 68])
    """
    if frame_count <= count:
        raise ValueError(f"{frame_count} frames: {count} beside the first are wanted")
    return [round(place) for place in np.linspace(1, frame_count - 1, count).tolist()]
