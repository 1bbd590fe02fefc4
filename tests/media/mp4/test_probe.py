"""Videos are told by their atoms as FFmpeg tells them, and what is cut or odd is noticed."""

from __future__ import annotations

import io
import os
import struct
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.made.pairs import Pairs
from tests.media.made_clips import find_atom, make_clip, patched, walk_atoms, window
from tests.media.made_faults import MP4_FAULTS

from sparkle_curation.media.byte_window import ByteWindow, Reading
from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.probe.probes import Depth, probe
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import ASSET_KINDS

VIDEO_KINDS = [kind for kind, about in ASSET_KINDS.items() if about.suffix == "mp4"]


def read(content: bytes, depth: Depth = Depth.INDEX) -> MediaFacts:
    """What the probe says of a video."""
    return probe("source_video", window(content), depth)


def read_by_ffmpeg(content: bytes) -> tuple[object, ...]:
    """Width, height, frames, frames a second, pixel format, codec and key frames, as FFmpeg has them."""
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        packets = [
            packet.is_keyframe for packet in container.demux(stream) if packet.size and not packet.is_discard
        ]
        codec = stream.codec_context.codec.canonical_name
        rate = float(stream.average_rate)
        container.seek(0)
        turned = next(container.decode(stream)).rotation % 180 != 0
        size = (stream.height, stream.width) if turned else (stream.width, stream.height)
        return *size, len(packets), rate, stream.pix_fmt, codec, sum(packets)


def figures(facts: MediaFacts) -> tuple[object, ...]:
    """The same of what the probe says."""
    return (
        facts.width_px,
        facts.height_px,
        facts.frame_count,
        facts.fps,
        facts.pixel_format,
        facts.codec,
        facts.key_frame_count,
    )


# ------------------------------------------------------------------ whole pairs and the sample
def test_pairs_are_what_ffmpeg_says(pairs: Pairs) -> None:
    """Their size, 16 frames a second, 81, 73 or 69 of them, from less than 8 KB of each, and whole."""
    paths = pairs.clips()
    assert len(paths) == 24
    for path in paths:
        content = path.read_bytes()
        whole = ByteWindow(
            Reading(lambda offset, length, held=content: held[offset : offset + length]), 0, len(content)
        )
        facts = probe("source_video", whole)
        assert figures(facts) == read_by_ffmpeg(content)
        assert (facts.width_px, facts.height_px, facts.fps, facts.is_constant_fps) == (
            *pairs.size,
            16.0,
            True,
        )
        assert facts.frame_count in {81, 73, 69}
        assert facts.duration_s == facts.frame_count / 16
        assert (facts.probe, facts.error, facts.rotation_deg) == ("boxes", None, 0)
        assert whole.bytes_read < 8192


