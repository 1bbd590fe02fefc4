"""Frames of a video as arrays, exact to their number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.media.broken import BrokenMediaError
from sparkle_curation.release.media_faults import MediaFault


def read_frames(file: BinaryIO, indices: Sequence[int]) -> NDArray[np.uint8]:
    """Frames as (frames, height, width, 3), RGB, in the order of the indices (counted from 0, in order of showing).

    Raises:
        BrokenMediaError: the video cannot be decoded, or has fewer frames.
    """
    import av  # noqa: PLC0415

    found: dict[int, NDArray[np.uint8]] = {}
    try:
        with av.open(file, "r") as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number in indices:
                    found[number] = frame.to_ndarray(format="rgb24")
                if number >= max(indices):
                    break
    except (av.error.FFmpegError, IndexError) as error:
        raise BrokenMediaError(MediaFault.UNDECODABLE, str(error)) from error
    missing = [index for index in indices if index not in found]
    if missing:
        raise BrokenMediaError(MediaFault.FRAMES_DIFFER, f"no frame {missing[0]}")
    return np.stack([found[index] for index in indices])
