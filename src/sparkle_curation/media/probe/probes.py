"""What a media file is, by its kind: a few kilobytes are read, or all of it where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

import xxhash

from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow, pieces
from sparkle_curation.media.facts import MediaFacts, broken_by
from sparkle_curation.media.limits import MAX_DECODED_PIXELS
from sparkle_curation.media.masks.header import read_mask
from sparkle_curation.media.mp4.probe import read_mp4
from sparkle_curation.media.mp4.tracks import UnknownLayoutError
from sparkle_curation.media.probe.deep_checks import hash_mask
from sparkle_curation.media.probe.pyav_probe import decode_frames, name_container, read_with_pyav
from sparkle_curation.media.stills.png_header import read_png
from sparkle_curation.media.stills.png_pixels import check_png
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import ASSET_KINDS


class Depth(StrEnum):
    """How much of a file a probe reads."""

    INDEX = "index"
    HASH = "hash"
    DECODE = "decode"


def probe(kind: str, window: ByteWindow, depth: Depth = Depth.INDEX) -> MediaFacts:
    """The facts of one file; a broken one has its error, and what was found out before.

    Args:
        kind: asset kind, which says what the file should be.
        window: the file.
        depth: ``INDEX`` reads the index, ``HASH`` all bytes too, ``DECODE`` decodes every frame as well.
    """
    if not window.size:
        return broken_by(BrokenMediaError(MediaFault.EMPTY, "0 bytes"))
    suffix = ASSET_KINDS[kind].suffix
    facts = MediaFacts()
    try:
        facts = _READERS[suffix](window)
        if depth is not Depth.INDEX:
            digest = xxhash.xxh3_128()
            for piece in pieces(window, 0, window.size):
                digest.update(piece)
            facts = replace(facts, content_hash=digest.hexdigest())
        if depth is Depth.DECODE and facts.error is None:
            facts = replace(facts, frames_hash=_DECODERS[suffix](window, facts))
    except BrokenMediaError as error:
        return broken_by(error, facts)
    return facts


def _read_video(window: ByteWindow) -> MediaFacts:
    try:
        return read_mp4(window)
    except UnknownLayoutError:
        return read_with_pyav(window)
    except BrokenMediaError as error:
        if error.fault is MediaFault.NOT_MP4 and (name := name_container(window)):
            raise BrokenMediaError(
                MediaFault.OTHER_CONTAINER, f"{error.detail}; FFmpeg reads it as {name}"
            ) from error
        raise


_READERS: dict[str, Callable[[ByteWindow], MediaFacts]] = {
    "mp4": _read_video,
    "png": read_png,
    "npz": read_mask,
}


# ------------------------------------------------------------------ decoding
def _decode_video(window: ByteWindow, facts: MediaFacts) -> str:
    _check_pixels(facts)
    decoded = decode_frames(window)
    if decoded.frame_count != facts.frame_count:
        detail = f"{decoded.frame_count} frames decoded; the index has {facts.frame_count}"
        raise BrokenMediaError(MediaFault.FRAMES_DIFFER, detail)
    return decoded.frames_hash


def _decode_image(window: ByteWindow, _facts: MediaFacts) -> str:
    # FFmpeg would take what stands behind the end mark for another picture.
    return decode_frames(window.part(0, check_png(window))).frames_hash


_DECODERS: dict[str, Callable[[ByteWindow, MediaFacts], str]] = {
    "mp4": _decode_video,
    "png": _decode_image,
    "npz": lambda window, _facts: hash_mask(window),
}


def _check_pixels(facts: MediaFacts) -> None:
    width, height = facts.width_px or 0, facts.height_px or 0
    if width * height > MAX_DECODED_PIXELS:
        detail = f"{width}x{height} pixels; at most {MAX_DECODED_PIXELS} are decoded"
        raise BrokenMediaError(MediaFault.UNDECODABLE, detail)
