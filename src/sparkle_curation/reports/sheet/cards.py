"""The pictures and clips of a sheet's cards, read from the release, or why there are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, TypeVar

import numpy as np
import polars as pl
from PIL import Image

from sparkle_curation.ingest.assets.store import AssetStore, prefer_loose
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.bboxes.bboxes import to_pixels
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.reports.sheet.description import Panel
from sparkle_curation.reports.sheet.panels import (
    Labelled,
    Picture,
    boxes_panel,
    empty_panel,
    frame_panel,
    mask_panel,
)
from sparkle_curation.reports.sheet.sample_choice import PictureKind
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.tables.ingested import GROUNDING_R1, GROUNDING_R2

Boxes = Sequence[Mapping[str, Any]]
"""Boxes of one frame as the groundings have them: ``bbox_2d`` in 0-1000, ``label``."""


_ResultT = TypeVar("_ResultT")


class _Found(NamedTuple):
    picture: Picture
    caption: str


@dataclass(frozen=True)
class Grounded:
    """Boxes on the first source frame.

    Attributes:
        boxes: as the grounding has them.
        table: the table that they come from.
    """

    boxes: Boxes
    table: str


PAIR_KINDS = (KIND.source_frame0, KIND.source_video), (KIND.edited_video, KIND.edited_frame0)
"""Where the picture of a source, and of its edit, is looked for: in the first of these kinds that can be read."""


class PanelMaker:
    """Makes the pictures of samples.

    Args:
        store: the release's assets.
        media: columns of ``media``, of the available samples.
        grounded: boxes by sample id.
    """

    def __init__(self, store: AssetStore, media: pl.DataFrame, grounded: Mapping[str, Grounded]) -> None:
        self._store, self._grounded = store, grounded
        self._files = {(row["id"], row["kind"]): row for row in prefer_loose(media).iter_rows(named=True)}

    def panels(self, sample_id: str, pictures: Sequence[PictureKind]) -> list[Panel]:
        """A sample's pictures, in the order in which they are asked for."""
        source = self._first_of(sample_id, (KIND.source_frame0, KIND.source_video))
        makers: dict[PictureKind, Callable[[], Panel]] = {
            PictureKind.SOURCE: lambda: _as_panel(source),
            PictureKind.EDITED: lambda: _as_panel(
                self._first_of(sample_id, (KIND.edited_video, KIND.edited_frame0))
            ),
            PictureKind.EDITED_MIDDLE: lambda: _as_panel(self._middle_of(sample_id, KIND.edited_video)),
            PictureKind.MASK: lambda: self._mask(sample_id, source),
            PictureKind.BOXES: lambda: self._boxes(sample_id, source),
        }
        return [makers[picture]() for picture in pictures]

    def pair(self, sample_id: str) -> tuple[Image.Image, Image.Image] | str:
        """Pictures of a sample's source and edit, of the size of a panel, or why there are none."""
        source, edited = (self._first_of(sample_id, kinds) for kinds in PAIR_KINDS)
        if isinstance(source, str) or isinstance(edited, str):
            return source if isinstance(source, str) else str(edited)
        return frame_panel(source.picture), frame_panel(edited.picture)

    def _first_of(self, sample_id: str, kinds: Sequence[str]) -> _Found | str:
        """The first picture of the first of the kinds that can be read, else why that of the first cannot."""
        reasons = []
        for kind in kinds:
            found = self._read(sample_id, kind, read_image if kind.endswith("frame0") else _frame_reader(0))
            if not isinstance(found, str):
                return _Found(found, kind if kind.endswith("frame0") else f"{kind} · frame 0")
            reasons.append(found)
        return reasons[0]

    def _middle_of(self, sample_id: str, kind: str) -> _Found | str:
        number = (self._files.get((sample_id, kind), {}).get("frame_count") or 1) // 2
        found = self._read(sample_id, kind, _frame_reader(number))
        return found if isinstance(found, str) else _Found(found, f"{kind} · frame {number}")

    def _mask(self, sample_id: str, source: _Found | str) -> Panel:
        kind = KIND.mask
        plane = self._read(sample_id, kind, lambda file: load_mask(file)[0])
        if isinstance(plane, str):
            return missing_panel(plane, kind)
        blank = np.full((*plane.shape, 3), 128, np.uint8)
        picture = blank if isinstance(source, str) else source.picture
        return Panel(mask_panel(picture, plane), f"{kind} · frame 0 · {plane.mean():.0%} of the picture")

    def _boxes(self, sample_id: str, source: _Found | str) -> Panel:
        grounded = self._grounded.get(sample_id)
        if grounded is None:
            return missing_panel("no boxes of this sample in the available release", "boxes")
        if isinstance(source, str):
            return missing_panel(f"boxes, but nothing to draw them on: {source}", grounded.table)
        height, width, _ = source.picture.shape
        placed = [(to_pixels(box["bbox_2d"], width, height), box["label"]) for box in grounded.boxes]
        labelled = [Labelled(box, label) for box, label in placed if box is not None]
        if not labelled:
            return missing_panel("no object was found on the first source frame", grounded.table)
        count = f"{len(labelled)} of {len(placed)} objects found"
        return Panel(boxes_panel(source.picture, labelled), f"{grounded.table} · frame 0 · {count}")

    def _read(self, sample_id: str, kind: str, read: Callable[[BinaryIO], _ResultT]) -> _ResultT | str:
        """What was read, or why nothing could be."""
        row = self._files.get((sample_id, kind))
        if row is None:
            return f"no {kind} in the available release"
        if row["error"] is not None:
            return f"{kind} is broken: {row['error']}"
        found = read_asset(self._store, sample_id, kind, read)
        return f"{kind} cannot be read: {found.error}" if isinstance(found, Failure) else found


def _frame_reader(number: int) -> Callable[[BinaryIO], Picture]:
    return lambda file: read_frames(file, [number])[0]


def _as_panel(found: _Found | str) -> Panel:
    if isinstance(found, str):
        return missing_panel(found, "")
    return Panel(frame_panel(found.picture), found.caption)


def missing_panel(reason: str, caption: str) -> Panel:
    """What stands in the place of a picture that there is none of."""
    return Panel(empty_panel(reason), caption, reason)


def first_boxes(grounding_r1: pl.DataFrame, grounding_r2: pl.DataFrame) -> dict[str, Grounded]:
    """The boxes on the first source frame by sample id: those of round 1, else the first ones of round 2."""
    second = grounding_r2.select("id", pl.col("frame_objects").list.first().alias("boxes"))
    return {
        **{name: Grounded(boxes or [], GROUNDING_R2.name) for name, boxes in second.iter_rows()},
        **{
            name: Grounded(boxes or [], GROUNDING_R1.name)
            for name, boxes in grounding_r1.select("id", "round1_objects").iter_rows()
        },
    }
