"""Which frames of a clip a sample has, and what of their pictures: a rate, a number of 4n+1, a size.

The video models that the stages use work on 4n+1 frames whose sides are divisible by 16; the release has 69 to 81 frames at
16 a second of 1280x720 (dataset card).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import BinaryIO, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.media.decode.frames import _opened
from sparkle_curation.media.shown import Orientation, orientation_of

Picture = NDArray[np.uint8]
Fit = Literal["crop", "pad"]
Window = Literal["start", "middle"]


class Trimming(NamedTuple):
    """What a sample's source video is.

    Attributes:
        fps: its frames a second.
        frames: most frames, 4n+1.
        min_frames: fewest, 4n+1.
        width_px: of a frame.
        height_px: of a frame.
        fit: a picture of another shape is scaled to fill the frame and cut around its middle (``crop``), or scaled to lie in
            it whole, with black around (``pad``).
        window: whether the first frames are taken, or those around the middle.
        crf: of H.264.
    """

    fps: int
    frames: int
    min_frames: int
    width_px: int
    height_px: int
    fit: Fit
    window: Window
    crf: int


class Timing(NamedTuple):
    """When the frames of a clip are shown, in seconds from the first one.

    Attributes:
        times: of each frame, ascending.
        end: when the last one is gone.
        width_px: of the picture as shown.
        height_px: of it.
    """

    times: tuple[Fraction, ...]
    end: Fraction
    width_px: int
    height_px: int

    @property
    def fps(self) -> float:
        """Frames a second, on average."""
        return float(len(self.times) / self.end) if self.end else 0.0


class Chosen(NamedTuple):
    """The frames of a sample.

    Attributes:
        indices: of the clip's frames, one for each of the sample's; the same may stand twice.
        start: when the first one is asked for, in seconds.
    """

    indices: tuple[int, ...]
    start: Fraction


def choose_frames(timing: Timing, what: Trimming) -> Chosen | None:
    """The frames that are shown at each 1/fps of a second; None where there are fewer than ``min_frames`` of them.

    Of those that the clip has, the greatest number of 4n+1 up to ``frames`` is taken. A frame is taken at a moment when it
    is on the screen: its time is not after it, that of the next one is. A tick of 1/8 of a frame is forgiven, since
    times are rounded to a clock's.

    >>> timing = Timing(tuple(Fraction(n, 32) for n in range(20)), Fraction(20, 32), 64, 64)
    >>> choose_frames(timing, Trimming(16, 9, 5, 64, 64, "crop", "start", 17)).indices
    (0, 2, 4, 6, 8, 10, 12, 14, 16)
    """
    step, slack = Fraction(1, what.fps), Fraction(1, 8 * what.fps)
    there = math.floor((timing.end + slack) * what.fps)
    count = four_n_plus_one(min(there, what.frames))
    if count < max(what.min_frames, 1):
        return None
    first = (there - count) // 2 if what.window == "middle" else 0
    moments = [(first + number) * step for number in range(count)]
    indices = [max(bisect_right(timing.times, moment + slack) - 1, 0) for moment in moments]
    return Chosen(tuple(indices), first * step)


def four_n_plus_one(count: int) -> int:
    """The greatest 4n+1 that is not above a count; 0 where there is none.

    >>> [four_n_plus_one(count) for count in (0, 1, 4, 5, 80, 81, 83)]
    [0, 1, 1, 5, 77, 81, 81]
    """
    return (count - 1) // 4 * 4 + 1 if count > 0 else 0


def lost_share(width_px: int, height_px: int, what: Trimming) -> float:
    """The share of a picture that ``crop`` cuts off, or of the frame that ``pad`` leaves black.

    >>> what = Trimming(16, 81, 69, 1280, 720, "crop", "middle", 17)
    >>> lost_share(1920, 1080, what), round(lost_share(720, 1280, what), 3)
    (0.0, 0.684)
    """
    own, wanted = Fraction(width_px, height_px), Fraction(what.width_px, what.height_px)
    return float(1 - min(own, wanted) / max(own, wanted))


def fit_picture(picture: Picture, what: Trimming) -> Picture:
    """A picture as a frame, (height, width, 3); one of the very size stays as it is, to the pixel."""
    import cv2  # noqa: PLC0415 -- 0.1 s, and most of the project does without it

    height, width = picture.shape[:2]
    if (width, height) == (what.width_px, what.height_px):
        return np.ascontiguousarray(picture)
    choose = max if what.fit == "crop" else min
    scale = choose(Fraction(what.width_px, width), Fraction(what.height_px, height))
    size = tuple(max(round(side * scale), 1) for side in (width, height))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=how), np.uint8)
    frame = np.zeros((what.height_px, what.width_px, 3), np.uint8)
    (own_y, to_y), (own_x, to_x) = (
        _middle(own, wanted) for own, wanted in ((size[1], what.height_px), (size[0], what.width_px))
    )
    frame[to_y, to_x] = scaled[own_y, own_x]
    return frame


def _middle(own: int, wanted: int) -> tuple[slice, slice]:
    """Of a side, which pixels are taken, and where in the frame they go."""
    length = min(own, wanted)
    of_own, of_frame = (own - length) // 2, (wanted - length) // 2
    return slice(of_own, of_own + length), slice(of_frame, of_frame + length)


def read_timing(file: BinaryIO) -> Timing:
    """When each frame is shown, from the packets, and the size of the first one, which alone is decoded.

    Raises:
        MediaError: the video cannot be read.
    """
    with _opened(file) as (container, stream):
        base, rate = stream.time_base or Fraction(1, 1), stream.average_rate
        packets = [
            (packet.pts, packet.duration or 0)
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None and not packet.is_discard
        ]
    with _opened(file) as (container, stream):
        frame = next(container.decode(stream), None)
        orientation = (orientation_of(frame) if frame else None) or Orientation()
        size = (frame.width, frame.height) if frame else (stream.width, stream.height)
    width, height = orientation.size(*size)
    times = sorted(packets)
    if not times:
        return Timing((), Fraction(0), width, height)
    start, (last, duration) = times[0][0], times[-1]
    lasting = duration * base or (1 / rate if rate else _usual_gap([pts for pts, _ in times]) * base)
    shown = tuple((pts - start) * base for pts, _ in times)
    return Timing(shown, (last - start) * base + lasting, width, height)


def _usual_gap(times: Sequence[int]) -> Fraction:
    return Fraction(times[-1] - times[0], max(len(times) - 1, 1))
