"""The boxes of an mp4: where each starts and ends, and which of them is the index.

Nothing that a file claims is believed before it was held against the file's length, and no more than
``MAX_INDEX_BYTES`` are ever read. Source of the format: ISO/IEC 14496-12, sections 4.2 and 8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from sparkle_curation.media.broken import BrokenMediaError
from sparkle_curation.media.byte_window import ByteWindow
from sparkle_curation.spec.codes.media_faults import MediaFault

MAX_INDEX_BYTES = 16 << 20
"""Longest index that is read: that of a clip of the release takes 2 KB, and of two hours of video about 3 MB."""
MAX_TOP_BOXES = 4096
"""Most boxes at the top that are looked at: a clip has four; a file of fragments has two a fragment."""
_MAX_CHILDREN = 4096
_READ_AHEAD = 4096  # one read for the start of the file, one for an index at its end

_HEADER = struct.Struct(">I4s")
_LONG_SIZE = struct.Struct(">Q")


class Box(NamedTuple):
    """A box.

    Attributes:
        type: its four letters.
        start: first byte of its content.
        end: first byte after it.
    """

    type: bytes
    start: int
    end: int


def find_index(window: ByteWindow) -> bytes:
    """The content of the first ``moov`` box of a file.

    Raises:
        BrokenMediaError: the file is no mp4, ends too soon, or has no index of a length that is read.
    """
    seen = []
    for box in top_boxes(window):
        seen.append(raw_type(box.type))
        if box.type == b"moov":
            length = box.end - box.start
            if length > MAX_INDEX_BYTES:
                detail = f"an index of {length} bytes; at most {MAX_INDEX_BYTES} are read"
                raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
            return window.read_exactly(box.start, length)
    detail = f"no index (box moov) among the boxes {', '.join(seen[:20])}"
    raise BrokenMediaError(MediaFault.TRUNCATED, detail)


def check_ends(window: ByteWindow) -> None:
    """Holds that every box at the top ends inside the file.

    Raises:
        BrokenMediaError: one does not, or the file is no mp4.
    """
    for _ in top_boxes(window):
        pass


def top_boxes(window: ByteWindow) -> Iterator[Box]:
    """The boxes of the file, in order.

    Raises:
        BrokenMediaError: the file does not begin as an mp4 does, has too many boxes, or ends before one does.
    """
    start = 0
    for _ in range(MAX_TOP_BOXES):
        header = window.read_at(start, 16, ahead=_READ_AHEAD)
        if len(header) < _HEADER.size:
            return
        box = _box(header, start, window.size)
        if start == 0 and (box is None or box.type not in _FIRST_TYPES):
            detail = f"begins with the bytes {header.hex(' ')}; an mp4 begins with a box ftyp"
            raise BrokenMediaError(MediaFault.NOT_MP4, detail)
        if box is None:
            detail = f"no box at byte {start}: found {header.hex(' ')}"
            raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
        if box.end > window.size:
            detail = f"box {raw_type(box.type)} ends at byte {box.end}, the file at byte {window.size}"
            raise BrokenMediaError(MediaFault.TRUNCATED, detail)
        yield box
        start = box.end
    raise BrokenMediaError(MediaFault.BAD_STRUCTURE, f"more than {MAX_TOP_BOXES} boxes")


# `styp` begins a segment; files older than the standard begin with one of the others.
_FIRST_TYPES = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})


def child_boxes(content: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes in ``content`` between ``start`` and ``end``.

    Raises:
        BrokenMediaError: one of them ends outside, or there are too many.
    """
    end = len(content) if end is None else end
    for _ in range(_MAX_CHILDREN):
        if start + _HEADER.size > end:
            return
        box = _box(content[start : start + 16], start, end)
        if box is None or box.end > end:
            detail = (
                f"a box in the index ends outside of what holds it: {content[start : start + 8].hex(' ')}"
            )
            raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
        yield box
        start = box.end
    raise BrokenMediaError(
        MediaFault.BAD_STRUCTURE, f"more than {_MAX_CHILDREN} boxes in one box of the index"
    )


def raw_type(box_type: bytes) -> str:
    r"""Four letters for people.

    >>> raw_type(b"mo\x00v")
    'mo\\x00v'
    """
    return box_type.decode("latin-1").encode("unicode_escape").decode()


def _box(header: bytes, start: int, file_end: int) -> Box | None:
    """The box whose header is given; None where that is none. Size 0 is a box that takes all that is left."""
    size, box_type = _HEADER.unpack_from(header)
    header_bytes = _HEADER.size
    if size == 1:
        if len(header) < 16:
            return None
        (size,) = _LONG_SIZE.unpack_from(header, _HEADER.size)
        header_bytes = 16
    elif size == 0:
        size = file_end - start
    return Box(box_type, start + header_bytes, start + size) if size >= header_bytes else None
