"""What a clip shows: which of its streams, and which way up.

FFmpeg's command line, through which the training loader reads, and every player turn a picture as the file says. So do
all readers here: sizes in the table ``media``, frames that are hashed, judged, boxed, measured and drawn.
The shape of pixels (sample aspect) is left alone, as the loader leaves it.

Source: FFmpeg, ``fftools/ffmpeg_filter.c`` and ``fftools/cmdutils.c`` (``get_rotation``), told in our own words.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

_NEARLY_DEG = 1.0
_DEFAULT_BONUS = 5_000_000  # pixels that being the default stream is worth to FFmpeg


class Orientation(NamedTuple):
    """How a stored picture becomes the one that is shown: the steps in this order.

    Attributes:
        rotation_deg: degrees clockwise, 0, 90, 180 or 270, of the picture that may be mirrored besides.
        is_transposed: whether rows become columns; width and height change places.
        is_upside_down: whether the order of rows is turned then.
        is_backwards: whether the order of columns is.
    """

    rotation_deg: int = 0
    is_transposed: bool = False
    is_upside_down: bool = False
    is_backwards: bool = False

    def size(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Width and height as shown."""
        return (height_px, width_px) if self.is_transposed else (width_px, height_px)

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture, rows first, as shown."""
        if self.is_transposed:
            picture = picture.swapaxes(0, 1)
        return picture[:: -1 if self.is_upside_down else 1, :: -1 if self.is_backwards else 1]


def read_orientation(a: int, b: int, c: int, d: int) -> Orientation | None:
    """What a display matrix does; None for an angle by which FFmpeg's reader in the loader cannot turn.

    >>> read_orientation(0, 65536, -65536, 0).rotation_deg
    90
    >>> read_orientation(46341, 46341, -46341, 46341) is None
    True
    """
    across, down = math.hypot(a, c), math.hypot(b, d)
    if not across or not down:
        return Orientation()
    angle = math.degrees(math.atan2(b / down, a / across)) % 360
    if min(angle, 360 - angle) < _NEARLY_DEG:
        return Orientation(is_upside_down=d < 0)
    if abs(angle - 90) < _NEARLY_DEG:
        return Orientation(90, is_transposed=True, is_backwards=c <= 0)
    if abs(angle - 180) < _NEARLY_DEG:
        return Orientation(180, is_upside_down=d < 0, is_backwards=a < 0)
    if abs(angle - 270) < _NEARLY_DEG:
        return Orientation(270, is_transposed=True, is_upside_down=True, is_backwards=c < 0)
    return None


def orientation_of(frame: av.VideoFrame) -> Orientation | None:
    """What the display matrix does that a decoded frame carries; None for an odd angle."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return Orientation()
    a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
    return read_orientation(a, b, c, d)


def has_decoder(stream: VideoStream) -> bool:
    """Whether FFmpeg knows a decoder for the stream."""
    return stream.codec_context is not None


def pick_video(container: InputContainer) -> VideoStream | None:
    """The stream that FFmpeg takes: the largest, the default one before others, and no cover picture."""
    from av.stream import Disposition  # noqa: PLC0415 -- most videos are read without it

    streams = [
        stream
        for stream in container.streams.video
        if has_decoder(stream) and not stream.disposition & Disposition.attached_pic
    ]

    def worth(stream: VideoStream) -> int:
        bonus = _DEFAULT_BONUS if stream.disposition & Disposition.default else 0
        return (stream.width or 0) * (stream.height or 0) + bonus

    return max(streams, key=worth, default=None)
