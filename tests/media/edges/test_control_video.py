"""Control videos as files: the edges to the pixel, and the same bytes each time."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from sparkle_curation.media.edges.canny import WHITE
from sparkle_curation.media.edges.control_video import is_made_of, write_control_video

FRAMES, HEIGHT, WIDTH = 9, 170, 98
"""A width that 4 does not divide, at which x264 looks at memory of before where it looks ahead."""


@pytest.fixture(scope="module")
def edges() -> np.ndarray:
    """Noise, the same each time: the hardest edges there are."""
    return np.random.default_rng(1).random((FRAMES, HEIGHT, WIDTH)) < 0.1


def fill_memory(grey: int) -> list[np.ndarray]:
    """Memory of all sizes with something in it, every third piece of which stays in use."""
    sizes = 10 ** np.random.default_rng(grey).uniform(2, 5, 2000)
    return [np.full(int(size), grey, np.uint8) for size in sizes][::3]


def test_equal_edges_make_equal_bytes(edges: np.ndarray, tmp_path: Path) -> None:
    """Whatever lay in memory before."""
    path, digests = tmp_path / "edges.mp4", set()
    for number in range(16):
        held = fill_memory(number * 16)
        write_control_video(path, ((frame, Fraction(16)) for frame in edges), "key")
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
        del held
    assert len(digests) == 1


def test_edges_come_back_to_the_pixel(edges: np.ndarray, tmp_path: Path) -> None:
    """At the rate that is given, white 235 on black 16; a file is known by the key that it notes."""
    path = tmp_path / "edges.mp4"
    write_control_video(path, ((frame, Fraction(25)) for frame in edges), "key")
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == 25
        decoded = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert (np.stack(decoded) > WHITE).tolist() == edges.tolist()
    assert [is_made_of(path, key) for key in ("key", "another")] == [True, False]


def test_without_a_frame_there_is_no_file(tmp_path: Path) -> None:
    """Nothing under the name, nor under a temporary one."""
    with pytest.raises(ValueError, match="without a frame"):
        write_control_video(tmp_path / "edges.mp4", [], "key")
    assert list(tmp_path.iterdir()) == []
