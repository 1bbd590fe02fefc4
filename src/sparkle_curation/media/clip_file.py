"""A clip as a file: H.264 that players take, a frame for each picture, a note of its making; equal bytes each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.engine.io.atomic import atomic_file

REPEATABLE = "mbtree=0:scenecut=0:b-adapt=0:weightp=0:rc-lookahead=0"
"""Parameters of x264 with which equal pictures make equal bytes, with one thread.

Looking ahead, x264 makes pictures of half the size, and of many sizes its fast routines read memory of before beyond their
rows: at 96x64 one clip came out in five forms, at 128x72 in one. So it does not look ahead, which costs an eighth of the
size at most.
"""


class ClipEncoding(NamedTuple):
    """How a clip is encoded.

    Attributes:
        fps: frames a second.
        crf: of libx264: 0 to 51, less is better.
        preset: of libx264.
    """

    fps: int
    crf: int
    preset: str = "medium"


@contextmanager
def written_clip(
    path: Path, pictures: Iterable[NDArray[np.uint8]], encoding: ClipEncoding, note: str
) -> Iterator[Path]:
    """A clip under a temporary name, whole; when the block ends well it is renamed to ``path``.

    Args:
        path: of the mp4; its folders are made.
        pictures: RGB, (height, width, 3), sides even, all of one size.
        encoding: how.
        note: what it is made of, kept in the file.

    Raises:
        ValueError: there is no picture.
        DiskError: the disk is full; then nothing is at ``path`` that was not there.
    """
    import av  # noqa: PLC0415 -- 0.2 s, and most of the project does without it

    with atomic_file(path) as temporary:
        with av.open(str(temporary), "w", format="mp4") as container:
            container.metadata["comment"] = note
            stream: Any = None
            for number, picture in enumerate(pictures):
                if stream is None:
                    stream = container.add_stream("libx264", rate=encoding.fps)
                    stream.height, stream.width = picture.shape[:2]
                    # One thread: the number of threads changes the bytes.
                    stream.pix_fmt, stream.thread_count = "yuv420p", 1
                    stream.options = {
                        "crf": str(encoding.crf),
                        "preset": encoding.preset,
                        "x264-params": REPEATABLE,
                    }
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts = number
                container.mux(stream.encode(frame))
            if stream is None:
                raise ValueError("a clip without a picture")
            container.mux(stream.encode(None))
        yield temporary


def note_of(path: Path) -> str | None:
    """The note in a clip; None where there is no such file, or it has none."""
    import av  # noqa: PLC0415 -- as above

    with suppress(OSError, av.FFmpegError), av.open(str(path)) as container:
        return container.metadata.get("comment")
    return None
