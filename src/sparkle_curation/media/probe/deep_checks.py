"""All bytes of an image or mask compared with the checksums that it carries: a flipped bit is noticed.

Read and unpacked piece by piece, so that no length that a file claims is ever taken at once.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import xxhash

from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow
from sparkle_curation.media.masks.header import MASK, SHAPE
from sparkle_curation.media.masks.zip_directory import ZipMember, content_start, read_directory
from sparkle_curation.media.mp4.atoms import raw_type
from sparkle_curation.media.stills.png_header import Chunk, walk_chunks
from sparkle_curation.spec.codes.media_faults import MediaFault

PIECE_BYTES = 1 << 20


def pieces(window: ByteWindow, start: int, end: int) -> Iterator[bytes]:
    """The bytes from ``start`` to ``end``, a megabyte at a time.

    Raises:
        BrokenMediaError: the file ends before.
    """
    for place in range(start, end, PIECE_BYTES):
        yield window.read_exactly(place, min(PIECE_BYTES, end - place))


def check_png(window: ByteWindow) -> None:
    """Holds every chunk of a PNG against its checksum, then its pixels against the size that its header promises.

    Raises:
        BrokenMediaError: a chunk is another, or the pixels cannot be unpacked or end too soon.
    """
    for chunk in walk_chunks(window):
        _check_chunk(window, chunk)
    expected = _pixel_bytes(window.read_exactly(_HEADER_START, _HEADER.size))
    unpacked = _Unpacked()
    for chunk in walk_chunks(window):
        if chunk.type == b"IDAT" and unpacked.length < expected:
            for piece in pieces(window, chunk.start, chunk.end):
                unpacked.add(piece)
    if unpacked.length < expected:
        detail = f"{unpacked.length} bytes of pixels; the header promises {expected}"
        raise BrokenMediaError(MediaFault.UNDECODABLE, detail)


def _check_chunk(window: ByteWindow, chunk: Chunk) -> None:
    found = zlib.crc32(chunk.type)
    for piece in pieces(window, chunk.start, chunk.end):
        found = zlib.crc32(piece, found)
    if found != int.from_bytes(chunk.checksum, "big"):
        where = f"chunk {raw_type(chunk.type)} at byte {chunk.start}"
        detail = f"{where}: checksum {found:08x}, the file says {chunk.checksum.hex()}"
        raise BrokenMediaError(MediaFault.BAD_CHECKSUM, detail)


class _Unpacked:
    """Counts unpacked bytes, a megabyte at a time, and keeps none."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj()
        self.length = 0

    def add(self, packed: bytes) -> None:
        """Unpack some more."""
        try:
            while packed and not self._inflater.eof:
                self.length += len(self._inflater.decompress(packed, PIECE_BYTES))
                packed = self._inflater.unconsumed_tail
        except zlib.error as error:
            raise BrokenMediaError(MediaFault.UNDECODABLE, f"pixels: {error}") from error


_HEADER, _HEADER_START = struct.Struct(">IIBBBBB"), 16
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# First column and row, then the distances to the next, of the seven passes of an interlaced image.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _pixel_bytes(header: bytes) -> int:
    """Length of the unpacked pixels of an image, with the byte before each row that names its filter."""
    width, height, depth, colour, _, _, is_interlaced = _HEADER.unpack(header)
    bits = depth * _CHANNELS.get(colour, 0)
    total = 0
    for left, top, step_x, step_y in _PASSES if is_interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // step_x), -(-(height - top) // step_y)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * bits // 8))
    return total


def hash_mask(window: ByteWindow) -> str:
    """xxh3-128 of the arrays of a mask, unpacked and compared with their checksums.

    Raises:
        BrokenMediaError: an array cannot be unpacked, or has another length or checksum.
    """
    digest = xxhash.xxh3_128()
    members = {member.name: member for member in read_directory(window)}
    for name in (SHAPE, MASK):
        _check_member(window, members[name], digest)
    return digest.hexdigest()


def _check_member(window: ByteWindow, member: ZipMember, digest: xxhash.xxh3_128) -> None:
    found = length = 0
    for piece in _unpacked(window, member):
        found, length = zlib.crc32(piece, found), length + len(piece)
        digest.update(piece)
        if length > member.unpacked_bytes:
            break
    if (found, length) != (member.crc32, member.unpacked_bytes):
        said = f"{member.unpacked_bytes} bytes, checksum {member.crc32:08x}"
        detail = f"{member.name}: {length} bytes, checksum {found:08x}; the directory says {said}"
        raise BrokenMediaError(MediaFault.BAD_CHECKSUM, detail)


def _unpacked(window: ByteWindow, member: ZipMember) -> Iterator[bytes]:
    start = content_start(window, member)
    packed = pieces(window, start, start + member.packed_bytes)
    if not member.is_deflated:
        yield from packed
        return
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            rest = piece
            while rest and not inflater.eof:
                yield inflater.decompress(rest, PIECE_BYTES)
                rest = inflater.unconsumed_tail
    except zlib.error as error:
        raise BrokenMediaError(MediaFault.UNDECODABLE, f"{member.name}: {error}") from error
