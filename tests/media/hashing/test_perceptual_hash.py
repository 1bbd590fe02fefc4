"""The perceptual hash: one clip keeps it, whatever is done to its file, and other clips have others."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.made.pairs import Pairs

from sparkle_curation.media.hashing.perceptual_hash import hash_picture

Picture = NDArray[np.uint8]
MAX_DISTANCE, MAX_FINE_DISTANCE, MIN_DETAIL = 4, 16, 0.2
"""The defaults of the parameters."""


def distances(one: Picture, other: Picture) -> tuple[int, int]:
    """Bits in which the hashes of two pictures differ, and their fine hashes."""
    first, second = hash_picture(one), hash_picture(other)
    return differing(first.text, second.text), differing(first.fine_text, second.fine_text)


def differing(one: str, other: str) -> int:
    """Bits in which two numbers differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def first_frame(clip: Path | io.BytesIO) -> Picture:
    """The first frame of a video."""
    with av.open(clip if isinstance(clip, io.BytesIO) else str(clip)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def encoded_again(picture: Picture) -> Picture:
    """The first frame of a strongly compressed video of the picture."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=16)
        stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
        stream.options = {"crf": "35", "preset": "veryfast"}
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    target.seek(0)
    return first_frame(target)


def resized(width: int, height: int) -> Callable[[Picture], Picture]:
    """A function that brings a picture to a size."""
    return lambda picture: np.asarray(Image.fromarray(picture).resize((width, height)))


def brightened(levels: int) -> Callable[[Picture], Picture]:
    """A function that adds to all values."""
    return lambda picture: np.clip(picture.astype(int) + levels, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pictures(pairs: Pairs) -> list[Picture]:
    """First frames of twelve source clips."""
    return [first_frame(clip) for clip in pairs.clips("source_video")]


@pytest.mark.parametrize(
    "change",
    [encoded_again, resized(854, 480), resized(1280, 704), brightened(12), brightened(-12)],
    ids=["encoded again", "854x480", "1280x704", "brighter", "darker"],
)
def test_a_changed_copy_keeps_its_hash(pictures: list[Picture], change: Callable[[Picture], Picture]) -> None:
    """Encoding again, another size and a little more light change no more bits than are allowed."""
    found, fine = zip(*(distances(picture, change(picture)) for picture in pictures), strict=True)
    assert max(found) <= MAX_DISTANCE
    assert max(fine) <= MAX_FINE_DISTANCE


def test_different_clips_have_different_hashes(pictures: list[Picture]) -> None:
    """Two different clips are five times as far from each other as is allowed, and all have detail enough."""
    assert len(pictures) == 12
    found, fine = zip(*(distances(one, other) for one, other in combinations(pictures, 2)), strict=True)
    assert min(found) > 5 * MAX_DISTANCE
    assert min(fine) > 5 * MAX_FINE_DISTANCE
    assert min(hash_picture(picture).detail for picture in pictures) > 5 * MIN_DETAIL


def test_a_mirrored_picture_is_another(pictures: list[Picture]) -> None:
    """A picture and its mirror image are not taken for one clip."""
    assert min(distances(picture, picture[:, ::-1])[0] for picture in pictures) > 5 * MAX_DISTANCE


def test_another_figure_before_the_same_background_is_reported_apart(sample_release: Path) -> None:
    """The hash of few coefficients takes two made clips of one scene for one; the fine one does not."""
    scene = "intermediate_data/season/source_frame0/Sparkle_season_000005.png"
    other = "intermediate_data/openve3m/source_frame0/Sparkle_openve3m_000014.png"
    one, another = (np.asarray(Image.open(sample_release / name).convert("RGB")) for name in (scene, other))
    found, fine = distances(one, another)
    assert found <= 6
    assert fine > MAX_FINE_DISTANCE


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((72, 128, 3), np.uint8),
        np.full((72, 128, 3), 255, np.uint8),
        np.tile(np.linspace(0, 255, 128).astype(np.uint8)[None, :, None], (72, 1, 3)),
        np.random.default_rng(0).integers(0, 4, (720, 1280, 3), np.uint8),
    ],
    ids=["black", "white", "gradient", "noise in black"],
)
def test_a_picture_of_nothing_has_no_detail(picture: Picture) -> None:
    """Where chance decides the bits, the detail says so."""
    assert hash_picture(picture).detail < MIN_DETAIL


def test_the_hash_is_the_same_on_every_machine() -> None:
    """A drawn picture has the hash that it had when the hash was defined; a change needs another HASH_VERSION."""
    rows, columns = np.mgrid[:90, :160]
    channels = [rows // 20 * 60 + columns, rows * columns // 60, columns // 50 * 80]
    picture = np.stack(channels, axis=2).clip(0, 255).astype(np.uint8)
    assert hash_picture(picture).text == "0a7f5a557548ea81"
    assert hash_picture(picture).fine_text == (
        "0a287fff5a95555d75134aeceab1956cd54274f02ac85ea7156c711748867a14"
    )
