"""The shape of a mask, from the headers of its npz: the mask itself is not unpacked, and nothing is unpickled.

Source of the arrays: dataset card, "Loading the foreground mask". Source of their headers: NumPy, "A simple
file format", versions 1.0 and 2.0.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import xxhash

from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow, Reading
from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.limits import MAX_MASK_PIXELS
from sparkle_curation.media.masks.zip_directory import ZipMember, read_directory, read_start
from sparkle_curation.spec.codes.media_faults import MediaFault

MASK, SHAPE = "mask.npy", "shape.npy"
_MAGIC = b"\x93NUMPY"
_MAX_SIDE = (1 << 31) - 1
_HEADER_BYTES = 4096  # NumPy writes 118 or 128
# Not by NumPy's own reader: it evaluates the text, so that one of 4 KB of brackets or signs takes 30 ms or ends in a
# RecursionError or TokenError, and it takes (True,), (-3,) and a number of 3,900 digits for shapes.
_HEADER = re.compile(
    rb"\{'descr': *'(?P<type>[^']+)', *'fortran_order': *(?P<order>True|False), *"
    rb"'shape': *\((?P<shape>(?:[0-9]{1,20}, *)*(?:[0-9]{1,20} *)?)\),? *\} *\n?"
)
_INTEGER = re.compile(
    r"[<>][iu][248]"
)  # whoever multiplies numbers of one byte as the card does gets another length


class MaskHeader(NamedTuple):
    """What an npz says of its mask.

    Attributes:
        frame_count: T of the shape (T, H, W).
        height_px: H.
        width_px: W.
        packed_bytes: length of the packed mask, ``ceil(T * H * W / 8)``.
        index_hash: digest of the archive's size and its checksums; equal for copies of one mask.
    """

    frame_count: int
    height_px: int
    width_px: int
    packed_bytes: int
    index_hash: str


class _ArrayHeader(NamedTuple):
    type: str
    shape: tuple[int, ...]
    start: int


def read_mask_header(read_at: Callable[[int, int], bytes], size: int) -> MaskHeader:
    """What the npz says of its mask; a few kilobytes of it are read, and no more than 8 KB unpacked.

    Args:
        read_at: gives the bytes of the npz from an offset, at most so many; see ``media.byte_window.ReadAt``.
        size: length of the npz in bytes.

    Raises:
        BrokenMediaError: the file is no npz, is cut, holds other arrays than `mask` (uint8) and `shape` (three
            integers) or one of them twice, the mask has another length than the shape takes, or more pixels than are read.
    """
    return header_of(ByteWindow(Reading(read_at), 0, size))


def header_of(window: ByteWindow) -> MaskHeader:
    """As ``read_mask_header``, of a window."""
    found = find_arrays(window)
    frames, height, width = _read_shape(window, found.shape)
    packed = _read_packed_length(window, found.mask)
    pixels = frames * height * width
    if packed != (allowed := -(-pixels // 8)):
        detail = f"{packed} bytes of bits; the shape ({frames}, {height}, {width}) takes {allowed}"
        raise BrokenMediaError(MediaFault.MASK_LENGTH, detail)
    if pixels > MAX_MASK_PIXELS:
        detail = f"a mask of {pixels} pixels; at most {MAX_MASK_PIXELS} are read"
        raise BrokenMediaError(MediaFault.NO_MASK, detail)
    facts = sorted((member.name, member.crc32, member.unpacked_bytes) for member in found.members)
    return MaskHeader(
        frames, height, width, packed, xxhash.xxh3_128_hexdigest(repr((window.size, facts)).encode())
    )


class FoundArrays(NamedTuple):
    """The two arrays of a mask, among all that the archive holds."""

    mask: ZipMember
    shape: ZipMember
    members: list[ZipMember]


def find_arrays(window: ByteWindow) -> FoundArrays:
    """The arrays of a mask; others beside them are passed over, as NumPy does (decision 28).

    Raises:
        BrokenMediaError: the file is no archive, or one of the arrays is not in it, or twice: who knows which is meant.
    """
    members = read_directory(window)
    names = [member.name for member in members]
    for name in (MASK, SHAPE):
        if names.count(name) != 1:
            detail = (
                f"{names.count(name)} arrays {name} among {', '.join(sorted(names)[:10])}; allowed is one"
            )
            raise BrokenMediaError(MediaFault.NO_MASK, detail)
    return FoundArrays(members[names.index(MASK)], members[names.index(SHAPE)], members)


def read_mask(window: ByteWindow) -> MediaFacts:
    """The facts of a mask; raises as ``read_mask_header`` does."""
    header = header_of(window)
    return MediaFacts(
        width_px=header.width_px,
        height_px=header.height_px,
        frame_count=header.frame_count,
        codec="npz",
        index_hash=header.index_hash,
        probe="npz",
    )


def _read_shape(window: ByteWindow, member: ZipMember) -> tuple[int, int, int]:
    header, content = _read_array_header(window, member)
    if not _INTEGER.fullmatch(header.type) or header.shape != (3,):
        detail = f"shape is an array {header.type} {header.shape}; allowed are three integers"
        raise BrokenMediaError(MediaFault.NO_MASK, detail)
    size = 3 * np.dtype(header.type).itemsize
    numbers = content[header.start : header.start + size]
    if len(numbers) < size:
        raise BrokenMediaError(MediaFault.TRUNCATED, "the array shape is cut")
    if header.start + size != member.unpacked_bytes:
        detail = f"shape has {size} bytes and takes {member.unpacked_bytes - header.start}"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    frames, height, width = np.frombuffer(numbers, header.type).tolist()
    if min(frames, height, width) <= 0 or max(frames, height, width) > _MAX_SIDE:
        detail = (
            f"a mask of the shape ({frames}, {height}, {width}); allowed are numbers from 1 to {_MAX_SIDE}"
        )
        raise BrokenMediaError(MediaFault.NO_MASK, detail)
    return frames, height, width


def _read_packed_length(window: ByteWindow, member: ZipMember) -> int:
    header, _ = _read_array_header(window, member)
    if header.type != "|u1" or len(header.shape) != 1:
        detail = f"mask is an array {header.type} {header.shape}; allowed is one row of bytes (|u1)"
        raise BrokenMediaError(MediaFault.NO_MASK, detail)
    length = header.shape[0]
    if header.start + length != member.unpacked_bytes:
        detail = f"mask has {length} bytes and takes {member.unpacked_bytes - header.start}"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    return length


def _read_array_header(window: ByteWindow, member: ZipMember) -> tuple[_ArrayHeader, bytes]:
    """The header of an array and the bytes that were unpacked to read it."""
    content = read_start(window, member, _HEADER_BYTES)
    if content[: len(_MAGIC)] != _MAGIC or len(content) < 12:
        raise BrokenMediaError(MediaFault.NO_MASK, f"{member.name} is no array of NumPy")
    is_first_version = content[6] == 1
    start = 10 if is_first_version else 12
    (length,) = struct.unpack_from("<H" if is_first_version else "<I", content, 8)
    match = _HEADER.fullmatch(content[start : start + length]) if start + length <= len(content) else None
    if match is None or match["order"] == b"True" or len(match["shape"]) > 100:
        raise BrokenMediaError(MediaFault.NO_MASK, f"{member.name} has a header that is not read here")
    shape = tuple(int(part) for part in match["shape"].split(b",") if part.strip())
    return _ArrayHeader(match["type"].decode("latin-1"), shape, start + length), content
