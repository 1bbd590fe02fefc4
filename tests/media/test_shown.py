"""What a clip shows is what FFmpeg's command line writes of it: which stream, and which way up."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.media.made_clips import make_clip, patched, window

from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.probe.probes import Depth, probe
from sparkle_curation.spec.codes.media_faults import MediaFault

MATRICES = {
    "as it is": (1, 0, 0, 1),
    "by 90": (0, 1, -1, 0),
    "by 180": (-1, 0, 0, -1),
    "by 270": (0, -1, 1, 0),
    "transposed": (0, 1, 1, 0),
    "transposed the other way": (0, -1, -1, 0),
    "backwards": (-1, 0, 0, 1),
    "upside down": (1, 0, 0, -1),
}


def turned(content: bytes, matrix: tuple[float, ...]) -> bytes:
    """The clip with another display matrix."""
    a, b, c, d = (round(part * 65536) for part in matrix)
    return patched(content, b"tkhd", 40, struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30))


def by_filters(content: bytes, matrix: tuple[float, ...]) -> NDArray[np.uint8]:
    """The first frame through the matrix: each stored pixel goes where it sends it."""
    with av.open(io.BytesIO(content)) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="rgb24")
    a, b, c, d = map(int, matrix)
    rows, columns = np.indices(stored.shape[:2])
    x, y = columns * a + rows * c, columns * b + rows * d
    shown = np.empty((np.ptp(y) + 1, np.ptp(x) + 1, 3), np.uint8)
    shown[y - y.min(), x - x.min()] = stored
    return shown


def read(content: bytes) -> MediaFacts:
    """What the probe says of it."""
    return probe("source_video", window(content))


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_a_display_matrix_is_followed(name: str, codec: str) -> None:
    """By the frames and by the table alike, whether atoms or FFmpeg read the file."""
    content = turned(make_clip(frames=3, codec=codec), MATRICES[name])
    shown = by_filters(content, MATRICES[name])
    np.testing.assert_array_equal(read_frames(io.BytesIO(content), [0])[0], shown)
    facts = read(content)
    assert (facts.height_px, facts.width_px) == shown.shape[:2]
    assert facts.probe == ("boxes" if codec == "libx264" else "pyav")


@pytest.mark.parametrize(
    "made",
    [
        {"codec": "libx265"},
        {"codec": "libvpx-vp9"},
        {"codec": "libsvtav1"},
        {"flags": "frag_keyframe+empty_moov"},
    ],
    ids=str,
)
def test_every_codec_and_form_is_turned(made: dict[str, str]) -> None:
    """The table and the frames agree on what is upright."""
    content = make_clip(frames=3, rotation=90, **made)
    facts = read(content)
    assert (facts.width_px, facts.height_px, facts.rotation_deg) == (48, 64, 90)
    assert read_frames(io.BytesIO(content), [0]).shape == (1, 64, 48, 3)


def test_an_odd_angle_is_said() -> None:
    """The loader reads some of these, and at others its reader finds no size."""
    facts = read(turned(make_clip(frames=3), (0.7071, 0.7071, -0.7071, 0.7071)))
    assert (facts.error, facts.error_detail) == (MediaFault.ODD_ANGLE, "turned by 45 degrees clockwise")


def test_of_two_videos_the_larger_is_taken() -> None:
    """Unless one is the default; both are in one file here, and equal in that."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        streams = [container.add_stream("libx264", rate=16) for _ in range(2)]
        for stream, (width, height) in zip(streams, [(32, 32), (64, 48)], strict=True):
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.disposition = 1
        for stream in streams:
            for number in range(3):
                frame = av.VideoFrame(stream.width, stream.height, "yuv420p")
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    facts = read(target.getvalue())
    assert (facts.width_px, facts.height_px, facts.error) == (64, 48, None)
    assert read_frames(target, [0]).shape == (1, 48, 64, 3)


def test_a_title_in_latin_1_is_no_fault() -> None:
    """Neither where FFmpeg reads the file, nor where it decodes it, nor where frames are taken."""
    content = make_clip(frames=3, codec="libx265").replace(b"isomiso2", b"iso\xe9iso2")
    facts = probe("source_video", window(content), Depth.DECODE)
    assert (facts.frame_count, facts.error) == (3, None)
    assert read_frames(io.BytesIO(content), [2]).shape == (1, 48, 64, 3)
