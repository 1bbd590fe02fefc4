"""The perceptual hash of each sample's first source frame, as a table."""

from __future__ import annotations

import polars as pl

from sparkle_curation.engine.caching.code_digest import work_digest
from sparkle_curation.engine.caching.costly_work import MeasureConfig, digests, measure
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.media.assets import AROUND, with_identity
from sparkle_curation.media.hashing import batch_hash
from sparkle_curation.media.hashing.batch_hash import BatchHash, HashJob
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables import near_duplicates
from sparkle_curation.spec.tables.near_duplicates import FRAME_HASH_COLUMNS

_SOURCE_KINDS = (KIND.source_frame0, KIND.source_video)
"""Where the first source frame is looked for; a still is not compressed, and read without decoding a video."""


def hash_first_frames(
    media: pl.DataFrame, store: AssetStore, measuring: MeasureConfig, journal: Journal
) -> pl.DataFrame:
    """The table (``FRAME_HASH_COLUMNS``): one row per sample with a first source frame or source video, as in ``media``.

    Copies of one file are read once.

    Args:
        media: columns of ``media``.
        store: the assets that it describes.
        measuring: how they are read.
        journal: what was hashed before.
    """
    files = with_identity(prefer_loose(media.filter(pl.col("kind").is_in(_SOURCE_KINDS))))
    samples = files.sort(pl.col("kind").cast(pl.Enum(_SOURCE_KINDS)), maintain_order=True)
    samples = samples.group_by("id", "theme", maintain_order=True).agg(
        pl.col("kind", "identity").filter(pl.col("error").is_null()),
        pl.col("error", "error_detail").drop_nulls().first(),
    )
    samples = files.select("id").unique(maintain_order=True).join(samples, on="id", maintain_order="left")
    # Opening an asset, and the form of the table, decide no hash.
    code = work_digest(batch_hash.__name__, around=[*AROUND, near_duplicates.__name__])
    samples = samples.with_columns(digests(samples, f"frame hash {code}", ["kind", "identity"]))
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
