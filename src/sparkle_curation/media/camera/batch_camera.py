"""Measuring the cameras of a batch of clips: each is decoded once, to small grey frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.media.assets import Failure
from sparkle_curation.media.camera.clips import ClipSource
from sparkle_curation.media.camera.grey import read_grey_frames
from sparkle_curation.media.camera.measures import MeasuringCamera, measure_camera
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.reruns.camera import CAMERA_COLUMNS, MEASURED_CAMERA

_SCHEMA = arrow_schema(CAMERA_COLUMNS)
JOURNAL_SCHEMA: pa.Schema = pa.schema(
    [
        (KEY, pa.string()),
        *((field.name, _SCHEMA.field(field.name).type) for field in MEASURED_CAMERA),
        ("error", pa.string()),
        ("error_detail", pa.string()),
    ]
)


class CameraJob(NamedTuple):
    """A clip to measure.

    Attributes:
        key: digest of all that the measures depend on.
        id: the clip's name, as its source knows it.
    """

    key: str
    id: str


@dataclass(frozen=True)
class BatchCamera:
    """Measures a batch of clips.

    Attributes:
        clips: opens them.
        what: what is looked at.
    """

    clips: ClipSource
    what: MeasuringCamera

    def __call__(self, jobs: list[CameraJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``."""
        return pa.Table.from_pylist(
            [{KEY: job.key, **self._measure(job)} for job in jobs], schema=JOURNAL_SCHEMA
        )

    def _measure(self, job: CameraJob) -> dict[str, object]:
        found = self.clips.read(
            job.id, lambda file: measure_camera(read_grey_frames(file, self.what.pixels), self.what)
        )
        if isinstance(found, Failure):
            return {"error": found.error, "error_detail": found.detail}
        return found._asdict()
