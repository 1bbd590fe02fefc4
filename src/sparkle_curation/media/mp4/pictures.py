"""What the index of an mp4 says of the pictures of a video track: format, size, rotation.

Source: ISO/IEC 14496-12, sections 8.3.2, 8.5.2 and 12.1.3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sparkle_curation.media.byte_window import BrokenMediaError
from sparkle_curation.media.mp4.atoms import child_atoms
from sparkle_curation.media.mp4.tracks import Track, UnknownLayoutError
from sparkle_curation.media.shown import Orientation, read_orientation
from sparkle_curation.spec.codes.media_faults import MediaFault

_VISUAL_ENTRY_BYTES = 78
_ONE = 1 << 16


@dataclass(frozen=True)
class Picture:
    """What the sample description of a video track says.

    Attributes:
        format: four letters, ``avc1``.
        width_px: width of the picture.
        height_px: height of the picture.
        avc_config: content of the atom `avcC`; None where there is none.
    """

    format: bytes
    width_px: int
    height_px: int
    avc_config: bytes | None


def read_picture(track: Track) -> Picture:
    """What the track's one sample description says.

    Raises:
        BrokenMediaError: the description is missing or cut.
        UnknownLayoutError: there are several.
    """
    table = track.table(b"stsd", 8)
    (count,) = struct.unpack_from(">I", table, 4)
    if count > 1:
        raise UnknownLayoutError(f"{count} sample descriptions")
    entry = next(child_atoms(table, 8), None)
    if entry is None or entry.end - entry.start < _VISUAL_ENTRY_BYTES:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "no sample description in atom stsd")
    width, height = struct.unpack_from(">HH", table, entry.start + 24)
    configs = [
        table[atom.start : atom.end]
        for atom in child_atoms(table, entry.start + _VISUAL_ENTRY_BYTES, entry.end)
        if atom.type == b"avcC"
    ]
    return Picture(entry.type, width, height, configs[0] if configs else None)


def check_aperture(track: Track) -> None:
    """Holds that the whole picture is shown: there is no clean aperture (atom `clap`), or one of its size.

    FFmpeg crops to it since 7.1 only, so what the loader makes of another depends on its FFmpeg.

    Raises:
        BrokenMediaError: a part is shown (``cropped``).
    """
    table = track.optional_table(b"stsd") or b""
    for entry in child_atoms(table, 8):
        if entry.end - entry.start < _VISUAL_ENTRY_BYTES:
            continue
        size = struct.unpack_from(">HH", table, entry.start + 24)
        for atom in child_atoms(table, entry.start + _VISUAL_ENTRY_BYTES, entry.end):
            if atom.type != b"clap" or atom.end - atom.start < 16:
                continue
            width, width_unit, height, height_unit = struct.unpack_from(">4I", table, atom.start)
            if (width, height) != (size[0] * width_unit, size[1] * height_unit):
                shown = f"{width}/{width_unit} x {height}/{height_unit}"
                detail = f"a part of {shown} of pictures of {size[0]}x{size[1]} (atom clap)"
                raise BrokenMediaError(MediaFault.CROPPED, detail)


def read_orientation_of(track: Track) -> Orientation:
    """How a player turns and mirrors the picture.

    Raises:
        UnknownLayoutError: the picture is stretched or turned by another angle than 90, 180 or 270.
    """
    header = track.table(b"tkhd", 84)
    start = 52 if header[0] == 1 else 40
    movie = next((atom for atom in child_atoms(track.content) if atom.type == b"mvhd"), None)
    if movie is not None:
        whole = track.content[movie.start : movie.end]
        if _matrix(whole, 48 if whole[:1] == b"\1" else 36) != (_ONE, 0, 0, _ONE):
            raise UnknownLayoutError("a transformation of all tracks")
    a, b, c, d = _matrix(header, start)
    orientation = read_orientation(a, b, c, d)
    if orientation is None or {abs(a), abs(b)} != {0, _ONE} or {abs(c), abs(d)} != {0, _ONE}:
        raise UnknownLayoutError(f"a transformation ({a}, {b}, {c}, {d})/65536")
    return orientation


def _matrix(header: bytes, start: int) -> tuple[int, ...]:
    if len(header) < start + 20:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "an atom with a transformation is cut")
    a, b, _, c, d = struct.unpack_from(">5i", header, start)
    return a, b, c, d
