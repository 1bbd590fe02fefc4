"""The atoms of an mp4: where each starts and ends, and which of them is the index.

Nothing that a file claims is believed before it was compared with the file's length, and no more than
``MAX_INDEX_BYTES`` are ever read. Source of the format: ISO/IEC 14496-12, sections 4.2 and 8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from sparkle_curation.ingest.file_starts import START_BYTES, describe_start
from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow
from sparkle_curation.spec.codes.media_faults import MediaFault

MAX_INDEX_BYTES = 16 << 20
"""Longest index that is read: that of a clip of the release takes 2 KB, and of two hours of video about 3 MB."""
MAX_TOP_ATOMS = 4096
"""Most atoms at the top that are looked at: a clip has four; a file of fragments has two a fragment."""
_MAX_CHILDREN = 4096
_READ_AHEAD = 4096  # one read for the start of the file, one for an index at its end

_HEADER = struct.Struct(">I4s")
_LONG_SIZE = struct.Struct(">Q")


class Atom(NamedTuple):
    """An atom.

    Attributes:
        type: its four letters.
        start: first byte of its content.
        end: first byte after it.
    """

    type: bytes
    start: int
    end: int


class Index(NamedTuple):
    """The first ``moov`` atom of a file.

    Attributes:
        content: its bytes.
        end: first byte after it.
        payloads: the atoms ``mdat`` before it.
    """

    content: bytes
    end: int
    payloads: list[Atom]


def find_index(window: ByteWindow) -> Index:
    """The index of a file.

    Raises:
        BrokenMediaError: the file is no mp4, ends too soon, or has no index of a length that is read.
    """
    seen: list[str] = []
    payloads: list[Atom] = []
    for atom in top_atoms(window):
        seen.append(raw_type(atom.type))
        if atom.type == b"moov":
            length = atom.end - atom.start
            if length > MAX_INDEX_BYTES:
                detail = f"an index of {length} bytes; at most {MAX_INDEX_BYTES} are read"
                raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
            return Index(window.read_exactly(atom.start, length), atom.end, payloads)
        if atom.type == b"mdat":
            payloads.append(atom)
    detail = f"no index (atom moov) among the atoms {', '.join(seen[:20])}"
    raise BrokenMediaError(MediaFault.NO_INDEX, detail)


def check_ends(window: ByteWindow) -> None:
    """Holds that every atom at the top ends inside the file.

    Raises:
        BrokenMediaError: one does not, or the file is no mp4.
    """
    for _ in top_atoms(window):
        pass


def top_atoms(window: ByteWindow, start: int = 0) -> Iterator[Atom]:
    """The atoms of the file, in order, from the first byte of one on.

    Raises:
        BrokenMediaError: the file does not begin as an mp4 does, has too many atoms, or ends before one does.
    """
    has_index = start > 0
    for _ in range(MAX_TOP_ATOMS):
        header = window.read_at(start, 16, ahead=_READ_AHEAD)
        if len(header) < _HEADER.size:
            return
        atom = _atom(header, start, window.size)
        if start == 0 and (atom is None or atom.type not in _FIRST_TYPES):
            detail = (
                f"{describe_start(window.read_at(0, START_BYTES), 'mp4')}; an mp4 begins with an atom ftyp"
            )
            raise BrokenMediaError(MediaFault.NOT_MP4, detail)
        if atom is None:
            detail = f"no atom at byte {start}: found {header.hex(' ')}"
            raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
        has_index |= atom.type == b"moov"
        if atom.end > window.size:
            detail = f"atom {raw_type(atom.type)} ends at byte {atom.end}, the file at byte {window.size}"
            raise BrokenMediaError(MediaFault.TRUNCATED if has_index else MediaFault.NO_INDEX, detail)
        yield atom
        start = atom.end
    raise BrokenMediaError(MediaFault.BAD_STRUCTURE, f"more than {MAX_TOP_ATOMS} atoms")


# `styp` begins a segment; files older than the standard begin with one of the others.
_FIRST_TYPES = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})


def child_atoms(content: bytes, start: int = 0, end: int | None = None) -> Iterator[Atom]:
    """The atoms in ``content`` between ``start`` and ``end``.

    Raises:
        BrokenMediaError: one of them ends outside, or there are too many.
    """
    end = len(content) if end is None else end
    for _ in range(_MAX_CHILDREN):
        if start + _HEADER.size > end:
            return
        atom = _atom(content[start : start + 16], start, end)
        if atom is None or atom.end > end:
            detail = (
                f"an atom in the index ends outside of what holds it: {content[start : start + 8].hex(' ')}"
            )
            raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
        yield atom
        start = atom.end
    raise BrokenMediaError(
        MediaFault.BAD_STRUCTURE, f"more than {_MAX_CHILDREN} atoms in one atom of the index"
    )


def raw_type(atom_type: bytes) -> str:
    r"""Four letters for people.

    >>> raw_type(b"mo\x00v")
    'mo\\x00v'
    """
    return atom_type.decode("latin-1").encode("unicode_escape").decode()


def _atom(header: bytes, start: int, file_end: int) -> Atom | None:
    """The atom whose header is given; None where that is none. Size 0 is an atom that takes all that is left."""
    size, atom_type = _HEADER.unpack_from(header)
    header_bytes = _HEADER.size
    if size == 1:
        if len(header) < 16:
            return None
        (size,) = _LONG_SIZE.unpack_from(header, _HEADER.size)
        header_bytes = 16
    elif size == 0:
        size = file_end - start
    return Atom(atom_type, start + header_bytes, start + size) if size >= header_bytes else None
