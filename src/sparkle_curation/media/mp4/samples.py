"""When the samples of a track are shown, and where they lie in the file.

Tables are read as arrays over the bytes of the index, so their length is bounded by its own.
Source: ISO/IEC 14496-12, sections 8.4.2, 8.6.1, 8.6.2, 8.7.3, 8.7.4 and 8.7.5.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.media.byte_window import BrokenMediaError
from sparkle_curation.media.mp4.atoms import Atom
from sparkle_curation.media.mp4.tracks import Track, UnknownLayoutError
from sparkle_curation.spec.codes.media_faults import MediaFault

Numbers = NDArray[np.int64]
_MAX_TIMESCALE = (1 << 31) - 1


# ------------------------------------------------------------------ times
@dataclass(frozen=True)
class Timing:
    """When the samples of a track are shown.

    Attributes:
        timescale: units a second.
        total: length of all samples together in units.
        step: units between one sample and the next; None where it differs.
        runs: how many samples follow each other at one distance, and the distance, row by row.
        sample_count: how many samples have a time.
        claimed: length of the track in units, as its header says.
    """

    timescale: int
    total: int
    step: int | None
    runs: Numbers
    sample_count: int
    claimed: int


def read_timing(track: Track) -> Timing:
    """When the samples are shown; the length of the last one alone may differ from the step.

    Raises:
        BrokenMediaError: a table is missing, cut, or has no unit of time.
    """
    header = track.table(b"mdhd", 20)
    is_long = header[0] == 1 and len(header) >= 32
    timescale, claimed = struct.unpack_from(">IQ" if is_long else ">II", header, 20 if is_long else 12)
    # FFmpeg takes the number for a signed one, and a second for the unit where it is not above 0.
    if not 0 < timescale <= _MAX_TIMESCALE:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, f"a time unit of 1/{timescale} s in atom mdhd")
    entries = _entries(track.table(b"stts", 8), "stts", 2)
    counts, deltas = entries[:, 0], entries[:, 1]
    keeps_step = len(entries) == 1 or (len(entries) == 2 and counts[1] == 1)
    return Timing(
        timescale,
        int((counts * deltas).sum()),
        int(deltas[0]) if keeps_step else None,
        entries,
        int(counts.sum()),
        claimed,
    )


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
    if b"stsz" not in track.atoms and b"stz2" in track.atoms:
        raise UnknownLayoutError("sizes of samples in atom stz2")
    table = track.table(b"stsz", 12)
    uniform_size, count = struct.unpack_from(">II", table, 4)
    if uniform_size:
        if uniform_size * count > file_size:
            detail = f"{count} samples of {uniform_size} bytes; the file has {file_size}"
            raise BrokenMediaError(MediaFault.TRUNCATED, detail)
        return Samples(count, None, uniform_size)
    return Samples(count, _column(table[12:], "stsz", count))


class Chunks(NamedTuple):
    """Where the samples of a track lie: first byte of each chunk, and its length."""

    starts: Numbers
    lengths: Numbers


def read_places(track: Track, samples: Samples, file_size: int) -> Chunks:
    """Where the samples lie, all inside the file: how a file that was cut by one byte is told.

    Raises:
        BrokenMediaError: one does not (``truncated``), or the tables do not fit each other.
    """
    offsets = _read_chunk_offsets(track)
    counts = _read_chunk_counts(track, len(offsets))
    if int(counts.sum()) != samples.count:
        detail = f"{samples.count} samples in atom stsz, {int(counts.sum())} in the chunks of atom stsc"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    if not samples.count:
        return Chunks(np.zeros(0, np.int64), np.zeros(0, np.int64))
    ends = np.cumsum(counts)
    lengths = samples.bytes_until(ends) - samples.bytes_until(ends - counts)
    # An offset of 64 bits may be any number: compared with the file before anything is added to it.
    furthest = int(offsets.max())
    if furthest <= file_size:
        furthest = int((offsets.astype(np.int64) + lengths).max())
    if furthest > file_size:
        detail = f"samples up to byte {furthest} or more; the file ends at byte {file_size}"
        raise BrokenMediaError(MediaFault.TRUNCATED, detail)
    return Chunks(offsets.astype(np.int64), lengths)


def check_payload(tracks: Sequence[Chunks], payloads: Sequence[Atom]) -> None:
    """Holds that the samples of all tracks lie in the payload of the file (atoms `mdat`), and fill it.

    A size or place that was changed is told by it, without reading a sample.

    Args:
        tracks: of every track.
        payloads: the atoms ``mdat``.

    Raises:
        BrokenMediaError: they do not.
    """
    for starts, lengths in tracks:
        held = np.zeros(len(starts), bool)
        for _, first, end in payloads:
            held |= (starts >= first) & (starts + lengths <= end)
        if not held.all():
            number = int(np.flatnonzero(~held)[0])
            detail = f"{lengths[number]} bytes of samples at byte {starts[number]}, outside of atom mdat"
            raise BrokenMediaError(MediaFault.STRAY_SAMPLES, detail)
    found, payload = (
        sum(int(lengths.sum()) for _, lengths in tracks),
        sum(end - first for _, first, end in payloads),
    )
    if found != payload:
        raise BrokenMediaError(
            MediaFault.STRAY_SAMPLES, f"samples of {found} bytes in a payload of {payload}"
        )


def _read_chunk_offsets(track: Track) -> NDArray[np.uint64]:
    if b"stco" in track.atoms:
        table, width = track.table(b"stco", 8), 4
    else:
        table, width = track.table(b"co64", 8), 8
    (count,) = struct.unpack_from(">I", table, 4)
    if len(table) < 8 + count * width:
        detail = f"{count} chunks in an atom of {len(table)} bytes"
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
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "the runs of chunks in atom stsc are out of order")
    return np.repeat(runs[:, 1], lengths)


def count_key_frames(track: Track, sample_count: int) -> int:
    """How many samples can be decoded on their own: all, where the track does not list them.

    Raises:
        BrokenMediaError: the list names a sample that is not there, or one twice, or not the first sample.
    """
    if b"stss" not in track.atoms:
        return sample_count
    table = track.table(b"stss", 8)
    numbers = _column(table[8:], "stss", struct.unpack_from(">I", table, 4)[0])
    if len(numbers) and (numbers[0] < 1 or numbers[-1] > sample_count or (np.diff(numbers) <= 0).any()):
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "atom stss names samples that are not there")
    if len(numbers) and numbers[0] != 1:
        raise BrokenMediaError(MediaFault.STARTS_WITHIN, f"the first key frame is frame {numbers[0] - 1}")
    return len(numbers)


# ------------------------------------------------------------------ tables
def _entries(table: bytes, name: str, width: int) -> Numbers:
    """The rows of a table of ``width`` numbers each, after version, flags and their count."""
    (count,) = struct.unpack_from(">I", table, 4)
    return _column(table[8:], name, count * width).reshape(-1, width)


def _column(data: bytes, name: str, count: int) -> Numbers:
    if len(data) < count * 4:
        detail = f"atom {name} claims {count} numbers and has {len(data)} bytes of them"
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    return np.frombuffer(data, ">u4", count).astype(np.int64)
