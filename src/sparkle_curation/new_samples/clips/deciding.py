"""Which clips become samples, and why the others do not: the first of the checks that a clip fails is its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from sparkle_curation.new_samples.clips.trimming import Trimming
from sparkle_curation.spec.codes.camera_reasons import CameraOutcome
from sparkle_curation.spec.codes.new_sample_codes import ClipOutcome, ClipReason
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.near_hashes import components, near_between, near_pairs
from sparkle_curation.variant.sample_groups import LikenessParams, hashes_of

_HASHES = ("frame_hash", "fine_hash", "detail")


@dataclass(frozen=True)
class ClipLimits:
    """What a clip must be.

    Attributes:
        trimming: what a sample is.
        min_side_px: of the shorter side of its picture.
        max_lost_share: of the picture that is cut off, or of the frame that stays empty.
        licences: those that are taken; None for any, unknown ones too.
        likeness: when two first frames are taken for one clip's.
        limit: most samples; None for all.
    """

    trimming: Trimming
    min_side_px: int
    max_lost_share: float
    licences: Collection[str] | None
    likeness: LikenessParams
    limit: int | None


def decide(clips: pl.DataFrame, limits: ClipLimits, known: Mapping[ClipReason, pl.DataFrame]) -> pl.DataFrame:
    """The clips with ``outcome``, ``reason``, ``reason_detail`` and ``like``, in their order.

    Args:
        clips: one row each: ``clip``, ``clip_hash``, ``theme``, ``licence``, ``camera_outcome``, ``camera_detail``, what
            ``looking`` finds; ``error`` and ``error_detail`` of one that cannot be read.
        limits: what a clip must be.
        known: ``like_benchmark`` and ``like_release`` -> ``id`` and hashes of the first frames of those.
    """
    told = _with_own_reason(clips, limits)
    told = _with_copies(told)
    for reason, others in known.items():
        told = _with_likes(told, others, reason, limits.likeness)
    told = _with_like_clips(told, limits.likeness)
    open_ones = pl.col("reason").is_null()
    beyond = open_ones & (open_ones.cum_sum() > (limits.limit if limits.limit is not None else told.height))
    detail = pl.lit(f"clips.limit={limits.limit}")
    told = told.with_columns(
        pl.when(beyond).then(pl.lit(ClipReason.LEFT_OUT.value)).otherwise("reason").alias("reason"),
        pl.when(beyond).then(detail).otherwise("reason_detail").alias("reason_detail"),
    )
    is_taken = pl.col("reason").is_null()
    return told.with_columns(
        pl.when(is_taken)
        .then(pl.lit(ClipOutcome.TAKEN.value))
        .otherwise(pl.lit(ClipOutcome.REFUSED.value))
        .alias("outcome")
    )


def _with_own_reason(clips: pl.DataFrame, limits: ClipLimits) -> pl.DataFrame:
    """What a clip alone decides."""
    what, allowed = limits.trimming, limits.licences
    side = pl.min_horizontal("width_px", "height_px")
    is_free = (
        pl.lit(value=True)
        if allowed is None
        else pl.col("licence").is_in(list(allowed)).fill_null(value=False)
    )
    checks: list[tuple[pl.Expr, pl.Expr, pl.Expr]] = [
        (pl.col("error"), pl.col("error").is_not_null(), pl.col("error_detail")),
        (
            pl.lit(ClipReason.UNKNOWN_THEME.value),
            ~pl.col("theme").is_in(list(THEMES)).fill_null(value=False),
            pl.format("{}: not one of " + ", ".join(THEMES), pl.col("theme").fill_null("null")),
        ),
        (
            pl.lit(ClipReason.LICENCE_REFUSED.value),
            ~is_free,
            pl.format("{}: not one of " + ", ".join(allowed or ()), pl.col("licence").fill_null("unknown")),
        ),
        (
            pl.lit(ClipReason.TOO_SMALL.value),
            side < limits.min_side_px,
            pl.format("{}x{}: a side under " + str(limits.min_side_px), "width_px", "height_px"),
        ),
        (
            pl.lit(ClipReason.ODD_SHAPE.value),
            pl.col("lost_share") > limits.max_lost_share,
            pl.format("{}x{}: {} of at most " + str(limits.max_lost_share), "width_px", "height_px",
                      pl.col("lost_share").round(3)),
        ),
        (
            pl.lit(ClipReason.LOW_RATE.value),
            pl.col("fps") < what.fps * 0.98,
            pl.format("{} frames a second, of at least " + str(what.fps), pl.col("fps").round(3)),
        ),
        (
            pl.lit(ClipReason.TOO_SHORT.value),
            pl.col("frame_count") < what.min_frames,
            pl.format("{} s, of at least " + f"{what.min_frames / what.fps:g}", pl.col("duration_s").round(3)),
        ),
        (
            pl.lit(ClipReason.CAMERA_MOVES.value),
            pl.col("camera_outcome").ne_missing(CameraOutcome.FIXED.value) & pl.col("camera_outcome").is_not_null(),
            pl.col("camera_detail"),
        ),
    ]  # fmt: skip
    reason = pl.coalesce(*(pl.when(fails).then(code) for code, fails, _ in checks))
    first = pl.lit(None, pl.String)
    for _, fails, detail in reversed(checks):
        first = pl.when(fails).then(detail).otherwise(first)
    return clips.with_columns(
        reason.alias("reason"), first.alias("reason_detail"), pl.lit(None, pl.String).alias("like")
    )


def _with_copies(told: pl.DataFrame) -> pl.DataFrame:
    """Clips of the same bytes and theme: the first one that is not refused stays."""
    first = (
        told.filter(pl.col("reason").is_null())
        .unique(["theme", "clip_hash"], keep="first", maintain_order=True)
        .select("theme", "clip_hash", first="clip")
    )
    joined = told.join(first, on=["theme", "clip_hash"], how="left", maintain_order="left")
    is_copy = pl.col("reason").is_null() & (pl.col("first") != pl.col("clip"))
    return _refuse(joined, is_copy, ClipReason.SAME_FILE, "first").drop("first")


def _with_likes(
    told: pl.DataFrame, others: pl.DataFrame, reason: ClipReason, likeness: LikenessParams
) -> pl.DataFrame:
    """Clips whose first frame is like one of the others."""
    few = _tellable(told.filter(pl.col("reason").is_null()), likeness)
    many = _tellable(others, likeness)
    pairs = pl.DataFrame(schema={"clip": pl.String, "first": pl.String})
    if few.height and many.height:
        lefts, rights = near_between(hashes_of(few, likeness), hashes_of(many, likeness))
        pairs = pl.DataFrame({"clip": few["clip"].gather(lefts), "first": many["id"].gather(rights)})
        pairs = pairs.sort("clip", "first").unique("clip", keep="first", maintain_order=True)
    joined = told.join(pairs, on="clip", how="left", maintain_order="left")
    return _refuse(joined, pl.col("reason").is_null() & pl.col("first").is_not_null(), reason, "first").drop(
        "first"
    )


def _with_like_clips(told: pl.DataFrame, likeness: LikenessParams) -> pl.DataFrame:
    """Clips whose first frames are alike: of each group of one theme or several, the first stays."""
    own = _tellable(told.filter(pl.col("reason").is_null()), likeness)
    if not own.height:
        return told
    lowest = components(own.height, near_pairs(*hashes_of(own, likeness)))
    groups = own.select("clip", pl.Series("first", own["clip"].gather(lowest)))
    joined = told.join(groups, on="clip", how="left", maintain_order="left")
    is_like = pl.col("reason").is_null() & (pl.col("first") != pl.col("clip"))
    return _refuse(joined, is_like, ClipReason.LIKE_CLIP, "first").drop("first")


def _refuse(told: pl.DataFrame, which: pl.Expr, reason: ClipReason, like: str) -> pl.DataFrame:
    is_so = which.fill_null(value=False)
    return told.with_columns(
        pl.when(is_so).then(pl.lit(reason.value)).otherwise("reason").alias("reason"),
        pl.when(is_so).then(like).otherwise("like").alias("like"),
    )


def _tellable(frame: pl.DataFrame, likeness: LikenessParams) -> pl.DataFrame:
    """Rows whose first frame can be compared: it was read, and is not flat."""
    return frame.filter(
        pl.all_horizontal(pl.col(name).is_not_null() for name in _HASHES),
        pl.col("detail") >= likeness.min_detail,
    )
