"""The pairs at either end of each signal, as one picture: what a number means is seen, not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image

from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.reports.lettering.text import drawable, shortened, write
from sparkle_curation.reports.sheet.colours import (
    FAILED,
    GAP,
    GREY,
    HEADING,
    INK,
    MARGIN,
    PAGE,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    PASSED,
    SMALL,
    TEXT,
    TITLE,
)
from sparkle_curation.reports.sheet.panels import Picture, empty_panel, frame_panel, mask_panel
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.signals import MASK_SIGNALS

_WORSE_WHEN_HIGH = frozenset({"flicker_excess"})
_OF_SOURCE = frozenset({"source_background_liveliness"})
"""What no edit decides has no worst."""

_HEAD_HEIGHT = 92
_SECTION_HEIGHT = HEADING + 24
_ROW_HEIGHT = PANEL_HEIGHT + SMALL + 26
_PANELS = 3


class _Row(NamedTuple):
    """A pair of a section: its row of the table, and at which end it stands."""

    sample: dict[str, Any]
    is_worst: bool


def draw_extremes(
    signals: pl.DataFrame, media: pl.DataFrame, store: AssetStore, shown: int
) -> NDArray[np.uint8]:
    """The picture, (height, width, 3), RGB: for each signal of a mask the worst pairs, then the best, of any theme.

    A row shows the source, the edit and the mask on the source, in the frame where the foreground's lines agree least.

    Args:
        signals: columns of ``signals``.
        media: columns of ``media``.
        store: the assets.
        shown: pairs at either end of a signal.
    """
    sections = [
        (field.name, list(_ends(signals, field.name, shown)))
        for field in MASK_SIGNALS
        if field.name not in _OF_SOURCE
    ]
    sections = [(name, rows) for name, rows in sections if rows]
    wanted = {row.sample["id"] for _, rows in sections for row in rows}
    present = set(
        prefer_loose(media.filter(pl.col("id").is_in(list(wanted)))).select("id", "kind").iter_rows()
    )
    panels = {row.sample["id"]: _panels(store, row.sample, present) for _, rows in sections for row in rows}
    width = 2 * MARGIN + _PANELS * PANEL_WIDTH + (_PANELS - 1) * GAP
    heights = [_SECTION_HEIGHT + len(rows) * _ROW_HEIGHT for _, rows in sections]
    sheet = Image.new("RGB", (width, _HEAD_HEIGHT + max(sum(heights), _SECTION_HEIGHT) + MARGIN), PAGE)
    write(sheet, (MARGIN, 20), "Signals · the worst and the best", TITLE, INK)
    subtitle = "source, edit, and the mask on the source" if sections else "No pair has signals to show."
    write(sheet, (MARGIN, 60), subtitle, TEXT, GREY)
    y = _HEAD_HEIGHT
    for name, rows in sections:
        write(sheet, (MARGIN, y + 6), name.replace("_", " "), HEADING, INK)
        y += _SECTION_HEIGHT
        for row in rows:
            _draw_row(sheet, y, row, name, panels[row.sample["id"]])
            y += _ROW_HEIGHT
    return np.asarray(sheet)


def _ends(signals: pl.DataFrame, name: str, shown: int) -> Iterator[_Row]:
    """The worst, worst first, then the best, best last; a pair stands at one end."""
    ordered = signals.drop_nulls(name).sort([name, "id"], descending=[name in _WORSE_WHEN_HIGH, False])
    worst = ordered.head(shown)
    best = ordered.slice(worst.height).tail(shown)
    yield from (_Row(row, is_worst=True) for row in worst.iter_rows(named=True))
    yield from (_Row(row, is_worst=False) for row in best.iter_rows(named=True))


def _panels(
    store: AssetStore, sample: dict[str, Any], present: set[tuple[Any, ...]]
) -> Sequence[Image.Image]:
    """The three pictures of a pair, each of them, or why it cannot be shown."""
    name, number = sample["id"], sample["worst_frame"] or 0

    def read(kind: str) -> Picture | str:
        if (name, kind) not in present:
            return f"no {kind} in the available release"
        found = read_asset(store, name, kind, lambda file: read_frames(file, [number])[0])
        return f"{kind} cannot be read: {found.error}" if isinstance(found, Failure) else found

    source, edited = read(KIND.source_video), read(KIND.edited_video)
    plane = (
        read_asset(store, name, KIND.mask, lambda file: load_mask(file)[number])
        if (name, KIND.mask) in present
        else None
    )
    drawn = [
        empty_panel(found) if isinstance(found, str) else frame_panel(found) for found in (source, edited)
    ]
    if isinstance(source, str) or plane is None or isinstance(plane, Failure):
        return [*drawn, empty_panel("the mask cannot be shown")]
    return [*drawn, mask_panel(source, plane)]


def _draw_row(
    sheet: Image.Image,
    y: int,
    row: _Row,
    name: str,
    panels: Sequence[Image.Image],
) -> None:
    for place, panel in enumerate(panels):
        sheet.paste(panel, (MARGIN + place * (PANEL_WIDTH + GAP), y))
    said = "worst" if row.is_worst else "best"
    text = f"{row.sample[name]:.2f} · {said} · {row.sample['id']} · frame {row.sample['worst_frame'] or 0}"
    colour = FAILED if row.is_worst else PASSED
    caption = shortened(drawable(text), SMALL, _PANELS * PANEL_WIDTH)
    write(sheet, (MARGIN, y + PANEL_HEIGHT + 5), caption, SMALL, colour)
