"""What Kiwi-Edit's training loader makes of a file and of a cell, as expressions on frames.

Source: Kiwi-Edit, ``diffsynth/trainers/unified_dataset.py`` and ``train.py``, whose behaviour is told here in our
own words; ``tests/loader/reference_loader.py`` does the same on real files.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from sparkle_curation.loader.prompt_hazards import PANDAS_MISSING
from sparkle_curation.spec.codes.media_faults import MediaFault

SIZE_MULTIPLE_PX = 32
"""Width and height are cropped to multiples of it; fixed in ``train.py``."""

FRAME_STEP = 4
"""A video shorter than asked is cut to ``4n + 1`` frames; fixed in ``train.py``."""


FAULTS_THAT_FAIL: frozenset[MediaFault] = frozenset(
    {
        MediaFault.MISSING,
        MediaFault.EMPTY,
        MediaFault.NOT_MP4,
        MediaFault.NO_INDEX,
        MediaFault.NO_VIDEO_TRACK,
        MediaFault.NO_FRAMES,
    }
)
"""With these no reader finds a frame, so the row is replaced; of files with others FFmpeg reads what it can."""


class FileType(StrEnum):
    """How the loader opens a file, by its extension alone."""

    VIDEO = "video"
    GIF = "gif"
    IMAGE = "image"


EXTENSIONS: dict[str, FileType] = {
    **dict.fromkeys(("mp4", "avi", "mov", "wmv", "mkv", "flv", "webm"), FileType.VIDEO),
    "gif": FileType.GIF,
    **dict.fromkeys(("jpg", "jpeg", "png", "webp"), FileType.IMAGE),
}
"""Extension, in lower case -> how it is opened. A file of any other is an error, and so its row is replaced."""

_COUNT = "an integer above 0"
_SIDE = f"{_COUNT}, or null; height and width are both set or neither"
_Count = Annotated[int, Field(strict=True, ge=1, description=_COUNT)]
_Side = Annotated[Annotated[int, Field(strict=True, ge=1)] | None, Field(description=_SIDE)]


class LoaderSettings(BaseModel):
    """The options of ``train.py`` that decide what is loaded.

    Attributes:
        num_frames: frames of a sample at most.
        max_pixels: pixels of a frame at most; a larger one is scaled down. The published training script says
            921600, which is 1280 x 720; without the option the loader takes 1024 * 1024.
        height: one height for all, with ``width``; None for each video's own.
        width: one width for all. The loader passes over one of the two alone, so here that is refused.
    """

    # Defaults are checked too: a height that is set alone meets a width of None.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    num_frames: _Count = 81
    max_pixels: _Count = 921_600
    height: _Side = None
    width: _Side = None

    @field_validator("width")
    @classmethod
    def _goes_with_height(cls, width: int | None, info: ValidationInfo) -> int | None:
        if "height" in info.data and (width is None) != (info.data["height"] is None):
            raise ValueError(_SIDE)
        return width


def file_type(path: pl.Expr) -> pl.Expr:
    """How the loader opens the file: a ``FileType``; null where it raises.

    >>> pl.select(file_type(pl.Series(["a/b.MP4", "a.b/c", "x.jpg"]))).to_series().to_list()
    ['video', None, 'image']
    """
    types = {extension: kind.value for extension, kind in EXTENSIONS.items()}
    extension = path.str.extract(r"([^.]*)$", 1).str.to_lowercase()
    return extension.replace_strict(types, default=None, return_dtype=pl.String)


def is_read_as_missing(cell: pl.Expr) -> pl.Expr:
    """Whether ``pandas.read_csv`` reads the cell as NaN: a path is then no text, and joining it raises."""
    return cell.is_null() | cell.is_in(sorted(PANDAS_MISSING))


def loaded_frame_count(frame_count: pl.Expr, settings: LoaderSettings) -> pl.Expr:
    """Frames of a video that are loaded: its first ``num_frames``, or the largest ``4n + 1`` of them if it has fewer.

    >>> pl.select(loaded_frame_count(pl.Series([85, 81, 80, 66, 4, 1]), LoaderSettings())).to_series().to_list()
    [81, 81, 77, 65, 1, 1]
    """
    shortened = ((frame_count - 1) // FRAME_STEP * FRAME_STEP + 1).clip(0)
    enough = pl.lit(settings.num_frames, pl.Int32)
    return pl.when(frame_count >= settings.num_frames).then(enough).otherwise(shortened.cast(pl.Int32))


def loaded_size(width_px: pl.Expr, height_px: pl.Expr, settings: LoaderSettings) -> tuple[pl.Expr, pl.Expr]:
    """Width and height of the loaded frames: scaled down to ``max_pixels``, then floored to multiples of 32.

    >>> video = pl.DataFrame({"w": [1280, 1920, 640, 20], "h": [720, 1080, 360, 40]})
    >>> video.select(loaded_size(pl.col("w"), pl.col("h"), LoaderSettings())).rows()
    [(1280, 704), (1280, 704), (640, 352), (0, 32)]
    """
    if settings.height is not None and settings.width is not None:
        # Clipped to one number, so that what is not known stays null.
        return width_px.clip(settings.width, settings.width), height_px.clip(settings.height, settings.height)
    pixels = width_px.cast(pl.Int64) * height_px.cast(pl.Int64)
    scale = (pixels / settings.max_pixels).sqrt()

    def shrunk(side_px: pl.Expr) -> pl.Expr:
        whole = pl.when(pixels > settings.max_pixels).then((side_px / scale).floor()).otherwise(side_px)
        return whole.cast(pl.Int32) // SIZE_MULTIPLE_PX * SIZE_MULTIPLE_PX

    return shrunk(width_px), shrunk(height_px)
