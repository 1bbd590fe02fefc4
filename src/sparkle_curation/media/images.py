"""Images as arrays."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.media.broken import BrokenMediaError
from sparkle_curation.release.media_faults import MediaFault


def read_image(file: BinaryIO) -> NDArray[np.uint8]:
    """An image as (height, width, 3), RGB.

    Raises:
        BrokenMediaError: it cannot be decoded.
    """
    from PIL import Image  # noqa: PLC0415

    try:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise BrokenMediaError(MediaFault.UNDECODABLE, str(error)) from error
