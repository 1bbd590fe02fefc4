"""The frames of a made sample: source, edited and background clips, the mask, the boxes and the edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.backdrops import draw_frames, with_tint
from synthetic.figures import Figure, Part
from synthetic.scenery import EDITED, SOURCE
from synthetic.shapes import HEIGHT_PX, WIDTH_PX, Image, blend, cover, rounded

Frames = NDArray[np.uint8]
"""(frames, height, width, 3), RGB."""
Mask = NDArray[np.bool_]
"""(frames, height, width), true where the foreground is."""

FPS = 16
BACKGROUND_FRAME_COUNT = 81
BOX_STRIDE = 8
"""Frames between two frames of grounding round 2: 2 FPS at 16 (dataset card, ``frame_objects``)."""
BOX_RANGE = 1000
FRAMES_A_DRAWING = 4
"""Each drawing stands for four frames, as in hand-drawn film: the clips of 120 samples must fit into 4 MB."""
_FIGURE_EDGE, _BACKGROUND_EDGE = 24, 48  # change of brightness (0-255) to the next pixels that is an edge


@dataclass(frozen=True)
class Clip:
    """All frames of one sample.

    Attributes:
        source: the figure before its still background.
        edited: the same figure before the new background, as many frames as ``source``.
        background: the new background alone, 81 frames.
        mask: the figure, one bit a pixel of ``source``.
        object_masks: the same for each object of ``Figure.labels``, in their order.
    """

    source: Frames
    edited: Frames
    background: Frames
    mask: Mask
    object_masks: tuple[Mask, ...]


def draw_clip(
    figure: Figure, source_scene: str, keyword: str, frame_count: int, rng: np.random.Generator
) -> Clip:
    """The frames of a figure that walks before a source scene, edited to a keyword's scene."""
    still = draw_frames(with_tint(SOURCE[source_scene], rng), [0.0], rng)[0]
    drawings = draw_frames(with_tint(EDITED[keyword], rng), _drawing_times(BACKGROUND_FRAME_COUNT), rng)
    times = _drawing_times(frame_count)
    moments = [figure.parts(seconds / times[-1], seconds) for seconds in times]
    object_masks = tuple(
        _held([_mask([part for part in parts if number in part.objects]) for parts in moments])
        for number in range(len(figure.labels))
    )
    return Clip(
        source=_held([_with_figure(still, parts) for parts in moments]),
        edited=_held(
            [_with_figure(drawing, parts) for drawing, parts in zip(drawings, moments, strict=False)]
        ),
        background=_held(drawings),
        mask=np.logical_or.reduce(object_masks),
        object_masks=object_masks,
    )


def bounding_box(mask: NDArray[np.bool_]) -> list[int]:
    """``[x1, y1, x2, y2]`` around the true pixels of one frame, 0-1000 of width and height; ``[]`` if none.

    >>> bounding_box(np.array([[0, 0, 0, 0], [0, 1, 1, 0]], bool))
    [250, 500, 750, 1000]
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return []
    height, width = mask.shape
    ends = (columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
    return [round(BOX_RANGE * float(end)) for end in ends]


def edges(clip: Clip) -> Frames:
    """The edges, white on black: the figure's inside the mask, the new background's outside it."""
    background = clip.background[: len(clip.source)]
    is_edge = np.where(clip.mask, _is_edge(clip.source, _FIGURE_EDGE), _is_edge(background, _BACKGROUND_EDGE))
    return np.repeat(np.where(is_edge, np.uint8(255), np.uint8(0))[..., None], 3, axis=3)


def _drawing_times(frame_count: int) -> list[float]:
    """The time in seconds of each drawing of a clip with ``4n + 1`` frames."""
    return [number / FPS for number in range(0, frame_count, FRAMES_A_DRAWING)]


def _held(drawings: Sequence[NDArray[Any]] | NDArray[Any]) -> NDArray[Any]:
    """Drawings as frames: each is held for four frames, but the last one for one."""
    frames = np.repeat(np.asarray(drawings), FRAMES_A_DRAWING, axis=0)
    return frames[: 1 - FRAMES_A_DRAWING]


def _is_edge(frames: Frames, step: int) -> Mask:
    brightness = frames.astype(np.int16).sum(axis=3) // 3
    padded = np.pad(brightness, ((0, 0), (0, 1), (0, 1)), mode="edge")
    across = np.abs(padded[:, :-1, 1:] - padded[:, :-1, :-1])
    down = np.abs(padded[:, 1:, :-1] - padded[:, :-1, :-1])
    return np.asarray(across + down > step)


def _with_figure(background: Frames, parts: tuple[Part, ...]) -> Frames:
    image: Image = background.astype(np.float32)
    for part in parts:
        window, coverage = cover(part.shape)
        blend(image[window], coverage, part.colour)
    return rounded(image)


def _mask(parts: list[Part]) -> NDArray[np.bool_]:
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), bool)
    for part in parts:
        window, coverage = cover(part.shape)
        mask[window] |= coverage > 0.5
    return mask
