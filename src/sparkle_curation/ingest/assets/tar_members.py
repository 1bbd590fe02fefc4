"""The members of a tar by a walk over its headers: no content is read, nothing is unpacked.

``tarfile`` takes a damaged header in the middle for the end of the archive and says nothing; this walk says
where it stopped. Formats: POSIX.1-1988 (ustar), POSIX.1-2001 (pax), GNU, and the tar of Unix version 7.
Source of the rules: POSIX.1-2017, "pax", sections "pax Extended Header" and "ustar Interchange Format";
GNU tar manual, "Basic Tar Format".
"""

from __future__ import annotations

import struct
import tarfile
from collections.abc import Iterator
from typing import NamedTuple

from sparkle_curation.ingest.faults import Fault, raw_text
from sparkle_curation.ingest.file_starts import START_BYTES, recognise
from sparkle_curation.ingest.remote_files import ByteReader
from sparkle_curation.spec.codes.quarantine_reasons import Reason

BLOCK_BYTES = 512
MAX_EXTENSION_BYTES = 1 << 20
"""Longest long name or pax header that is read: real ones are below 10 KB, and a damaged one may claim gigabytes."""
MAX_END_BYTES = 1 << 20
"""Longest end of an archive: two zero blocks and padding to a whole record, which is 10 KB unless asked otherwise."""

_MAX_SIZE_DIGITS = 20
_MAX_HEADERS_BYTES = (
    16 << 10
)  # headers before a file's content that are looked at again: plain ones take 512 bytes
_ZERO_BLOCK = bytes(BLOCK_BYTES)
# name, size, checksum, type, link name, magic, prefix
_HEADER = struct.Struct("100s24x12s12x8ss100s6s82x155s12x")
_POSIX_MAGIC = b"ustar\0"

_LONG_NAME, _LONG_LINK, _GLOBAL_PAX = b"L", b"K", b"g"
_EXTENSION_TYPES = frozenset({_LONG_NAME, _LONG_LINK, _GLOBAL_PAX, b"x", b"X"})
_V7_FILE, _FOLDER, _GNU_SPARSE = b"\0", b"5", b"S"
_FILE_TYPES = frozenset({b"0", _V7_FILE, b"7"})
_LINK_TYPES = frozenset({b"1", b"2"})
# Links, devices, folders and FIFOs: whatever their size says, the next header follows at once.
_TYPES_WITHOUT_CONTENT = frozenset({b"1", b"2", b"3", b"4", _FOLDER, b"6"})
_GNU_SPARSE_IS_EXTENDED, _GNU_SPARSE_MORE = 482, 504


class TarMember(NamedTuple):
    """A file in a tar.

    Attributes:
        name: its name as it stands in the tar.
        path: the name as a path: without ``./`` and doubled ``/``.
        byte_offset: first byte of its first header.
        byte_count: length of its headers and its content, with the padding to whole blocks.
        offset: first byte of its content.
        size: length of its content in bytes.
    """

    name: bytes
    path: str
    byte_offset: int
    byte_count: int
    offset: int
    size: int


class TarFolder(NamedTuple):
    """A folder in a tar: its path without a ``/`` behind it, and the first byte of its header."""

    path: str
    byte_offset: int


class TarListing(NamedTuple):
    """What a walk found: the files, what is not to be trusted, and the folders, each in the order of the tar."""

    members: list[TarMember]
    faults: list[Fault]
    folders: list[TarFolder]


class _Tar(NamedTuple):
    """A tar up to the size that its folder lists: what was written behind it since is not looked at."""

    reader: ByteReader
    size: int

    def read(self, offset: int, length: int) -> bytes:
        return self.reader.read_at(offset, min(length, self.size - offset)) if offset < self.size else b""


class _Header(NamedTuple):
    type: bytes
    name: bytes
    link: bytes
    size: int
    block: bytes


class _Entry(NamedTuple):
    """A header with the long names and pax headers before it applied; ``end`` is where the next one starts."""

    type: bytes
    name: bytes
    link: bytes
    is_sparse: bool
    start: int
    offset: int
    size: int
    end: int


