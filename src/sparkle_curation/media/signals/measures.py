"""The signals of a pair, of few small grey frames and the mask: no score of a model, and none that relighting moves.

The aim of an edit is another background under the light of that background, so a measure of likeness must not see light:
edges keep their place and their line, whichever side of them is brighter. Correlation, SSIM and PSNR raise false
alarms there: a white shirt on black that became dark on orange correlates by -0.12 and is the same shirt.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float32]
"""(frames, height, width), grey, 0-255."""
Mask = NDArray[np.bool_]
"""(frames, height, width), true where the foreground is."""

_EVEN = 4.0
"""Grey levels: a neighbourhood that varies by less has no texture but noise."""


class Signals(NamedTuple):
    """The signals of a pair; null where too few pixels are left to say one.

    Attributes:
        foreground_fidelity_min: the edge agreement inside of the mask, -1 to 1, in the frame where it is least.
        foreground_fidelity_mean: the same, mean over the frames.
        worst_frame: the place of that frame among the measured ones.
        background_novelty: 1 less the correlation of texture outside of the mask, mean over the frames: 0 for the same
            picture, about 1 for another one.
        background_liveliness: mean change outside of the mask of the edited video between measured frames, in grey levels.
        source_background_liveliness: the same of the source video.
        flicker_excess: by how many grey levels the foreground of the edited video flickers more than that of the source.
    """

    foreground_fidelity_min: float | None = None
    foreground_fidelity_mean: float | None = None
    worst_frame: int | None = None
    background_novelty: float | None = None
    background_liveliness: float | None = None
    source_background_liveliness: float | None = None
    flicker_excess: float | None = None


def measure_signals(
    source: Frames, edited: Frames, mask: Mask, *, margin_px: int, min_pixels: int, burst: int = 3
) -> Signals:
    """The signals of a pair.

    Args:
        source: bursts of frames, each burst ``burst`` frames that follow each other; the last of a burst is measured, and
            the others tell flicker.
        edited: the same frames of the edited video, of the same size.
        mask: the mask of the measured frames, one for each burst.
        margin_px: pixels along the mask's edge that count neither as foreground nor as background.
        min_pixels: fewer than these say nothing.
        burst: frames of a burst.
    """
    inside, outside = erode(mask, margin_px), erode(~mask, margin_px)
    source_still, edited_still = source[burst - 1 :: burst], edited[burst - 1 :: burst]
    fidelity, likeness = [], []
    for number in range(len(mask)):
        pair = source_still[number], edited_still[number]
        fidelity.append(edge_agreement(*pair, inside[number], min_pixels))
        likeness.append(texture_correlation(*pair, outside[number], min_pixels))
    agreed = [(value, number) for number, value in enumerate(fidelity) if value is not None]
    alike = [value for value in likeness if value is not None]
    flicker = [_flicker(frames, inside, burst, min_pixels) for frames in (source, edited)]
    least, worst = min(agreed, default=(None, None))
    return Signals(
        foreground_fidelity_min=least,
        foreground_fidelity_mean=float(np.mean([value for value, _ in agreed])) if agreed else None,
        worst_frame=worst,
        background_novelty=1 - float(np.mean(alike)) if alike else None,
        background_liveliness=_liveliness(edited_still, outside, min_pixels),
        source_background_liveliness=_liveliness(source_still, outside, min_pixels),
        flicker_excess=None if flicker[0] is None or flicker[1] is None else flicker[1] - flicker[0],
    )


def edge_agreement(
    source: NDArray[np.float32], edited: NDArray[np.float32], where: NDArray[np.bool_], min_pixels: int
) -> float | None:
    """Whether the lines of two pictures run alike: mean of cos 2d, weighted by the source's gradient; 1 for the same lines.

    ``d`` is the angle between the gradients. Twice the angle makes it free of sign: a line between dark and light is one
    line whichever side is dark. Where the edited picture has no gradient at all nothing agrees: 0.

    >>> ramp = np.tile(np.arange(8, dtype=np.float32), (8, 1))
    >>> everywhere = np.ones((8, 8), bool)
    >>> [edge_agreement(ramp, other, everywhere, 1) for other in (ramp, 40 - 2 * ramp, ramp.T, 0 * ramp)]
    [1.0, 1.0, -1.0, 0.0]

    Args:
        source: a grey picture.
        edited: another one of its size.
        where: the pixels that count.
        min_pixels: with fewer the answer is None, as it is without a line in the source.
    """
    if np.count_nonzero(where) < min_pixels:
        return None
    source_y, source_x = (np.asarray(part)[where] for part in np.gradient(source))
    edited_y, edited_x = (np.asarray(part)[where] for part in np.gradient(edited))
    weight = np.hypot(source_x, source_y)
    total = float(weight.sum())
    if not total:
        return None
    dot = source_x * edited_x + source_y * edited_y
    norms = weight**2 * (edited_x**2 + edited_y**2)
    is_line = norms > 0
    cosine = np.zeros_like(dot)
    cosine[is_line] = 2 * dot[is_line] ** 2 / norms[is_line] - 1
    return float((weight * cosine).sum()) / total


def texture_correlation(
    source: NDArray[np.float32], edited: NDArray[np.float32], where: NDArray[np.bool_], min_pixels: int
) -> float | None:
    """The correlation of two pictures' texture, -1 to 1: of what stands out of its neighbourhood of 9 x 9, at one contrast.

    Args:
        source: a grey picture.
        edited: another one of its size.
        where: the pixels that count.
        min_pixels: with fewer the answer is None, as it is where a picture has no texture.
    """
    if np.count_nonzero(where) < min_pixels:
        return None
    one, other = (_texture(picture)[where] for picture in (source, edited))
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale else None


def erode(mask: Mask, margin_px: int) -> Mask:
    """The mask without the pixels that are as near as the margin to one that is false; the picture's border is no edge.

    >>> erode(np.array([[[1, 1, 1, 1, 0]]], bool), 2).astype(int)
    array([[[1, 1, 0, 0, 0]]])
    """
    found = mask
    for axis in (1, 2):
        size = mask.shape[axis]
        padded = np.pad(
            found, [(margin_px, margin_px) if each == axis else (0, 0) for each in range(3)], mode="edge"
        )
        parts = [np.take(padded, range(start, start + size), axis) for start in range(2 * margin_px + 1)]
        found = np.logical_and.reduce(parts)
    return found


def _texture(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    mean = _box_mean(picture)
    spread = np.sqrt(np.maximum(_box_mean(picture**2) - mean**2, 0))
    texture: NDArray[np.float32] = (picture - mean) / (spread + np.float32(_EVEN))
    return texture


def _box_mean(picture: NDArray[np.float32], reach: int = 4) -> NDArray[np.float32]:
    side = 2 * reach + 1
    sums = np.pad(picture.astype(np.float64), reach, mode="edge").cumsum(0).cumsum(1)
    sums = np.pad(sums, ((1, 0), (1, 0)))
    total = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    mean: NDArray[np.float32] = (total / side**2).astype(np.float32)
    return mean


def _liveliness(frames: Frames, outside: Mask, min_pixels: int) -> float | None:
    """Mean absolute difference of frames that follow each other, where both are background."""
    changes = []
    for number in range(1, len(frames)):
        both = outside[number] & outside[number - 1]
        if np.count_nonzero(both) >= min_pixels:
            changes.append(float(np.abs(frames[number] - frames[number - 1])[both].mean()))
    return float(np.mean(changes)) if changes else None


def _flicker(frames: Frames, inside: Mask, burst: int, min_pixels: int) -> float | None:
    """Mean absolute second difference in time inside of the mask: even motion and even light have little of it."""
    found = []
    for number, where in enumerate(inside):
        if np.count_nonzero(where) >= min_pixels:
            before, middle, after = frames[number * burst + burst - 3 : number * burst + burst]
            found.append(float(np.abs(before - 2 * middle + after)[where].mean()))
    return float(np.mean(found)) if found else None
