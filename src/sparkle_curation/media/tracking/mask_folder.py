"""The folder of tracked masks, in the published layout, so that it can stand for the release's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sparkle_curation.engine.io.atomic import atomic_file
from sparkle_curation.media.masks.header import read_mask_header
from sparkle_curation.media.masks.masks import save_mask
from sparkle_curation.media.tracking.jobs import Clip
from sparkle_curation.media.tracking.tracking import Written
from sparkle_curation.models.trackers.tracker import Mask
from sparkle_curation.spec.layout import KIND, asset_path
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS


@dataclass(frozen=True)
class MaskFolder:
    """Where masks are written.

    Attributes:
        root: the folder that stands for the release's root.
    """

    root: Path

    def path(self, theme: str, sample_id: str) -> Path:
        """Where the mask of a sample lies, or would."""
        return self.root / asset_path(theme, KIND.mask, sample_id)

    def write(self, clip: Clip, mask: Mask) -> Written:
        """Write the mask of a clip, the same bytes each time; there is the whole of it, or what was there before.

        Raises:
            DiskError: the disk is full.
        """
        path = self.path(clip.theme, clip.id)
        with atomic_file(path) as temporary, temporary.open("wb") as file:
            save_mask(file, mask)
        return _identify(path)

    def index_hash(self, theme: str, sample_id: str) -> str | None:
        """What the mask that lies there now is known by, as ``tracks`` has it; None where there is none.

        Raises:
            BrokenMediaError: the file is no mask.
        """
        path = self.path(theme, sample_id)
        return _identify(path).index_hash if path.is_file() else None

    def has(self, theme: str, sample_id: str, size_bytes: int | None) -> bool:
        """Whether there is a mask of that size."""
        path = self.path(theme, sample_id)
        return path.is_file() and path.stat().st_size == size_bytes

    def remove(self, theme: str, sample_id: str) -> None:
        """Take a mask away that does not hold any more; nothing where there is none."""
        self.path(theme, sample_id).unlink(missing_ok=True)


def _identify(path: Path) -> Written:
    size = path.stat().st_size
    with path.open("rb") as written:

        def read_at(offset: int, length: int) -> bytes:
            written.seek(offset)
            return written.read(length)

        return Written(read_mask_header(read_at, size).index_hash, size)


def made_assets(tracks: pl.DataFrame) -> pl.DataFrame:
    """The masks that were made, as rows of ``made_assets``.

    Args:
        tracks: columns of ``tracks``.
    """
    made = tracks.filter(pl.col("error").is_null())
    return made.select(
        "id",
        "theme",
        pl.lit(KIND.mask).alias("kind"),
        pl.lit(None, pl.String).alias("container"),
        pl.format(asset_path("{}", KIND.mask, "{}"), "theme", "id").alias("path"),
        pl.lit(0, pl.Int64).alias("offset"),
        pl.col("size_bytes").alias("size"),
    ).select(field.name for field in ASSET_COLUMNS)
