"""All bytes of an image or mask held against the checksums that it carries: a flipped bit is noticed.

Read and unpacked piece by piece, so that no length that a file claims is ever taken at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import xxhash

from sparkle_curation.media.broken import BrokenMediaError
from sparkle_curation.media.byte_window import ByteWindow
from sparkle_curation.media.mask_header import MASK, SHAPE
from sparkle_curation.media.mp4_boxes import raw_type
from sparkle_curation.media.png_header import walk_chunks
from sparkle_curation.media.zip_directory import ZipMember, content_start, read_directory
from sparkle_curation.release.media_faults import MediaFault

PIECE_BYTES = 1 << 20


def pieces(window: ByteWindow, start: int, end: int) -> Iterator[bytes]:
    """The bytes from ``start`` to ``end``, a megabyte at a time.

    Raises:
        BrokenMediaError: the file ends before.
    """
    for place in range(start, end, PIECE_BYTES):
        yield window.read_exactly(place, min(PIECE_BYTES, end - place))


def check_png(window: ByteWindow) -> None:
    """Holds every chunk of a PNG against its checksum.

    Raises:
        BrokenMediaError: one is another.
    """
    for chunk in walk_chunks(window):
        found = zlib.crc32(chunk.type)
        for piece in pieces(window, chunk.start, chunk.end):
            found = zlib.crc32(piece, found)
        if found != int.from_bytes(chunk.checksum, "big"):
            where = f"chunk {raw_type(chunk.type)} at byte {chunk.start}"
            detail = f"{where}: checksum {found:08x}, the file says {chunk.checksum.hex()}"
            raise BrokenMediaError(MediaFault.BAD_CHECKSUM, detail)


def hash_mask(window: ByteWindow) -> str:
    """xxh3-128 of the arrays of a mask, unpacked and held against their checksums.

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
