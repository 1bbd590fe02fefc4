"""What a media file is, by its kind: a few kilobytes are read, or all of it where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

import xxhash

from sparkle_curation.media.broken import BrokenMediaError
from sparkle_curation.media.byte_window import ByteWindow
from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.mask_header import read_mask
from sparkle_curation.media.mp4_probe import read_mp4
from sparkle_curation.media.mp4_tracks import UnknownLayoutError
from sparkle_curation.media.png_header import read_png
from sparkle_curation.media.pyav_probe import decode_frames, read_with_pyav
from sparkle_curation.release.layout import ASSET_KINDS
from sparkle_curation.release.media_faults import MediaFault

PROBE_VERSION = 1
"""Raised with every change that makes other facts of the same file; every file is then probed anew."""

_HASHED_BYTES = 1 << 20


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
    facts = MediaFacts()
    try:
        if not window.size:
            raise BrokenMediaError(MediaFault.EMPTY, "0 bytes")
        facts = _READERS[ASSET_KINDS[kind].suffix](window)
        if depth is not Depth.INDEX:
            facts = replace(facts, content_hash=_content_hash(window))
        if depth is Depth.DECODE and facts.fps is not None:
            facts = _decoded(facts, window)
    except BrokenMediaError as broken:
        facts = replace(facts, error=broken.fault.value, error_detail=broken.detail)
    return facts


def _read_video(window: ByteWindow) -> MediaFacts:
    try:
        return read_mp4(window)
    except UnknownLayoutError:
        return read_with_pyav(window)


_READERS: dict[str, Callable[[ByteWindow], MediaFacts]] = {
    "mp4": _read_video,
    "png": read_png,
    "npz": read_mask,
}


def _content_hash(window: ByteWindow) -> str:
    digest = xxhash.xxh3_128()
    for start in range(0, window.size, _HASHED_BYTES):
        digest.update(window.read_exactly(start, min(_HASHED_BYTES, window.size - start)))
    return digest.hexdigest()


def _decoded(facts: MediaFacts, window: ByteWindow) -> MediaFacts:
    decoded = decode_frames(window)
    if decoded.frame_count != facts.frame_count:
        detail = f"{decoded.frame_count} frames; the index has {facts.frame_count}"
        return replace(facts, error=MediaFault.FRAMES_DIFFER.value, error_detail=detail)
    return replace(facts, frames_hash=decoded.frames_hash)
