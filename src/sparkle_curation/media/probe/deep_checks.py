"""All bytes of a mask compared with the checksums that it carries: a flipped bit is noticed.

Read and unpacked piece by piece, so that no length that a file claims is ever taken at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import xxhash

from sparkle_curation.media.byte_window import PIECE_BYTES, BrokenMediaError, ByteWindow, pieces
from sparkle_curation.media.masks.header import find_arrays
from sparkle_curation.media.masks.zip_directory import ZipMember, content_start
from sparkle_curation.spec.codes.media_faults import MediaFault


def hash_mask(window: ByteWindow) -> str:
    """xxh3-128 of the arrays of a mask, unpacked and compared with their checksums.

    Raises:
        BrokenMediaError: an array cannot be unpacked, or has another length or checksum.
    """
    digest = xxhash.xxh3_128()
    found = find_arrays(window)
    for member in (found.shape, found.mask):
        _check_member(window, member, digest)
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
