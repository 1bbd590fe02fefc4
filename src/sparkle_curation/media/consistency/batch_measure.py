"""Measuring a batch of samples: their masks, and their stills beside the first frames of their videos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.ingest.assets.store import AssetStore, Wanted
from sparkle_curation.media.assets import Failure, first_frame_of, read_asset
from sparkle_curation.media.bboxes.bboxes import to_pixels
from sparkle_curation.media.bboxes.sampled_frames import sampled_frame_at
from sparkle_curation.media.hashing.batch_hash import read_first_frame
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.masks.measures import Mask, measure_boxes, measure_mask
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.consistency import CONSISTENCY_COLUMNS, MEASURES

MASK = KIND.mask
FIRST_FRAMES = {
    "source_frame0_difference": (KIND.source_frame0, KIND.source_video),
    "edited_frame0_difference": (KIND.edited_frame0, KIND.edited_video),
}
"""Measure -> the still and the video whose first frame it should be."""

_SCHEMA = arrow_schema(CONSISTENCY_COLUMNS)
JOURNAL_SCHEMA: pa.Schema = pa.schema(
    [
        (KEY, pa.string()),
        *((field.name, _SCHEMA.field(field.name).type) for field in MEASURES),
        ("error", pa.string()),
        ("error_detail", pa.string()),
    ]
)


class Reading(StrEnum):
    """What is read for the measures."""

    MASK = "mask"
    BOXES = "boxes"
    FIRST_FRAMES = "first_frames"


class MeasureJob(NamedTuple):
    """The assets of a sample that are to be read.

    Attributes:
        key: digest of all that the measures depend on.
        id: sample id.
        kinds: the assets that are whole, of those that are read.
        boxes: boxes in 0-1000 by sampled frame; none where the sample was not grounded.
        fps: frames a second of the source video; None where it is not known: then the first sampled frame counts alone.
    """

    key: str
    id: str
    kinds: list[str]
    boxes: list[list[list[float]]]
    fps: float | None


@dataclass(frozen=True)
class BatchMeasure:
    """Measures a batch of samples.

    Attributes:
        store: the release's assets.
        readings: what is read.
    """

    store: AssetStore
    readings: frozenset[Reading]

    def __call__(self, jobs: list[MeasureJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``."""
        rows = [self._measure(job, store) for job, store in self.store.ahead(jobs, _wanted)]
        return pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA)

    def _measure(self, job: MeasureJob, store: AssetStore) -> dict[str, object]:
        row: dict[str, object] = {KEY: job.key}
        failures: list[Failure] = []
        for part in self._parts(job, store):
            if isinstance(part, Failure):
                failures.append(part)
            else:
                row.update(part)
        return {**row, **_describe(failures)}

    def _parts(self, job: MeasureJob, store: AssetStore) -> Iterator[dict[str, object] | Failure]:
        if MASK in job.kinds:
            mask = read_asset(store, job.id, MASK, load_mask)
            yield mask if isinstance(mask, Failure) else self._of_mask(mask, job)
        for name, (still, video) in FIRST_FRAMES.items():
            if still in job.kinds and video in job.kinds:
                picture = read_asset(store, job.id, still, read_image)
                frame = read_asset(store, job.id, video, read_first_frame)
                if isinstance(picture, Failure) or isinstance(frame, Failure):
                    yield from (part for part in (picture, frame) if isinstance(part, Failure))
                else:
                    yield {name: mean_difference(picture, frame)}

    def _of_mask(self, mask: Mask, job: MeasureJob) -> dict[str, object]:
        found: dict[str, object] = {}
        if Reading.MASK in self.readings:
            found.update(measure_mask(mask)._asdict())
        if Reading.BOXES in self.readings:
            _, height, width = mask.shape
            found.update(measure_boxes(mask, grounded_boxes(job.boxes, job.fps, width, height))._asdict())
        return found


def _wanted(job: MeasureJob) -> list[Wanted]:
    """The mask, and of each still with its video both beginnings."""
    pairs = [pair for pair in FIRST_FRAMES.values() if {*pair} <= {*job.kinds}]
    firsts = [first_frame_of(job.id, kind) for pair in pairs for kind in pair]
    return [Wanted(job.id, MASK), *firsts] if MASK in job.kinds else firsts


def grounded_boxes(
    boxes: Sequence[Sequence[Sequence[float]]], fps: float | None, width_px: int, height_px: int
) -> dict[int, list[list[int]]]:
    """Boxes in pixels by the frame of the video, of boxes in 0-1000 by sampled frame; the last pixel is outside.

    >>> grounded_boxes([[[0, 0, 500, 1000]], [[]]], 16.0, 1280, 720)
    {0: [[0, 0, 641, 720]], 8: []}
    """
    found: dict[int, list[list[int]]] = {}
    for number, of_frame in enumerate(boxes if fps else boxes[:1]):
        pixels = [to_pixels(box, width_px, height_px) for box in of_frame]
        found[sampled_frame_at(number, fps) if fps else 0] = [
            [x1, y1, x2 + 1, y2 + 1] for x1, y1, x2, y2 in filter(None, pixels)
        ]
    return found


def _describe(failures: Sequence[Failure]) -> dict[str, object]:
    if not failures:
        return {}
    return {
        "error": failures[0].error,
        "error_detail": "; ".join(dict.fromkeys(failure.detail for failure in failures)),
    }


# ------------------------------------------------------------------ pictures
Picture = NDArray[np.uint8]
"""(height, width, 3), RGB, 0-255."""


def mean_difference(picture: Picture, reference: Picture) -> float:
    """Mean absolute difference of all values of two pictures, in levels of 0-255.

    A picture of another size is brought to that of the reference first, since what is drawn counts here, not how large.

    >>> white, grey = np.full((4, 4, 3), 255, np.uint8), np.full((2, 2, 3), 250, np.uint8)
    >>> mean_difference(grey, white)
    5.0
    """
    if picture.shape != reference.shape:
        from PIL import Image  # noqa: PLC0415  # costs a run that compares nothing

        height, width, _ = reference.shape
        resized = Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR)
        picture = np.asarray(resized)
    return float(np.abs(picture.astype(np.int16) - reference).mean())
