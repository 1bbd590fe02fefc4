"""Frames of a clip as small grey pictures, one after another, at one contrast everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from sparkle_curation.errors import MediaError

# Private on purpose: a public name would be other code, for which each journal of decoded frames would be made anew.
from sparkle_curation.media.decode.frames import _frames_in_order, _opened
from sparkle_curation.media.shown import orientation_of
from sparkle_curation.spec.codes.media_faults import MediaFault

Grey = NDArray[np.uint8]
"""(height, width), grey, 0-255."""

_LEAST_CONTRAST = 4.0
"""Grey levels: noise of flat parts is not enlarged to texture."""
_GAIN, _MIDDLE = 48.0, 128.0
"""Deviations of a neighbourhood become grey levels by these: +-2.6 of them fit."""


class GreyFrame(NamedTuple):
    """A frame of a clip.

    Attributes:
        index: counted from 0.
        picture: grey, upright, shrunk.
        width_px: of the clip's own frames, as shown.
        height_px: likewise.
        fps: of the stream; None where it says none.
    """

    index: int
    picture: Grey
    width_px: int
    height_px: int
    fps: float | None


def read_grey_frames(file: BinaryIO, pixels: int) -> Iterator[GreyFrame]:
    """The frames in their order, as shown and upright, one in memory at a time.

    Args:
        file: the video, seekable.
        pixels: about so many a frame, in the clip's own shape; a smaller clip is not enlarged.

    Raises:
        MediaError: the video cannot be decoded to its end, or its frames differ in size.
    """
    cv2.setNumThreads(1)  # the processes are the threads
    shape: tuple[int, ...] = ()
    with _opened(file) as (container, stream):
        fps = float(stream.average_rate) if stream.average_rate else None
        for index, frame in enumerate(_frames_in_order(container, stream)):
            orientation = orientation_of(frame)
            if frame.is_corrupt or orientation is None:
                what = "is damaged" if frame.is_corrupt else "is turned by an angle that is no quarter"
                raise _undecodable(f"frame {index} {what}")
            whole = orientation.apply(np.asarray(frame.to_ndarray(format="gray"), np.uint8))
            if shape and whole.shape != shape:
                raise _undecodable(f"frame {index} has another size than those before")
            shape = whole.shape
            small = shrink(whole, pixels)
            yield GreyFrame(index, small, whole.shape[1], whole.shape[0], fps)


def shrink(picture: Grey, pixels: int) -> Grey:
    """The picture in its own shape with about so many pixels; a smaller one as it is.

    >>> [shrink(np.zeros(shape, np.uint8), 480 * 270).shape for shape in ((720, 1280), (1280, 720), (90, 160))]
    [(270, 480), (480, 270), (90, 160)]
    """
    height, width = picture.shape
    scale = min((pixels / (width * height)) ** 0.5, 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA), np.uint8)


def normalise(picture: Grey, sigma_px: float) -> Grey:
    """The picture at one brightness and contrast everywhere, so that light that changes moves no line.

    Each pixel becomes its deviation from the mean of its neighbourhood, by the neighbourhood's own contrast.

    Args:
        picture: grey.
        sigma_px: of the Gaussian that is the neighbourhood.
    """
    grey = picture.astype(np.float32)
    mean = cv2.GaussianBlur(grey, (0, 0), sigma_px)
    variance = cv2.GaussianBlur(grey * grey, (0, 0), sigma_px) - mean * mean
    deviation = (grey - mean) / (np.sqrt(np.maximum(variance, 0)) + _LEAST_CONTRAST)
    return np.clip(deviation * _GAIN + _MIDDLE, 0, 255).astype(np.uint8)


def _undecodable(got: str) -> MediaError:
    return MediaError("A video cannot be decoded", code=MediaFault.UNDECODABLE, got=got)
