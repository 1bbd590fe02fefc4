"""Whether the assets of a sample fit each other, as a table: by their headers, and by reading masks and frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import polars as pl

from sparkle_curation.engine.caching.code_digest import work_digest
from sparkle_curation.engine.caching.costly_work import MeasureConfig, digests, measure
from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.media.assets import AROUND, with_identity
from sparkle_curation.media.consistency import batch_measure
from sparkle_curation.media.consistency.batch_measure import (
    FIRST_FRAMES,
    MASK,
    BatchMeasure,
    MeasureJob,
    Reading,
)
from sparkle_curation.media.consistency.header_checks import check_headers
from sparkle_curation.spec.description.slices import measuring_slice
from sparkle_curation.spec.layout import ASSET_KINDS, KIND
from sparkle_curation.spec.tables import consistency, ingested, near_duplicates
from sparkle_curation.spec.tables.consistency import CONSISTENCY_COLUMNS


# ------------------------------------------------------------------ the table
@dataclass(frozen=True)
class Groundings:
    """Both rounds of the grounding; round 2 counts where a sample has it."""

    round1: pl.LazyFrame
    round2: pl.LazyFrame

    def boxes(self) -> pl.LazyFrame:
        """``id`` and the boxes of each sampled frame, as lists of lists of four numbers or none."""
        bare = pl.element().struct.field("bbox_2d")
        second = self.round2.select(
            "id", pl.col("frame_objects").list.eval(pl.element().list.eval(bare)).alias("boxes")
        )
        # One row per sample: aggregating makes a list of one frame of what it has.
        objects = pl.col("round1_objects").list.eval(bare)
        first = self.round1.group_by("id", maintain_order=True).agg(objects.alias("boxes"))
        return pl.concat([second, first]).unique("id", keep="first", maintain_order=True)


def check_consistency(
    media: pl.DataFrame,
    groundings: Groundings,
    readings: Collection[Reading],
    store: AssetStore,
    measuring: MeasureConfig,
    journal: Journal,
) -> pl.DataFrame:
    """The table (``CONSISTENCY_COLUMNS``): one row per sample of ``media``, by first appearance.

    Args:
        media: columns of ``media``.
        groundings: the boxes that the masks were tracked from.
        readings: which measures are wanted; without any no asset is opened.
        store: the assets that ``media`` describes.
        measuring: how they are read.
        journal: what was measured before.
    """
    files = with_identity(prefer_loose(media))
    checks = check_headers(files, groundings.round2)
    wanted = _wanted(files, groundings, frozenset(readings))
    jobs = wanted.select(MeasureJob._fields)
    measures = measure(jobs, MeasureJob, BatchMeasure(store, frozenset(readings)), measuring, journal)
    measured = wanted.select("id", KEY).join(measures, on=KEY, how="left")
    table = (
        checks.join(measured, on="id", how="left", maintain_order="left")
        .join(_broken(files), on="id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("broken", "error").alias("error"),
            pl.concat_str("broken_detail", "error_detail", separator="; ", ignore_nulls=True)
            .replace("", None)
            .alias("error_detail"),
        )
    )
    return table.select(field.name for field in CONSISTENCY_COLUMNS)


def _wanted(files: pl.DataFrame, groundings: Groundings, readings: frozenset[Reading]) -> pl.DataFrame:
    """The columns of a job for each sample of which something is read."""
    whole = files.lazy().filter(pl.col("error").is_null(), pl.col("kind").is_in(list(_kinds(readings))))
    samples = (
        whole.sort("kind")
        .group_by("id", maintain_order=True)
        .agg("kind", "identity")
        .rename({"kind": "kinds"})
    )
    fps = files.lazy().filter(pl.col("kind") == KIND.source_video).select("id", "fps")
    boxes = groundings.boxes() if Reading.BOXES in readings else groundings.boxes().head(0)
    wanted = (
        samples.filter(_has_work(readings))
        .join(fps, on="id", how="left", maintain_order="left")
        .join(boxes, on="id", how="left", maintain_order="left")
        .with_columns(pl.col("boxes").fill_null([]))
        .collect()
    )
    # Opening an asset, and the form of the tables, decide no measure.
    around = [*AROUND, *(each.__name__ for each in (consistency, ingested, near_duplicates))]
    code = work_digest(batch_measure.__name__, around=around)
    prefix = f"consistency {code} {measuring_slice()} {' '.join(sorted(readings))}"
    return wanted.with_columns(digests(wanted, prefix, ["kinds", "identity", "fps", "boxes"]))


def _kinds(readings: frozenset[Reading]) -> Iterator[str]:
    if readings & {Reading.MASK, Reading.BOXES}:
        yield MASK
    if Reading.FIRST_FRAMES in readings:
        for kinds in FIRST_FRAMES.values():
            yield from kinds


def _has_work(readings: frozenset[Reading]) -> pl.Expr:
    kinds = pl.col("kinds")
    pairs = [
        kinds.list.contains(still) & kinds.list.contains(video) for still, video in FIRST_FRAMES.values()
    ]
    return pl.any_horizontal(kinds.list.contains(MASK), *pairs)


def _broken(files: pl.DataFrame) -> pl.DataFrame:
    """``id``, ``broken``, ``broken_detail``: of each sample with a broken asset the first code, and all of them told."""
    detail = pl.concat_str("kind", pl.col("error_detail").fill_null(""), separator=": ")
    return (
        files.filter(pl.col("error").is_not_null())
        .sort(pl.col("kind").cast(pl.Enum(list(ASSET_KINDS))), maintain_order=True)
        .group_by("id", maintain_order=True)
        .agg(pl.col("error").first().alias("broken"), detail.str.join("; ").alias("broken_detail"))
    )
