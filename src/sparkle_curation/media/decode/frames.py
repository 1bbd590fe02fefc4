"""Frames of a video by their index, as RGB arrays, exact to the index.

One pass from the first frame on: the clips of the release have one key frame each, so a seek ends at the start
anyway. FFmpeg's log level is left alone: setting it has been seen to deadlock with frame threads.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.errors import MediaError
from sparkle_curation.ingest.file_starts import START_BYTES, recognise
from sparkle_curation.media.limits import MAX_DECODED_PIXELS
from sparkle_curation.media.shown import orientation_of, pick_video
from sparkle_curation.spec.codes.media_faults import MediaFault

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video.stream import VideoStream

NO_SUCH_FRAME = "no_such_frame"
"""Code of the error for an index that the video does not have."""


def read_frames(file: BinaryIO, indices: Sequence[int]) -> NDArray[np.uint8]:
    """The frames as shown, upright, of the video that FFmpeg takes: uint8 [N, H, W, 3], RGB, in the order asked.

    Frame i is the i-th that a player shows, whatever the frame rate. Decoding ends with the last one asked for.

    Args:
        file: the video, seekable; its place does not matter.
        indices: frames, counted from 0, in any order; one that occurs twice is given twice.

    Raises:
        MediaError: the video cannot be decoded that far, a frame before was lost on the way (then the ones behind
            it would have another index), or an index does not exist; then the number of frames is named.
    """
    wanted = [int(index) for index in indices]
    if wanted and min(wanted) < 0:
        raise _no_such_frame(min(wanted), "frames are counted from 0")
    with _opened(file) as (container, stream):
        # The size of none is that of the first.
        return _collect(_frames_in_order(container, stream), wanted or [0])[: len(wanted)]


def _collect(frames: Iterator[av.VideoFrame], wanted: Sequence[int]) -> NDArray[np.uint8]:
    places: dict[int, list[int]] = {}
    for place, index in enumerate(wanted):
        places.setdefault(index, []).append(place)
    last, count = max(wanted), 0
    found: NDArray[np.uint8] | None = None
    for index, frame in enumerate(frames):
        count = index + 1
        if index in places:
            if frame.is_corrupt:
                raise _undecodable(f"frame {index} is damaged")
            orientation = orientation_of(frame)
            if orientation is None:
                raise _undecodable(f"frame {index} is turned by an angle that is no quarter")
            picture = orientation.apply(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
            if found is None:
                found = np.empty((len(wanted), *picture.shape), np.uint8)
            if picture.shape != found.shape[1:]:
                raise _undecodable(f"frame {index} has another size than those before")
            found[places[index]] = picture
        if index == last and found is not None:
            return found
    raise _no_such_frame(last, f"0 to {count - 1}, as the video has {count} frames")


def _frames_in_order(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """The frames as they are shown; raises where one of them is lost.

    A decoder may drop a frame that it cannot read without a word. A frame comes out only after all that are shown
    before it went in, so its time must be the least of those that went in and have not come out.
    """
    times: list[int] = []
    for packet in container.demux(stream):
        if packet.size and packet.pts is not None and not packet.is_discard:
            heapq.heappush(times, packet.pts)
        for frame in packet.decode():
            if times and frame.pts is not None and (earliest := heapq.heappop(times)) != frame.pts:
                raise _undecodable(f"no frame at time {earliest}; {frame.pts} came in its place")
            yield frame
    if times:
        raise _undecodable(f"no frame at time {times[0]}, and none after it")


@contextmanager
def _opened(file: BinaryIO) -> Iterator[tuple[InputContainer, VideoStream]]:
    import av  # noqa: PLC0415 -- 0.2 s, and most of the project does without it

    file.seek(0)
    try:
        # Titles and brands in another encoding than UTF-8 are no fault of the pictures.
        with av.open(file, mode="r", metadata_errors="replace") as container:
            yield container, _video_of(container)
    except (av.FFmpegError, ValueError) as error:
        file.seek(0)
        is_other = recognise(file.read(START_BYTES), "mp4")
        raise _undecodable(f"FFmpeg: {error}" + (f"; it is {is_other}" if is_other else "")) from error


def _video_of(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise MediaError("A file has no video track", code=MediaFault.NO_VIDEO_TRACK)
    stream = pick_video(container)
    if stream is None or not stream.width or not stream.height:
        raise _undecodable("FFmpeg knows no decoder for the video, or not its size")
    if stream.width * stream.height > MAX_DECODED_PIXELS:
        raise _undecodable(
            f"{stream.width}x{stream.height} pixels a frame; at most {MAX_DECODED_PIXELS} are decoded"
        )
    stream.codec_context.thread_count = 1  # the processes are the threads
    return stream


def _undecodable(got: str) -> MediaError:
    return MediaError("A video cannot be decoded", code=MediaFault.UNDECODABLE, got=got)


def _no_such_frame(index: int, allowed: str) -> MediaError:
    return MediaError("A video has no such frame", code=NO_SUCH_FRAME, got=f"frame {index}", allowed=allowed)
