"""Tiny SAM 3 and SAM 2 with random weights: what a pass is, that the encoder runs once a frame, and what is no tracker."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.models.tiny_tracker import Family, write_tiny_tracker

from sparkle_curation.errors import ModelError
from sparkle_curation.models.trackers import sam_tracker
from sparkle_curation.models.trackers.sam_tracker import Device, SamTracker
from sparkle_curation.models.trackers.tracker import Box, Mask
from sparkle_curation.models.weights import Weights

pytestmark = pytest.mark.slow

FRAMES, HEIGHT, WIDTH = 7, 36, 64
LEFT, RIGHT = (5, 5, 30, 30), (35, 2, 60, 30)


@pytest.fixture(scope="module", params=["sam3", "sam2"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny tracker of each architecture."""
    family: Family = request.param
    return write_tiny_tracker(tmp_path_factory.mktemp(family), family)


@pytest.fixture(scope="module")
def tracker(checkpoint: Path) -> SamTracker:
    """The tracker, on the processor."""
    return SamTracker(Weights(str(checkpoint)), Device("cpu", "float32"))


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    """Noise, the same each time."""
    return np.random.default_rng(0).integers(0, 255, (FRAMES, HEIGHT, WIDTH, 3), np.uint8)


def fresh(tracker: SamTracker, frames: np.ndarray, frame: int, *boxes: Box) -> Mask:
    """A pass of a session of its own."""
    with tracker.open(frames) as clip:
        return clip.track(frame, boxes)


def test_passes_share_what_the_encoder_made_and_nothing_else(tracker: SamTracker, frames: np.ndarray) -> None:
    """Each frame is encoded once for three passes, and each pass is as in a session of its own."""
    tracker.load()
    encoded: list[int] = []
    assert tracker._loaded is not None
    handle = tracker._loaded.model.vision_encoder.register_forward_hook(lambda *_: encoded.append(1))
    with tracker.open(frames) as clip:
        passes = [clip.track(frame, [LEFT, RIGHT]) for frame in (3, 0, FRAMES - 1)]
    handle.remove()
    assert len(encoded) == FRAMES
    for frame, mask in zip((3, 0, FRAMES - 1), passes, strict=True):
        assert (mask == fresh(tracker, frames, frame, LEFT, RIGHT)).all()
        assert (mask.dtype, mask.shape) == (np.bool_, (FRAMES, HEIGHT, WIDTH))
    # Not one is empty or whole, or as another: the weights are random, and something is seen of the boxes.
    assert all(0 < mask.mean() < 1 for mask in passes)
    assert (passes[0] != passes[1]).any()


def test_objects_are_followed_each_as_if_alone(tracker: SamTracker, frames: np.ndarray) -> None:
    """Two boxes make the union of what each makes; frames before and behind the box have one."""
    both = fresh(tracker, frames, 3, LEFT, RIGHT)
    one, other = fresh(tracker, frames, 3, LEFT), fresh(tracker, frames, 3, RIGHT)
    assert (both == (one | other)).all()
    assert (one != other).any()


def test_the_threshold_and_the_format_are_recorded_and_count(checkpoint: Path, frames: np.ndarray) -> None:
    """A lower threshold adds to the mask; provenance names both, and the weights by their content."""
    usual = SamTracker(Weights(str(checkpoint)), Device("cpu", "float32"))
    lax = SamTracker(Weights(str(checkpoint)), Device("cpu", "float32"), mask_threshold=-0.05)
    mask, more = (fresh(each, frames, 3, LEFT) for each in (usual, lax))
    assert not (mask & ~more).any()
    assert mask.sum() < more.sum()
    assert lax.provenance["mask_threshold"] == "-0.05"
    assert usual.provenance == {
        "backend": "transformers",
        "model": checkpoint.name,
        "revision": usual.provenance["revision"],
        "dtype": "float32",
        "mask_threshold": "0.0",
    }
    assert usual.provenance["revision"].startswith("xxh3:")


def test_where_features_are_held_changes_no_mask(checkpoint: Path, frames: np.ndarray) -> None:
    """Offloading is for memory alone."""
    masks = [
        fresh(SamTracker(Weights(str(checkpoint)), Device("cpu", "float32", is_offloaded)), frames, 2, LEFT)
        for is_offloaded in (False, True)
    ]
    assert (masks[0] == masks[1]).all()


def test_what_is_no_tracker_is_told(checkpoint: Path, tmp_path: Path) -> None:
    """A folder without a checkpoint, one of another kind, one whose weights are cut."""
    other = shutil.copytree(checkpoint, tmp_path / "other")
    (other / "config.json").write_text('{"model_type": "qwen3_vl"}', encoding="utf-8")
    cut = shutil.copytree(checkpoint, tmp_path / "cut")
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    (tmp_path / "empty").mkdir()
    for folder, said in ((tmp_path / "empty", "config.json"), (other, "qwen3_vl"), (cut, "Error")):
        with pytest.raises(ModelError, match="A tracker cannot be loaded") as caught:
            SamTracker(Weights(str(folder)), Device("cpu", "float32")).load()
        assert said in str(caught.value)


def test_packages_that_do_not_fit_are_told(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transformers of before SAM has no such class; the way to the right packages is said, not a traceback."""
    family = sam_tracker._family(checkpoint)
    monkeypatch.setitem(sam_tracker._CLASSES, family, ("NoSuchModel", "NoSuchProcessor"))
    with pytest.raises(ModelError, match="do not fit each other") as caught:
        SamTracker(Weights(str(checkpoint)), Device("cpu", "float32")).load()
    assert "NoSuchModel" in str(caught.value)
    assert "pip install '.[gpu]'" in str(caught.value)


def test_without_a_gpu_the_way_is_told(checkpoint: Path) -> None:
    """Before weights are fetched; on a machine with a GPU there is nothing to tell."""
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ModelError, match="There is no GPU here") as caught:
        SamTracker(Weights(str(checkpoint)), Device("auto", "float32")).load()
    assert "track.model.device=cpu" in str(caught.value)


def test_one_frame_black_clips_and_upright_ones_are_tracked(tracker: SamTracker) -> None:
    """Each has a mask of its own shape, of a pass that begins on its only or its last frame, with thirty boxes too."""
    black = np.zeros((2, WIDTH, HEIGHT, 3), np.uint8)
    assert fresh(tracker, black[:1], 0, LEFT).shape == (1, WIDTH, HEIGHT)
    many = [(x, 2, x + 4, 30) for x in range(30)]
    assert fresh(tracker, black, 1, *many).shape == (2, WIDTH, HEIGHT)
