"""The perceptual hash of each sample's first source frame, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from sparkle_curation.engine.journal import KEY, Journal
from sparkle_curation.media.frames import read_frames
from sparkle_curation.media.images import read_image
from sparkle_curation.media.measuring import Failure, Measuring, digests, measure, read_asset, with_identity
from sparkle_curation.media.perceptual_hash import HASH_VERSION, hash_picture
from sparkle_curation.reading.asset_store import AssetStore, choose_copy
from sparkle_curation.release.fields import arrow_schema
from sparkle_curation.release.layout import KIND
from sparkle_curation.release.twin_tables import FRAME_HASH_COLUMNS

_SOURCE_KINDS = (KIND.source_frame0, KIND.source_video)
"""Where the first source frame is looked for; a still is not compressed, and read without decoding a video."""
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
        rows = [{KEY: job.key, **self._hash(job)} for job in jobs]
        return pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA)

    def _hash(self, job: HashJob) -> dict[str, object]:
        failures = []
        for kind in job.kinds:
            read = read_image if kind == KIND.source_frame0 else read_first_frame
            picture = read_asset(self.store, job.id, kind, read)
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


def hash_first_frames(
    media: pl.DataFrame, store: AssetStore, measuring: Measuring, journal: Journal
) -> pl.DataFrame:
    """The table (``FRAME_HASH_COLUMNS``): one row per sample with a first source frame or source video, as in ``media``.

    Copies of one file are read once.

    Args:
        media: columns of ``media``.
        store: the assets that it describes.
        measuring: how they are read.
        journal: what was hashed before.
    """
    files = with_identity(choose_copy(media.filter(pl.col("kind").is_in(_SOURCE_KINDS))))
    samples = files.sort(pl.col("kind").cast(pl.Enum(_SOURCE_KINDS)), maintain_order=True)
    samples = samples.group_by("id", "theme", maintain_order=True).agg(
        pl.col("kind", "identity").filter(pl.col("error").is_null()),
        pl.col("error", "error_detail").drop_nulls().first(),
    )
    samples = files.select("id").unique(maintain_order=True).join(samples, on="id", maintain_order="left")
    keys = digests(samples, f"frame hash {HASH_VERSION}", ["kind", "identity"])
    samples = samples.with_columns(keys)
    wanted = samples.filter(pl.col("kind").list.len() > 0)
    jobs = wanted.select(KEY, "id", pl.col("kind").alias("kinds"))
    hashes = measure(jobs, HashJob, BatchHash(store), measuring, journal)
    broken = samples.filter(pl.col("kind").list.len() == 0)
    rows = [
        wanted.select("id", "theme", KEY).join(hashes, on=KEY, how="left", maintain_order="left"),
        broken.select("id", "theme", "error", "error_detail"),
    ]
    joined = pl.concat(rows, how="diagonal")
    ordered = samples.select("id").join(joined, on="id", how="left", maintain_order="left")
    return ordered.select(field.name for field in FRAME_HASH_COLUMNS)
