"""Media that this project made: their facts, and how they stand in for released ones."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal
from tests.made.media import file, media

from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.ingest.assets.united_store import UnitedAssetStore
from sparkle_curation.media.made_media import probe_made, unite_media
from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS

FIRST, SECOND = "Sparkle_time_000001", "Sparkle_time_000002"
MASK, EDGES = "source_video_mask", "edited_video_canny"


def released() -> pl.LazyFrame:
    """Two samples with a mask, one of them with a control video."""
    return media(*(file(name, MASK, frame_count=81) for name in (FIRST, SECOND)), file(FIRST, EDGES)).lazy()


def stores(folder: Path) -> tuple[AssetStore, UnitedAssetStore]:
    """One that opens what was released, and one that opens what was made where there is some."""
    assets = folder / "assets.parquet"
    return AssetStore(str(folder), assets), UnitedAssetStore(
        str(folder), assets, str(folder), folder / "made"
    )


def test_made_media_take_the_place_of_released_ones(tmp_path: Path) -> None:
    """Of the sample and kind alone; what was not made anew stays, and what was never released is there too."""
    tracks = media(file(SECOND, MASK, frame_count=69)).lazy()
    edges = media(file(SECOND, EDGES, frame_count=69)).lazy()
    found = unite_media(stores(tmp_path)[1], released(), tracks, edges).collect()
    facts = found.select("id", "kind", "frame_count").sort("kind", "id").rows()
    assert facts == [(FIRST, EDGES, 81), (SECOND, EDGES, 69), (FIRST, MASK, 81), (SECOND, MASK, 69)]
    assert found.schema == released().collect_schema()


def test_without_being_asked_for_made_media_are_not_looked_at(tmp_path: Path) -> None:
    """Nor where no pipeline has made any: a table that was never written has no columns."""
    plain, united = stores(tmp_path)
    made = media(file(SECOND, MASK, frame_count=69)).lazy()
    assert_frame_equal(unite_media(plain, released(), made), released())
    assert_frame_equal(unite_media(united, released(), pl.LazyFrame()), released())
    assert_frame_equal(unite_media(united, released(), media().lazy()), released(), check_row_order=False)


def test_of_nothing_made_there_are_no_facts(tmp_path: Path) -> None:
    """The folder need not be there; the columns are."""
    assets = pl.DataFrame(pl.from_arrow(arrow_schema(ASSET_COLUMNS).empty_table()))
    found = probe_made(assets, str(tmp_path / "nowhere"))
    assert found.is_empty()
    assert set(found.columns) >= {"id", "kind", "frame_count", "index_hash", "error"}