class _UnreadableError(Exception):
    """The walk cannot go on."""

    def __init__(self, reason: Reason, detail: str, name: bytes = b"") -> None:
        self.reason, self.detail, self.name = reason, detail, name
        super().__init__(detail)


def list_members(reader: ByteReader, tar_size: int) -> TarListing:
    """The files of a tar, its faults and its folders; each file, link or device is in one of the first two.

    Args:
        reader: reads the tar.
        tar_size: length of the tar in bytes, as its folder lists it.
    """
    listing = TarListing([], [], [])
    for found in walk_members(reader, tar_size):
        if isinstance(found, TarMember):
            listing.members.append(found)
        elif isinstance(found, TarFolder):
            listing.folders.append(found)
        else:
            listing.faults.append(found)
    return listing


def walk_members(reader: ByteReader, tar_size: int) -> Iterator[TarMember | TarFolder | Fault]:
    """Each file and folder of a tar, or the fault of what stands in its place, in the order of the tar.

    What is no tar at all is one fault, told by what it is (``file_starts``). A damaged header and a cut member end the
    walk; the fault then covers the rest of the tar. A tar that merely lacks its end mark has no fault: nothing of a
    member is missing.
    """
    tar, start = _Tar(reader, tar_size), 0
    pax_globals: dict[bytes, bytes] = {}
    while True:
        try:
            entry = _read_entry(tar, start, pax_globals)
        except _UnreadableError as error:
            if start == 0 and (found := recognise(tar.read(0, START_BYTES), "tar")):
                yield Fault(Reason.ANOTHER_FORMAT, str(found), b"", 0, tar_size)
            else:
                yield Fault(error.reason, error.detail, error.name, start, tar_size - start)
            return
        if entry is None:
            return
        if _is_folder(entry.type, entry.name):
            yield TarFolder(normalise_name(entry.name).rstrip("/"), entry.start)
        else:
            yield _check_entry(entry, tar_size)
        start = entry.end


def members_before(reader: ByteReader, offset: int, size: int) -> Iterator[TarMember]:
    """The files whose content starts at ``offset`` and fits ``size``, as the headers before it tell.

    The header just before the content comes first, then the same with each extended header farther back that
    leads to it: a long name or pax fields. Nothing comes where no header stands before ``offset``.
    """
    tar = _Tar(reader, offset + size)
    for start in range(offset - BLOCK_BYTES, max(offset - _MAX_HEADERS_BYTES, 0) - 1, -BLOCK_BYTES):
        try:
            entry = _read_entry(tar, start, {})
        except _UnreadableError:
            entry = None
        if entry is not None and entry.offset == offset:
            found = _check_entry(entry, tar.size)
            if isinstance(found, TarMember):
                yield found


def normalise_name(name: bytes) -> str:
    r"""The path that a member's name stands for; bytes that are not UTF-8 are shown as ``\xNN``.

    >>> normalise_name(b"./time//source_video/./a.mp4")
    'time/source_video/a.mp4'
    """
    text = raw_text(name)
    if "//" in text or "./" in text:
        return "/".join(part for part in text.split("/") if part not in ("", "."))
    return text


# ------------------------------------------------------------------ from entries to members and faults
def _is_folder(kind: bytes, name: bytes) -> bool:
    # Version 7 had no type for folders: their names end in a slash.
    return kind == _FOLDER or (kind == _V7_FILE and name.endswith(b"/"))


def _check_entry(entry: _Entry, tar_size: int) -> TarMember | Fault:
    byte_count = min(entry.end, tar_size) - entry.start
    fault = _fault_of(entry)
    if fault is not None:
        reason, detail = fault
        return Fault(reason, detail, entry.name, entry.start, byte_count)
    return TarMember(
        entry.name, normalise_name(entry.name), entry.start, byte_count, entry.offset, entry.size
    )


def _fault_of(entry: _Entry) -> tuple[Reason, str] | None:
    if entry.type in _LINK_TYPES:
        return Reason.LINK, f"links to {raw_text(entry.link)!r}; only files are read"
    if entry.is_sparse:
        return Reason.NOT_A_FILE, "a sparse file; only whole files can be read by offset and size"
    if entry.type not in _FILE_TYPES:
        return Reason.NOT_A_FILE, f"type {raw_text(entry.type)!r}; only files are read"
    if entry.name.startswith(b"/"):
        return Reason.ABSOLUTE_PATH, "starts with '/'; allowed is a path below the release root"
    if b".." in entry.name and b".." in entry.name.split(b"/"):
        return Reason.PARENT_PATH, "holds '..'; allowed is a path below the release root"
    return None


