"""Measuring the signals of a batch of pairs: both videos are decoded once, and kept as few small grey frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.ingest.assets.store import AssetStore, Wanted
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.signals.measures import Frames, Mask, measure_signals
from sparkle_curation.spec.codes.signal_faults import SignalFault
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.signals import MEASURED, SIGNAL_COLUMNS

BURST = 3
"""Frames that follow each other and tell flicker; the last of them is the measured one."""

_SCHEMA = arrow_schema(SIGNAL_COLUMNS)
JOURNAL_SCHEMA: pa.Schema = pa.schema(
    [
        (KEY, pa.string()),
        *((field.name, _SCHEMA.field(field.name).type) for field in MEASURED),
        ("error", pa.string()),
        ("error_detail", pa.string()),
    ]
)


class SignalJob(NamedTuple):
    """A pair with a mask that fits it.

    Attributes:
        key: digest of all that the signals depend on.
        id: sample id.
        frame_count: frames of the shorter video.
    """

    key: str
    id: str
    frame_count: int


class Measuring(NamedTuple):
    """What is looked at of a pair.

    Attributes:
        frames: how many frames are measured, at most.
        frame_step: frames from one to the next.
        width_px: width at which they are measured, of a picture of 16 by 9; another shape has as many pixels.
        height_px: height.
        erosion_px: pixels along the mask's edge, at that size, that count neither as foreground nor as background; of a
            smaller clip fewer, in proportion.
        min_pixels: fewer than these on a side of the mask say nothing; likewise.
    """

    frames: int
    frame_step: int
    width_px: int
    height_px: int
    erosion_px: int
    min_pixels: int


@dataclass(frozen=True)
class BatchSignals:
    """Measures a batch of pairs.

    Attributes:
        store: the release's assets.
        measuring: what is looked at.
    """

    store: AssetStore
    measuring: Measuring

    def __call__(self, jobs: list[SignalJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``."""
        rows = [{KEY: job.key, **self._measure(job, store)} for job, store in self.store.ahead(jobs, _wanted)]
        return pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA)

    def _measure(self, job: SignalJob, store: AssetStore) -> dict[str, object]:
        ends = measured_frames(job.frame_count, self.measuring.frames, self.measuring.frame_step)
        mask = read_asset(store, job.id, KIND.mask, lambda file: load_mask(file)[ends])
        if isinstance(mask, Failure):
            return {"error": mask.error, "error_detail": mask.detail}
        size = measured_size(mask.shape[2], mask.shape[1], self.measuring.width_px * self.measuring.height_px)
        wanted = [end - before for end in ends for before in reversed(range(BURST))]

        def read(file: BinaryIO) -> Frames:
            return shrink(read_frames(file, wanted), size)

        source = read_asset(store, job.id, KIND.source_video, read)
        if isinstance(source, Failure):
            return {"error": source.error, "error_detail": source.detail}
        edited = read_asset(store, job.id, KIND.edited_video, read)
        if isinstance(edited, Failure):
            return {"error": edited.error, "error_detail": edited.detail}
        return self._of_pair(source, edited, shrink_mask(mask, size), ends)

    def _of_pair(self, source: Frames, edited: Frames, mask: Mask, ends: Sequence[int]) -> dict[str, object]:
        # A clip that is smaller than the measured size is not enlarged; its margin and its least are in proportion.
        share = mask[0].size / (self.measuring.width_px * self.measuring.height_px)
        min_pixels = max(round(self.measuring.min_pixels * share), 1)
        margin_px = round(self.measuring.erosion_px * share**0.5)
        found = measure_signals(source, edited, mask, margin_px=margin_px, min_pixels=min_pixels, burst=BURST)
        lacking = [
            f"{side} of the mask fewer than {min_pixels} pixels with texture are left in every frame"
            for side, value in (
                ("inside", found.foreground_fidelity_min),
                ("outside", found.background_novelty),
            )
            if value is None
        ]
        return {
            **found._asdict(),
            "worst_frame": None if found.worst_frame is None else ends[found.worst_frame],
            "measured_count": len(ends),
            "error": SignalFault.TOO_FEW_PIXELS.value if lacking else None,
            "error_detail": "; ".join(lacking) or None,
        }


def measured_frames(frame_count: int, frames: int, frame_step: int) -> list[int]:
    """The frames that are measured: the last one and those before it at the step, since an edit drifts towards its end.

    >>> measured_frames(81, 9, 8)
    [16, 24, 32, 40, 48, 56, 64, 72, 80]
    >>> measured_frames(12, 9, 8)
    [3, 11]
    """
    count = min(frames, (frame_count - BURST) // frame_step + 1)
    return [frame_count - 1 - frame_step * place for place in reversed(range(count))]


def measured_size(width_px: int, height_px: int, pixels: int) -> tuple[int, int]:
    """Width and height of the picture's own shape with about so many pixels; never larger than the picture.

    >>> [measured_size(*size, 320 * 180) for size in ((1280, 720), (720, 1280), (160, 96))]
    [(320, 180), (180, 320), (160, 96)]
    """
    scale = min((pixels / (width_px * height_px)) ** 0.5, 1.0)
    return max(round(width_px * scale), 1), max(round(height_px * scale), 1)


def shrink(frames: NDArray[np.uint8], size: tuple[int, int]) -> Frames:
    """RGB frames, (frames, height, width, 3), as grey ones of a size (width, height)."""
    from PIL import Image  # noqa: PLC0415  # costs a run that measures nothing

    # In colour first: a third of the pixels' work, since what is turned grey is small then.
    small = [
        Image.fromarray(frame).resize(size, Image.Resampling.BOX, reducing_gap=1.0).convert("L")
        for frame in frames
    ]
    return np.stack([np.asarray(image, np.float32) for image in small])


def shrink_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """The mask at a size (width, height): true where it covers half of a pixel."""
    from PIL import Image  # noqa: PLC0415  # as above

    half = 128
    small = [
        Image.fromarray(frame.astype(np.uint8) * 255).resize(size, Image.Resampling.BOX) for frame in mask
    ]
    return np.stack([np.asarray(image) >= half for image in small])


def _wanted(job: SignalJob) -> list[Wanted]:
    return [Wanted(job.id, kind) for kind in (KIND.mask, KIND.source_video, KIND.edited_video)]
