"""The tracked masks that deserve a look, as one picture: those whose passes agree least, on three frames of their clips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from sparkle_curation.errors import MediaError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.tracking.mask_folder import MaskFolder
from sparkle_curation.reports.lettering.text import drawable, shortened, write
from sparkle_curation.reports.sheet.colours import (
    GAP,
    GREY,
    INK,
    MARGIN,
    PAGE,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    SMALL,
    TEXT,
    TITLE,
)
from sparkle_curation.reports.sheet.panels import empty_panel, mask_panel
from sparkle_curation.spec.layout import KIND

_HEAD_HEIGHT = 92
_ROW_HEIGHT = PANEL_HEIGHT + SMALL + 26
_PANELS = 3


def draw_extremes(
    tracks: pl.DataFrame, store: AssetStore, folder: MaskFolder, shown: int
) -> NDArray[np.uint8]:
    """The picture, (height, width, 3), RGB: clips with a mask, least agreement first; of one pass the worst covered boxes.

    Args:
        tracks: columns of ``tracks``.
        store: the source clips.
        folder: the masks.
        shown: clips at most.
    """
    masked = tracks.filter(pl.col("error").is_null())
    rows = masked.sort("agreement", "smallest_box_in_mask_share", "id", nulls_last=True).head(shown)
    width = 2 * MARGIN + _PANELS * PANEL_WIDTH + (_PANELS - 1) * GAP
    sheet = Image.new("RGB", (width, _HEAD_HEIGHT + max(rows.height, 1) * _ROW_HEIGHT + MARGIN), PAGE)
    write(sheet, (MARGIN, 20), "Tracked masks · where passes agree least", TITLE, INK)
    subtitle = f"first, middle and last frame of {rows.height:,} of {masked.height:,} clips with a mask"
    write(sheet, (MARGIN, 60), subtitle if rows.height else "No clip has a tracked mask to show.", TEXT, GREY)
    for place, row in enumerate(rows.iter_rows(named=True)):
        _draw_row(sheet, _HEAD_HEIGHT + place * _ROW_HEIGHT, row, _panels(row, store, folder))
    return np.asarray(sheet)


def _panels(row: dict[str, Any], store: AssetStore, folder: MaskFolder) -> Sequence[Image.Image]:
    """The mask on three frames, or why it cannot be shown."""
    frames = [0, row["frame_count"] // 2, row["frame_count"] - 1]
    pictures = read_asset(store, row["id"], KIND.source_video, lambda file: read_frames(file, frames))
    if isinstance(pictures, Failure):
        return [empty_panel(f"{KIND.source_video} cannot be read: {pictures.error}")] * _PANELS
    try:
        with folder.path(row["theme"], row["id"]).open("rb") as file:
            mask = load_mask(file)[frames]
    except (OSError, MediaError, IndexError) as error:
        return [empty_panel(f"the mask cannot be read: {error}")] * _PANELS
    return [mask_panel(picture, plane) for picture, plane in zip(pictures, mask, strict=True)]


def _draw_row(sheet: Image.Image, y: int, row: dict[str, Any], panels: Sequence[Image.Image]) -> None:
    for place, panel in enumerate(panels):
        sheet.paste(panel, (MARGIN + place * (PANEL_WIDTH + GAP), y))
    agreement = "one pass" if row["agreement"] is None else f"agreement {row['agreement']:.2f}"
    released = row["released_iou_mean"]
    parts = [
        agreement,
        f"{row['pass_count']} passes",
        *([] if released is None else [f"IoU with the released mask {released:.2f}"]),
        row["id"],
    ]
    caption = shortened(drawable(" · ".join(parts)), SMALL, _PANELS * PANEL_WIDTH)
    write(sheet, (MARGIN, y + PANEL_HEIGHT + 5), caption, SMALL, INK)
