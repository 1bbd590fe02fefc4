"""Masks as arrays."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.media.byte_window import ByteWindow, Reading
from sparkle_curation.media.mask_header import header_of


def load_mask(file: BinaryIO) -> NDArray[np.bool_]:
    """A mask as (frames, height, width).

    Raises:
        BrokenMediaError: it is no mask of the published form.
    """
    content = file.read()
    header = header_of(ByteWindow(Reading(lambda at, length: content[at : at + length]), 0, len(content)))
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        shape = header.frame_count, header.height_px, header.width_px
        return np.unpackbits(arrays["mask"], count=int(np.prod(shape))).view(np.bool_).reshape(shape)
