"""The page of the broken media that are told from each other, written from the probes themselves.

``WRITE_DAMAGE_PAGE=1 python -m pytest tests/media/test_damage_page.py`` writes ``docs/media_damage.md`` again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tests.media.made_clips import window
from tests.media.made_faults import MASK_FAULTS, MP4_FAULTS, PNG_FAULTS, Faults

from sparkle_curation.media.probe.probes import probe
from sparkle_curation.spec.codes.media_faults import MediaFault

KINDS: dict[str, tuple[str, Faults]] = {
    "Videos": ("source_video", MP4_FAULTS),
    "Images": ("source_frame0", PNG_FAULTS),
    "Masks": ("source_video_mask", MASK_FAULTS),
}
ELSEWHERE = {
    MediaFault.MISSING,
    MediaFault.UNREADABLE,
    MediaFault.UNDECODABLE,
    MediaFault.BAD_CHECKSUM,
    MediaFault.DAMAGED_FRAMES,
    MediaFault.SIZE_CHANGES,
    MediaFault.FRAMES_DIFFER,
}
"""Codes that no header shows: tested with the inspection and with decoding."""


def page() -> str:
    """The page, from what the probes say of each file now."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Broken media that are told from each other"
    yield ""
    yield "Made by `WRITE_DAMAGE_PAGE=1 python -m pytest tests/media/test_damage_page.py`; do not edit."
    yield "A file of each sort was made and probed by its header; the codes are in [tables.md](tables.md)."
    yield "Besides, files of each kind were cut at every byte, and none passed as whole. A flipped byte in the data"
    yield "is seen with `inspect.decode=true`: in images and masks by the checksums that they carry; in videos"
    yield "where FFmpeg marks a frame, which it does for nearly all; `content_hash` tells copies apart."
    for title, (kind, faults) in KINDS.items():
        yield ""
        yield f"## {title}"
        yield ""
        yield "| what is wrong | error |"
        yield "|---|---|"
        for name, (_, content) in faults.items():
            yield f"| {name} | `{probe(kind, window(content)).error}` |"


def test_the_page_says_what_is_found(checkout: Path) -> None:
    """`docs/media_damage.md` is the table of this very run."""
    path = checkout / "docs" / "media_damage.md"
    if os.environ.get("WRITE_DAMAGE_PAGE"):
        path.write_text(page(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == page()


def test_every_code_is_planted() -> None:
    """A code that no test gives a file is no code."""
    planted = {fault for _, faults in KINDS.values() for fault, _ in faults.values()}
    assert planted | ELSEWHERE == set(MediaFault)
