"""Frames by index are those of a full decode, and what cannot be given exactly is an error."""

from __future__ import annotations

import io
import os
import random
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.made.assets import SHARD, VIDEO, ingested, sample, tar_bytes, write_files
from tests.made.pairs import Pairs
from tests.media.made_clips import find_atom, make_clip, patched, renamed

from sparkle_curation.errors import AssetError, MediaError
from sparkle_curation.media.decode import frames
from sparkle_curation.media.decode.frames import NO_SUCH_FRAME, read_frames
from sparkle_curation.spec.codes.media_faults import MediaFault

X264 = {"x264-params": "keyint=250:scenecut=0:bframes=0"}
CLIPS = {
    "one key frame, no B-frames": {"frames": 20, "codec_options": X264},
    "B-frames": {"frames": 20, "codec_options": {"x264-params": "bframes=3:b-adapt=0:b-pyramid=normal"}},
    "many key frames": {"frames": 20, "codec_options": {"x264-params": "keyint=4:min-keyint=4:bframes=2"}},
    "open groups of pictures": {
        "frames": 20,
        "codec_options": {"x264-params": "keyint=6:min-keyint=6:bframes=2:b-adapt=0:open-gop=1"},
    },
    "every frame a key frame": {"frames": 20, "codec_options": {"x264-params": "keyint=1"}},
    "variable frame rate": {"frames": 9, "times": [0, 1, 2, 5, 6, 11, 12, 13, 40]},
    "a late start": {"frames": 9, "times": list(range(7, 16))},
    "29.97 frames a second": {"frames": 12, "rate": Fraction(30000, 1001)},
    "index at the start": {"frames": 12, "flags": "faststart"},
    "fragments": {"frames": 12, "flags": "frag_keyframe+empty_moov"},
    "a track of sound": {"frames": 12, "has_sound": True},
    "a rotation": {"frames": 9, "rotation": 90},
    "full colours": {"frames": 9, "pixel_format": "yuv444p"},
    "another codec": {"frames": 9, "codec": "mpeg4", "codec_options": {"bf": "2"}},
    "a still": {"frames": 1},
}


@cache
def clip(name: str) -> bytes:
    """A made clip."""
    return make_clip(**CLIPS[name])


