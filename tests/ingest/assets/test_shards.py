"""A shard that is there and cannot be read is told apart from one that is not there."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import polars as pl
import pytest
from tests.made.assets import SHARD, VIDEO, tar_bytes, write_files

from sparkle_curation.ingest.assets.shards import describe_shards, list_shards
from sparkle_curation.ingest.assets.table import ingest_assets
from sparkle_curation.ingest.release_files import ReleaseFiles

GOOD = tar_bytes([(VIDEO(1), b"one")])
UNREADABLE = {
    "lfs": (b"version https://git-lfs.github.com/spec/v1\nsize 9\n", "another_format: a pointer of Git LFS"),
    "gzip": (gzip.compress(GOOD), "another_format: a file packed with gzip: gunzip"),
    "prefix": (
        tar_bytes([(f"Sparkle/{VIDEO(1)}", b"one"), (f"Sparkle/{VIDEO(2)}", b"two")]),
        (
            "unexpected_path: allowed in this shard: time/source_video/Sparkle_time_{6 digits}.mp4 "
            "(Sparkle/time/source_video/Sparkle_time_000001.mp4), and 1 more"
        ),
    ),
    "nothing": (tar_bytes([]), "it holds no file"),
    "empty": (b"", "truncated_tar"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_shard_without_an_asset_is_there_and_cannot_be_read(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said when it is read; the good one beside it is no reason to be silent."""
    content, reason = UNREADABLE[name]
    write_files(tmp_path, {SHARD(0): GOOD, SHARD(3): content, "time_edited_video_part00.tar": content})
    ingestion = ingest_assets(ReleaseFiles(str(tmp_path)))
    with caplog.at_level(logging.WARNING):
        assets = pl.concat([pl.DataFrame(pl.from_arrow(rows)) for rows in ingestion.rows.batches()])
    sources = pl.concat([pl.DataFrame(pl.from_arrow(rows)) for rows in ingestion.source_files.batches()])
    shards = list_shards(sources.lazy(), assets.lazy())
    assert shards.rows() == [
        ("time", "edited_video", 0, False),
        ("time", "source_video", 0, True),
        ("time", "source_video", 3, False),
    ]
    told = [record.getMessage() for record in caplog.records]
    assert [text.partition(" ")[0] for text in told] == [SHARD(3), "time_edited_video_part00.tar"]
    assert reason in told[0]
    assert describe_shards(shards, "time", "source_video") == (
        "shards at hand: part 0; that cannot be read: part 3; absent before others: part 1, 2; "
        "more may be absent behind the last"
    )


def test_folders_and_unknown_tars_are_no_shards() -> None:
    """A folder without an asset is not there: what lies in it may be a note."""
    sources = pl.DataFrame({"path": ["time/source_video", "other.tar"]})
    assert list_shards(
        sources, pl.DataFrame({"container": [None]}, schema={"container": pl.String})
    ).is_empty()
