"""What is seen of a clip before anything is cut: its size, rate and length, and what its first frame shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.media.assets import Failure
from sparkle_curation.media.decode.streaming import stream_frames
from sparkle_curation.media.hashing.perceptual_hash import hash_picture
from sparkle_curation.new_samples.clips.clip_folder import NewClips
from sparkle_curation.new_samples.clips.trimming import (
    Picture,
    Trimming,
    choose_frames,
    fit_picture,
    lost_share,
    read_timing,
)

JOURNAL_SCHEMA: pa.Schema = pa.schema(
    [
        (KEY, pa.string()),
        ("width_px", pa.int64()),
        ("height_px", pa.int64()),
        ("fps", pa.float64()),
        ("duration_s", pa.float64()),
        ("lost_share", pa.float64()),
        ("start_s", pa.float64()),
        ("frame_count", pa.int64()),
        ("frame_hash", pa.string()),
        ("fine_hash", pa.string()),
        ("detail", pa.float64()),
        ("error", pa.string()),
        ("error_detail", pa.string()),
    ]
)


class LookJob(NamedTuple):
    """A clip to look at.

    Attributes:
        key: digest of all that is seen depends on.
        id: name of the clip.
    """

    key: str
    id: str


@dataclass(frozen=True)
class BatchLook:
    """Looks at a batch of clips.

    Attributes:
        clips: opens them.
        what: what a sample is.
    """

    clips: NewClips
    what: Trimming

    def __call__(self, jobs: list[LookJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``."""
        return pa.Table.from_pylist(
            [{KEY: job.key, **self._look(job)} for job in jobs], schema=JOURNAL_SCHEMA
        )

    def _look(self, job: LookJob) -> dict[str, object]:
        found = self.clips.read(job.id, self._facts)
        return {"error": found.error, "error_detail": found.detail} if isinstance(found, Failure) else found

    def _facts(self, file: BinaryIO) -> dict[str, object]:
        timing = read_timing(file)
        chosen = choose_frames(timing, self.what)
        facts: dict[str, object] = {
            "width_px": timing.width_px,
            "height_px": timing.height_px,
            "fps": timing.fps,
            "duration_s": float(timing.end),
            "lost_share": lost_share(timing.width_px, timing.height_px, self.what),
            "frame_count": len(chosen.indices) if chosen else 0,
        }
        if chosen is None:
            return facts
        found = hash_picture(fit_picture(_frame(file, chosen.indices[0]), self.what))
        return facts | {
            "start_s": float(chosen.start),
            "frame_hash": found.text,
            "fine_hash": found.fine_text,
            "detail": found.detail,
        }


def _frame(file: BinaryIO, index: int) -> Picture:
    """Frame ``index`` of a clip, whatever comes after it."""
    frames = stream_frames(file)
    try:
        return next(frame.picture for frame in frames if frame.number == index)
    finally:
        close: Callable[[], None] = frames.close  # type: ignore[attr-defined]
        close()
