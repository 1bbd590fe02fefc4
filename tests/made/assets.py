"""Releases of a few made assets, ingested, so that a store can open them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from sparkle_curation.datasets.tables.table_dataset import TableDataset
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.table import ingest_assets
from sparkle_curation.ingest.release_files import ReleaseFiles

TarFormat = Literal[0, 1, 2]
VIDEO = "time/source_video/Sparkle_time_{:06d}.mp4".format
SHARD = "time_source_video_part{:02d}.tar".format


def sample(number: int) -> str:
    """The id of a sample of the theme `time`."""
    return f"Sparkle_time_{number:06d}"


def tar_bytes(
    members: Iterable[tuple[str, bytes]], tar_format: TarFormat = tarfile.PAX_FORMAT, **attributes: object
) -> bytes:
    """A tar of files, by name and content, each with these attributes of TarInfo."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tar_format) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def write_files(root: Path, contents: Mapping[str, bytes]) -> None:
    """Write files by their path from the root."""
    for path, content in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def ingested(root: str | Path, folder: Path) -> AssetStore:
    """The store of a release, whose table of assets is written into a folder."""
    table = folder / "assets.parquet"
    TableDataset(filepath=str(table)).save(ingest_assets(ReleaseFiles(str(root))).rows)
    return AssetStore(str(root), table)
