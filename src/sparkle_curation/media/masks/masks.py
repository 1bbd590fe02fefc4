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
from sparkle_curation.media.limits import MAX_MASK_FRAMES, MAX_MASK_PIXELS
from sparkle_curation.media.masks.header import MASK, SHAPE, MaskHeader, header_of
from sparkle_curation.media.masks.zip_directory import ZipMember, content_start, read_directory
from sparkle_curation.spec.codes.media_faults import MediaFault

_MAX_SHAPE_BYTES = 4096  # NumPy writes 152


def load_mask(file: BinaryIO, *, max_frames: int = MAX_MASK_FRAMES) -> NDArray[np.bool_]:
    """The mask, bool [T, H, W], true on the foreground.

    Args:
        file: the npz, seekable; its place does not matter.
        max_frames: largest T that is read.

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
        _check_limits(header, max_frames)
        mask, shape = _mask_and_shape(window)
        _unpack(window, shape, _MAX_SHAPE_BYTES)  # for its checksum: another shape is another mask
        content = _unpack(window, mask, mask.unpacked_bytes)
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


def _check_limits(header: MaskHeader, max_frames: int) -> None:
    if header.frame_count > max_frames:
        raise BrokenMediaError(
            MediaFault.NO_MASK, f"a mask of {header.frame_count} frames; at most {max_frames} are read"
        )
    pixels = header.frame_count * header.height_px * header.width_px
    if pixels > MAX_MASK_PIXELS:
        raise BrokenMediaError(
            MediaFault.NO_MASK, f"a mask of {pixels} pixels; at most {MAX_MASK_PIXELS} are read"
        )


def _mask_and_shape(window: ByteWindow) -> tuple[ZipMember, ZipMember]:
    members = sorted(read_directory(window), key=lambda member: member.name)
    if [member.name for member in members] != [MASK, SHAPE]:
        names = ", ".join(member.name for member in members[:10])
        detail = f"{names}; allowed are {MASK} and {SHAPE}, once each"
        raise BrokenMediaError(MediaFault.NO_MASK, detail)
    mask, shape = members
    return mask, shape


def _unpack(window: ByteWindow, member: ZipMember, max_bytes: int) -> bytes:
    """The unpacked bytes of a member, if the directory claims no more than so many and they are those of its checksum."""
    if member.unpacked_bytes > max_bytes:
        detail = f"{member.name}: {member.unpacked_bytes} bytes; at most {max_bytes} are read"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
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
