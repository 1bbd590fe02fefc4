"""A pass in the journal: its bits packed and deflated, some 20 to 100 KB for a clip of 81 frames of 1280x720."""

from __future__ import annotations

import math
import zlib

import numpy as np

from sparkle_curation.models.trackers.tracker import Mask

_LEVEL = 6


def pack(mask: Mask) -> bytes:
    """The bits of a pass, deflated."""
    return zlib.compress(np.packbits(mask).tobytes(), _LEVEL)


def unpack(packed: bytes, shape: tuple[int, int, int]) -> Mask:
    """The pass again.

    >>> mask = np.array([[[True, False, True]]])
    >>> bool((unpack(pack(mask), mask.shape) == mask).all())
    True

    Raises:
        ValueError: the bits are not those of such a shape.
    """
    size = math.prod(shape)
    bits = zlib.decompressobj().decompress(packed, -(-size // 8) + 1)
    if len(bits) != -(-size // 8):
        raise ValueError(f"{len(bits)} bytes of bits; {shape} takes {-(-size // 8)}")
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=size).reshape(shape).view(np.bool_)
