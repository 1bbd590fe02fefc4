"""Links of a release are followed inside of it, and of the hub's cache that it is of; others are refused, in words."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import polars as pl
import pytest
from tests.made.assets import SHARD, VIDEO, ingested, sample, tar_bytes, write_files

from sparkle_curation.errors import AssetError, ReleaseError
from sparkle_curation.ingest.assets.listing import find_asset_sources, list_assets
from sparkle_curation.ingest.assets.table import ingest_assets
from sparkle_curation.ingest.manifest import list_media
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.spec.codes.quarantine_reasons import Reason

CSV = "prompts/time_train.csv"


def linked(path: Path, target: Path | str) -> None:
    """A link at a path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def test_links_inside_of_the_release_are_followed(tmp_path: Path) -> None:
    """Of files and folders; the root may be a link itself."""
    root = tmp_path / "release"
    write_files(root, {"here/a.mp4": b"one", "there/time_train.csv": b"csv"})
    linked(root / VIDEO(1), "../../here/a.mp4")
    linked(root / "prompts", "there")
    linked(tmp_path / "root", root)
    files = ReleaseFiles(str(tmp_path / "root"))
    assert [file.path for file in files.files_in("prompts")] == [CSV]
    assert [(file.path, file.size) for file in files.files_in("time/source_video")] == [(VIDEO(1), 3)]
    assert files.refused_links() == files.refused_links("time/source_video") == []


@pytest.mark.parametrize("below", ["", "data"], ids=["snapshot", "folder of it"])
def test_links_of_a_hub_cache_are_followed(below: str, tmp_path: Path) -> None:
    """Each file of a snapshot is a link to the cache's own files; other repositories are none of its."""
    hub = tmp_path / "hub"
    write_files(
        hub, {"datasets--a--b/blobs/123": tar_bytes([(VIDEO(1), b"one")]), "datasets--c--d/blobs/9": b"other"}
    )
    root = hub / "datasets--a--b" / "snapshots" / "abc" / below
    up = "../" * (3 if below else 2)
    linked(root / SHARD(0), f"{up}blobs/123")
    linked(root / SHARD(1), f"{up}../datasets--c--d/blobs/9")
    files = ReleaseFiles(str(root))
    assert [file.path for file in files.files_in()] == [SHARD(0)]
    assert files.refused_links() == [(SHARD(1), f"leads out of the release, to {hub}/datasets--c--d/blobs/9")]
    store = ingested(root, tmp_path)
    assert store.read(store.find(sample(1), "source_video")) == b"one"
    refused = list(find_asset_sources(files))[1]
    assert (refused.path, refused.part, refused.files) == (SHARD(1), 1, ())
    listing = list_assets(files, refused)
    assert [(fault.reason, fault.raw) for fault in listing.faults] == [(Reason.LINK, SHARD(1).encode())]
    assert (listing.rows.num_rows, listing.record_count) == (0, 1)


def outside(tmp_path: Path) -> Path:
    """A release with a good video, and links that lead elsewhere, nowhere and in a circle."""
    root = tmp_path / "release"
    write_files(tmp_path, {"elsewhere/secret.mp4": b"secret", "elsewhere/time_train.csv": b"secret"})
    write_files(root, {VIDEO(1): b"one"})
    linked(root / VIDEO(2), tmp_path / "elsewhere" / "secret.mp4")
    linked(root / VIDEO(3), "Sparkle_time_000003.mp4")
    linked(root / VIDEO(4), "nowhere")
    linked(root / "prompts", tmp_path / "elsewhere")
    linked(root / "time" / "edited_video", "edited_video")
    return root


def test_links_that_lead_elsewhere_are_refused_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once a folder, and in the quarantine; nothing behind them is listed, and no loop ends in a traceback."""
    files = ReleaseFiles(str(outside(tmp_path)))
    with caplog.at_level(logging.WARNING):
        listings = {source.path: list_assets(files, source) for source in find_asset_sources(files)}
        assert [files.files_in("prompts"), files.find(CSV)] == [[], None]
        list(ingest_assets(files).rows.batches())
    elsewhere = f"leads out of the release, to {tmp_path}/elsewhere"
    assert listings["time/source_video"].rows["path"].to_pylist() == [VIDEO(1)]
    assert [(fault.reason, fault.id, fault.detail) for fault in listings["time/source_video"].faults] == [
        (Reason.LINK, sample(2), f"{elsewhere}/secret.mp4; it is not followed"),
        (Reason.LINK, sample(3), "is a loop of links; it is not followed"),
        (Reason.LINK, sample(4), "is a link to what is not there; it is not followed"),
    ]
    loop = listings["time/edited_video"]
    assert [(fault.raw, fault.detail) for fault in loop.faults] == [
        (b"time/edited_video", "is a loop of links; it is not followed")
    ]
    assert [listing.record_count for listing in listings.values()] == [4, 1]
    assert [record.getMessage() for record in caplog.records if "followed" in record.getMessage()] == [
        f"prompts {elsewhere}: it is not followed",
        f"{VIDEO(2)} {elsewhere}/secret.mp4: it is not followed; nor are 2 more there",
        "time/edited_video is a loop of links: it is not followed",
    ]
    assert list_media(files).manifest.select("path", "file_count").rows() == [("time/source_video", 1)]


def test_a_link_that_was_put_in_later_is_not_read(tmp_path: Path) -> None:
    """The store opens what was ingested, and nothing else of this machine."""
    root = outside(tmp_path)
    store = ingested(root, tmp_path)
    (root / VIDEO(1)).unlink()
    linked(root / VIDEO(1), tmp_path / "elsewhere" / "secret.mp4")
    with pytest.raises(AssetError, match="leads out of the release"):
        store.read(store.find(sample(1), "source_video"))


def test_a_root_that_is_a_loop_is_told(tmp_path: Path) -> None:
    """In words, as one that is not there is."""
    linked(tmp_path / "loop", "loop")
    with pytest.raises(ReleaseError) as caught:
        ReleaseFiles(str(tmp_path / "loop"))
    assert caught.value.got == "what is a loop of links"


def fingerprints(root: Path) -> dict[str, str]:
    """Partition of the assets -> its fingerprint."""
    partitions = ingest_assets(ReleaseFiles(str(root))).rows.partitions
    return {path: stream.fingerprint for path, stream in partitions.items()}


def test_a_link_that_comes_to_lead_elsewhere_is_noticed(tmp_path: Path) -> None:
    """The assets are read again: their fingerprint knows which links were refused."""
    root = outside(tmp_path)
    before = fingerprints(root)
    assert fingerprints(root) == before
    shutil.move(tmp_path / "elsewhere" / "secret.mp4", tmp_path / "elsewhere" / "other.mp4")
    (root / VIDEO(2)).unlink()
    linked(root / VIDEO(2), tmp_path / "elsewhere" / "other.mp4")
    assert fingerprints(root) != before
    assert pl.DataFrame(list_media(ReleaseFiles(str(root))).manifest).height == 1
