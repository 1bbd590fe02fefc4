"""The bytes of a PNG, all of them: its chunks compared with their checksums, its rows with what a PNG may hold.

What passes here every reader can decode, and what does not none shall: ``inspect.decode`` and ``read_image`` both ask it.
Read and unpacked piece by piece, so that no length that a file claims is ever taken at once.
Source: PNG specification (third edition), sections 5.3, 7.2 and 9.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sparkle_curation.media.byte_window import PIECE_BYTES, BrokenMediaError, ByteWindow, pieces
from sparkle_curation.media.limits import MAX_DECODED_PIXELS
from sparkle_curation.media.mp4.atoms import raw_type
from sparkle_curation.media.stills.png_header import Chunk, walk_chunks
from sparkle_curation.spec.codes.media_faults import MediaFault

_HEADER, _HEADER_START = struct.Struct(">IIBBBBB"), 16
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# First column and row, then the distances to the next, of the seven passes of an interlaced image.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_MAX_FILTER = 4


class _Rows(NamedTuple):
    """Rows of one length: the first byte of the first, the byte behind the last, the length of each."""

    start: int
    end: int
    length: int


def check_png(window: ByteWindow) -> int:
    """The byte behind the end mark of a PNG of whose header ``read_png`` has approved.

    Raises:
        BrokenMediaError: there are more pixels than are decoded, a chunk is not that of its checksum, the pixels cannot be
            unpacked or end too soon, or a row names a filter that there is not.
    """
    header = window.read_exactly(_HEADER_START, _HEADER.size)
    width, height, *_ = _HEADER.unpack(header)
    if width * height > MAX_DECODED_PIXELS:
        detail = f"{width}x{height} pixels; at most {MAX_DECODED_PIXELS} are decoded"
        raise BrokenMediaError(MediaFault.UNDECODABLE, detail)
    end = 0
    for chunk in walk_chunks(window):
        _check_chunk(window, chunk)
        end = chunk.end + 4
    passes = list(_passes(header))
    expected, length = passes[-1].end, 0
    for piece in _unpacked(window, expected):
        _check_filters(piece, length, passes)
        length += len(piece)
    if length < expected:
        detail = f"{length} bytes of pixels; the header promises {expected}"
        raise BrokenMediaError(MediaFault.UNDECODABLE, detail)
    return end


def _check_chunk(window: ByteWindow, chunk: Chunk) -> None:
    found = zlib.crc32(chunk.type)
    for piece in pieces(window, chunk.start, chunk.end):
        found = zlib.crc32(piece, found)
    if found != int.from_bytes(chunk.checksum, "big"):
        where = f"chunk {raw_type(chunk.type)} at byte {chunk.start}"
        detail = f"{where}: checksum {found:08x}, the file says {chunk.checksum.hex()}"
        raise BrokenMediaError(MediaFault.BAD_CHECKSUM, detail)


def _unpacked(window: ByteWindow, expected: int) -> Iterator[bytes]:
    """The unpacked pixels, a megabyte at a time, up to the end of what is packed, or of what is expected."""
    inflater, length = zlib.decompressobj(), 0
    for chunk in walk_chunks(window):
        if chunk.type != b"IDAT":
            continue
        for packed in pieces(window, chunk.start, chunk.end):
            rest = packed
            while rest and not inflater.eof and length <= expected:  # the checksum stands behind the last
                try:
                    piece = inflater.decompress(rest, PIECE_BYTES)
                except zlib.error as error:
                    raise BrokenMediaError(MediaFault.UNDECODABLE, f"pixels: {error}") from error
                rest, length = inflater.unconsumed_tail, length + len(piece)
                yield piece


def _check_filters(piece: bytes, place: int, passes: list[_Rows]) -> None:
    """Raises where the byte before a row of ``piece``, which begins at ``place`` of the pixels, names no filter."""
    octets = np.frombuffer(piece, np.uint8)
    for rows in passes:
        first = rows.start + max(0, -((rows.start - place) // rows.length)) * rows.length
        filters = octets[first - place : max(0, rows.end - place) : rows.length]
        if len(filters) and (worst := int(filters.max())) > _MAX_FILTER:
            detail = f"a row with the filter {worst}; allowed are 0 to {_MAX_FILTER}"
            raise BrokenMediaError(MediaFault.UNDECODABLE, detail)


def _passes(header: bytes) -> Iterator[_Rows]:
    """The rows of an image, each with the byte before it that names its filter: of one pass, or seven where interlaced."""
    width, height, depth, colour, _, _, is_interlaced = _HEADER.unpack(header)
    bits = depth * _CHANNELS[colour]
    start = 0
    for left, top, step_x, step_y in _PASSES if is_interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // step_x), -(-(height - top) // step_y)
        if columns > 0 and rows > 0:
            length = 1 + -(-columns * bits // 8)
            yield _Rows(start, start + rows * length, length)
            start += rows * length
