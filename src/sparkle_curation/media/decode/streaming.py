"""All frames of a video, one after another, however long it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.errors import MediaError

# Private on purpose: a public name would be other code, for which all that was decoded before would be decoded again.
from sparkle_curation.media.decode.frames import _frames_in_order, _opened
from sparkle_curation.media.shown import orientation_of
from sparkle_curation.spec.codes.media_faults import MediaFault

if TYPE_CHECKING:
    import av


class StreamedFrame(NamedTuple):
    """A frame as it is shown.

    Attributes:
        number: counted from 0.
        picture: upright, rows first.
        rate: frames a second of the stream; None where it says none.
    """

    number: int
    picture: NDArray[np.uint8]
    rate: Fraction | None


def stream_frames(
    file: BinaryIO, convert: Callable[[av.VideoFrame], NDArray[np.uint8]] | None = None
) -> Iterator[StreamedFrame]:
    """The frames in their order, as shown and upright, one in memory at a time.

    Args:
        file: the video, seekable; its place does not matter.
        convert: a decoded frame as an array, rows first; None for RGB, (height, width, 3).

    Raises:
        MediaError: the video cannot be decoded to its end, or a frame differs in size from those before.
    """
    shape: tuple[int, ...] = ()
    with _opened(file) as (container, stream):
        rate = stream.average_rate
        for index, frame in enumerate(_frames_in_order(container, stream)):
            orientation = orientation_of(frame)
            if frame.is_corrupt or orientation is None:
                what = "is damaged" if frame.is_corrupt else "is turned by an angle that is no quarter"
                raise _undecodable(f"frame {index} {what}")
            picture = orientation.apply((convert or _rgb)(frame))
            if shape and picture.shape != shape:
                raise _undecodable(f"frame {index} has another size than those before")
            shape = picture.shape
            yield StreamedFrame(index, picture, rate)


def _rgb(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _undecodable(got: str) -> MediaError:
    return MediaError("A video cannot be decoded", code=MediaFault.UNDECODABLE, got=got)
