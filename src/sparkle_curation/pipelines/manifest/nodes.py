"""The node of ``manifest``."""

from __future__ import annotations

import polars as pl

from sparkle_curation.reading.manifest import list_manifest
from sparkle_curation.reading.release_files import ReleaseFiles


def list_release_files(release: ReleaseFiles) -> pl.DataFrame:
    """The manifest of the release: one row per file, and per folder of loose assets, without reading any."""
    return list_manifest(release)
