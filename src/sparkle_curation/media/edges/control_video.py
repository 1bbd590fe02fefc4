"""A control video as a file: H.264 that players take, a frame for each picture, and a note of what it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.media.clip_file import REPEATABLE
from sparkle_curation.media.edges.canny import Edges

_CRF = "23"
"""Edges come back from it to the pixel at a threshold of 127; 0 would be smaller, and of a profile that players refuse."""
_NOTE = "sparkle-curation edges "
_USUAL_RATE = Fraction(16)
_BLACK, _WHITE, _NO_COLOUR = np.uint8(16), np.uint8(235), np.uint8(128)
"""Luma and chroma of H.264 as it is usual, where 16 is black."""


class Written(NamedTuple):
    """What was written.

    Attributes:
        frame_count: frames.
        width_px: width.
        height_px: height.
    """

    frame_count: int
    width_px: int
    height_px: int


def write_control_video(path: Path, frames: Iterable[tuple[Edges, Fraction | None]], key: str) -> Written:
    """Write white edges on black under a temporary name, then rename; nothing is there where ``frames`` raises.

    Args:
        path: of the mp4; its folders are made.
        frames: the edges of each frame, and the rate of the source: that of the first one holds.
        key: of the work, noted in the file, so that a later run knows what it holds.

    Raises:
        ValueError: there is no frame.
    """
    import av  # noqa: PLC0415 -- 0.2 s, and most of the project does without it

    count, shape = 0, (0, 0)
    with atomic_file(path) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        container.metadata["comment"] = f"{_NOTE}{key}"
        stream = None
        for edges, rate in frames:
            if stream is None:
                shape = edges.shape
                stream = container.add_stream("libx264", rate=rate or _USUAL_RATE)
                stream.height, stream.width = shape
                stream.pix_fmt, stream.thread_count = "yuv420p", 1
                stream.options = {"crf": _CRF, "preset": "veryfast", "x264-params": REPEATABLE}
            frame = av.VideoFrame.from_ndarray(_planes(edges), format="yuv420p")
            frame.pts = count
            container.mux(stream.encode(frame))
            count += 1
        if stream is None:
            raise ValueError("a control video without a frame")
        container.mux(stream.encode(None))
    return Written(count, shape[1], shape[0])


def _planes(edges: Edges) -> NDArray[np.uint8]:
    """White on black as H.264 has it: (height * 3 / 2, width), luma and below it both chromas."""
    height, width = edges.shape
    luma = np.where(edges, _WHITE, _BLACK)
    return np.concatenate([luma, np.full((height // 2, width), _NO_COLOUR)])


def is_made_of(path: Path, key: str) -> bool:
    """Whether a file is the control video that was made under this key: by its note, which stands at the end of the file."""
    import av  # noqa: PLC0415 -- as above

    with suppress(OSError, av.FFmpegError), av.open(str(path)) as container:
        return bool(container.metadata.get("comment") == f"{_NOTE}{key}")
    return False
