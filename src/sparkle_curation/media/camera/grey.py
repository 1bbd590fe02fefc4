"""Frames of a clip as small grey pictures, one after another, at one contrast everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.media.decode.streaming import stream_frames
from sparkle_curation.media.opencv import opencv

if TYPE_CHECKING:
    import av

Grey = NDArray[np.uint8]
"""(height, width), grey, 0-255."""

_PLANAR = frozenset({"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"})
_LEAST_CONTRAST = 4.0
"""Grey levels: noise of flat parts is not enlarged to texture."""
_GAIN, _MIDDLE = 48.0, 128.0
"""Deviations of a neighbourhood become grey levels by these: +-2.6 of them fit."""


class GreyFrame(NamedTuple):
    """A frame of a clip.

    Attributes:
        number: counted from 0.
        picture: grey, upright, shrunk.
        width_px: of the clip's own frames, as shown.
        height_px: likewise.
        fps: of the stream; None where it says none.
    """

    number: int
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
    for index, whole, rate in stream_frames(file, _luma):
        small = shrink(whole, pixels)
        yield GreyFrame(index, small, whole.shape[1], whole.shape[0], float(rate) if rate else None)


def _luma(frame: av.VideoFrame) -> Grey:
    """The brightness of a frame: the plane that has it, where there is one of bytes, which spares a conversion."""
    if frame.format.name not in _PLANAR:
        return np.asarray(frame.to_ndarray(format="gray"), np.uint8)
    plane = frame.planes[0]
    rows: Grey = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]


def shrink(picture: Grey, pixels: int) -> Grey:
    """The picture in its own shape with about so many pixels; a smaller one as it is.

    >>> [shrink(np.zeros(shape, np.uint8), 480 * 270).shape for shape in ((720, 1280), (1280, 720), (90, 160))]
    [(270, 480), (480, 270), (90, 160)]
    """
    cv2 = opencv()
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
    cv2 = opencv()
    grey = picture.astype(np.float32)
    mean = cv2.GaussianBlur(grey, (0, 0), sigma_px)
    variance = cv2.GaussianBlur(grey * grey, (0, 0), sigma_px) - mean * mean
    deviation = (grey - mean) / (np.sqrt(np.maximum(variance, 0)) + _LEAST_CONTRAST)
    return np.asarray(np.clip(deviation * _GAIN + _MIDDLE, 0, 255), np.uint8)
