"""Whether the assets of a sample fit each other, as a table: by their headers, and by reading masks and frames."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from sparkle_curation.engine.journal import KEY, Journal
from sparkle_curation.media.anchors import anchor_at
from sparkle_curation.media.boxes import to_pixels
from sparkle_curation.media.frame_hashing import read_first_frame
from sparkle_curation.media.header_checks import check_headers
from sparkle_curation.media.images import read_image
from sparkle_curation.media.mask_measures import Mask, measure_boxes, measure_mask
from sparkle_curation.media.masks import load_mask
from sparkle_curation.media.measuring import Failure, Measuring, digests, measure, read_asset, with_identity
from sparkle_curation.media.picture_difference import mean_difference
from sparkle_curation.reading.asset_store import AssetStore, choose_copy
from sparkle_curation.release.consistency_table import CONSISTENCY_COLUMNS, MEASURES
from sparkle_curation.release.fields import arrow_schema
from sparkle_curation.release.layout import ASSET_KINDS, KIND

MEASURES_VERSION = 1
"""Raised when the same assets would give other measures."""

_MASK = KIND.mask
_FIRST_FRAMES = {
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
        boxes: boxes in 0-1000 by grounded frame; none where the sample was not grounded.
        fps: frames a second of the source video; None where it is not known: then the first grounded frame counts alone.
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
        return pa.Table.from_pylist([self._measure(job) for job in jobs], schema=JOURNAL_SCHEMA)

    def _measure(self, job: MeasureJob) -> dict[str, object]:
        row: dict[str, object] = {KEY: job.key}
        failures: list[Failure] = []
        for part in self._parts(job):
            if isinstance(part, Failure):
                failures.append(part)
            else:
                row.update(part)
        return {**row, **_told(failures)}

    def _parts(self, job: MeasureJob) -> Iterator[dict[str, object] | Failure]:
        if _MASK in job.kinds:
            mask = read_asset(self.store, job.id, _MASK, load_mask)
            yield mask if isinstance(mask, Failure) else self._of_mask(mask, job)
        for name, (still, video) in _FIRST_FRAMES.items():
            if still in job.kinds and video in job.kinds:
                picture = read_asset(self.store, job.id, still, read_image)
                frame = read_asset(self.store, job.id, video, read_first_frame)
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


def grounded_boxes(
    boxes: Sequence[Sequence[Sequence[float]]], fps: float | None, width_px: int, height_px: int
) -> dict[int, list[list[int]]]:
    """Boxes in pixels by the frame of the video, of boxes in 0-1000 by grounded frame; the last pixel is outside.

    >>> grounded_boxes([[[0, 0, 500, 1000]], [[]]], 16.0, 1280, 720)
    {0: [[0, 0, 641, 720]], 8: []}
    """
    found: dict[int, list[list[int]]] = {}
    for number, of_frame in enumerate(boxes if fps else boxes[:1]):
        pixels = [to_pixels(box, width_px, height_px) for box in of_frame]
        found[anchor_at(number, fps) if fps else 0] = [
            [x1, y1, x2 + 1, y2 + 1] for x1, y1, x2, y2 in filter(None, pixels)
        ]
    return found


def _told(failures: Sequence[Failure]) -> dict[str, object]:
    if not failures:
        return {}
    return {
        "error": failures[0].error,
        "error_detail": "; ".join(dict.fromkeys(failure.detail for failure in failures)),
    }


# ------------------------------------------------------------------ the table
@dataclass(frozen=True)
class Groundings:
    """Both rounds of the grounding; round 2 counts where a sample has it."""

    round1: pl.LazyFrame
    round2: pl.LazyFrame

    def boxes(self) -> pl.LazyFrame:
        """``id`` and the boxes of each grounded frame, as lists of lists of four numbers or none."""
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
    measuring: Measuring,
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
    files = with_identity(choose_copy(media))
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
    prefix = f"consistency {MEASURES_VERSION} {' '.join(sorted(readings))}"
    return wanted.with_columns(digests(wanted, prefix, ["kinds", "identity", "fps", "boxes"]))


def _kinds(readings: frozenset[Reading]) -> Iterator[str]:
    if readings & {Reading.MASK, Reading.BOXES}:
        yield _MASK
    if Reading.FIRST_FRAMES in readings:
        for kinds in _FIRST_FRAMES.values():
            yield from kinds


def _has_work(readings: frozenset[Reading]) -> pl.Expr:
    kinds = pl.col("kinds")
    pairs = [
        kinds.list.contains(still) & kinds.list.contains(video) for still, video in _FIRST_FRAMES.values()
    ]
    return pl.any_horizontal(kinds.list.contains(_MASK), *pairs)


def _broken(files: pl.DataFrame) -> pl.DataFrame:
    """``id``, ``broken``, ``broken_detail``: of each sample with a broken asset the first code, and all of them told."""
    detail = pl.concat_str("kind", pl.col("error_detail").fill_null(""), separator=": ")
    return (
        files.filter(pl.col("error").is_not_null())
        .sort(pl.col("kind").cast(pl.Enum(list(ASSET_KINDS))), maintain_order=True)
        .group_by("id", maintain_order=True)
        .agg(pl.col("error").first().alias("broken"), detail.str.join("; ").alias("broken_detail"))
    )
