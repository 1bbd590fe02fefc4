"""Small tables of media for tests, with the columns that ``inspect`` gives them."""

from __future__ import annotations

from typing import Any

import polars as pl
from tests.made.tables import theme_of

from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.layout import ASSET_KINDS, asset_path
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS

VIDEO = {
    "width_px": 1280,
    "height_px": 720,
    "frame_count": 81,
    "fps": 16.0,
    "is_constant_fps": True,
    "lost_frame_count": 0,
    "repeated_frame_count": 0,
}
"""What the header of a clip of the release says."""


def media(*rows: pl.DataFrame) -> pl.DataFrame:
    """The table ``media`` of these rows."""
    empty = pl.DataFrame(pl.from_arrow(arrow_schema(MEDIA_COLUMNS).empty_table()))
    return pl.concat([empty, *rows])


def file(sample_id: str, kind: str, **facts: Any) -> pl.DataFrame:
    """One file: a clip of the release where it is a video, with a hash of its own; ``facts`` say what is different."""
    theme = theme_of(sample_id)
    usual = VIDEO if ASSET_KINDS[kind].suffix == "mp4" else {"width_px": 1280, "height_px": 720}
    row = {
        "id": sample_id,
        "theme": theme,
        "kind": kind,
        "path": asset_path(theme, kind, sample_id),
        "size_bytes": 1,
        "index_hash": f"{kind} {sample_id}",
        **usual,
        **facts,
    }
    return pl.DataFrame([row], schema=media().schema)


def clips(
    sample_id: str, source: dict[str, Any] | None = None, edited: dict[str, Any] | None = None
) -> pl.DataFrame:
    """Source and edited video of a sample, as the release has them but for these facts."""
    return pl.concat(
        [
            file(sample_id, "source_video", **(source or {})),
            file(sample_id, "edited_video", **(edited or {})),
        ]
    )