def test_pairs_that_are_cut_are_noticed(pairs: Pairs) -> None:
    """By one byte, by a thousand, by half, wherever the index is."""
    content = pairs.clips()[0].read_bytes()
    for end in (len(content) - 1, len(content) - 1000, len(content) // 2, 100, 1):
        assert read(content[:end]).error in {MediaFault.TRUNCATED, MediaFault.NO_INDEX, MediaFault.NOT_MP4}, (
            end
        )


def test_the_sample_is_what_ffmpeg_says(sample_release: Path) -> None:
    """All its loose videos, and each decodes to the frames that its index has."""
    for path in sorted(sample_release.rglob("*.mp4"))[::5]:
        content = path.read_bytes()
        facts = read(content, Depth.DECODE)
        assert figures(facts) == read_by_ffmpeg(content)
        assert (facts.probe, facts.error) == ("boxes", None)


# ------------------------------------------------------------------ clips of every make
ATOMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "size that is cropped": {"size": (62, 46)},
    "index at the start": {"flags": "faststart"},
    "quicktime": {"form": "mov"},
    "with sound": {"has_sound": True},
    "one frame": {"frames": 1},
    "two frames": {"frames": 2},
    "many key frames": {"codec_options": {"g": "3"}},
    "open groups": {
        "frames": 20,
        "codec_options": {"x264-params": "open-gop=1:keyint=4:bframes=3:scenecut=0"},
    },
    "no b-frames": {"codec_options": {"bf": "0"}},
    "negative shifts": {"flags": "negative_cts_offsets"},
    "ntsc": {"rate": Fraction(30000, 1001)},
    "baseline": {"codec_options": {"profile": "baseline"}},
    "main": {"codec_options": {"profile": "main"}},
    "lossless": {"codec_options": {"qp": "0"}},
    "scaling lists": {"codec_options": {"x264-params": "cqm=jvt"}},
    "interlaced": {"size": (64, 64), "codec_options": {"x264-params": "interlaced=1"}},
    "full range": {"codec_options": {"x264-params": "fullrange=on:colorprim=bt709"}},
    "yuvj420p": {"pixel_format": "yuvj420p"},
    "yuv422p": {"pixel_format": "yuv422p"},
    "yuv444p": {"pixel_format": "yuv444p"},
    "yuv420p10le": {"pixel_format": "yuv420p10le"},
    "yuv422p10le": {"pixel_format": "yuv422p10le"},
    "gray": {"pixel_format": "gray"},
    "turned by 90": {"rotation": 90},
    "turned by 180": {"rotation": 180},
    "turned by 270": {"rotation": 270},
}
BY_FFMPEG: dict[str, dict[str, Any]] = {
    "fragments": {"flags": "frag_keyframe+empty_moov"},
    "fragments behind an index": {"flags": "frag_keyframe", "codec_options": {"g": "3"}},
    "frames at odd times": {"times": [0, 1, 2, 4, 5, 8, 9, 10, 11]},
    "a late start": {"times": [5, 6, 7, 8, 9, 10, 11, 12, 13]},
    "rgb": {"codec": "libx264rgb", "pixel_format": "rgb24"},
    "mpeg4": {"codec": "mpeg4"},
    "vp9": {"codec": "libvpx-vp9"},
    "mjpeg": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
}


@pytest.mark.parametrize("name", [*ATOMS, *BY_FFMPEG])
def test_every_make_is_what_ffmpeg_says(name: str) -> None:
    """By the atoms where they are known, else by FFmpeg; and it decodes to as many frames."""
    changes = ATOMS.get(name) or BY_FFMPEG.get(name) or {}
    content = make_clip(**changes)
    facts = read(content, Depth.DECODE)
    assert figures(facts) == read_by_ffmpeg(content)
    assert (facts.error, facts.error_detail) == (None, None)
    assert facts.probe == ("boxes" if name in ATOMS else "pyav")
    assert facts.is_constant_fps is (name != "frames at odd times")
    assert facts.rotation_deg == changes.get("rotation", 0)
    assert facts.frames_hash


