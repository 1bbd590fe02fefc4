"""What a contact sheet can show of a sample; apart from what draws it, so that parameters are checked fast."""

from __future__ import annotations

from enum import StrEnum


class PictureKind(StrEnum):
    """What a picture of a card shows."""

    SOURCE = "source"
    EDITED = "edited"
    EDITED_MIDDLE = "edited_middle"
    MASK = "mask"
    BOXES = "boxes"
