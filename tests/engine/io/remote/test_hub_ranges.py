"""A repository of the hub is read at one commit, by exact ranges, from where the hub says that its files lie."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from tests.made.read_hub import REPOSITORY, ReadHub, serving_hub

from sparkle_curation.errors import ReleaseError
from sparkle_curation.ingest.assets.table import ingest_assets
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.remote_files import RemoteAccess

FIRST, SECOND = "a" * 40, "b" * 40
ROOT = f"hf://datasets/{REPOSITORY}"
TOKEN = "hf_a_token_of_somebody"  # noqa: S105 -- of a hub that ends with the test


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ReadHub]:
    """A hub with two commits of one file, of which the second is pushed when a test says so."""
    for commit, content in ((FIRST, b"0123456789" * 200), (SECOND, b"abcdefghij" * 200)):
        (tmp_path / commit / "time").mkdir(parents=True)
        (tmp_path / commit / "time" / "a.mp4").write_bytes(content)
    with serving_hub(ReadHub({each: tmp_path / each for each in (FIRST, SECOND)}, FIRST, TOKEN)) as served:
        yield served


def opened(hub: ReadHub, root: str = ROOT) -> ReleaseFiles:
    """The release as somebody who may read it opens it."""
    return ReleaseFiles(root, access=RemoteAccess(storage={"endpoint": hub.url, "token": TOKEN}))


def test_ranges_are_exact_and_a_file_is_looked_for_once(hub: ReadHub) -> None:
    """Not five megabytes for five bytes, and no question to the hub for each; its token is for the hub alone."""
    files = opened(hub)
    with files.reader("time/a.mp4") as reader:
        assert [reader.read_at(start, 5) for start in (0, 12, 1995)] == [b"01234", b"23456", b"56789"]
    assert [asked for _, asked in hub.read] == ["bytes=0-4", "bytes=12-16", "bytes=1995-1999"]
    assert hub.resolved == [("time/a.mp4", FIRST)]
    assert hub.tokens_at_store == 0


def test_what_is_pushed_meanwhile_is_not_read(hub: ReadHub) -> None:
    """A release is of one commit; who opens it again has the new one, whose changed file has another version."""
    files = opened(hub)
    hub.main = SECOND
    with files.reader("time/a.mp4") as reader:
        assert reader.read_at(0, 3) == b"012"
    again = opened(hub)
    assert (files.commit, again.commit) == (FIRST, SECOND)
    (before,), (after,) = files.files_in("time"), again.files_in("time")
    assert before.modified != after.modified
    with opened(hub, f"{ROOT}@{FIRST}").reader("time/a.mp4") as reader:
        assert reader.read_at(0, 3) == b"012"


def test_an_address_that_expires_is_asked_for_again(hub: ReadHub) -> None:
    """The store refuses the old one after an hour; here, after two reads."""
    hub.expire_after = 2
    with opened(hub).reader("time/a.mp4") as reader:
        assert [reader.read_at(start, 2) for start in (0, 2, 4, 6)] == [b"01", b"23", b"45", b"67"]
    assert len(hub.resolved) == 2


def test_tables_are_those_of_a_local_copy(hub: ReadHub, sample_release: Path, tmp_path: Path) -> None:
    """Of the sample, shards and loose files."""
    shutil.copytree(sample_release, tmp_path / "sample")
    hub.revisions[SECOND] = tmp_path / "sample"
    remote, local = (
        pa.concat_tables(ingest_assets(files).rows.batches())
        for files in (opened(hub, f"{ROOT}@{SECOND}"), ReleaseFiles(str(sample_release)))
    )
    assert remote.equals(local)


@pytest.mark.parametrize(
    ("root", "got"),
    [
        ("hf://datasets/somebody/Nothing", "repository not found"),
        (f"{ROOT}@nowhere", "revision not found"),
        ("hf://Sparkle", "namespace/name"),
    ],
)
def test_what_the_hub_does_not_have_is_told(hub: ReadHub, root: str, got: str) -> None:
    """A repository, a commit, an address that is none; with how they are written."""
    with pytest.raises(ReleaseError, match="no such repository or revision") as caught:
        opened(hub, root)
    assert got in str(caught.value.got)
    assert caught.value.where == f"release_root={root}"