DOUBTFUL: dict[str, tuple[bytes, int, bytes]] = {
    "an edit that skips the first frames": (b"elst", 12, struct.pack(">I", 2048 + 3 * 1024)),
    "an edit that ends too soon": (b"elst", 8, struct.pack(">I", 300)),
    "an edit at half speed": (b"elst", 16, struct.pack(">HH", 0, 1 << 15)),
    "a header of another length": (b"mdhd", 16, struct.pack(">I", 1024)),
    "a description of another size": (b"stsd", 40, struct.pack(">HH", 32, 24)),
    "times of fewer frames": (b"stts", 8, struct.pack(">I", 8)),
    "another format": (b"stsd", 12, b"mp4v"),
    "a parameter set that is none": (b"stsd", 110, b"\0\0\0\0"),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_where_atoms_disagree_ffmpeg_decides(name: str) -> None:
    """What it says is what the row says, if it says anything."""
    kind, offset, new = DOUBTFUL[name]
    content = patched(make_clip(), kind, offset, new)
    assert content != make_clip()
    facts = read(content)
    if facts.error is None:
        assert facts.probe == "pyav"
        assert figures(facts) == read_by_ffmpeg(content)
    else:
        assert facts.error == MediaFault.UNDECODABLE


@pytest.mark.parametrize("flags", ["", "faststart"])
def test_a_clip_cut_anywhere_is_noticed(flags: str) -> None:
    """At every byte: none passes as whole, and nothing but an error is said of one that lacks its index."""
    content = make_clip(frames=3, flags=flags, codec_options={"x264-params": "no-info=1"})
    index_end = find_atom(content, b"moov")[2]
    for end in range(1, len(content)):
        facts = read(content[:end])
        assert facts.error in {MediaFault.TRUNCATED, MediaFault.NO_INDEX, MediaFault.NOT_MP4}, end
        assert (facts.frame_count == 3) is (flags == "faststart" and end >= index_end), end
    assert read(b"").error == MediaFault.EMPTY


def test_bytes_behind_the_video_do_no_harm() -> None:
    """What a copier left there is not looked at."""
    assert read(make_clip() + b"\0" * 999).error is None


# ------------------------------------------------------------------ hashes
def test_copies_have_one_index_hash_and_others_have_others() -> None:
    """A video is told by its index from one of other frames, and one more byte tells too."""
    clip, other = make_clip(), make_clip(frames=8)
    hashes = [read(content).index_hash for content in (clip, clip, other, clip + b"\0")]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_a_flipped_byte_shows_in_the_hashes_that_see_it() -> None:
    """The index does not see the data; the content hash does, and the frames may."""
    clip = make_clip()
    _, start, end = find_atom(clip, b"mdat")
    flipped = clip[: end - 5] + bytes([clip[end - 5] ^ 1]) + clip[end - 4 :]
    before, after = read(clip, Depth.HASH), read(flipped, Depth.HASH)
    assert before.index_hash == after.index_hash
    assert before.content_hash != after.content_hash
    assert (before.frames_hash, start > 0) == (None, True)


def with_index_first(clip: bytes) -> bytes:
    """The same packets behind their index; encoded once, since an encoder owes nobody the same bytes twice."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        with (
            av.open(io.BytesIO(clip)) as source,
            av.open(str(path), "w", options={"movflags": "faststart"}) as target,
        ):
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        return path.read_bytes()


def test_the_same_frames_in_another_file_have_one_frames_hash() -> None:
    """With the index elsewhere all bytes move, and no frame changes."""
    clip = make_clip()
    one, other = (read(each, Depth.DECODE) for each in (clip, with_index_first(clip)))
    assert one.content_hash != other.content_hash
    assert one.frames_hash == other.frames_hash
    assert read(make_clip(), Depth.INDEX).content_hash is None


# ------------------------------------------------------------------ faults
@pytest.mark.parametrize("name", MP4_FAULTS)
def test_each_fault_has_its_code(name: str) -> None:
    """And says what was found."""
    fault, content = MP4_FAULTS[name]
    facts = read(content)
    assert facts.error == fault, facts
    assert facts.error_detail


def test_fragments_that_are_cut_are_noticed() -> None:
    """Their samples are not in the index, and their atoms still end where the file does."""
    content = make_clip(flags="frag_keyframe+empty_moov")
    facts = read(content[:-1])
    assert facts.error == MediaFault.TRUNCATED


def test_sound_that_is_cut_is_noticed() -> None:
    """A file that lacks the end of its other track is no whole file."""
    content = make_clip(has_sound=True)
    assert read(content).error is None
    sound_offsets = next(atom for atom in walk_atoms(content) if atom[0] == b"stco")
    place = sound_offsets[1] + 16
    assert (
        read(content[:place] + struct.pack(">I", len(content) - 1) + content[place + 4 :]).error
        == MediaFault.TRUNCATED
    )


def test_what_decodes_to_fewer_frames_is_reported() -> None:
    """The index is as it should be; only decoding sees that frames are gone."""
    content = make_clip(codec_options={"bf": "0", "x264-params": "no-info=1"})
    _, start, end = find_atom(content, b"mdat")
    hollow = content[: start + 8] + bytes(end - start - 8) + content[end:]
    assert read(hollow).error is None
    assert read(hollow, Depth.DECODE).error in {MediaFault.FRAMES_DIFFER, MediaFault.UNDECODABLE}


def _is_damaged(content: bytes) -> bool:
    """Whether FFmpeg marks a frame, fails, or gives fewer; in one thread, for in several it marks fewer of them."""
    try:
        with av.open(io.BytesIO(content)) as container:
            container.streams.video[0].codec_context.thread_count = 1
            marks = [frame.is_corrupt for frame in container.decode(video=0)]
    except av.FFmpegError:
        return True
    return any(marks) or len(marks) != 12


def test_what_ffmpeg_marks_as_damaged_is_reported() -> None:
    """Of bits flipped in the data each that FFmpeg notices, and none of a clean clip."""
    content = make_clip(frames=12, codec_options={"x264-params": "no-info=1"})
    assert read(content, Depth.DECODE).error is None
    _, start, end = find_atom(content, b"mdat")
    found = []
    for place in range(start + 60, end, (end - start) // 24):
        flipped = content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :]
        found.append(read(flipped, Depth.DECODE).error)
        assert (found[-1] is not None) == _is_damaged(flipped), place
    assert found.count(MediaFault.DAMAGED_FRAMES) > 2


def test_a_size_that_changes_midway_is_reported() -> None:
    """Two clips of one track; the header says the size of the first alone."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        copy = None
        for part, size in enumerate([(64, 48), (96, 64)]):
            with av.open(io.BytesIO(make_clip(frames=3, size=size, codec="libvpx-vp9"))) as given:
                stream = given.streams.video[0]
                copy = copy or container.add_stream_from_template(stream)
                for packet in given.demux(stream):
                    if packet.size:
                        packet.pts = packet.dts = (packet.pts or 0) + part * 3072
                        packet.stream = copy
                        container.mux(packet)
    assert read(target.getvalue()).error is None
    facts = read(target.getvalue(), Depth.DECODE)
    assert (facts.error, facts.frame_count) == (MediaFault.SIZE_CHANGES, 6)
    assert facts.error_detail == "frame 3 is 96x64 yuv420p, the first is 64x48 yuv420p"


# ------------------------------------------------------------------ anything at all
SEEDS = [make_clip(frames=3), make_clip(frames=3, flags="faststart"), make_clip(frames=3, has_sound=True)]


@given(data=st.data())
def test_mutated_clips_give_a_row(data: st.DataObject) -> None:
    """Whatever the bytes are: facts that make sense or an error, never a crash, a hang or a huge read."""
    content = bytearray(data.draw(st.sampled_from(SEEDS)))
    _, index_start, index_end = find_atom(bytes(content), b"moov")
    for _ in range(data.draw(st.integers(1, 6))):
        is_in_index = data.draw(st.booleans())
        low, high = (index_start, index_end - 1) if is_in_index else (0, len(content) - 1)
        place = data.draw(st.integers(low, high))
        new = data.draw(st.sampled_from([b"\xff", b"\0", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\0\0\0\0"]))
        content[place : place + len(new)] = new[: len(content) - place]
    opened = window(bytes(content))
    facts = probe("source_video", opened)
    if facts.error is None:
        assert (facts.frame_count or 0) > 0
        assert (facts.width_px or 0) > 0
        assert facts.index_hash
    else:
        assert facts.error in set(MediaFault)
        assert facts.error_detail
    if facts.probe == "boxes":
        assert opened.bytes_read < 64 << 10


@given(content=st.binary(max_size=300), kind=st.sampled_from(sorted(ASSET_KINDS)))
def test_any_bytes_give_a_row(content: bytes, kind: str) -> None:
    """Of no kind is noise taken for a whole file."""
    assert probe(kind, window(content)).error in set(MediaFault)


def test_a_file_that_got_shorter_since_it_was_listed_is_cut(tmp_path: Path) -> None:
    """The window is as long as the table of assets says; the file is read as it is."""
    path = tmp_path / "clip.mp4"
    content = make_clip()
    path.write_bytes(content[:-10])
    handle = os.open(path, os.O_RDONLY)
    try:
        reading = Reading(lambda offset, length: os.pread(handle, length, offset))
        facts = probe("edited_video", ByteWindow(reading, 0, len(content)))
    finally:
        os.close(handle)
    assert facts.error == MediaFault.TRUNCATED
