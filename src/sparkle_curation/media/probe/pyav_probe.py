"""What a video is, as FFmpeg reads it: for files whose boxes are not read here, and to decode every frame.

FFmpeg's log level is left alone: setting it has been seen to deadlock with frame threads.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from sparkle_curation.media.byte_window import BrokenMediaError, ByteWindow
from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.sampling import EVERY_FRAME_ONCE, Sampling, even_rate, sample
from sparkle_curation.media.shown import has_decoder, orientation_of, pick_video
from sparkle_curation.spec.codes.media_faults import MediaFault

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

_BUFFER_BYTES = 64 << 10
_OPENS_OTHERS = frozenset(
    {
        *("concat", "hls", "image2", "lavfi", "rtp", "rtsp", "sap", "sdp", "vobsub", "webm_dash_manifest"),
        *("alsa", "fbdev", "kmsgrab", "oss", "video4linux2", "v4l2", "x11grab"),
    }
)
"""Formats whose files name other files, and devices: they are not opened, whatever a file says of itself."""
_LIST_START = b"ffconcat version 1.0"


class DecodedFrames(NamedTuple):
    """What decoding every frame gave.

    Attributes:
        frame_count: how many there are.
        frames_hash: digest of their pixels in the order of showing, in the video's own pixel format.
    """

    frame_count: int
    frames_hash: str


class _Packet(NamedTuple):
    size: int
    pts: int | None
    dts: int | None
    duration: int
    is_key: bool


def read_with_pyav(window: ByteWindow) -> MediaFacts:
    """The facts of the video: its packets are counted, and not decoded.

    Raises:
        BrokenMediaError: FFmpeg cannot open or read it, or finds no video or no frame in it.
    """
    with _opened(window) as (container, stream):
        first = container.streams.video[0]
        demuxed = [packet for packet in container.demux(*{first.index, stream.index}) if packet.size]
        counted = sum(packet.stream_index == first.index and not packet.is_discard for packet in demuxed)
        stored = [packet for packet in demuxed if packet.stream_index == stream.index]
        packets = [
            _Packet(packet.size, packet.pts, packet.dts, packet.duration or 0, packet.is_keyframe)
            for packet in stored
            if not packet.is_discard
        ]
        if not packets:
            raise BrokenMediaError(MediaFault.NO_FRAMES, "FFmpeg finds no frame")
        if not has_decoder(first):
            detail = "FFmpeg knows no decoder for the first stream, of which the loader counts the frames"
            raise BrokenMediaError(MediaFault.ANOTHER_COUNTED, detail)
        if counted != len(packets):
            detail = f"{len(packets)} frames in the stream that is read, {counted} in the first one"
            raise BrokenMediaError(MediaFault.ANOTHER_COUNTED, detail)
        if not stored[0].is_keyframe:
            raise BrokenMediaError(MediaFault.STARTS_WITHIN, "the first frame is no key frame")
        facts = _facts_of(stream, packets, window.size)
        earliest = min((packet.pts for packet in packets if packet.pts is not None), default=None)
    return _as_shown(facts, window, earliest)


def _as_shown(facts: MediaFacts, window: ByteWindow, earliest: int | None) -> MediaFacts:
    """The facts with the size that is shown; the first frame tells, and that it can be decoded.

    Frames that are shown before the first key frame may be of a group that was cut off; a decoder leaves them out.

    Args:
        facts: what the packets tell.
        window: the file.
        earliest: when the first packet is to be shown.
    """
    with _opened(window) as (container, stream):
        frame = next(container.decode(stream), None)
    if frame is None:
        raise BrokenMediaError(MediaFault.UNDECODABLE, "FFmpeg decodes no frame")
    if earliest is not None and frame.pts is not None and frame.pts > earliest:
        detail = f"the first frame is to be shown at {earliest}, the first one decoded at {frame.pts}"
        raise BrokenMediaError(MediaFault.STARTS_WITHIN, detail)
    if (frame.width, frame.height) != (facts.width_px, facts.height_px):
        detail = (
            f"the first frame is {frame.width}x{frame.height}, the stream {facts.width_px}x{facts.height_px}"
        )
        raise BrokenMediaError(MediaFault.BAD_STRUCTURE, detail)
    orientation = orientation_of(frame)
    if orientation is None:
        raise BrokenMediaError(MediaFault.ODD_ANGLE, f"turned by {-frame.rotation % 360} degrees clockwise")
    width, height = orientation.size(frame.width, frame.height)
    return replace(facts, width_px=width, height_px=height, rotation_deg=orientation.rotation_deg)


def _facts_of(stream: VideoStream, packets: list[_Packet], file_size: int) -> MediaFacts:
    if not stream.pix_fmt or not stream.width or not stream.height:
        raise BrokenMediaError(
            MediaFault.UNDECODABLE, "FFmpeg cannot tell size and pixel format of the video"
        )
    rate = stream.average_rate or stream.guessed_rate
    duration_s = None
    if stream.duration and stream.time_base:
        duration_s = float(stream.duration * stream.time_base)
    elif rate:
        duration_s = float(len(packets) / rate)
    even, sampling = _sampling(stream, packets)
    digest = xxhash.xxh3_128(file_size.to_bytes(8, "big"))
    for packet in packets:
        digest.update(f"{packet.size} {packet.pts} {packet.dts};".encode())
    return MediaFacts(
        width_px=stream.width,
        height_px=stream.height,
        frame_count=len(packets),
        fps=even or (float(rate) if rate else None),
        is_constant_fps=even is not None or len(packets) == 1,
        lost_frame_count=sampling.lost,
        repeated_frame_count=sampling.repeated,
        sampling_hash=sampling.pattern_hash,
        duration_s=duration_s,
        codec=stream.codec_context.codec.canonical_name,
        pixel_format=stream.pix_fmt,
        key_frame_count=sum(packet.is_key for packet in packets),
        index_hash=digest.hexdigest(),
        probe="pyav",
    )


def _sampling(stream: VideoStream, packets: list[_Packet]) -> tuple[float | None, Sampling]:
    """The rate where frames are equally far apart, and what FFmpeg writes of them at the rate that it guesses."""
    shown = sorted((packet.pts, packet.duration) for packet in packets if packet.pts is not None)
    if not shown or not stream.time_base or len(shown) != len(packets):
        return None, EVERY_FRAME_ONCE
    times = np.array([pts - shown[0][0] for pts, _ in shown], np.float64) * float(stream.time_base)
    rate = even_rate(times)
    guessed = stream.guessed_rate
    if rate is not None or not guessed:
        return rate, EVERY_FRAME_ONCE
    unit = float(stream.time_base * guessed)
    durations = [duration * unit for _, duration in shown]
    return None, sample((times * float(guessed)).tolist(), durations)


def name_container(window: ByteWindow) -> str | None:
    """What FFmpeg takes a file for that is no mp4; None where it finds no video in it.

    A text that names other files is not followed; FFmpeg's command line follows such a list.
    """
    if window.read_at(0, len(_LIST_START)) == _LIST_START:
        return "concat, a list of other files"
    try:
        with _opened(window, {"format_whitelist": _containers()}) as (container, stream):
            return str(container.format.name) if stream.width else None
    except BrokenMediaError:
        return None


@cache
def _containers() -> str:
    """The formats that are opened, with commas between them."""
    import av  # noqa: PLC0415
    from av.format import ContainerFormat  # noqa: PLC0415

    names = set()
    for name in av.formats_available - _OPENS_OTHERS:
        with suppress(ValueError):  # FFmpeg writes it only
            names.update(ContainerFormat(name, "r").name.split(","))
    return ",".join(sorted(names - _OPENS_OTHERS))


def decode_frames(window: ByteWindow) -> DecodedFrames:
    """Every frame of the video, decoded once.

    Raises:
        BrokenMediaError: a frame cannot be decoded, is marked as damaged, or has another size than the first.
    """
    digest = xxhash.xxh3_128()
    count = 0
    first = None
    with _opened(window) as (container, stream):
        for frame in container.decode(stream):
            if frame.is_corrupt:
                raise BrokenMediaError(MediaFault.DAMAGED_FRAMES, f"frame {count} is damaged")
            form = f"{frame.width}x{frame.height} {frame.format.name}"
            first = first or form
            if form != first:
                detail = f"frame {count} is {form}, the first is {first}"
                raise BrokenMediaError(MediaFault.SIZE_CHANGES, detail)
            digest.update(f"{form};".encode())
            digest.update(np.ascontiguousarray(_pixels(frame)).data)
            count += 1
    return DecodedFrames(count, digest.hexdigest())


def _pixels(frame: av.VideoFrame) -> NDArray[Any]:
    """The frame in its own pixel format, without what pads its rows; as RGB where no array has that or its size."""
    try:
        pixels = frame.to_ndarray()
    except (ValueError, AssertionError):
        pixels = None
    return pixels if isinstance(pixels, np.ndarray) else frame.reformat(format="rgb24").to_ndarray()


@contextmanager
def _opened(
    window: ByteWindow, options: dict[str, str] | None = None
) -> Iterator[tuple[InputContainer, VideoStream]]:
    import av  # noqa: PLC0415 -- 0.2 s, and most videos are read without it

    try:
        # Titles and brands in another encoding than UTF-8 are no fault of the pictures.
        with av.open(
            io.BufferedReader(_WindowFile(window), _BUFFER_BYTES),
            mode="r",
            options=options,
            metadata_errors="replace",
        ) as container:
            stream = _video_of(container)
            # The processes are the threads: one each, and no frame threads to hang.
            stream.codec_context.thread_count = 1
            yield container, stream
    except (av.FFmpegError, ValueError) as error:
        raise BrokenMediaError(MediaFault.UNDECODABLE, f"FFmpeg: {error}") from error


def _video_of(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise BrokenMediaError(MediaFault.NO_VIDEO_TRACK, "FFmpeg finds no video track")
    stream = pick_video(container)
    if stream is None:
        raise BrokenMediaError(MediaFault.UNDECODABLE, "FFmpeg knows no decoder for the video")
    return stream


class _WindowFile(io.RawIOBase):
    """A window as a file."""

    def __init__(self, window: ByteWindow) -> None:
        self._window, self._place = window, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._window.size}
        self._place = max(0, starts[whence] + offset)
        return self._place

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]
        found = self._window.read_at(self._place, len(target))
        target[: len(found)] = found
        self._place += len(found)
        return len(found)