# ------------------------------------------------------------------ from headers to entries
def _read_entry(tar: _Tar, start: int, pax_globals: dict[bytes, bytes]) -> _Entry | None:
    """The entry whose first header is at ``start``; None at the end. Adds to ``pax_globals`` what it reads."""
    offset = start
    fields: dict[bytes, bytes] = {}
    while True:
        header = _read_header(tar, offset, fields)
        if header is None:
            return None
        offset += BLOCK_BYTES
        if header.type not in _EXTENSION_TYPES:
            return _apply(tar, header, pax_globals | fields, start, offset)
        extension = _read_extension(tar, header, offset)
        (pax_globals if header.type == _GLOBAL_PAX else fields).update(extension)
        offset += _padded(header.size)


def _apply(tar: _Tar, header: _Header, fields: dict[bytes, bytes], start: int, offset: int) -> _Entry:
    kind, name, link, size, _ = header
    is_sparse = kind == _GNU_SPARSE
    if is_sparse:
        offset = _skip_sparse_map(tar, header, offset)
    if fields:
        name = fields.get(b"GNU.sparse.name") or fields.get(b"path") or name
        link = fields.get(b"linkpath") or link
        size = int(fields.get(b"size") or size)
        is_sparse = is_sparse or any(key.startswith(b"GNU.sparse.") for key in fields)
    end = offset if kind in _TYPES_WITHOUT_CONTENT or _is_folder(kind, name) else offset + size
    if end > tar.size:
        detail = f"{size} bytes of content from byte {offset}; the file ends at byte {tar.size}"
        raise _UnreadableError(Reason.TRUNCATED_TAR, detail, name)
    return _Entry(kind, name, link, is_sparse, start, offset, size, offset + _padded(end - offset))


def _skip_sparse_map(tar: _Tar, header: _Header, offset: int) -> int:
    """First byte of the content of an old GNU sparse file: behind the blocks that go on with its map."""
    is_extended = header.block[_GNU_SPARSE_IS_EXTENDED] != 0
    while is_extended:
        block = tar.read(offset, BLOCK_BYTES)
        if len(block) < BLOCK_BYTES:
            detail = f"the file ends at byte {tar.size}, within the map of a sparse file"
            raise _UnreadableError(Reason.TRUNCATED_TAR, detail, header.name)
        is_extended = block[_GNU_SPARSE_MORE] != 0
        offset += BLOCK_BYTES
    return offset


def _read_extension(tar: _Tar, header: _Header, offset: int) -> dict[bytes, bytes]:
    """The fields that a long name, a long link or a pax header gives to the entry that follows it."""
    if header.size > MAX_EXTENSION_BYTES:
        detail = f"an extended header of {header.size} bytes; at most {MAX_EXTENSION_BYTES} are read"
        raise _UnreadableError(Reason.BAD_TAR_HEADER, detail, header.name)
    content = tar.read(offset, header.size)
    if len(content) < header.size:
        detail = (
            f"{header.size} bytes of extended header from byte {offset}; the file ends at byte {tar.size}"
        )
        raise _UnreadableError(Reason.TRUNCATED_TAR, detail, header.name)
    if header.type == _LONG_NAME:
        return {b"path": _until_nul(content)}
    if header.type == _LONG_LINK:
        return {b"linkpath": _until_nul(content)}
    try:
        return _pax_fields(content)
    except ValueError as error:
        detail = f"a pax header that cannot be read: {error}"
        raise _UnreadableError(Reason.BAD_TAR_HEADER, detail, header.name) from error


