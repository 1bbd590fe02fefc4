"""Foreground masks, read and written in the published form: bits packed into an npz.

Nothing is unpickled, and every size is checked before anything of that size is taken. Source of the form: dataset
card, "Loading the foreground mask".
"""

from __future__ import annotations

import math
import zlib
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.errors import MediaError
from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow, Reading
from sparkle_curation.media.masks.header import find_arrays, header_of
from sparkle_curation.media.masks.zip_directory import ZipMember, content_start
from sparkle_curation.spec.codes.media_faults import MediaFault


def load_mask(file: BinaryIO) -> NDArray[np.bool_]:
    """The mask, bool [T, H, W], true on the foreground.

    It is read where ``inspect`` with ``decode`` calls it whole, and nowhere else (decision 28).

    Args:
        file: the npz, seekable; its place does not matter.

    Raises:
        MediaError: the file is no npz of the published form, its sizes contradict each other or are too large, or
            its bytes are not those of its checksum.
    """

    def read_at(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    window = ByteWindow(Reading(read_at), 0, size=file.seek(0, 2))
    try:
        header = header_of(window)
        found = find_arrays(window)
        _unpack(window, found.shape)  # for its checksum: another shape is another mask
        content = _unpack(window, found.mask)
    except BrokenMediaError as error:
        raise MediaError("A mask cannot be read", code=error.fault, got=error.detail) from error
    packed = np.frombuffer(content, np.uint8)[-header.packed_bytes :]
    sides = (header.frame_count, header.height_px, header.width_px)
    return np.unpackbits(packed, count=math.prod(sides)).reshape(sides).view(np.bool_)


def save_mask(file: BinaryIO, mask: NDArray[np.bool_]) -> None:
    """Write the mask, bool [T, H, W], into ``file`` in the published form.

    Raises:
        ValueError: it is of another type or has another number of sides.
    """
    if mask.dtype != np.bool_ or mask.ndim != 3 or not mask.size:
        raise ValueError(f"a mask of type {mask.dtype} and shape {mask.shape}; allowed is bool (T, H, W)")
    np.savez_compressed(file, mask=np.packbits(mask), shape=np.array(mask.shape, np.int64))


def _unpack(window: ByteWindow, member: ZipMember) -> bytes:
    """The unpacked bytes of a member whose claimed length fits its array's, if they are those of its checksum."""
    content = window.read_exactly(content_start(window, member), member.packed_bytes)
    if member.is_deflated:
        try:
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, member.unpacked_bytes + 1)
        except zlib.error as error:
            raise BrokenMediaError(MediaFault.UNDECODABLE, f"{member.name}: {error}") from error
    if (len(content), zlib.crc32(content)) != (member.unpacked_bytes, member.crc32):
        said = f"{member.unpacked_bytes} bytes, checksum {member.crc32:08x}"
        detail = f"{member.name}: {len(content)} bytes, checksum {zlib.crc32(content):08x}; the directory says {said}"
        raise BrokenMediaError(MediaFault.BAD_CHECKSUM, detail)
    return content
