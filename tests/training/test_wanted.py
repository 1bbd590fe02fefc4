"""The media that CSVs need: one copy of each file, by shard, and whether it is there."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from tests.made.tables import table

from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.tables.ingested import ASSET_COLUMNS
from sparkle_curation.training.wanted import MediaRoot, count_by_shard, find_extracted, find_wanted

A, B = "Sparkle_time_000001", "Sparkle_time_000002"
SOURCE = "source_video"


def asset(sample_id: str, container: str | None, offset: int = 0, size: int = 10) -> dict[str, object]:
    """A source video of the release."""
    path = asset_path("time", SOURCE, sample_id)
    return {
        "id": sample_id,
        "theme": "time",
        "kind": SOURCE,
        "container": container,
        "path": path,
        "offset": offset,
        "size": size,
    }


ASSETS = table(
    "assets",
    [
        asset(A, "b.tar", 512),
        asset(A, "a.tar", 1024),
        asset(A, None),
        asset(B, "b.tar", 99),
        asset(B, "a.tar", 7, 30),
    ],
)
PATH_A, PATH_B = (asset_path("time", SOURCE, key) for key in (A, B))


def test_of_a_file_and_its_copies_the_one_that_the_store_opens_is_wanted() -> None:
    """The loose one, else that of the first tar by name; with the columns of the assets."""
    wanted, unknown = find_wanted([PATH_B, f"./{PATH_A}", PATH_A], ASSETS)
    assert wanted.columns == [field.name for field in ASSET_COLUMNS]
    assert wanted.select("id", "container", "offset", "size").sort("id").rows() == [
        (A, None, 0, 10),
        (B, "a.tar", 7, 30),
    ]
    assert unknown == []


def test_a_path_that_no_asset_has_is_told() -> None:
    """And what nobody names is not wanted."""
    wanted, unknown = find_wanted(["x/y.mp4", PATH_B], ASSETS)
    assert (wanted["id"].to_list(), unknown) == ([B], ["x/y.mp4"])


def test_shards_are_counted_with_their_share() -> None:
    """30 bytes of a shard of 120 are a quarter; loose files are in none."""
    wanted, _ = find_wanted([PATH_A, PATH_B], ASSETS)
    sources = pl.DataFrame({"path": ["a.tar", "b.tar"], "size_bytes": [120, 500]})
    assert count_by_shard(wanted, sources).rows() == [("a.tar", "time", SOURCE, 1, 30, 120, 0.25)]


def test_what_is_extracted_is_counted(tmp_path: Path) -> None:
    """A file is there, a folder of its name or nothing is not; a path outside of the layout has no theme."""
    (tmp_path / PATH_A).parent.mkdir(parents=True)
    (tmp_path / PATH_A).touch()
    (tmp_path / PATH_B).mkdir()
    found = find_extracted([PATH_A, PATH_B, PATH_A, "x/y.mp4"], MediaRoot(tmp_path))
    assert found.rows() == [
        ("time", SOURCE, 2, 1, 1, "not_extracted"),
        (None, None, 1, 0, 1, "not_extracted"),
    ]
    assert find_extracted([PATH_A], MediaRoot(tmp_path))["outcome"].to_list() == ["extracted"]


def test_nothing_wanted_is_nothing(tmp_path: Path) -> None:
    """Empty tables, with their columns."""
    wanted, unknown = find_wanted([], ASSETS)
    assert (wanted.height, unknown) == (0, [])
    assert (
        count_by_shard(wanted, pl.DataFrame(schema={"path": pl.String, "size_bytes": pl.Int64})).height == 0
    )
    assert find_extracted([], MediaRoot(tmp_path)).columns == [
        "theme", "kind", "paths", "extracted", "not_extracted", "outcome",
    ]  # fmt: skip
