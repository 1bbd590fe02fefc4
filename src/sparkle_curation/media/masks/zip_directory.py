"""The members of a zip archive, from the directory at its end: nothing is unpacked.

By hand, since ``zipfile`` takes what must be refused here (decision 15).
Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from sparkle_curation.ingest.file_starts import START_BYTES, describe_start
from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow
from sparkle_curation.spec.codes.media_faults import MediaFault

MAX_DIRECTORY_BYTES = 64 << 10
"""Longest directory that is read: that of two arrays takes 120 bytes."""
_TAIL_BYTES = 1024
_STORED, _DEFLATED = 0, 8
_IS_ENCRYPTED = 1
_ZIP64_EXTRA = 1
_UNKNOWN_32 = 0xFFFFFFFF

_END = struct.Struct("<4s4H2IH")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")


class ZipMember(NamedTuple):
    """A member of an archive.

    Attributes:
        name: its name.
        is_deflated: whether its bytes are packed, else they are stored.
        crc32: checksum of its unpacked bytes.
        packed_bytes: its length in the archive.
        unpacked_bytes: its length unpacked, as the directory claims.
        header_offset: first byte of its header in the archive.
    """

    name: str
    is_deflated: bool
    crc32: int
    packed_bytes: int
    unpacked_bytes: int
    header_offset: int


def read_directory(window: ByteWindow) -> list[ZipMember]:
    """The members, in the order of the directory.

    Raises:
        BrokenMediaError: the file is no zip archive, is cut, or its directory contradicts itself.
    """
    count, size, offset = _find_directory(window)
    if size > MAX_DIRECTORY_BYTES:
        detail = f"a directory of {size} bytes; at most {MAX_DIRECTORY_BYTES} are read"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    directory = window.read_exactly(offset, size)
    members, start = [], 0
    for _ in range(count):
        member, start = _read_entry(directory, start)
        members.append(member)
    return members


def read_start(window: ByteWindow, member: ZipMember, length: int) -> bytes:
    """The first ``length`` unpacked bytes of a member; fewer where it has no more.

    Raises:
        BrokenMediaError: the member does not lie inside the archive, or cannot be unpacked.
    """
    start = content_start(window, member)
    packed = window.read_exactly(start, min(member.packed_bytes, length + 64))
    if not member.is_deflated:
        return packed[:length]
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, length)
    except zlib.error as error:
        raise BrokenMediaError(MediaFault.UNDECODABLE, f"{member.name}: {error}") from error


def content_start(window: ByteWindow, member: ZipMember) -> int:
    """First byte of a member's packed content.

    Raises:
        BrokenMediaError: the member does not lie inside the archive.
    """
    header = window.read_exactly(member.header_offset, _LOCAL.size, ahead=512)
    magic, *_, name_length, extra_length = _LOCAL.unpack(header)
    start: int = member.header_offset + _LOCAL.size + name_length + extra_length
    if magic != b"PK\3\4" or start + member.packed_bytes > window.size:
        detail = f"no member {member.name} of {member.packed_bytes} bytes at byte {member.header_offset}"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    return start


def _find_directory(window: ByteWindow) -> tuple[int, int, int]:
    """Entries, length and first byte of the directory; an archive of the release has no comment behind it."""
    if not window.size:
        raise BrokenMediaError(MediaFault.EMPTY, "0 bytes")
    if window.read_at(0, 2, ahead=START_BYTES) != b"PK":
        raise BrokenMediaError(MediaFault.NOT_NPZ, describe_start(window.read_at(0, START_BYTES), "npz"))
    tail_start = max(0, window.size - _TAIL_BYTES)
    tail = window.read_exactly(tail_start, window.size - tail_start)
    place = tail.rfind(b"PK\5\6")
    if place < 0 or place + _END.size > len(tail):
        detail = f"no directory in the last {len(tail)} bytes"
        raise BrokenMediaError(MediaFault.TRUNCATED, detail)
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(tail, place)
    end = tail_start + place
    if place + _END.size + comment > len(tail):
        raise BrokenMediaError(MediaFault.TRUNCATED, "the comment behind the directory is cut")
    if (disk, first_disk, here) != (0, 0, count) or offset + size != end:
        detail = f"a directory of {size} bytes at byte {offset} that should end at byte {end}"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    return count, size, offset


def _read_entry(directory: bytes, start: int) -> tuple[ZipMember, int]:
    if len(directory) < start + _ENTRY.size or directory[start : start + 4] != b"PK\1\2":
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, f"no entry at byte {start} of the directory")
    fields = _ENTRY.unpack_from(directory, start)
    flags, method, crc32, packed, unpacked = fields[3], fields[4], *fields[7:10]
    name_length, extra_length, comment_length, header_offset = *fields[10:13], fields[16]
    name_end = start + _ENTRY.size + name_length
    end = name_end + extra_length + comment_length
    name = directory[start + _ENTRY.size : name_end].decode("utf-8", "backslashreplace")
    if end > len(directory) or flags & _IS_ENCRYPTED or method not in {_STORED, _DEFLATED}:
        detail = f"{name}: method {method}, flags {flags:#x}; allowed is stored or deflated, not encrypted"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    if _UNKNOWN_32 in {packed, unpacked, header_offset}:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, f"{name}: 4 GiB or more; no mask is so long")
    return ZipMember(name, method == _DEFLATED, crc32, packed, unpacked, header_offset), end
