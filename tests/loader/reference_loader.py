"""What Kiwi-Edit's training loader does with the rows of a CSV, done on real files: slow, plain, and on its own.

It shares no code with the preflight, which is compared with it. Files are opened and frames decoded; a row of which
anything fails is one that the loader replaces.

Source: Kiwi-Edit, ``diffsynth/trainers/unified_dataset.py``, as its documentation and trials tell it.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import pandas as pd
from PIL import Image, ImageSequence


class Options(NamedTuple):
    """The options of the training that decide what is loaded."""

    num_frames: int = 81
    max_pixels: int = 1280 * 720
    height: int | None = None
    width: int | None = None


class Clip(NamedTuple):
    """A loaded file: frames, and width and height of the first of them."""

    frame_count: int
    width: int
    height: int


class Row(NamedTuple):
    """A row of the CSV: both clips, or the error because of which another row takes its place."""

    task: str
    prompt: object
    source: Clip | None
    edited: Clip | None
    error: str | None


def load_csv(csv: Path, base: Path, options: Options) -> list[Row]:
    """Every row of a training CSV, as the loader takes it."""
    return [_load_row(row, base, options) for _, row in pd.read_csv(csv).iterrows()]


def _load_row(row: pd.Series, base: Path, options: Options) -> Row:
    try:
        clips = _load_pair(row, base, options)
    except Exception as error:  # noqa: BLE001  # the loader catches everything, and that is what is tried here
        return Row(row["task"], row["prompt"], None, None, f"{type(error).__name__}: {error}")
    return Row(row["task"], row["prompt"], *clips, None)


def _load_pair(row: pd.Series, base: Path, options: Options) -> list[Clip]:
    source, edited = (_load_file(str(base / row[key]), options) for key in ("src_video", "tgt_video"))
    if source[0].size != edited[0].size or len(source) != len(edited):
        raise ValueError("the pair does not match")
    return [Clip(len(frames), *frames[0].size) for frames in (source, edited)]


def _load_file(path: str, options: Options) -> list[Image.Image]:
    match path.rsplit(".", 1)[-1].lower():
        case "jpg" | "jpeg" | "png" | "webp":
            pictures = [Image.open(path).convert("RGB")]
        case "gif":
            pictures = [picture.convert("RGB") for picture in ImageSequence.Iterator(Image.open(path))]
            pictures = pictures[: _wanted(len(pictures), options)]
        case "mp4" | "avi" | "mov" | "wmv" | "mkv" | "flv" | "webm":
            pictures = _decode(path, options)
        case unknown:
            raise ValueError(f"no file of type {unknown}")
    return [_fit(picture, options) for picture in pictures]


def _decode(path: str, options: Options) -> list[Image.Image]:
    """The first frames, as the FFmpeg command line gives them to imageio: at a constant rate, whatever their times."""
    with av.open(path) as container:
        packet_count = sum(1 for packet in container.demux(video=0) if packet.size)
    wanted = _wanted(packet_count, options)
    with av.open(path) as container:
        rate = container.streams.video[0].guessed_rate
        frames = list(container.decode(video=0))
    shown = list(_written(frames, rate))
    if len(shown) < wanted:
        raise IndexError(f"{len(shown)} frames are written, {packet_count} were counted")
    return [frames[place].to_image().rotate(frames[place].rotation, expand=True) for place in shown[:wanted]]


def _written(frames: list[av.VideoFrame], rate: Fraction) -> Iterator[int]:
    """The numbers of the frames in the order of writing: what `-fps_mode cfr` does, a frame of grace included."""
    place = 0
    for number, frame in enumerate(frames):
        start = (frame.time - frames[0].time) * rate - place
        end = start + frame.duration * frame.time_base * rate
        copies = 0 if end < -1.1 else max(1, round(end))
        late = round(start - 0.6) if end > 1.1 and start > 1.1 and number else 0
        yield from [number - 1] * late + [number] * (copies - late)
        place += copies


def _wanted(frame_count: int, options: Options) -> int:
    if frame_count >= options.num_frames:
        return options.num_frames
    while frame_count > 1 and frame_count % 4 != 1:
        frame_count -= 1
    return frame_count


def _fit(picture: Image.Image, options: Options) -> Image.Image:
    """The picture, scaled until it covers the wanted size, and cut to it from the middle."""
    width, height = _fitted_size(picture.size, options)
    scale = max(width / picture.width, height / picture.height)
    scaled = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    left, top = (scaled.width - width) // 2, (scaled.height - height) // 2
    return scaled.crop((left, top, left + width, top + height))


def _fitted_size(size: tuple[int, int], options: Options) -> tuple[int, int]:
    if options.width is not None and options.height is not None:
        return options.width, options.height
    width, height = size
    if width * height > options.max_pixels:
        scale = (width * height / options.max_pixels) ** 0.5
        width, height = int(width / scale), int(height / scale)
    return width // 32 * 32, height // 32 * 32