@cache
def decoded(content: bytes) -> NDArray[np.uint8]:
    """Every frame, by the plainest way there is."""
    with av.open(io.BytesIO(content)) as container:
        frames = [(frame.rotation, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    return np.stack([np.rot90(picture, degrees // 90) for degrees, picture in frames])


@pytest.mark.parametrize("name", CLIPS)
@given(data=st.data())
@settings(max_examples=12)
def test_frames_are_those_of_a_full_decode(name: str, data: st.DataObject) -> None:
    """Any indices, in any order, also twice."""
    content, expected = clip(name), decoded(clip(name))
    wanted = data.draw(st.lists(st.integers(0, len(expected) - 1), max_size=6))
    found = read_frames(io.BytesIO(content), wanted)
    assert found.dtype == np.uint8
    assert found.shape == (len(wanted), *expected.shape[1:])
    np.testing.assert_array_equal(found, expected[wanted])


@pytest.mark.slow
def test_frames_of_long_clips_are_those_of_a_full_decode(pairs: Pairs) -> None:
    """First, last, the four that the release scored where they exist, and some between, in no order."""
    clips = pairs.clips()
    assert len(clips) == 24
    for path in clips:
        content = path.read_bytes()
        with av.open(io.BytesIO(content)) as container:
            whole = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert len(whole) in (69, 73, 81)
        wanted = [len(whole) - 1, 0, 51, 26, 1, 26, len(whole) // 2]
        found = read_frames(io.BytesIO(content), wanted)
        for picture, index in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(picture, whole[index], err_msg=f"{path.name}, frame {index}")


def test_the_place_of_the_file_does_not_matter() -> None:
    """It may have been read before."""
    file = io.BytesIO(clip("B-frames"))
    file.seek(0, io.SEEK_END)
    np.testing.assert_array_equal(read_frames(file, [2, 1]), decoded(clip("B-frames"))[[2, 1]])
    np.testing.assert_array_equal(read_frames(file, np.array([3])), decoded(clip("B-frames"))[[3]])


@pytest.mark.parametrize("index", [20, 99, -1])
def test_an_index_that_does_not_exist_is_an_error(index: int) -> None:
    """It names how many frames there are; an index is never counted from the end."""
    with pytest.raises(MediaError, match="no such frame") as caught:
        read_frames(io.BytesIO(clip("B-frames")), [0, index])
    assert (caught.value.code, caught.value.got) == (NO_SUCH_FRAME, f"frame {index}")
    assert "20 frames" in str(caught.value.allowed) or index < 0


class CountedFile(io.BytesIO):
    """Notes the last byte that was read."""

    last = 0

    def read(self, length: int | None = -1) -> bytes:
        """As of bytes in memory."""
        found = super().read(length)
        self.last = max(self.last, self.tell())
        return found


def test_what_lies_behind_the_last_frame_is_not_read() -> None:
    """The first frames of a clip cost the first frames, and not all of it."""
    content = make_clip(frames=60, size=(320, 240), flags="faststart", codec_options={**X264, "crf": "10"})
    file = CountedFile(content)
    read_frames(file, [1, 0])
    assert 0 < file.last < 0.7 * len(content)


# ------------------------------------------------------------------ broken videos
def no_box(content: bytes, kind: bytes) -> bytes:
    """The clip without a box: nobody looks for the type that it gets."""
    return renamed(content, kind, b"skip")


def cut_in_the_middle(content: bytes) -> bytes:
    """A clip whose index stands at its end, without that."""
    return content[: len(content) // 2]


def sample_place(content: bytes, number: int) -> tuple[int, int]:
    """First byte and length of a frame of a clip with one chunk."""
    with av.open(io.BytesIO(content)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    return packets[number]


def damaged(content: bytes, rng: random.Random) -> bytes:
    """The clip with a few bits flipped in one of its frames, the first four bytes of which are its length."""
    start, length = sample_place(content, rng.randrange(20))
    flipped = bytearray(content)
    for _ in range(rng.choice([1, 3, 30])):
        flipped[start + rng.randrange(4, length)] ^= 1 << rng.randrange(8)
    return bytes(flipped)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", MediaFault.UNDECODABLE),
        (b"no video", MediaFault.UNDECODABLE),
        (cut_in_the_middle(clip("B-frames")), MediaFault.UNDECODABLE),
        (no_box(clip("B-frames"), b"trak"), MediaFault.NO_VIDEO_TRACK),
        (patched(clip("B-frames"), b"stsd", 12, b"xxxx"), MediaFault.UNDECODABLE),
    ],
    ids=["empty", "no video", "cut", "no track", "unknown codec"],
)
def test_what_is_no_video_is_an_error(content: bytes, code: MediaFault) -> None:
    """With the code of the fault."""
    with pytest.raises(MediaError) as caught:
        read_frames(io.BytesIO(content), [0])
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["one key frame, no B-frames", "B-frames"])
def test_a_lost_frame_does_not_shift_the_others(name: str) -> None:
    """Where a decoder gives fewer frames without a word, what comes behind the lost one has another index."""
    rng, silent = random.Random(5), 0  # noqa: S311 -- the same damage each time
    for _ in range(120):
        content = damaged(clip(name), rng)
        try:
            count = len(decoded.__wrapped__(content))
        except av.FFmpegError:
            count = None
        if count == 20:
            continue
        silent += count is not None
        with pytest.raises(MediaError) as caught:
            read_frames(io.BytesIO(content), [0, 19])
        assert caught.value.code == MediaFault.UNDECODABLE
    assert silent


@pytest.mark.parametrize("name", CLIPS)
def test_no_frame_of_a_whole_clip_counts_as_lost(name: str) -> None:
    """Decoding to the end, as for an index that does not exist, finds all of them."""
    with pytest.raises(MediaError, match=f"as the video has {len(decoded(clip(name)))} frames"):
        read_frames(io.BytesIO(clip(name)), [99])


def test_a_frame_that_is_larger_than_allowed_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The header is enough to know."""
    monkeypatch.setattr(frames, "MAX_DECODED_PIXELS", 64 * 48 - 1)
    with pytest.raises(MediaError, match=r"64x48 pixels a frame"):
        read_frames(io.BytesIO(clip("B-frames")), [0])


def test_a_cut_shard_is_an_error_of_the_shard(tmp_path: Path) -> None:
    """And not one of the video, which nobody has seen."""
    content = clip("B-frames")
    assert find_atom(content, b"moov")[1] > len(content) // 2
    write_files(tmp_path / "release", {SHARD(0): tar_bytes([(VIDEO(1), content)])})
    store = ingested(tmp_path / "release", tmp_path)
    asset = store.find(sample(1), "source_video")
    with store.open(asset) as file:
        np.testing.assert_array_equal(read_frames(file, [7]), decoded(content)[[7]])
    os.truncate(tmp_path / "release" / SHARD(0), 512 + len(content) // 2)
    with store.open(asset) as file, pytest.raises(AssetError, match="is cut"):
        read_frames(file, [7])
