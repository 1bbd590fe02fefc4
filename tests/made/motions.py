"""Clips whose camera moves by as much as one says, as real H.264: a textured scene seen through a window that travels."""

from __future__ import annotations

import io
from collections.abc import Callable

import av
import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FRAMES = 480, 270, 81
SCALE = WIDTH / 1280
"""Motions are told in pixels of a frame of 1280, as the measures are."""
_MARGIN = 200

Picture = NDArray[np.uint8]
Place = Callable[[int], tuple[float, float, float]]
"""Of a frame: shift to the right and down in pixels of 1280, and enlargement."""


def textured(seed: int = 0, width: int = WIDTH + 2 * _MARGIN, height: int = HEIGHT + 2 * _MARGIN) -> Picture:
    """A grey scene with detail at several sizes."""
    random = np.random.default_rng(seed)
    scene = np.zeros((height, width), np.float32)
    for cell, weight in ((6, 40), (16, 50), (60, 60)):
        noise = random.random((height // cell + 2, width // cell + 2), np.float32) - 0.5
        scene += weight * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(scene + 120, 0, 255).astype(np.uint8)


def outlined(seed: int, width: int, height: int, dark: int = 60, light: int = 190) -> Picture:
    """A grey scene of two tones with hard edges between them, which Canny finds."""
    scene = cv2.GaussianBlur(textured(seed)[:height, :width], (0, 0), 4)
    return np.where(scene > np.median(scene), light, dark).astype(np.uint8)


def view(scene: Picture, x: float, y: float, zoom: float = 1.0) -> Picture:
    """The window on a scene, shifted and enlarged about its middle."""
    centre = (WIDTH - 1) / 2, (HEIGHT - 1) / 2
    matrix = np.array(
        [
            [1 / zoom, 0, _MARGIN + centre[0] * (1 - 1 / zoom) + x * SCALE],
            [0, 1 / zoom, _MARGIN + centre[1] * (1 - 1 / zoom) + y * SCALE],
        ]
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(scene, matrix, (WIDTH, HEIGHT), flags=flags), np.uint8)


def filmed(place: Place, scene: Picture | None = None, frames: int = FRAMES) -> bytes:
    """A clip of a scene from where the camera is in each frame."""
    seen = textured() if scene is None else scene
    return encode([view(seen, *place(number)) for number in range(frames)])


def encode(pictures: list[Picture], rate: int = 16) -> bytes:
    """Grey or RGB pictures as an mp4 of H.264, near to lossless."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "12", "preset": "ultrafast"}
        for picture in pictures:
            form = "gray" if picture.ndim == 2 else "rgb24"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), form)))
        container.mux(stream.encode(None))
    return target.getvalue()
