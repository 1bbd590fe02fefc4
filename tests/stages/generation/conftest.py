"""What the tests of stages that generate share: a draft release of three samples, ingested, with what its headers say."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl
import pytest
from tests.made.assets import ingested
from tests.made.new_samples import write_new_samples

from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.made_media import probe_made


class Draft(NamedTuple):
    """A draft release.

    Attributes:
        store: its assets.
        media: what their headers say.
    """

    store: AssetStore
    media: pl.DataFrame


@pytest.fixture(scope="session")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Draft:
    """The draft; read only."""
    folder = tmp_path_factory.mktemp("draft")
    root = write_new_samples(folder)
    store = ingested(root, folder)
    return Draft(store, probe_made(pl.read_parquet(store.assets_path), str(root)))
