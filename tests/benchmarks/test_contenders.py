"""What is timed still runs: a benchmark that nobody has run for a while is wrong by then."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from benchmarks.asset_tables import write_asset_table
from benchmarks.contenders import CONTENDERS

from sparkle_curation.datasets.tables.schema_validator import TableSchemaValidator
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS
from synthetic.large import write_large_release

SAMPLES = 60
SOURCES = {"filter": "ingest_ours", "validate": "ingest_ours", "sweep": "filter_ours"}
"""What a contender works on, by the beginning of its name; the others read the release."""


@pytest.mark.slow
def test_every_contender_does_its_work(tmp_path: Path) -> None:
    """On a few samples; those that filter, sweep or validate read the tables that ours wrote."""
    write_large_release(tmp_path / "release", samples=SAMPLES, bad_line_share=0.0)
    for name, contender in CONTENDERS.items():
        source = SOURCES.get(name.partition("_")[0], "release")
        contender(tmp_path / source, tmp_path / name)()
        assert any((tmp_path / name).iterdir()), name


def test_made_assets_are_a_table_that_ingestion_could_have_written(tmp_path: Path) -> None:
    """Every kind of each sample, one after another in its shard, none in the place of another."""
    ids = [f"Sparkle_time_{number:06}" for number in range(5)]
    pl.DataFrame({"id": ids, "theme": ["time"] * 5}).write_parquet(tmp_path / "annotations.parquet")
    write_asset_table(tmp_path / "annotations.parquet", tmp_path / "assets.parquet")
    assets = pl.read_parquet(tmp_path / "assets.parquet")
    TableSchemaValidator(table="assets").validate(assets)
    assert assets.height == len(ids) * len(ASSET_KINDS)
    assert not assets.select("container", "offset").is_duplicated().any()
    assert assets.columns == [field.name for field in ASSET_COLUMNS]
    assert "time/source_video/Sparkle_time_000003.mp4" in assets["path"]
