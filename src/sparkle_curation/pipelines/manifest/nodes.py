"""The nodes of ``manifest``."""

from __future__ import annotations

import polars as pl

from sparkle_curation.reading import manifest
from sparkle_curation.reading.release_files import ReleaseFiles


def list_release_texts(release: ReleaseFiles) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The manifest of the release's texts, one row per file, known by its content; and those contents."""
    return manifest.list_texts(release)


def list_release_media(release: ReleaseFiles) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The manifest of the release's media, one row per tar and folder of loose assets; and contents that were read."""
    return manifest.list_media(release)
