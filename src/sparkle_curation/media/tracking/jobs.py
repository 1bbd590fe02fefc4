"""What is to be tracked: the clips with the boxes that passes begin from, and why others cannot be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
import xxhash

from sparkle_curation.ingest.assets.store import prefer_loose
from sparkle_curation.media.assets import with_identity
from sparkle_curation.media.limits import MAX_MASK_PIXELS
from sparkle_curation.models.trackers.tracker import Box
from sparkle_curation.spec.codes.track_faults import TrackFault
from sparkle_curation.spec.layout import KIND

_ANCHORS = pl.List(pl.Struct({"frame_index": pl.Int64, "boxes": pl.List(pl.List(pl.Int32))}))


class Anchor(NamedTuple):
    """A frame that a pass begins on.

    Attributes:
        frame_index: counted from 0.
        boxes: one an object, in pixels of the clip.
    """

    frame_index: int
    boxes: tuple[Box, ...]


class Clip(NamedTuple):
    """A source clip with its anchors.

    Attributes:
        id: sample id.
        theme: its theme.
        identity: equal for copies of one clip.
        shape: frames, height and width.
        anchors: at least one, by frame.
        released_identity: of the released mask; None without one.
    """

    id: str
    theme: str
    identity: str
    shape: tuple[int, int, int]
    anchors: tuple[Anchor, ...]
    released_identity: str | None

    def pass_key(self, anchor: Anchor, tracker_digest: str) -> str:
        """A digest of all that a pass depends on: what the clip shows, where it begins, the boxes, the tracker."""
        return _digest("track pass", tracker_digest, self.identity, list(self.shape), *anchor)


def list_clips(
    media: pl.DataFrame,
    boxes: pl.DataFrame,
    limit: int | None,
    found_by: pl.DataFrame | None = None,
    standing: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row per sample with a source video, in the order of ``media``.

    Columns: ``id``, ``theme``, ``identity``, ``frame_count``, ``width_px``, ``height_px``, ``anchors``,
    ``released_identity``, ``inputs`` (JSON, as in ``tracks``), ``is_asked`` (within the limit and without an error),
    ``error``, ``error_detail``.

    Args:
        media: the inspected media.
        boxes: columns of ``grounding_boxes``, of which round 2 counts.
        limit: most clips that are tracked; None for all.
        found_by: ``id``, ``edited_digest``: the content of the edited first frame that boxes were found by; None for boxes
            of the release.
        standing: ``id``, ``standing``: why a sample of a draft waits, which goes before other errors; None where none does.
    """
    files = with_identity(prefer_loose(media))
    videos = files.filter(pl.col("kind") == KIND.source_video).select(
        *(
            "id",
            pl.col("theme").cast(pl.String),
            "identity",
            "frame_count",
            "width_px",
            "height_px",
            "error",
            "error_detail",
        )
    )
    masks = files.filter((pl.col("kind") == KIND.mask) & pl.col("error").is_null()).select(
        "id", pl.col("identity").alias("released_identity")
    )
    second = boxes.filter(pl.col("round") == 2)
    schema = {"id": pl.String, "standing": pl.String}
    waits = pl.DataFrame(schema=schema) if standing is None else standing.select(*schema)
    joined = (
        videos.join(masks, on="id", how="left", maintain_order="left")
        .join(_inputs(videos, found_by), on="id", how="left", maintain_order="left")
        .join(
            second.select("id", pl.lit(value=True).alias("is_grounded")).unique("id"),
            on="id",
            how="left",
            maintain_order="left",
        )
        .join(_anchors(second, videos), on="id", how="left", maintain_order="left")
        .join(waits.unique("id"), on="id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("anchors", pl.lit([], _ANCHORS)),
            pl.when(pl.col("standing").is_null()).then("error_detail").alias("error_detail"),
        )
    )
    pixels = pl.col("frame_count").cast(pl.Int64) * pl.col("width_px") * pl.col("height_px")
    fault = pl.coalesce(
        "standing",
        "error",
        pl.when(pixels > MAX_MASK_PIXELS).then(pl.lit(TrackFault.TOO_LARGE.value)),
        pl.when(~pl.col("is_grounded").fill_null(value=False)).then(pl.lit(TrackFault.NO_GROUNDING.value)),
        pl.when(pl.col("anchors").list.len() == 0).then(pl.lit(TrackFault.NO_ANCHOR.value)),
    )
    is_whole = pl.col("error").is_null()
    is_within = pl.lit(value=True) if limit is None else pl.col("id").cum_count().over(is_whole) <= limit
    return (
        joined.with_columns(fault.alias("error"))
        .with_columns((is_whole & is_within).alias("is_asked"))
        .select(
            *(
                "id",
                "theme",
                "identity",
                "frame_count",
                "width_px",
                "height_px",
                "anchors",
                "released_identity",
                "inputs",
            ),
            *("is_asked", "error", "error_detail"),
        )
    )


def _inputs(videos: pl.DataFrame, found_by: pl.DataFrame | None) -> pl.DataFrame:
    """``id``, ``inputs``: JSON of what a mask is made of."""
    if found_by is None:
        made_of = videos.select("id", pl.col("identity").alias(KIND.source_video))
        return made_of.select("id", pl.struct(KIND.source_video).struct.json_encode().alias("inputs"))
    edited = found_by.select("id", pl.col("edited_digest").alias(KIND.edited_frame0)).unique(
        "id", keep="first"
    )
    made_of = videos.select("id", pl.col("identity").alias(KIND.source_video)).join(
        edited, on="id", how="left"
    )
    return made_of.select("id", pl.struct(pl.exclude("id")).struct.json_encode().alias("inputs"))


def _anchors(second: pl.DataFrame, videos: pl.DataFrame) -> pl.DataFrame:
    """``id``, ``anchors``: the sampled frames that the clip has, with their boxes that have an area."""
    box = pl.col("bbox_xyxy_px")
    has_area = (box.list.get(0) < box.list.get(2)) & (box.list.get(1) < box.list.get(3))
    return (
        second.join(videos.select("id", "frame_count"), on="id")
        .filter(has_area.fill_null(value=False) & (pl.col("frame_index") < pl.col("frame_count")))
        .sort("id", "frame_index", "object_index")
        .group_by("id", pl.col("frame_index").cast(pl.Int64), maintain_order=True)
        .agg(box.alias("boxes"))
        .group_by("id", maintain_order=True)
        .agg(pl.struct("frame_index", "boxes").alias("anchors"))
    )


def clip_of(row: dict[str, object]) -> Clip:
    """The clip of a row of ``list_clips`` that is asked for."""
    anchors = tuple(
        Anchor(anchor["frame_index"], tuple((x1, y1, x2, y2) for x1, y1, x2, y2 in anchor["boxes"]))
        for anchor in row["anchors"]  # type: ignore[attr-defined]
    )
    frames, height, width = (int(row[name]) for name in ("frame_count", "height_px", "width_px"))  # type: ignore[call-overload]
    released = row["released_identity"]
    return Clip(
        str(row["id"]),
        str(row["theme"]),
        str(row["identity"]),
        (frames, height, width),
        anchors,
        None if released is None else str(released),
    )


def vote_key(clip: Clip, pass_keys: Sequence[str], code: str, ties: str) -> str:
    """A digest of all that a vote and its measures depend on."""
    return _digest("track vote", code, ties, list(pass_keys), clip.released_identity)


def _digest(*facts: object) -> str:
    return xxhash.xxh3_128_hexdigest(json.dumps(facts, ensure_ascii=False).encode())
