"""A hash of what a picture shows: it stays nearly the same when the picture is encoded again, resized or brightened.

The grey picture is averaged down to 32x32 and taken apart into waves (discrete cosine transform). Of the 64 slowest
ones all but the mean brightness give a bit each: whether the wave is stronger than their median. Two pictures are
alike when few of these bits differ.

Seen on twelve real source clips: H.264 at crf 35, another size or 12 levels of brightness change up to 2 bits, crf 45
or 15% of contrast up to 4; two different clips differ in 22 bits or more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

HASH_VERSION = 1
"""Raised when the same picture would get another hash."""

_SIDE, _WAVES = 32, 8
_LEVELS_A_UNIT = (
    2 / _SIDE
)  # amplitude of a wave in grey levels by its coefficient in an orthonormal transform


def _cosines() -> NDArray[np.float64]:
    """The first eight rows of the orthonormal transform (DCT-II) of 32 values."""
    wave, place = np.ogrid[:_WAVES, :_SIDE]
    rows: NDArray[np.float64] = np.sqrt(2 / _SIDE) * np.cos(np.pi * wave * (place + 0.5) / _SIDE)
    rows[0] /= np.sqrt(2)
    return rows


_COSINES = _cosines()


class FrameHash(NamedTuple):
    """The hash of a picture.

    Attributes:
        bits: 63 bits and, in the highest place, a zero.
        detail: how far from the median the waves are in the middle, in grey levels (0-255). About 0 where the picture
            is one colour or one gradient: then chance decides the bits, and they say nothing.
    """

    bits: int
    detail: float

    @property
    def text(self) -> str:
        """The bits as 16 hexadecimal digits."""
        return f"{self.bits:016x}"


def hash_picture(picture: NDArray[np.uint8]) -> FrameHash:
    """The hash of an RGB picture, shape (height, width, 3), of any size.

    >>> gradient = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 256, 3))
    >>> hash_picture(gradient).detail < 0.01
    True
    """
    waves = (_COSINES @ _grey_thumbnail(picture) @ _COSINES.T).ravel() * _LEVELS_A_UNIT
    median = np.median(waves[1:])
    is_strong = waves > median
    is_strong[0] = False
    return FrameHash(
        bits=int.from_bytes(np.packbits(is_strong).tobytes(), "big"),
        detail=round(float(np.median(np.abs(waves[1:] - median))), 3),
    )


def _grey_thumbnail(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The picture in grey levels, 32x32, each value the mean of its part of the picture."""
    from PIL import Image  # noqa: PLC0415  # costs a run that hashes nothing

    grey = Image.fromarray(picture).convert("L")
    return np.asarray(grey.resize((_SIDE, _SIDE), Image.Resampling.BOX), np.float64)
