"""What a video is, from the index of its mp4: a few kilobytes are read, whatever its length."""

from __future__ import annotations

import numpy as np
import xxhash

from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow
from sparkle_curation.media.facts import MediaFacts, broken_by
from sparkle_curation.media.mp4.atoms import Atom, Index, check_ends, find_index, raw_type, top_atoms
from sparkle_curation.media.mp4.edits import check_edits, shown_times
from sparkle_curation.media.mp4.h264_config import read_avc_config
from sparkle_curation.media.mp4.pictures import Picture, check_aperture, read_orientation_of, read_picture
from sparkle_curation.media.mp4.samples import (
    Numbers,
    Samples,
    Timing,
    check_payload,
    count_key_frames,
    read_places,
    read_samples,
    read_timing,
)
from sparkle_curation.media.mp4.tracks import (
    VIDEO,
    Track,
    UnknownLayoutError,
    begins_with_cover,
    is_fragmented,
    read_tracks,
)
from sparkle_curation.media.sampling import EVERY_FRAME_ONCE, even_rate
from sparkle_curation.spec.codes.media_faults import MediaFault

MAX_FRAMES = 1 << 22
"""Most frames of a video: three days at 16 a second."""


def read_mp4(window: ByteWindow) -> MediaFacts:
    """The facts of the video, as the atoms have them; with its error where samples lie outside of the file.

    Raises:
        BrokenMediaError: the file is no mp4, is cut before its index ends, or the index contradicts itself.
        UnknownLayoutError: it is whole, and has something that is not read here; PyAV may know it.
    """
    index = find_index(window)
    tracks = read_tracks(index.content)
    videos = [track for track in tracks if track.handler == VIDEO]
    if not videos and b"covr" in index.content:
        detail = f"{len(tracks)} tracks, none of them video, and a cover picture, which FFmpeg takes for one"
        raise BrokenMediaError(MediaFault.OTHER_CONTAINER, detail)
    if not videos:
        raise BrokenMediaError(MediaFault.NO_VIDEO_TRACK, f"{len(tracks)} tracks, none of them video")
    for track in videos:
        if (table := track.optional_table(b"stsd")) and table[12:16] == b"encv":
            raise BrokenMediaError(MediaFault.ENCRYPTED, "a sample description encv")
        check_aperture(track)
    if is_fragmented(index.content):
        check_ends(window)
        raise UnknownLayoutError("samples outside of the index")
    if begins_with_cover(index.content):
        raise UnknownLayoutError("a cover picture before the tracks")
    error = _place_error(tracks, window, index)
    try:
        facts = _facts_of(_only(videos), window.size)
    except UnknownLayoutError:
        if error:
            raise error from None
        raise
    return broken_by(error, facts) if error else facts


def _only(videos: list[Track]) -> Track:
    if len(videos) > 1:
        raise UnknownLayoutError(f"{len(videos)} video tracks")
    return videos[0]


def _place_error(tracks: list[Track], window: ByteWindow, index: Index) -> BrokenMediaError | None:
    """What is wrong with the places of the samples, of sound too: a file that is cut is cut."""
    size = window.size
    try:
        check_payload(
            [read_places(track, read_samples(track, size), size) for track in tracks],
            _payloads(window, index),
        )
    except BrokenMediaError as error:
        return error
    return None


def _payloads(window: ByteWindow, index: Index) -> list[Atom]:
    """The atoms that hold samples; those before the index were seen on the way to it."""
    found = list(index.payloads)
    try:
        found.extend(atom for atom in top_atoms(window, index.end) if atom.type == b"mdat")
    except BrokenMediaError as error:
        if (
            error.fault is not MediaFault.BAD_STRUCTURE
        ):  # what a copier left behind the last atom does no harm
            raise
    return found


def _facts_of(track: Track, file_size: int) -> MediaFacts:
    samples = read_samples(track, file_size)
    _check_samples(samples)
    timing = read_timing(track)
    _check_timing(timing, samples)
    times = shown_times(track, timing)
    check_edits(track, timing, times)
    rate = _rate(timing, times)
    picture, orientation = read_picture(track), read_orientation_of(track)
    width, height = orientation.size(picture.width_px, picture.height_px)
    return MediaFacts(
        width_px=width,
        height_px=height,
        frame_count=samples.count,
        fps=rate,
        is_constant_fps=True,
        lost_frame_count=EVERY_FRAME_ONCE.lost,
        repeated_frame_count=EVERY_FRAME_ONCE.repeated,
        duration_s=timing.total / timing.timescale,
        codec="h264",
        pixel_format=_pixel_format(picture),
        key_frame_count=count_key_frames(track, samples.count),
        rotation_deg=orientation.rotation_deg,
        index_hash=_index_hash(track, file_size),
        probe="boxes",
    )


def _check_samples(samples: Samples) -> None:
    if not samples.count:
        raise BrokenMediaError(MediaFault.NO_FRAMES, "the video track has no sample")
    if samples.count > MAX_FRAMES:
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, f"{samples.count} frames; at most {MAX_FRAMES}")
    if samples.sizes is not None and not samples.sizes.all():
        raise UnknownLayoutError("samples without bytes")


def _check_timing(timing: Timing, samples: Samples) -> None:
    if timing.sample_count != samples.count or not timing.total:
        raise UnknownLayoutError(f"{samples.count} samples, times of {timing.sample_count}")
    step = timing.total / samples.count
    if abs(timing.total - timing.claimed) > step:
        raise UnknownLayoutError(f"samples of {timing.total} units in a track of {timing.claimed}")


def _rate(timing: Timing, times: Numbers) -> float:
    if timing.step and (np.diff(times) == timing.step).all():
        return timing.timescale / timing.step
    rate = even_rate(times / timing.timescale)
    if rate is None:
        raise UnknownLayoutError("frames that are not equally far apart")
    return rate


def _pixel_format(picture: Picture) -> str:
    """The pixel format of H.264, whose size must be the one that the sample description says."""
    if picture.format not in {b"avc1", b"avc3"} or picture.avc_config is None:
        raise UnknownLayoutError(f"video of the format {raw_type(picture.format)}")
    try:
        config = read_avc_config(picture.avc_config)
    except ValueError as error:
        raise UnknownLayoutError(f"a parameter set that is not read here: {error}") from error
    if (config.width_px, config.height_px) != (picture.width_px, picture.height_px):
        said = f"{picture.width_px}x{picture.height_px}"
        raise UnknownLayoutError(f"pictures of {config.width_px}x{config.height_px}, a description of {said}")
    return config.pixel_format


def _index_hash(track: Track, file_size: int) -> str:
    digest = xxhash.xxh3_128(file_size.to_bytes(8, "big"))
    for table in track.index_bytes:
        digest.update(len(table).to_bytes(8, "big"))
        digest.update(table)
    return digest.hexdigest()
