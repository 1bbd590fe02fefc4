"""The version of the data is that of its bytes, and of nothing else."""

from __future__ import annotations

import polars as pl
import pytest

from sparkle_curation.spec.fields import arrow_schema
from sparkle_curation.spec.tables.ingested import SOURCE_FILE_COLUMNS
from sparkle_curation.variant.provenance import identify_data

SCHEMA = pl.DataFrame(pl.from_arrow(arrow_schema(SOURCE_FILE_COLUMNS).empty_table())).schema
CSV = ("annotations", "time", "prompts/time_train.csv", 100, 3, "aa")
SHARD = ("assets", "time", "time_source_video_part00.tar", 9_000, 3, None)


def sources(*rows: tuple[object, ...]) -> pl.DataFrame:
    """A list of source files."""
    return pl.DataFrame([(*row, 0) for row in rows], schema=SCHEMA, orient="row")


def test_the_sources_are_summed() -> None:
    """Files, records and bytes of all tables, and a digest of 32 digits."""
    version = identify_data(sources(CSV, SHARD))
    assert (version.source_count, version.record_count, version.size_bytes) == (2, 6, 9_100)
    assert len(version.digest) == 32


def test_the_order_of_the_sources_does_not_matter() -> None:
    """The same sources are the same data."""
    assert identify_data(sources(SHARD, CSV)) == identify_data(sources(CSV, SHARD))


@pytest.mark.parametrize(
    "other",
    [
        ("annotations", "time", "prompts/time_train.csv", 100, 3, "ab"),
        ("annotations", "time", "prompts/time_train.csv", 101, 3, "aa"),
        ("annotations", "time", "prompts/style_train.csv", 100, 3, "aa"),
    ],
)
def test_other_bytes_are_other_data(other: tuple[object, ...]) -> None:
    """A score that is changed without changing a length counts, too."""
    assert identify_data(sources(other)).digest != identify_data(sources(CSV)).digest


def test_no_sources_have_a_version() -> None:
    """An empty folder is a release of which nothing is there."""
    version = identify_data(sources())
    assert (version.source_count, version.record_count, version.size_bytes) == (0, 0, 0)


def test_excluded_samples_are_counted_once_a_theme() -> None:
    """By the list that lost most, not by lines of a CSV; without lists by the files of one kind, in folder and shards."""
    rows = [
        ("annotations", "time", "prompts/time_train.csv", 1, 9, "a", 5),
        ("annotations", "time", "prompts/time_train_metadata.jsonl", 1, 9, "b", 2),
        ("assets", "time", "time/source_video", 1, 9, None, 2),
        ("assets", "style", "style/edited_video", 1, 9, None, 1),
        ("assets", "style", "style_source_video_part00.tar", 1, 9, None, 2),
        ("assets", "style", "style/source_video", 1, 9, None, 1),
    ]
    assert identify_data(pl.DataFrame(rows, schema=SCHEMA, orient="row")).excluded_count == 2 + 3
