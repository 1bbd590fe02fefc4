"""Whether a player shows every sample of a track: edit lists may skip the first and cut the last.

Source: ISO/IEC 14496-12, sections 8.6.1.3 (`ctts`) and 8.6.6 (`elst`).
"""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from sparkle_curation.media.byte_window import BrokenMediaError
from sparkle_curation.media.mp4.atoms import child_atoms
from sparkle_curation.media.mp4.samples import Numbers, Timing
from sparkle_curation.media.mp4.tracks import Track, UnknownLayoutError
from sparkle_curation.spec.codes.media_faults import MediaFault


class _Edit(NamedTuple):
    duration: int
    start: int


def check_edits(track: Track, timing: Timing, times: Numbers) -> None:
    """Holds that each sample is shown: there is no edit, or one that takes the track from its start to its end.

    Args:
        track: the track.
        timing: of its samples.
        times: of ``shown_times``.

    Raises:
        BrokenMediaError: a table is cut.
        UnknownLayoutError: edits repeat, skip or cut samples, or it cannot be told.
    """
    edit = _read_edit(track)
    if edit is None:
        return
    first, last = int(times[0]), int(times[-1])
    end = edit.start + Fraction(edit.duration * timing.timescale, _movie_timescale(track.content))
    if edit.start > first or last >= end:
        raise UnknownLayoutError(f"an edit from {edit.start} to {float(end)} of times {first} to {last}")


def _read_edit(track: Track) -> _Edit | None:
    table = track.optional_table(b"elst")
    if table is None:
        return None
    if len(table) < 8:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "atom elst is cut")
    (count,) = struct.unpack_from(">I", table, 4)
    form = struct.Struct(">Qqhh" if table[0] == 1 else ">Iihh")
    if not count:
        return None
    if count > 1 or len(table) < 8 + form.size:
        raise UnknownLayoutError(f"{count} edits in {len(table)} bytes")
    duration, start, rate, fraction = form.unpack_from(table, 8)
    if (rate, fraction) != (1, 0) or start < 0:
        raise UnknownLayoutError(f"an edit from {start} at rate {rate}.{fraction}")
    return _Edit(duration, start)


def _movie_timescale(content: bytes) -> int:
    for atom in child_atoms(content):
        if atom.type == b"mvhd" and atom.end - atom.start >= 24:
            timescale: int = struct.unpack_from(
                ">I", content, atom.start + (20 if content[atom.start] else 12)
            )[0]
            if timescale:
                return timescale
    raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "no unit of time in atom mvhd")


def shown_times(track: Track, timing: Timing) -> Numbers:
    """When the samples are shown, in order, in units of the track; the tables must be of one number of samples.

    Raises:
        BrokenMediaError: a table is cut.
        UnknownLayoutError: the shifts are of another number of samples, or a sample is shown before the first stored
            one: a decoder may have nothing to make it of, unless an edit leaves it out.
    """
    deltas = np.repeat(timing.runs[:, 1], timing.runs[:, 0])
    times = np.cumsum(deltas) - deltas
    table = track.optional_table(b"ctts")
    if table is None:
        return times
    count = struct.unpack_from(">I", table, 4)[0] if len(table) >= 8 else 0
    if not count or len(table) < 8 + count * 8:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, "atom ctts is cut")
    lengths = np.frombuffer(table, ">u4", count * 2, 8)[::2].astype(np.int64)
    shifts = np.frombuffer(table, ">i4", count * 2, 8)[1::2].astype(np.int64)
    if int(lengths.sum()) != len(times) or not lengths.all():
        raise UnknownLayoutError("shifts of more or fewer samples than there are")
    times = times + np.repeat(shifts, lengths)
    if times.min() < times[0]:
        raise UnknownLayoutError("samples that are shown before the first one")
    return np.sort(times)
