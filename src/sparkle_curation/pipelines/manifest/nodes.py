"""The nodes of ``manifest``."""

from __future__ import annotations

import polars as pl

from sparkle_curation.reading import manifest, sources_at_hand
from sparkle_curation.reading.release_files import ReleaseFiles


def require_release(release: ReleaseFiles, allow_empty: bool) -> ReleaseFiles:
    """The release, once it is known to be one.

    Raises:
        ReleaseError: nothing of a release is there.
    """
    sources_at_hand.check_release(release, sources_at_hand.NO_SOURCES, allow_empty=allow_empty)
    return release


def list_release_texts(release: ReleaseFiles) -> pl.DataFrame:
    """The manifest of the release's texts: one row per file, known by its content."""
    return manifest.list_texts(release)


def list_release_media(release: ReleaseFiles) -> pl.DataFrame:
    """The manifest of the release's media: one row per tar and per folder of loose assets."""
    return manifest.list_media(release)
