"""The nodes of ``manifest``."""

from __future__ import annotations

import polars as pl

from sparkle_curation.reading import manifest
from sparkle_curation.reading.release_files import ReleaseFiles


def list_release_texts(release: ReleaseFiles) -> pl.DataFrame:
    """The manifest of the release's texts: one row per file, known by its content."""
    return manifest.list_texts(release)


def list_release_media(release: ReleaseFiles) -> pl.DataFrame:
    """The manifest of the release's media: one row per tar and per folder of loose assets."""
    return manifest.list_media(release)