def _pax_fields(content: bytes) -> dict[bytes, bytes]:
    r"""The ``length keyword=value\n`` records of a pax header, by keyword.

    An empty value stands for a field that is not given, so the header's own holds.

    >>> _pax_fields(b"14 path=a/b.c\n12 size=512\n")
    {b'path': b'a/b.c', b'size': b'512'}
    """
    fields: dict[bytes, bytes] = {}
    position = 0
    while position < len(content) and content[position]:
        space = content.find(b" ", position, position + _MAX_SIZE_DIGITS)
        digits = content[position : max(space, position)]
        end = position + int(digits) if digits.isdigit() else 0
        keyword, equals, value = content[space + 1 : end - 1].partition(b"=")
        if not position < end <= len(content) or content[end - 1] != ord("\n") or not equals:
            raise ValueError(f"no record 'length keyword=value' at its byte {position}")
        if keyword == b"size" and value and not (value.isdigit() and len(value) <= _MAX_SIZE_DIGITS):
            raise ValueError(f"size {raw_text(value[:40])!r} is not a number of bytes")
        fields[keyword] = value
        position = end
    return fields


# ------------------------------------------------------------------ from blocks to headers
def _read_header(tar: _Tar, offset: int, fields: dict[bytes, bytes]) -> _Header | None:
    """The header at ``offset``; None at the end of the archive. ``fields`` are of extended headers before it."""
    block = tar.read(offset, BLOCK_BYTES)
    known_name = fields.get(b"path", b"")
    if len(block) == BLOCK_BYTES and block != _ZERO_BLOCK:
        return _decode(block, offset, known_name)
    end = offset + len(block)
    is_end = offset > 0 and end >= tar.size and not block.strip(b"\0")
    if len(block) < BLOCK_BYTES and (fields or not is_end):
        detail = f"the file ends at byte {end}; the header at byte {offset} takes {BLOCK_BYTES} bytes"
        raise _UnreadableError(Reason.TRUNCATED_TAR, detail, known_name or _until_nul(block[:100]))
    if fields:
        detail = f"zeros at byte {offset}, after an extended header"
        raise _UnreadableError(Reason.BAD_TAR_HEADER, detail, known_name)
    _check_end(tar, offset)
    return None


def _check_end(tar: _Tar, offset: int) -> None:
    """Raises when more than padding follows the end mark: a part of the file is lost, or hidden."""
    rest = tar.size - offset
    if rest > MAX_END_BYTES:
        detail = (
            f"zeros at byte {offset}, where a header should stand, {rest} bytes before the end of the file"
        )
        raise _UnreadableError(Reason.BAD_TAR_HEADER, detail)
    if tar.read(offset, rest).strip(b"\0"):
        detail = f"zeros at byte {offset}, where a header should stand, and other bytes after them"
        raise _UnreadableError(Reason.BAD_TAR_HEADER, detail)


def _decode(block: bytes, offset: int, known_name: bytes) -> _Header:
    name, size_field, checksum_field, kind, link, magic, prefix = _HEADER.unpack(block)
    name = _until_nul(name)
    # GNU and version 7 keep other things where POSIX has the prefix.
    if magic == _POSIX_MAGIC and prefix[0]:
        name = _until_nul(prefix) + b"/" + name
    try:
        size = _content_size(block, size_field, checksum_field)
    except (ValueError, tarfile.TarError) as error:
        detail = f"no tar header at byte {offset} ({error}): found {raw_text(block[:40])!r}"
        raise _UnreadableError(Reason.BAD_TAR_HEADER, detail, known_name or name) from error
    return _Header(kind, name, _until_nul(link), size, block)


def _content_size(block: bytes, size_field: bytes, checksum_field: bytes) -> int:
    """The size in a header, whose checksum is compared first.

    ``TarInfo.frombuf`` takes 23 us a header, half of it for fields that are not needed here; what almost all
    headers look like is read in 4 us, and everything else is left to it.

    Raises:
        ValueError: the size is no number.
        tarfile.TarError: the checksum is wrong.
    """
    size_digits, checksum_digits = size_field[:11], checksum_field[:6]
    is_plain = size_digits.isdigit() and size_field[11] in b"\0 " and checksum_digits.isdigit()
    if is_plain and sum(block) - sum(checksum_field) + 8 * ord(" ") == int(checksum_digits, 8):
        return int(size_digits, 8)
    size = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape").size
    if size < 0:
        raise ValueError(f"a size of {size} bytes")
    return size


def _until_nul(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _padded(size: int) -> int:
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES
