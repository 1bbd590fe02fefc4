"""What a probe found out about one media file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.masking import without_secrets
from sparkle_curation.media.byte_window import BrokenMediaError


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """The columns of ``media`` that a probe fills in; None is what does not apply or could not be read.

    Attributes are described in ``spec.tables.media``.
    """

    width_px: int | None = None
    height_px: int | None = None
    frame_count: int | None = None
    fps: float | None = None
    is_constant_fps: bool | None = None
    lost_frame_count: int | None = None
    repeated_frame_count: int | None = None
    sampling_hash: str | None = None
    duration_s: float | None = None
    codec: str | None = None
    pixel_format: str | None = None
    key_frame_count: int | None = None
    rotation_deg: int | None = None
    index_hash: str | None = None
    content_hash: str | None = None
    frames_hash: str | None = None
    probe: str | None = None
    error: str | None = None
    error_detail: str | None = None


def broken_by(error: BrokenMediaError, facts: MediaFacts | None = None) -> MediaFacts:
    """The facts of a broken file: what was found out before, and the error."""
    return replace(
        facts or MediaFacts(), error=error.fault.value, error_detail=storable(without_secrets(error.detail))
    )
