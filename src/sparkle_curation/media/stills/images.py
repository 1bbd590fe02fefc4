"""Still images as RGB arrays."""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.errors import MediaError
from sparkle_curation.media.limits import MAX_DECODED_PIXELS
from sparkle_curation.spec.codes.media_faults import MediaFault

_FORMATS = ("PNG", "JPEG")
_DEEP_MODES = ("I", "F")  # 16 bits and more in one channel: Pillow would cut them off at 255


def read_image(file: BinaryIO) -> NDArray[np.uint8]:
    """The image, uint8 [H, W, 3], RGB, 0 to 255; of an image with an alpha channel the colours alone.

    Args:
        file: a PNG or JPEG, seekable; its place does not matter.

    Raises:
        MediaError: it is neither, is cut or broken, has more than ``MAX_DECODED_PIXELS`` or more than 8 bits a channel.
    """
    from PIL import Image  # noqa: PLC0415 -- most of the project does without it

    file.seek(0)
    content = io.BytesIO(file.read())
    try:
        with Image.open(content, formats=_FORMATS) as image:
            if image.width * image.height > MAX_DECODED_PIXELS:
                size = f"{image.width}x{image.height} pixels"
                raise _unusable(f"{size}; at most {MAX_DECODED_PIXELS} are decoded")
            if image.mode.startswith(_DEEP_MODES):
                raise _unusable(f"pixels of the mode {image.mode}; allowed are 8 bits a channel")
            return np.array(image.convert("RGB"), np.uint8)
    except (
        OSError,
        SyntaxError,
        ValueError,
        zlib.error,
        struct.error,
        Image.DecompressionBombError,
    ) as error:
        raise _unusable(str(error) or type(error).__name__) from error


def _unusable(got: str) -> MediaError:
    return MediaError(
        "An image cannot be read", code=MediaFault.UNDECODABLE, got=got, allowed="a PNG or JPEG"
    )
