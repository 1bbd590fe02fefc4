"""Which frames of a video FFmpeg writes at a constant rate, as the training loader asks it to.

Time stamps are rounded by every container: to 1/1000 s in Matroska, to 1/600 s by some cameras. Frames that are a
rounding away from equal distances are all written, once each. Of others FFmpeg repeats some and leaves out some.

Source: FFmpeg, ``fftools/ffmpeg_filter.c``, ``video_sync_process``, told in our own words and compared with what
its command line writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

MOST_ROUNDING_S = 1 / 600
"""Furthest that a time may lie from where equal distances put it: one tick of the coarsest clock in use."""
_MOST_ROUNDING_FRAMES = 0.1
_MOST_COPIES = 1 << 20  # of one frame; a time stamp may claim a thousand years
_TOLERANCE = 1.1  # frames that the output may be before or behind, FFmpeg's own number


class Sampling(NamedTuple):
    """What FFmpeg writes of a video at its rate.

    Attributes:
        lost: frames that are left out.
        repeated: frames that are written again, each time counted.
        pattern_hash: digest of how often each frame is written; None where each is written once.
    """

    lost: int
    repeated: int
    pattern_hash: str | None


EVERY_FRAME_ONCE = Sampling(0, 0, None)


def even_rate(times_s: NDArray[np.float64]) -> float | None:
    """Frames a second of frames that are equally far apart but for rounding; None where they are not.

    >>> even_rate(np.round(np.arange(81) * 1000 / 16) / 1000)
    16.0
    >>> even_rate(np.array([0.0, 0.1, 0.3])) is None
    True

    Args:
        times_s: when each frame is shown, in order.
    """
    if len(times_s) < 2 or times_s[-1] <= times_s[0]:
        return None
    step = float(times_s[-1] - times_s[0]) / (len(times_s) - 1)
    furthest = float(np.abs(times_s - times_s[0] - np.arange(len(times_s)) * step).max())
    if furthest > min(MOST_ROUNDING_S, _MOST_ROUNDING_FRAMES * step):
        return None
    # Of rates that rounding leaves possible a usual one is meant: whole, or the thousandth less of television.
    rate = 1 / step
    usual = [float(round(rate)), round(rate * 1.001) / 1.001]
    nearest = min(usual, key=lambda each: abs(each - rate))
    leeway = 2 * furthest / step / (len(times_s) - 1)
    return nearest if abs(nearest - rate) <= leeway * rate else rate


def sample(times: Sequence[float], durations: Sequence[float]) -> Sampling:
    """What is written of frames.

    >>> sample([0, 1, 2, 4, 5], [1, 1, 2, 1, 1])[:2]
    (0, 1)
    >>> sample([0, 1, 1.02, 1.03], [1, 0.02, 0.01, 0.01])[:2]
    (1, 0)

    Args:
        times: when each is shown, in order, the first at 0, in frames of the output.
        durations: for how long, as the container says.
    """
    copies = np.zeros(len(times), np.int64)
    written = 0
    for number, (time, duration) in enumerate(zip(times, durations, strict=True)):
        behind = time - written
        end = behind + duration
        if behind < 0 < end:
            behind = 0.0
        again, count = 0, 1
        if end < -_TOLERANCE:
            count = 0
        elif end > _TOLERANCE:
            count = round(min(end, _MOST_COPIES))
            again = round(behind - 0.6) if behind > _TOLERANCE else 0
        again = min(again, count) if number else 0
        copies[number - 1] += again
        copies[number] += count - again
        written += count
    if (copies == 1).all():
        return EVERY_FRAME_ONCE
    digest = xxhash.xxh3_128_hexdigest(copies.astype("<i8").tobytes())
    return Sampling(int((copies == 0).sum()), int((copies - 1).clip(0).sum()), digest)
