"""The boxes of both grounding rounds as a flat table, with pixels and frames of the real video.

Round 1 lies on frame 0, round 2 on the sampled frames of the video (``media.bboxes.sampled_frames``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import polars as pl
import pyarrow as pa

from sparkle_curation.engine.caching.code_digest import code_digest
from sparkle_curation.engine.table_stream import TableStream
from sparkle_curation.errors import ConservationError
from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.media.bboxes.bboxes import is_box, pixel_box
from sparkle_curation.media.bboxes.sampled_frames import frame_of_sampled
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.reruns.grounding_boxes import GROUNDING_BOX_COLUMNS

GROUNDING_BOX_SCHEMA: pa.Schema = arrow_schema(GROUNDING_BOX_COLUMNS)

_PIECE_SAMPLES = 4_096  # some 200,000 boxes
_VIDEO_FACTS = ("width_px", "height_px", "fps", "frame_count")
_ROW = (
    *("id", "theme", "round", "sampled_frame_index", "frame_index", "object_index", "label", "bbox_2d"),
    *("width_px", "height_px"),
)

Frame: TypeAlias = pl.DataFrame | pl.LazyFrame


def locate_groundings(grounding_r1: Frame, grounding_r2: Frame, media: Frame) -> pl.LazyFrame:
    """The table ``grounding_boxes``: one row per sample, round, sampled frame and object, round 1 first.

    The order within a round is that of its table. A box of a video that is not in ``media``, or is broken there, has
    no pixels.

    Args:
        grounding_r1: with ``id``, ``theme`` and ``round1_objects``.
        grounding_r2: with those and ``frame_objects``; a sample that round 1 lacks has its round-1 boxes from here.
        media: the media as inspected.
    """
    videos = _videos(media.lazy())
    rounds = _rounds(grounding_r1.lazy(), grounding_r2.lazy())
    return pl.concat([_with_pixels(locate(groundings, videos)) for locate, groundings in rounds])


def grounding_box_stream(
    grounding_r1: pl.LazyFrame,
    grounding_r2: pl.LazyFrame,
    media: pl.LazyFrame,
    fingerprints: Mapping[str, str],
) -> TableStream:
    """``locate_groundings`` for a dataset to write, in pieces: seven million boxes take a gigabyte at once.

    Nothing is read where the stored table is of the same tables.

    Args:
        grounding_r1: round 1 as ingested.
        grounding_r2: round 2 as ingested.
        media: the media as inspected.
        fingerprints: of those three tables, by name.
    """
    facts = [
        code_digest(__name__),
        *(fingerprints[name] for name in ("grounding_r1", "grounding_r2", "media")),
    ]
    fingerprint = hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def pieces() -> Iterator[pa.Table]:
        videos = _videos(media).collect().lazy()
        for locate, groundings in _rounds(grounding_r1, grounding_r2):
            count = groundings.select(pl.len()).collect().item()
            for start in range(0, count, _PIECE_SAMPLES):
                piece = groundings.slice(start, _PIECE_SAMPLES).collect()
                boxes = _with_pixels(locate(piece.lazy(), videos)).collect()
                _check_conservation(piece, boxes)
                yield boxes.to_arrow().cast(GROUNDING_BOX_SCHEMA)

    return TableStream("grounding_boxes", GROUNDING_BOX_SCHEMA, fingerprint, 0, pieces, lambda: 0, dict)


# ------------------------------------------------------------------ one row an object
Locate: TypeAlias = Callable[[pl.LazyFrame, pl.LazyFrame], pl.LazyFrame]


def _rounds(r1: pl.LazyFrame, r2: pl.LazyFrame) -> list[tuple[Locate, pl.LazyFrame]]:
    """How the boxes of each round are located, and the groundings that they are in: ``id``, ``theme``, ``objects``."""
    first = ("id", "theme", pl.col("round1_objects").alias("objects"))
    only_in_r2 = r2.join(r1.select("id"), on="id", how="anti", maintain_order="left")
    return [
        (_locate_round_1, pl.concat([r1.select(first), only_in_r2.select(first)])),
        (_locate_round_2, r2.select("id", "theme", pl.col("frame_objects").alias("objects"))),
    ]


def _locate_round_1(groundings: pl.LazyFrame, videos: pl.LazyFrame) -> pl.LazyFrame:
    first_frame = (pl.lit(0, pl.Int32).alias(name) for name in ("sampled_frame_index", "frame_index"))
    return _one_row_each(_with_videos(groundings, videos).with_columns(first_frame), 1)


def _locate_round_2(groundings: pl.LazyFrame, videos: pl.LazyFrame) -> pl.LazyFrame:
    frames = _with_videos(groundings, videos).with_columns(
        pl.int_ranges(pl.col("objects").list.len(), dtype=pl.Int32).alias("sampled_frame_index")
    )
    each = frames.explode("objects", "sampled_frame_index").with_columns(
        frame_of_sampled().alias("frame_index")
    )
    return _one_row_each(each, 2)


def _one_row_each(groundings: pl.LazyFrame, number: int) -> pl.LazyFrame:
    """One row per object; a frame without objects has none."""
    objects = pl.col("objects")
    return (
        groundings.filter(objects.list.len() > 0)
        .with_columns(
            pl.int_ranges(objects.list.len(), dtype=pl.Int32).alias("object_index"),
            pl.lit(number, pl.Int32).alias("round"),
        )
        .explode("objects", "object_index")
        .unnest("objects")
        .select(_ROW)
    )


def _check_conservation(groundings: pl.DataFrame, boxes: pl.DataFrame) -> None:
    objects = groundings["objects"].drop_nulls()
    if isinstance(objects.dtype, pl.List) and isinstance(objects.dtype.inner, pl.List):
        objects = objects.explode().drop_nulls()
    count = objects.list.len().sum()
    if boxes.height != count:
        raise ConservationError(
            "Objects and their boxes do not add up",
            where="table grounding_boxes",
            got=f"{boxes.height:,} rows",
            allowed=f"{count:,}, one for each object",
            todo="report it: this is a defect of this project",
        )


# ------------------------------------------------------------------ frames and pixels
def _videos(media: pl.LazyFrame) -> pl.LazyFrame:
    """Size and rate of the source video that each sample is read from, where it is whole."""
    return (
        prefer_loose(media.filter(pl.col("kind") == KIND.source_video))
        .filter(pl.col("error").is_null())
        .select("id", *_VIDEO_FACTS)
    )


def _with_videos(groundings: pl.LazyFrame, videos: pl.LazyFrame) -> pl.LazyFrame:
    # Before the rows become fifty times as many.
    return groundings.join(videos, on="id", how="left", maintain_order="left")


def _with_pixels(boxes: pl.LazyFrame) -> pl.LazyFrame:
    bbox, width, height = map(pl.col, ("bbox_2d", "width_px", "height_px"))
    located = boxes.with_columns(
        pixel_box(bbox, width, height).alias("bbox_xyxy_px"), is_box(bbox).alias("is_found")
    )
    return located.select(GROUNDING_BOX_SCHEMA.names)
