"""The twelve real source clips, small and short, tracked by a tiny SAM 2: what the table has is what its passes come to."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest
from tests.conftest import SPARKLE_REAL
from tests.made.assets import ingested, write_files
from tests.made.media import file, media
from tests.made.motions import encode
from tests.media.tracking.test_tracking import boxes
from tests.models.tiny_tracker import write_tiny_tracker

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.tracking.jobs import list_clips
from sparkle_curation.media.tracking.mask_folder import MaskFolder
from sparkle_curation.media.tracking.table import TrackRun, TrackSettings
from sparkle_curation.media.tracking.tracking import PASS_SCHEMA, VOTE_SCHEMA
from sparkle_curation.models.trackers.sam_tracker import Device, SamTracker
from sparkle_curation.models.trackers.tracker import Box, Mask
from sparkle_curation.models.weights import Weights
from sparkle_curation.spec.layout import asset_path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SPARKLE_REAL.is_dir(), reason="the twelve real pairs are not on this machine"),
]

FRAMES, HEIGHT, WIDTH = 9, 90, 160
ANCHORS = (0, 8)
"""At 2 a second of 16: of nine frames the first and the last."""
BOXES: tuple[Box, ...] = ((40, 20, 80, 85), (80, 20, 120, 85))
CUT = "Sparkle_time_999999"
"""A thirteenth clip: the one scene of a real clip, and then another's."""


def pictures(path: Path) -> list[np.ndarray]:
    """The first frames of a real clip, small."""
    with path.open("rb") as content:
        frames = read_frames(content, range(FRAMES))
    return [cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for frame in frames]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small clips in the published layout."""
    root = tmp_path_factory.mktemp("real")
    clips = {path.stem: pictures(path) for path in sorted(SPARKLE_REAL.glob("*/source_video/*.mp4"))}
    first, *_, last = clips.values()
    clips[CUT] = [*first[:5], *last[5:]]
    write_files(root, {path_of(name): encode(frames) for name, frames in clips.items()})
    return root


def path_of(name: str, kind: str = "source_video") -> str:
    """Where a sample's asset lies."""
    return asset_path(name.split("_")[1], kind, name)


@pytest.fixture(scope="module")
def clips(release: Path) -> pl.DataFrame:
    """What is to be tracked: two boxes on each sampled frame of every clip."""
    names = sorted(path.stem for path in release.rglob("*.mp4"))
    facts = {"width_px": WIDTH, "height_px": HEIGHT, "frame_count": FRAMES}
    rows = [(name, frame, list(box)) for name in names for frame in ANCHORS for box in BOXES]
    found = list_clips(
        media(*(file(name, "source_video", **facts, index_hash=name) for name in names)), boxes(*rows), None
    )
    # Made rows say that all are of one theme.
    return found.with_columns(pl.col("id").str.split("_").list.get(1).alias("theme"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """Of a tiny SAM 2."""
    return Weights(str(write_tiny_tracker(tmp_path_factory.mktemp("sam2"), "sam2")))


def a_tracker(weights: Weights) -> SamTracker:
    """On the processor; random weights find something on each clip above a logit of -0.2."""
    return SamTracker(weights, Device("cpu", "float32"), mask_threshold=-0.2)


def a_run(release: Path, folder: Path, tracker: SamTracker) -> TrackRun:
    """A run whose files lie in a folder."""
    parts = (("passes", PASS_SCHEMA), ("votes", VOTE_SCHEMA))
    journals = [
        Journal(folder / f"{part}.journal", schema, retried_errors=["missing"]) for part, schema in parts
    ]
    settings = TrackSettings(tracker, "foreground", "released")
    return TrackRun(settings, ingested(release, folder), MaskFolder(folder / "masks"), *journals)


@pytest.fixture(scope="module")
def folder(
    release: Path, clips: pl.DataFrame, weights: Weights, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Where a run has tracked all clips."""
    folder = tmp_path_factory.mktemp("tracked")
    a_run(release, folder, a_tracker(weights)).track(clips).write_parquet(folder / "table.parquet")
    return folder


def passes(release: Path, name: str, weights: Weights) -> list[Mask]:
    """A clip's passes, each of a session of its own."""
    with (release / path_of(name)).open("rb") as content:
        frames = read_frames(content, range(FRAMES))
    found = []
    for anchor in ANCHORS:
        with a_tracker(weights).open(frames) as opened:
            found.append(opened.track(anchor, BOXES))
    return found


def test_each_real_clip_has_a_mask_of_its_shape(folder: Path) -> None:
    """Twelve, and the one with a scene cut inside, whose passes go through it."""
    table = pl.read_parquet(folder / "table.parquet")
    assert table.height == 13
    assert table.select("error", "pass_count", "box_count").unique().rows() == [(None, 2, 4)]
    for name, share in table.select("id", "mask_share").iter_rows():
        with (folder / "masks" / path_of(name, "source_video_mask")).open("rb") as content:
            mask = load_mask(content)
        assert mask.shape == (FRAMES, HEIGHT, WIDTH)
        assert 0 < share == pytest.approx(mask.mean())


@pytest.mark.parametrize("name", ["Sparkle_location_000223", CUT])
def test_a_mask_is_what_its_passes_come_to(release: Path, folder: Path, weights: Weights, name: str) -> None:
    """The vote, agreement, ties and the worst anchor, from passes that know nothing of each other."""
    first, last = passes(release, name, weights)
    with (folder / "masks" / path_of(name, "source_video_mask")).open("rb") as content:
        assert (load_mask(content) == first | last).all()  # of two passes, ties to the foreground
    found = pl.read_parquet(folder / "table.parquet").row(by_predicate=pl.col("id") == name, named=True)
    shared, either = (
        (one(a, b)).sum()
        for one in (np.logical_and, np.logical_or)
        for a, b in combinations([first, last], 2)
    )
    assert found["agreement"] == pytest.approx(shared / either)
    assert found["tied_px_count"] == either - shared
    assert found["worst_anchor_iou"] == pytest.approx(min(first.sum(), last.sum()) / either)


def test_a_second_run_loads_no_model(
    release: Path, folder: Path, clips: pl.DataFrame, weights: Weights
) -> None:
    """Nor does one whose masks are gone: they are voted again from the passes, and are the same bytes."""
    before = {path: path.read_bytes() for path in folder.rglob("*.npz")}
    assert len(before) == 13
    for path in list(before)[:3]:
        path.unlink()
    tracker = a_tracker(weights)
    again = a_run(release, folder, tracker).track(clips)
    assert tracker._loaded is None
    assert again.equals(pl.read_parquet(folder / "table.parquet"))
    assert {path: path.read_bytes() for path in folder.rglob("*.npz")} == before
