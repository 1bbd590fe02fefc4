"""The tracks that the index of an mp4 describes: codec, size, times and places of their samples.

Tables are read as arrays over the bytes of the index, so their length is bounded by its own.
Source: ISO/IEC 14496-12, sections 8.3 to 8.8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.media.broken import BrokenMediaError
from sparkle_curation.media.mp4_boxes import Box, child_boxes, raw_type
from sparkle_curation.release.media_faults import MediaFault

Numbers = NDArray[np.int64]

VIDEO = b"vide"
_CONTAINERS = frozenset({b"mdia", b"minf", b"stbl", b"edts"})
_MAX_TRACKS = 64
_VISUAL_ENTRY_BYTES = 78
_SAMPLE_TABLES = (b"stsd", b"stts", b"stss", b"stsz", b"stz2", b"stsc", b"stco", b"co64")


class UnknownLayoutError(Exception):
    """The index holds something that is not read here, or contradicts itself where another reader may know better."""


@dataclass(frozen=True)
class Track:
    """One track of an index.

    Attributes:
        content: the bytes of the index.
        boxes: its boxes by their types, those of the boxes within it too.
    """

    content: bytes
    boxes: Mapping[bytes, Box]

    def table(self, name: bytes, least: int) -> bytes:
        """The content of one box, which must take ``least`` bytes.

        Raises:
            BrokenMediaError: it is not there, or shorter.
        """
        found = self.optional_table(name)
        if found is None or len(found) < least:
            detail = f"box {raw_type(name)} is missing or shorter than {least} bytes"
            raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
        return found

    def optional_table(self, name: bytes) -> bytes | None:
        """The content of one box; None where the track has none."""
        box = self.boxes.get(name)
        return None if box is None else self.content[box.start : box.end]

    @property
    def handler(self) -> bytes:
        """What kind of track it is: ``VIDEO``, sound and so on."""
        return self.table(b"hdlr", 12)[8:12]

    @property
    def index_bytes(self) -> Iterator[bytes]:
        """The tables of its samples, as they stand in the file."""
        return (found for name in _SAMPLE_TABLES if (found := self.optional_table(name)) is not None)


def read_tracks(content: bytes) -> list[Track]:
    """The tracks of an index.

    Raises:
        BrokenMediaError: the boxes do not lie within each other, or there are too many tracks.
    """
    tracks = [
        Track(content, _boxes_within(content, box)) for box in child_boxes(content) if box.type == b"trak"
    ]
    if len(tracks) > _MAX_TRACKS:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, f"{len(tracks)} tracks; at most {_MAX_TRACKS}")
    return tracks


def is_fragmented(content: bytes) -> bool:
    """Whether samples are described outside of the index too."""
    return any(box.type == b"mvex" for box in child_boxes(content))


def _boxes_within(content: bytes, parent: Box) -> dict[bytes, Box]:
    # A loop, not a recursion, over four known containers: nesting is bounded whatever the file says.
    found: dict[bytes, Box] = {}
    waiting = [parent]
    while waiting:
        box = waiting.pop()
        for child in child_boxes(content, box.start, box.end):
            if child.type not in found:
                found[child.type] = child
                if child.type in _CONTAINERS:
                    waiting.append(child)
    return found


# ------------------------------------------------------------------ times
@dataclass(frozen=True)
class Timing:
    """When the samples of a track are shown.

    Attributes:
        timescale: units a second.
        total: length of all samples together in units.
        step: units between one sample and the next; None where it differs.
        sample_count: how many samples have a time.
        claimed: length of the track in units, as its header says.
    """

    timescale: int
    total: int
    step: int | None
    sample_count: int
    claimed: int


def read_timing(track: Track) -> Timing:
    """When the samples are shown; the length of the last one alone may differ from the step.

    Raises:
        BrokenMediaError: a table is missing, cut, or has no unit of time.
    """
    timescale, claimed = _read_media_header(track.table(b"mdhd", 20))
    if timescale == 0:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "a time unit of 1/0 s in box mdhd")
    entries = _entries(track.table(b"stts", 8), "stts", 2)
    counts, deltas = entries[:, 0], entries[:, 1]
    keeps_step = len(entries) == 1 or (len(entries) == 2 and counts[1] == 1)
    return Timing(
        timescale,
        int((counts * deltas).sum()),
        int(deltas[0]) if keeps_step else None,
        int(counts.sum()),
        claimed,
    )


def _read_media_header(content: bytes) -> tuple[int, int]:
    if content[0] == 1 and len(content) >= 32:
        return cast(tuple[int, int], struct.unpack_from(">IQ", content, 20))
    return cast(tuple[int, int], struct.unpack_from(">II", content, 12))


# ------------------------------------------------------------------ places
@dataclass(frozen=True)
class Samples:
    """The samples of a track.

    Attributes:
        count: how many.
        sizes: length of each in bytes; None where all have ``uniform_size``.
        uniform_size: length of each in bytes, or 0.
    """

    count: int
    sizes: Numbers | None
    uniform_size: int = 0

    def bytes_until(self, ends: Numbers) -> Numbers:
        """Length of the first n samples together, for each n in ``ends``; none may be above ``count``."""
        if self.sizes is None:
            return ends * self.uniform_size
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.sizes)])[ends]


def read_samples(track: Track, file_size: int) -> Samples:
    """How many samples there are, and how long.

    Raises:
        BrokenMediaError: the table is missing, cut, or claims more bytes than the file has.
        UnknownLayoutError: the sizes are packed in fewer bits.
    """
    if b"stsz" not in track.boxes and b"stz2" in track.boxes:
        raise UnknownLayoutError("sizes of samples in box stz2")
    table = track.table(b"stsz", 12)
    uniform_size, count = struct.unpack_from(">II", table, 4)
    if uniform_size:
        if uniform_size * count > file_size:
            detail = f"{count} samples of {uniform_size} bytes; the file has {file_size}"
            raise BrokenMediaError(MediaFault.TRUNCATED, detail)
        return Samples(count, None, uniform_size)
    return Samples(count, _column(table[12:], "stsz", count))


def check_places(track: Track, samples: Samples, file_size: int) -> None:
    """Holds that every sample lies inside the file: how a file that was cut by one byte is told.

    Raises:
        BrokenMediaError: one does not (``truncated``), or the tables do not fit each other.
    """
    offsets = _read_chunk_offsets(track)
    counts = _read_chunk_counts(track, len(offsets))
    if int(counts.sum()) != samples.count:
        detail = f"{samples.count} samples in box stsz, {int(counts.sum())} in the chunks of box stsc"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    if not samples.count:
        return
    ends = np.cumsum(counts)
    lengths = samples.bytes_until(ends) - samples.bytes_until(ends - counts)
    # An offset of 64 bits may be any number: held against the file before anything is added to it.
    furthest = int(offsets.max())
    if furthest <= file_size:
        furthest = int((offsets.astype(np.int64) + lengths).max())
    if furthest > file_size:
        detail = f"samples up to byte {furthest} or more; the file ends at byte {file_size}"
        raise BrokenMediaError(MediaFault.TRUNCATED, detail)


def _read_chunk_offsets(track: Track) -> NDArray[np.uint64]:
    if b"stco" in track.boxes:
        table, width = track.table(b"stco", 8), 4
    else:
        table, width = track.table(b"co64", 8), 8
    (count,) = struct.unpack_from(">I", table, 4)
    if len(table) < 8 + count * width:
        detail = f"{count} chunks in a box of {len(table)} bytes"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    return np.frombuffer(table, f">u{width}", count, 8).astype(np.uint64)


def _read_chunk_counts(track: Track, chunk_count: int) -> Numbers:
    """How many samples each chunk holds, from runs of equal chunks."""
    runs = _entries(track.table(b"stsc", 8), "stsc", 3)
    if not chunk_count or not len(runs):
        return np.zeros(chunk_count, np.int64)
    firsts = np.append(runs[:, 0], chunk_count + 1)
    lengths = np.diff(firsts)
    if firsts[0] != 1 or (lengths[:-1] <= 0).any() or lengths[-1] < 0:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "the runs of chunks in box stsc are out of order")
    return np.repeat(runs[:, 1], lengths)


def count_key_frames(track: Track, sample_count: int) -> int:
    """How many samples can be decoded on their own: all, where the track does not list them.

    Raises:
        BrokenMediaError: the list names a sample that is not there, or one twice.
    """
    if b"stss" not in track.boxes:
        return sample_count
    table = track.table(b"stss", 8)
    numbers = _column(table[8:], "stss", struct.unpack_from(">I", table, 4)[0])
    if len(numbers) and (numbers[0] < 1 or numbers[-1] > sample_count or (np.diff(numbers) <= 0).any()):
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "box stss names samples that are not there")
    return len(numbers)


def _entries(table: bytes, name: str, width: int) -> Numbers:
    """The rows of a table of ``width`` numbers each, after version, flags and their count."""
    (count,) = struct.unpack_from(">I", table, 4)
    return _column(table[8:], name, count * width).reshape(-1, width)


def _column(data: bytes, name: str, count: int) -> Numbers:
    if len(data) < count * 4:
        detail = f"box {name} claims {count} numbers and has {len(data)} bytes of them"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    return np.frombuffer(data, ">u4", count).astype(np.int64)


# ------------------------------------------------------------------ pictures
@dataclass(frozen=True)
class Picture:
    """What the sample description of a video track says.

    Attributes:
        format: four letters, ``avc1``.
        width_px: width of the picture.
        height_px: height of the picture.
        avc_config: content of the box `avcC`; None where there is none.
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
    entry = next(child_boxes(table, 8), None)
    if entry is None or entry.end - entry.start < _VISUAL_ENTRY_BYTES:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "no sample description in box stsd")
    width, height = struct.unpack_from(">HH", table, entry.start + 24)
    configs = [
        table[box.start : box.end]
        for box in child_boxes(table, entry.start + _VISUAL_ENTRY_BYTES, entry.end)
        if box.type == b"avcC"
    ]
    return Picture(entry.type, width, height, configs[0] if configs else None)


def read_rotation(track: Track) -> int:
    """Degrees clockwise by which a player turns the picture.

    Raises:
        UnknownLayoutError: the picture is mirrored, stretched or turned by another angle than 90, 180 or 270.
    """
    header = track.table(b"tkhd", 84)
    start = 52 if header[0] == 1 else 40
    if len(header) < start + 20:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "box tkhd is cut")
    a, b, _, c, d = struct.unpack_from(">5i", header, start)
    one = 1 << 16
    turns = {(one, 0, 0, one): 0, (0, one, -one, 0): 90, (-one, 0, 0, -one): 180, (0, -one, one, 0): 270}
    if (a, b, c, d) not in turns:
        raise UnknownLayoutError(f"a transformation ({a}, {b}, {c}, {d})/65536")
    return turns[a, b, c, d]
