"""Twelve pairs like those of the release: a person who moves, before a still background and before another that moves.

For tests that need more than shapes on flat ground: textures, detail, grain, and clips as long and as encoded as the
release's (H.264 with B-frames, one key frame, several slices, the index at the end), three eighths as wide and as high.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from sparkle_curation.spec.layout import annotations_csv_path, asset_path
from sparkle_curation.spec.themes import THEMES

Picture = NDArray[np.uint8]

FPS = 16
FRAME_COUNTS = (81, 81, 81, 73, 81, 69, 81, 81, 81, 81, 69, 81)
"""Of the pairs, as of the twelve real ones that tests use too."""
_SIZE = (480, 270)
_SEED = 2
"""Of the backgrounds: with it the first frames are as far from each other as those of real pairs."""
_PAN_PX = 80  # how far a moving background is seen to move, at most
_ENCODER = {
    "preset": "superfast",
    "crf": "26",
    "x264-params": "bframes=3:b-pyramid=normal:keyint=250:slices=4:sliced-threads=1",
}


@dataclass(frozen=True)
class Pairs:
    """Pairs of videos with their CSVs, laid out as a release, without anything else.

    Attributes:
        root: the folder.
        size: width and height of each clip.
    """

    root: Path
    size: tuple[int, int]

    @property
    def loaded_size(self) -> tuple[int, int]:
        """What Kiwi-Edit's loader crops them to."""
        return self.size[0] // 32 * 32, self.size[1] // 32 * 32

    def clips(self, part: str = "*_video") -> list[Path]:
        """The clips, or those of one part alone."""
        return sorted(self.root.glob(f"*/{part}/*.mp4"))


def make_pairs(root: Path) -> Pairs:
    """The made pairs, spread over the themes, and their CSVs."""
    rows: dict[str, list[list[str]]] = {theme: [] for theme in THEMES}
    for number, frame_count in enumerate(FRAME_COUNTS):
        theme = THEMES[number % len(THEMES)]
        sample_id = f"Sparkle_{theme}_{number:06d}"
        paths = [asset_path(theme, kind, sample_id) for kind in ("source_video", "edited_video")]
        for path, is_moving in zip(paths, (False, True), strict=True):
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _encode(target, _frames(number, frame_count, is_moving=is_moving))
        rows[theme].append([f"Put the person of scene {number} in another place.", *paths, sample_id])
    for theme, lines in rows.items():
        path = root / annotations_csv_path(theme)
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([["prompt", "src_video", "tgt_video", "task"], *lines])
    return Pairs(root, _SIZE)


def _frames(scene: int, frame_count: int, *, is_moving: bool) -> Iterator[Picture]:
    """The person before one background, or before another over which the camera seems to pan."""
    width, height = _SIZE
    rng = np.random.default_rng([scene, is_moving, _SEED])
    background = _texture(rng, width + _PAN_PX, height)
    tones = np.random.default_rng(scene).integers(30, 226, (3, 3)).tolist()
    for number in range(frame_count):
        left = round(_PAN_PX * number / frame_count) if is_moving else 0
        picture = Image.fromarray(background[:, left : left + width])
        _draw_person(picture, scene, number / FPS, tones)
        yield np.asarray(picture)


def _texture(rng: np.random.Generator, width: int, height: int) -> Picture:
    """Large forms with finer ones in them, and grain, in colours."""
    layers = np.zeros((height, width, 3))
    for cells, weight in ((4, 1.0), (12, 0.7), (40, 0.1)):
        noise = rng.integers(0, 256, (cells, cells * width // height, 3), np.uint8)
        layers += weight * np.asarray(
            Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
        )
    grain = rng.normal(0, 3, (height, width, 1))
    return (layers / 1.8 + grain).clip(0, 255).astype(np.uint8)


def _draw_person(picture: Image.Image, scene: int, seconds: float, tones: list[list[int]]) -> None:
    """A head, a trunk, arms and legs that swing, somewhat out of focus at their edges."""
    width, height = picture.size
    left = round(width * (0.1 + 0.06 * (scene % 8)) + 10 * seconds)
    coverage = Image.new("L", (height // 2, height))  # what of the picture the person may move in
    drawn = picture.crop((left, 0, left + coverage.width, height))
    x, swing = coverage.width / 2, math.sin(5 * seconds)
    head, shoulder, hip, foot = (height * share for share in (0.24, 0.34, 0.64, 0.97))
    for pen, (skin, coat, trousers) in (
        (ImageDraw.Draw(drawn), map(tuple, tones)),
        (ImageDraw.Draw(coverage), (255, 255, 255)),
    ):
        for side in (-1, 1):
            pen.line([(x + 7 * side, hip), (x + 7 * side + 21 * swing * side, foot)], trousers, 13)
            pen.line([(x + 18 * side, shoulder + 5), (x + 23 * side - 20 * swing * side, hip)], coat, 9)
        pen.rounded_rectangle([x - 20, shoulder, x + 20, hip + 6], 9, coat)
        pen.ellipse([x - 12, head - 15, x + 12, head + 15], skin)
    picture.paste(drawn, (left, 0), coverage.filter(ImageFilter.GaussianBlur(0.7)))


def _encode(target: Path, frames: Iterator[Picture]) -> None:
    with av.open(str(target), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options=_ENCODER)
        stream.width, stream.height = _SIZE
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
