"""What is measured of a clip's camera: how far it goes from the first frame, and how it shakes from frame to frame."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from sparkle_curation.media.camera.grey import Grey, GreyFrame, normalise
from sparkle_curation.media.camera.tracking import (
    LOST,
    Texture,
    Tracked,
    find_texture,
    homography_shift,
    ring_shift,
    similarity_shift,
    track,
)
from sparkle_curation.media.opencv import opencv

REFERENCE_PX = 1280
"""Measures are in pixels of a frame with a longer side of so many, whatever the clip has."""
_SHAKE_QUANTILE = 0.95
_THUMBNAIL = (64, 36)
_FLAT = 2.0
"""Grey levels of deviation below which a frame is of one colour."""
_USUAL_FPS = 16.0


class MeasuringCamera(NamedTuple):
    """What is looked at of a clip.

    Attributes:
        pixels: of a frame as it is looked at, about.
        normalise_sigma_px: of the neighbourhood that a pixel is compared with; 0 for none.
        drift_fps: so many frames a second are compared with the first one.
        shake_every: each so many-th pair of frames is compared for shake.
        cut_correlation: a frame that correlates less with the one before it comes after a cut.
    """

    pixels: int
    normalise_sigma_px: float
    drift_fps: float
    shake_every: int
    cut_correlation: float


class CameraMeasures(NamedTuple):
    """The measures of a clip; pixels are those of a frame with a longer side of 1280, null where nothing is found again.

    Attributes:
        drift_px: the greatest first quartile of the ring's shifts from the first frame.
        similarity_drift_px: the greatest mean shift of a RANSAC similarity from the first frame.
        homography_drift_px: the same of a homography; decides nothing.
        shake_px: the 95th percentile of the ring's first quartiles from a frame to the next.
        ring_cell_count: cells of the first frame's border that have texture, of 22.
        cut_frame: the first frame after a cut.
        frame_count: frames that were read.
    """

    drift_px: float | None
    similarity_drift_px: float | None
    homography_drift_px: float | None
    shake_px: float | None
    ring_cell_count: int
    cut_frame: int | None
    frame_count: int


def measure_camera(frames: Iterable[GreyFrame], what: MeasuringCamera) -> CameraMeasures:
    """The measures of a clip, in one pass; a handful of small frames is in memory, however long the clip is.

    Args:
        frames: all of the clip, in their order.
        what: what is looked at.
    """
    cv2 = opencv()
    drifts: list[tuple[float, float, float]] = []
    shakes: list[float] = []
    first: tuple[Grey, Texture] | None = None
    before: Grey | None = None
    thumbnail: Grey | None = None
    cut_frame: int | None = None
    index, sampled, last = -1, 1, None
    for index, picture, _, _, fps in frames:
        small = np.asarray(cv2.resize(picture, _THUMBNAIL, interpolation=cv2.INTER_AREA), np.uint8)
        if thumbnail is not None and cut_frame is None and _likeness(thumbnail, small) < what.cut_correlation:
            cut_frame = index
        thumbnail, last = small, picture
        is_first_of_pair, is_second = index % what.shake_every == 0, before is not None
        is_sampled = index == _sampled_frame(sampled, fps, what.drift_fps)
        if not (is_first_of_pair or is_second or is_sampled):
            continue
        now, last = _prepare(picture, what), None if is_sampled else picture
        if first is None:
            first = now, find_texture(now)
        if before is not None:
            shift = ring_shift(track(before, now, find_texture(before, only_ring=True)))
            shakes += [] if shift is None else [shift]
        before = now if is_first_of_pair else None
        if is_sampled:
            drifts.append(_shifts(track(first[0], now, first[1]), now.shape))
            sampled += 1
    if first is not None and last is not None and index > 0:
        now = _prepare(last, what)
        drifts.append(_shifts(track(first[0], now, first[1]), now.shape))
    shape = (1, 1) if first is None else first[0].shape
    scale = REFERENCE_PX / max(shape)
    drift, similarity, homography = (
        _known(max(shifts) * scale) if drifts else None
        for shifts in (zip(*drifts, strict=True) if drifts else [()] * 3)
    )
    return CameraMeasures(
        drift_px=drift,
        similarity_drift_px=similarity,
        homography_drift_px=homography,
        shake_px=_known(_percentile(shakes) * scale) if shakes else None,
        ring_cell_count=0 if first is None else first[1].ring_cell_count,
        cut_frame=cut_frame,
        frame_count=index + 1,
    )


def _prepare(picture: Grey, what: MeasuringCamera) -> Grey:
    return normalise(picture, what.normalise_sigma_px) if what.normalise_sigma_px else picture


def _sampled_frame(number: int, fps: float | None, drift_fps: float) -> int:
    """The frame that is compared with the first one, as the sampled frames of groundings are chosen."""
    return math.floor(number * max((fps or _USUAL_FPS) / drift_fps, 1.0) + 0.5)


def _shifts(tracked: Tracked, shape: tuple[int, ...]) -> tuple[float, float, float]:
    ring = ring_shift(tracked)
    return LOST if ring is None else ring, similarity_shift(tracked, shape), homography_shift(tracked, shape)


def _percentile(values: list[float]) -> float:
    """The 95th percentile, one of the values: an infinite one makes no number of the others."""
    return sorted(values)[math.ceil(_SHAKE_QUANTILE * len(values)) - 1]


def _likeness(one: Grey, other: Grey) -> float:
    """The correlation of two small pictures, -1 to 1; of two of one colour each 1, of one such 0."""
    first, second = (picture.astype(np.float64) - picture.mean() for picture in (one, other))
    deviations = float(first.std()), float(second.std())
    if min(deviations) < _FLAT:
        return 1.0 if max(deviations) < 2 * _FLAT else 0.0
    return float((first * second).mean()) / (deviations[0] * deviations[1])


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
