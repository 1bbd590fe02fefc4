"""A small release of tars and loose files, what is wanted of it, and a folder for that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from tests.made.assets import SHARD, VIDEO, ingested, sample, tar_bytes, write_files

from sparkle_curation.extraction import extracting
from sparkle_curation.extraction.settings import ExtractSettings
from sparkle_curation.ingest.release_files import ReleaseFiles

EDITED = "time/edited_video/Sparkle_time_{:06d}.mp4".format
EDITED_SHARD = "time_edited_video_part00.tar"
MASK_SHARD = "intermediate_data/time_source_video_mask_part00.tar"
MASK = "intermediate_data/time/source_video_mask/Sparkle_time_{:06d}.npz".format


def content(path: str) -> bytes:
    """The bytes of a file of the release: some hundreds, and no two alike."""
    return (path.encode() * 40)[: 700 + int(path[-10:-4])]


@dataclass(frozen=True)
class Made:
    """A release, what is wanted of it, and a folder for that.

    Attributes:
        root: the release, a folder.
        wanted: rows of ``assets``.
        folder: where they go.
    """

    root: Path
    wanted: pl.DataFrame
    folder: Path

    def extract(
        self, wanted: pl.DataFrame | None = None, root: str | None = None, **settings: Any
    ) -> dict[str, int]:
        """Extract; the number of files by outcome."""
        counts = extracting.extract(
            self.wanted if wanted is None else wanted,
            lambda: ReleaseFiles(root or str(self.root)),
            self.folder,
            ExtractSettings(**settings),
        )
        return dict(counts.group_by("outcome").agg(pl.col("file_count").sum()).iter_rows())

    def files(self) -> dict[str, bytes]:
        """Everything in the folder but what is ours, by its path."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        paths = {path.relative_to(self.folder).as_posix(): path for path in found}
        ours = ("manifest.parquet/", ".extract/")
        return {path: file.read_bytes() for path, file in paths.items() if not path.startswith(ours)}

    def manifest(self) -> pl.DataFrame:
        """All parts of the manifest, as anyone reads them."""
        return pl.read_parquet(self.folder / "manifest.parquet")


def made(folder: Path) -> Made:
    """Pairs 1 to 6, of which 1 to 3 lie in one shard, 4 and 5 in another and 6 is loose; and masks, which nobody wants."""
    pairs = range(1, 7)
    contents = {
        SHARD(0): _tar(map(VIDEO, (3, 1, 2))),
        SHARD(1): _tar(map(VIDEO, (4, 5))),
        EDITED_SHARD: _tar(map(EDITED, (1, 2, 3, 4, 5))),
        VIDEO(6): content(VIDEO(6)),
        EDITED(6): content(EDITED(6)),
        MASK_SHARD: tar_bytes([(MASK(1).partition("/")[2], content(MASK(1)))]),
    }
    write_files(folder / "release", contents)
    ingested(folder / "release", folder)
    assets = pl.read_parquet(folder / "assets.parquet").select(
        "id", "theme", "kind", "container", "path", "offset", "size"
    )
    order = pl.DataFrame({"id": [sample(number) for number in pairs]})
    wanted = order.join(assets, on="id", how="inner", maintain_order="left").filter(
        pl.col("kind").is_in(["source_video", "edited_video"])
    )
    return Made(folder / "release", wanted.select(assets.columns), folder / "media")


PAIRS = {path: content(path) for number in range(1, 7) for path in (VIDEO(number), EDITED(number))}
"""What shall be in the folder."""


def _tar(paths: Iterable[str]) -> bytes:
    return tar_bytes([(path, content(path)) for path in paths])
