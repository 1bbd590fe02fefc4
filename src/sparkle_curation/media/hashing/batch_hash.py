"""Hashing a batch of first source frames, here or in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.ingest.assets.store import AssetStore, Wanted
from sparkle_curation.media.assets import Failure, first_frame_of, read_asset
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.hashing.perceptual_hash import hash_picture
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.near_duplicates import FRAME_HASH_COLUMNS

_HASH_SCHEMA = arrow_schema(FRAME_HASH_COLUMNS)
_RESULTS = ("read_from", "frame_hash", "fine_hash", "detail", "error", "error_detail")
JOURNAL_SCHEMA: pa.Schema = pa.schema(
    [(KEY, pa.string()), *((name, _HASH_SCHEMA.field(name).type) for name in _RESULTS)]
)


class HashJob(NamedTuple):
    """The first source frame of a sample, to be hashed: from the first of these kinds that can be read."""

    key: str
    id: str
    kinds: list[str]


@dataclass(frozen=True)
class BatchHash:
    """Hashes a batch of first source frames.

    Attributes:
        store: the release's assets.
    """

    store: AssetStore

    def __call__(self, jobs: list[HashJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``."""
        rows = [{KEY: job.key, **_hash(job, store)} for job, store in self.store.ahead(jobs, _wanted)]
        return pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA)


def _wanted(job: HashJob) -> list[Wanted]:
    """What is read of the first of its kinds; the others only follow where that cannot be read."""
    return [first_frame_of(job.id, job.kinds[0])]


def _hash(job: HashJob, store: AssetStore) -> dict[str, object]:
    failures = []
    for kind in job.kinds:
        read = read_image if kind == KIND.source_frame0 else read_first_frame
        picture = read_asset(store, job.id, kind, read)
        if not isinstance(picture, Failure):
            found = hash_picture(picture)
            return {
                "read_from": kind,
                "frame_hash": found.text,
                "fine_hash": found.fine_text,
                "detail": found.detail,
            }
        failures.append(picture)
    return {"error": failures[0].error, "error_detail": "; ".join(fault.detail for fault in failures)}


def read_first_frame(file: BinaryIO) -> NDArray[np.uint8]:
    """Frame 0 of a video, (height, width, 3), RGB."""
    frame: NDArray[np.uint8] = read_frames(file, [0])[0]
    return frame
