"""The rule: whether the measures of a clip are those of a fixed camera."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from sparkle_curation.spec.codes.camera_reasons import CameraOutcome, CameraReason


class CameraLimits(NamedTuple):
    """What a fixed camera does not exceed; pixels of a frame with a longer side of 1280.

    The numbers in use are the project's own measurements: twelve real source clips, all of them kept upstream, drift by
    up to 3.5 px and shake by up to 0.32; pans of 0.1 px a frame begin at 6.5.

    Attributes:
        max_drift_px: of the lesser of the ring's and the similarity's drift.
        max_shake_px: from a frame to the next.
        min_ring_cells: of 22 cells of the border, so many must have texture.
        borderline_share: a measure within this share of its limit, on either side, is borderline.
    """

    max_drift_px: float
    max_shake_px: float
    min_ring_cells: int
    borderline_share: float


def with_outcome(measured: pl.DataFrame, limits: CameraLimits) -> pl.DataFrame:
    """The measures with ``outcome``, ``reason`` and ``is_borderline``.

    >>> limits = CameraLimits(4.0, 0.5, 4, 0.25)
    >>> row = {"drift_px": 14.0, "similarity_drift_px": 0.9, "shake_px": 0.1, "ring_cell_count": 20, "cut_frame": None}
    >>> frame = pl.DataFrame([row | {"frame_count": 81, "error": None}], schema_overrides={"error": pl.String})
    >>> with_outcome(frame, limits).select("outcome", "reason", "is_borderline").row(0)
    ('fixed', None, False)

    Args:
        measured: columns of ``CameraMeasures``, and ``error``: why there are none.
        limits: what is not exceeded.
    """
    # The least of both: a black background spoils the ring, a face that fills the picture the similarity.
    drift = pl.min_horizontal("drift_px", "similarity_drift_px")
    told = {
        CameraReason.TOO_FEW_FRAMES: pl.col("frame_count") < 2,
        CameraReason.SCENE_CUT: pl.col("cut_frame").is_not_null(),
        CameraReason.FEW_TEXTURED_CELLS: pl.col("ring_cell_count") < limits.min_ring_cells,
        CameraReason.LOST: drift.is_null(),
        CameraReason.DRIFT: drift > limits.max_drift_px,
        CameraReason.SHAKE: pl.col("shake_px").is_null() | (pl.col("shake_px") > limits.max_shake_px),
    }
    reason = pl.coalesce(
        "error",
        *(pl.when(is_so).then(pl.lit(code.value)) for code, is_so in told.items()),
        pl.lit(None, pl.String),
    )
    unknown = [CameraReason.TOO_FEW_FRAMES.value, CameraReason.FEW_TEXTURED_CELLS.value]
    is_unknown = pl.col("error").is_not_null() | pl.col("reason").is_in(unknown)
    near = _is_near(drift, limits.max_drift_px, limits) | _is_near(
        pl.col("shake_px"), limits.max_shake_px, limits
    )
    return measured.with_columns(reason.alias("reason")).with_columns(
        pl.when(is_unknown.fill_null(value=False))
        .then(pl.lit(CameraOutcome.CANNOT_TELL.value))
        .when(pl.col("reason").is_null())
        .then(pl.lit(CameraOutcome.FIXED.value))
        .otherwise(pl.lit(CameraOutcome.MOVING.value))
        .alias("outcome"),
        (near.fill_null(value=False) & pl.col("error").is_null() & pl.col("cut_frame").is_null()).alias(
            "is_borderline"
        ),
    )


def _is_near(value: pl.Expr, limit: float, limits: CameraLimits) -> pl.Expr:
    return value.is_between(limit * (1 - limits.borderline_share), limit * (1 + limits.borderline_share))
