"""Still images as RGB arrays."""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.errors import MediaError
from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow, Reading
from sparkle_curation.media.stills.png_header import SIGNATURE, read_png, walk_chunks
from sparkle_curation.media.stills.png_pixels import check_png
from sparkle_curation.spec.codes.media_faults import MediaFault

_PIXEL_CHUNKS = (b"IHDR", b"PLTE", b"IDAT", b"IEND")


def read_image(file: BinaryIO) -> NDArray[np.uint8]:
    """The image, uint8 [H, W, 3], RGB, 0 to 255; of one with an alpha channel the colours alone, of 16 bits the high 8.

    It is read where ``inspect`` with ``decode`` calls it whole, and nowhere else (decision 28).

    Args:
        file: a PNG, seekable; its place does not matter.

    Raises:
        MediaError: it is none, is cut or broken, or has more than ``MAX_DECODED_PIXELS``.
    """
    from PIL import Image  # noqa: PLC0415 -- most of the project does without it

    file.seek(0)
    content = file.read()
    window = ByteWindow(Reading(lambda offset, length: content[offset : offset + length]), 0, len(content))
    try:
        read_png(window)
        check_png(window)
        with Image.open(io.BytesIO(_pixels_alone(window)), formats=["PNG"]) as image:
            if image.mode.startswith("I"):  # grey in 16 bits, which Pillow would cut off at 255
                high = (np.asarray(image) >> 8).astype(np.uint8)
                return np.repeat(high[..., None], 3, axis=2)
            return np.array(image.convert("RGB"), np.uint8)
    except BrokenMediaError as error:
        raise _unusable(error.fault, error.detail) from error
    except (OSError, SyntaxError, ValueError, zlib.error, struct.error) as error:
        raise _unusable(MediaFault.UNDECODABLE, str(error) or type(error).__name__) from error


def _pixels_alone(window: ByteWindow) -> bytes:
    """The PNG without what no pixel depends on: notes, colour profiles, animation, what stands behind its end."""
    kept = [
        window.read_exactly(chunk.start - 8, chunk.end + 4 - (chunk.start - 8))
        for chunk in walk_chunks(window)
        if chunk.type in _PIXEL_CHUNKS
    ]
    return SIGNATURE + b"".join(kept)


def _unusable(fault: MediaFault, got: str) -> MediaError:
    return MediaError("An image cannot be read", code=fault, got=got, allowed="a PNG")
