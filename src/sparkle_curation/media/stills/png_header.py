"""What a PNG is, from its header and a walk over its chunks: no pixel is read.

What stands behind the end mark is no part of the image. Source: PNG specification (third edition), sections 5.3, 5.6,
11.2.1 and 11.2.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import xxhash

from sparkle_curation.ingest.file_starts import START_BYTES, describe_start
from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow
from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.mp4.atoms import raw_type
from sparkle_curation.spec.codes.media_faults import MediaFault

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 1 << 16
"""Most chunks of an image: one of the release has up to 200."""
_MAX_SIDE = (1 << 31) - 1

_PALETTE = 3  # colour type
# colour type -> bit depth -> pixel format, as FFmpeg names it
_PIXEL_FORMATS: dict[int, dict[int, str]] = {
    0: {1: "monob", 2: "gray2", 4: "gray4", 8: "gray", 16: "gray16be"},
    2: {8: "rgb24", 16: "rgb48be"},
    3: dict.fromkeys((1, 2, 4, 8), "pal8"),
    4: {8: "ya8", 16: "ya16be"},
    6: {8: "rgba", 16: "rgba64be"},
}


class Chunk(NamedTuple):
    """A chunk: its type, where its data start and end, and the checksum that it carries."""

    type: bytes
    start: int
    end: int
    checksum: bytes


def read_png(window: ByteWindow) -> MediaFacts:
    """The facts of an image.

    Raises:
        BrokenMediaError: the file is no PNG, is cut, or its header holds what no PNG may.
    """
    if not window.size:
        raise BrokenMediaError(MediaFault.EMPTY, "0 bytes")
    if window.read_at(0, len(SIGNATURE), ahead=64) != SIGNATURE:
        raise BrokenMediaError(MediaFault.NOT_PNG, describe_start(window.read_at(0, START_BYTES), "png"))
    digest = xxhash.xxh3_128(window.size.to_bytes(8, "big"))
    header = b""
    types: list[bytes] = []  # each once where several of a type follow each other
    has_pixels = False
    for chunk in walk_chunks(window):
        if not header:
            header = _read_header(window, chunk)
        has_pixels = has_pixels or (chunk.type == b"IDAT" and chunk.end > chunk.start)
        types += [chunk.type] if chunk.type not in types[-1:] else []
        digest.update(chunk.type + chunk.start.to_bytes(8, "big") + chunk.checksum)
    if not has_pixels:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "no pixels (chunk IDAT)")
    if types.count(b"IDAT") > 1:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "other chunks between those of the pixels (IDAT)")
    if header[9] == _PALETTE and b"PLTE" not in types[: types.index(b"IDAT")]:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "no palette (chunk PLTE) before the pixels")
    return _facts_of(header, digest.hexdigest())


def walk_chunks(window: ByteWindow) -> Iterator[Chunk]:
    """The chunks in order, up to the end mark, which must be there.

    Raises:
        BrokenMediaError: the file ends before, or there are too many.
    """
    start = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        length, chunk_type = struct.unpack(">I4s", window.read_exactly(start, 8))
        end = start + 8 + length
        if end + 4 > window.size:
            detail = f"chunk {raw_type(chunk_type)} ends at byte {end + 4}, the file at byte {window.size}"
            raise BrokenMediaError(MediaFault.TRUNCATED, detail)
        # The checksum and the header of the next chunk in one read.
        yield Chunk(chunk_type, start + 8, end, window.read_exactly(end, 4, ahead=12))
        if chunk_type == b"IEND":
            return
        start = end + 4
    raise BrokenMediaError(MediaFault.BAD_STRUCTURE, f"more than {MAX_CHUNKS} chunks")


def _read_header(window: ByteWindow, chunk: Chunk) -> bytes:
    if chunk.type != b"IHDR" or chunk.end - chunk.start != 13:
        detail = f"the first chunk is {raw_type(chunk.type)} of {chunk.end - chunk.start} bytes; allowed is IHDR of 13"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    return window.read_exactly(chunk.start, 13)


def _facts_of(header: bytes, index_hash: str) -> MediaFacts:
    width, height, depth, colour, *methods = struct.unpack(">IIBBBBB", header)
    pixel_format = _PIXEL_FORMATS.get(colour, {}).get(depth)
    if pixel_format is None or not 0 < width <= _MAX_SIDE or not 0 < height <= _MAX_SIDE:
        detail = f"{width}x{height} pixels of colour type {colour} in {depth} bits"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    compression, filtering, interlacing = methods
    if compression or filtering or interlacing > 1:
        detail = f"compression {compression}, filtering {filtering}, interlacing {interlacing}; allowed are 0, 0, and 0 or 1"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    return MediaFacts(
        width_px=width,
        height_px=height,
        codec="png",
        pixel_format=pixel_format,
        index_hash=index_hash,
        probe="png",
    )
