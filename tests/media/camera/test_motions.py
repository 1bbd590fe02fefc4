"""Made motions of a camera, encoded and measured: what is still passes, and what moves by little is found."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from tests.conftest import SPARKLE_REAL
from tests.made.motions import FRAMES, HEIGHT, SCALE, WIDTH, encode, filmed, textured, view

from sparkle_curation.media.camera.grey import read_grey_frames
from sparkle_curation.media.camera.measures import CameraMeasures, MeasuringCamera, measure_camera
from sparkle_curation.media.camera.rule import CameraLimits, with_outcome
from sparkle_curation.spec.codes.camera_reasons import CameraOutcome, CameraReason

WHAT = MeasuringCamera(480 * 270, 6.0, 2.0, 4, 0.5)
LIMITS = CameraLimits(4.0, 0.5, 4, 0.25)


def measured(clip: bytes) -> CameraMeasures:
    """The measures of a clip."""
    return measure_camera(read_grey_frames(io.BytesIO(clip), WHAT.pixels), WHAT)


def judged(measures: CameraMeasures) -> tuple[str, str | None]:
    """Outcome and reason by the limits of ``conf/base``."""
    frame = pl.DataFrame([measures._asdict() | {"error": None}], infer_schema_length=1).with_columns(
        pl.col("error").cast(pl.String),
        *(pl.col(name).cast(pl.Float64) for name in ("drift_px", "similarity_drift_px", "shake_px")),
        pl.col("cut_frame").cast(pl.Int64),
    )
    return with_outcome(frame, LIMITS).select("outcome", "reason").row(0)


def jitter(amount: float) -> Callable[[int], tuple[float, float, float]]:
    """Each frame somewhere else, so far from the middle at most."""
    places = np.random.default_rng(1).uniform(-amount, amount, (FRAMES, 2))
    return lambda number: (*places[number], 1.0)


def tracking() -> bytes:
    """A person in the middle who stays there, while the scene behind runs by 0.5 px a frame."""
    scene, person = textured(2), textured(3)[:200, :160]
    pictures = []
    for number in range(FRAMES):
        picture = view(scene, 0.5 * number, 0).copy()
        picture[50:250, 160:320] = person
        pictures.append(picture)
    return encode(pictures)


def parallax() -> bytes:
    """A camera that travels: what is near, below, goes by faster than what is far, above."""
    far, near = textured(4), textured(5)
    pictures = []
    for number in range(FRAMES):
        picture = view(far, 0.5 * number, 0).copy()
        picture[HEIGHT // 2 :] = view(near, 1.5 * number, 0)[HEIGHT // 2 :]
        pictures.append(picture)
    return encode(pictures)


MOVING = {
    "pan by 0.1 px a frame": lambda: filmed(lambda number: (0.1 * number, 0, 1)),
    "tilt by 0.1 px a frame": lambda: filmed(lambda number: (0, 0.1 * number, 1)),
    "zoom by 0.05 % a frame": lambda: filmed(lambda number: (0, 0, 1.0005**number)),
    "jitter of 0.5 px": lambda: filmed(jitter(0.5)),
    "pan in the last ten frames": lambda: filmed(lambda number: (2 * max(0, number - 70), 0, 1)),
    "tracking shot": tracking,
    "parallax": parallax,
}


@pytest.mark.parametrize("motion", MOVING)
def test_camera_that_moves_is_found(motion: str) -> None:
    """Slow pans, tilts and zooms, jitter, tracking shots and parallax are all told from a camera that stays."""
    outcome, reason = judged(measured(MOVING[motion]()))
    assert outcome == CameraOutcome.MOVING
    assert reason in {CameraReason.DRIFT, CameraReason.SHAKE, CameraReason.LOST}


def test_camera_that_stays_is_fixed_whatever_goes_on_before_it() -> None:
    """A mover over half the picture, and light that goes up by a third, move no camera; drift is told in px of 1280."""
    scene, mover = textured(6), textured(7)
    pictures = []
    for number in range(FRAMES):
        picture = view(scene, 0, 0).astype(np.float32) * (1 + 0.3 * number / FRAMES) * 0.75
        at = 120 + number
        picture[60:, at : at + 150] = mover[: HEIGHT - 60, :150]
        pictures.append(np.clip(picture, 0, 255).astype(np.uint8))
    still = measured(encode(pictures))
    assert judged(still) == (CameraOutcome.FIXED, None)
    assert (still.frame_count, still.cut_frame) == (FRAMES, None)
    assert still.ring_cell_count > 15


def test_measures_are_in_pixels_of_1280() -> None:
    """A pan by 0.25 px a frame of 1280 ends 20 px away, seen at 480, and one by 2 px goes 2 px from frame to frame."""
    pan = measured(filmed(lambda number: (0.25 * number, 0, 1)))
    assert pan.drift_px == pytest.approx(0.25 * (FRAMES - 1), rel=0.03)
    assert pan.similarity_drift_px == pytest.approx(0.25 * (FRAMES - 1), rel=0.03)
    assert measured(filmed(lambda number: (2 * number, 0, 1), frames=17)).shake_px == pytest.approx(
        2, rel=0.05
    )


def test_what_cannot_be_told_says_why() -> None:
    """A black clip has no texture, one frame moves nowhere, a cut is told with its frame, upright clips are measured."""
    black = [np.zeros((HEIGHT, WIDTH), np.uint8)] * 9
    assert judged(measured(encode(black))) == (CameraOutcome.CANNOT_TELL, CameraReason.FEW_TEXTURED_CELLS)
    one = measured(encode([view(textured(), 0, 0)]))
    assert judged(one) == (CameraOutcome.CANNOT_TELL, CameraReason.TOO_FEW_FRAMES)
    cut = [view(textured(8 if number < 6 else 9), 0, 0) for number in range(12)]
    found = measured(encode(cut))
    assert (found.cut_frame, judged(found)) == (6, (CameraOutcome.MOVING, CameraReason.SCENE_CUT))
    upright = [np.rot90(view(textured(), 2 * number, 0)).copy() for number in range(20)]
    turned = measured(encode(upright))
    assert turned.drift_px == pytest.approx(2 * 19, rel=0.05)
    assert SCALE == 0.375


@pytest.mark.skipif(not SPARKLE_REAL.is_dir(), reason="the twelve real pairs are not on this machine")
def test_real_clips_that_upstream_kept_are_fixed() -> None:
    """All twelve source clips pass, with drift and shake below the limits; a homography would have failed some."""
    clips = sorted(SPARKLE_REAL.glob("*/source_video/*.mp4"))
    found = {clip.stem: measured(clip.read_bytes()) for clip in clips}
    assert len(found) == 12
    assert {judged(each) for each in found.values()} == {(CameraOutcome.FIXED, None)}
    assert sum((each.homography_drift_px or 99) > LIMITS.max_drift_px for each in found.values()) >= 3
