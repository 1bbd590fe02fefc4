"""Exactly the wanted files come to the folder, checked, whatever happened before; what is in the way is told."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import xxhash
from tests.extraction.made import EDITED, EDITED_SHARD, PAIRS, Made, content, made
from tests.full_disk import files_of_at_most
from tests.ingest.local_servers import PlainHandler, RangeHandler, serving
from tests.made.assets import SHARD, VIDEO, ingested, sample, tar_bytes, write_files

from sparkle_curation.engine.io.locks import Claim, RunLocks
from sparkle_curation.errors import (
    AssetError,
    DiskError,
    EmptyOutputError,
    FileError,
    LockedError,
    MissingTableError,
    ParameterError,
    ReleaseError,
)
from sparkle_curation.extraction import copying, sources
from sparkle_curation.extraction.disk import check_room

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- a second file system, which no test can mount


@pytest.fixture
def one(tmp_path: Path) -> Made:
    """A release of six pairs, and an empty folder."""
    return made(tmp_path)


# ------------------------------------------------------------------ what is brought
def test_exactly_the_wanted_files_are_there(one: Made, caplog: pytest.LogCaptureFixture) -> None:
    """Under the paths of the CSVs; loose ones as another name of the same file; the last line says how to train."""
    with caplog.at_level(logging.INFO):
        assert one.extract() == {"copied": 10, "linked": 2}
    assert one.files() == PAIRS
    assert (one.folder / VIDEO(6)).samefile(one.root / VIDEO(6))
    assert not (one.folder / ".extract").exists()
    size = sum(len(PAIRS[path]) for path in PAIRS if path not in {VIDEO(6), EDITED(6)})
    assert re.search(
        rf"10 files written \({size:,} bytes, [\d,]+ MB/s\), 2 linked, 0 there already", caplog.messages[-1]
    )
    assert caplog.messages[-1].endswith(f"Train with --dataset_base_path {one.folder}")


def test_the_manifest_names_each_file_with_its_digest(one: Made) -> None:
    """By which another machine can compare them; a link is the release's own file and has none."""
    one.extract()
    rows = one.manifest()
    assert rows["path"].to_list() == sorted(PAIRS)
    digests = {path: xxhash.xxh3_128_hexdigest(data) for path, data in PAIRS.items()}
    linked = {VIDEO(6): None, EDITED(6): None}
    assert dict(rows.select("path", "xxh3_128").iter_rows()) == digests | linked
    assert rows.filter(pl.col("method") == "copied").height == 10


def test_nothing_is_done_twice(one: Made) -> None:
    """A second run reads nothing: neither the tars nor what is there."""
    one.extract()
    before = {path: (one.folder / path).stat().st_mtime_ns for path in PAIRS}
    for path in one.root.rglob("*.tar"):
        path.unlink()
    assert one.extract() == {"there": 12}
    assert {path: (one.folder / path).stat().st_mtime_ns for path in PAIRS} == before


def test_loose_files_may_be_copied(one: Made) -> None:
    """Then they are files of their own, with a digest."""
    assert one.extract(loose="copy") == {"copied": 12}
    assert not (one.folder / VIDEO(6)).samefile(one.root / VIDEO(6))
    assert one.files() == PAIRS
    assert one.manifest()["xxh3_128"].null_count() == 0


def test_a_link_across_disks_becomes_a_copy(
    one: Made, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And that is said once."""
    if not SHARED_MEMORY.is_dir() or SHARED_MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to write to")
    folder = SHARED_MEMORY / f"extract-{os.getpid()}-{tmp_path.name}"
    there = Made(one.root, one.wanted, folder)
    try:
        assert there.extract() == {"copied": 12}
        assert there.files() == PAIRS
    finally:
        subprocess.run(["rm", "-r", str(folder)], check=True)
    assert len([message for message in caplog.messages if "cannot be linked" in message]) == 1


def test_a_linked_file_of_the_user_is_never_written_into(one: Made) -> None:
    """What replaces it gets its name; the release's file stays as it is."""
    one.extract()
    new = one.wanted.with_columns(
        pl.when(pl.col("path") == VIDEO(6)).then(pl.lit(SHARD(2))).otherwise("container").alias("container"),
        pl.when(pl.col("path") == VIDEO(6)).then(512).otherwise("offset").alias("offset"),
        pl.when(pl.col("path") == VIDEO(6)).then(3).otherwise("size").alias("size"),
    )
    (one.root / SHARD(2)).write_bytes(tar_bytes([(VIDEO(6), b"new")]))
    assert one.extract(new) == {"copied": 1, "there": 11}
    assert (one.folder / VIDEO(6)).read_bytes() == b"new"
    assert (one.root / VIDEO(6)).read_bytes() == content(VIDEO(6))


def test_a_file_that_was_changed_is_brought_again(one: Made) -> None:
    """It is read where its time is another; a new time alone changes nothing."""
    one.extract()
    os.utime(one.folder / VIDEO(1), ns=(1, 1))
    (one.folder / VIDEO(2)).write_bytes(bytes(len(PAIRS[VIDEO(2)])))
    (one.folder / VIDEO(3)).write_bytes(b"short")
    (one.folder / EDITED(1)).unlink()
    assert one.extract() == {"copied": 3, "there": 9}
    assert one.files() == PAIRS
    assert one.extract() == {"there": 12}


def test_the_very_same_file_is_taken_for_it_and_others_are_refused(one: Made) -> None:
    """What a person extracted there is kept, and never removed as ours; another file is not replaced."""
    write_files(one.folder, {VIDEO(1): PAIRS[VIDEO(1)]})
    assert one.extract() == {"copied": 9, "linked": 2, "there": 1}
    assert one.extract(one.wanted.filter(pl.col("path") != VIDEO(1)), prune=True) == {
        "there": 11,
        "not_wanted": 1,
    }
    assert one.files() == PAIRS
    other = Made(one.root, one.wanted, one.folder.with_name("other"))
    write_files(other.folder, {VIDEO(1): bytes(len(PAIRS[VIDEO(1)]))})
    with pytest.raises(
        AssetError, match=r"(?s)1 of 12 files.*something else lies.*same length with other bytes"
    ):
        other.extract()
    assert other.files() == PAIRS | {VIDEO(1): bytes(len(PAIRS[VIDEO(1)]))}


# ------------------------------------------------------------------ from afar
@pytest.fixture
def served(one: Made) -> Iterator[str]:
    """The release behind a web server."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    with serving(one.root.parent, RangeHandler) as url:
        yield url


def test_members_come_by_range(one: Made, served: str) -> None:
    """From a web server, with a password that no message tells; loose files are copied."""
    root = served.replace("http://", "http://me:hidden@") + "/release"
    assert one.extract(root=root) == {"copied": 12}
    assert one.files() == PAIRS
    (one.root / EDITED_SHARD).unlink()
    for path in one.folder.rglob("*.mp4"):
        path.unlink()
    with pytest.raises(AssetError, match="5 of 12 files cannot be extracted; 7 others are in") as caught:
        one.extract(root=root)
    assert "hidden" not in str(caught.value)


def test_neighbours_come_with_one_request(one: Made) -> None:
    """Members with their headers, since each request takes as long as the way there and back."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    asked: list[str] = []

    class Counting(RangeHandler):
        def do_GET(self) -> None:  # noqa: N802 -- the name is the base class's
            asked.append(f"{self.path.rpartition('/')[2]} {self.headers.get('Range')}")
            super().do_GET()

    with serving(one.root.parent, Counting) as url:
        one.extract(root=f"{url}/release", threads=1)
    ranges = [each for each in asked if ".tar bytes=" in each]
    assert sorted(each.split()[0] for each in ranges) == sorted([SHARD(0), SHARD(1), EDITED_SHARD])


def test_a_server_without_ranges_is_told(one: Made) -> None:
    """And nothing is taken for a member that is none; loose files alone can be had from it."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    with (
        serving(one.root.parent, PlainHandler) as url,
        pytest.raises(ReleaseError, match="does not send the part"),
    ):
        one.extract(root=f"{url}/release")
    assert set(one.files()) <= {VIDEO(6), EDITED(6)}


# ------------------------------------------------------------------ tars that changed
@pytest.mark.parametrize(
    ("tar", "words"),
    [
        (tar_bytes([(EDITED(2), content(EDITED(2)))]), "not the one that was ingested"),
        (b"", "not the one that was ingested"),
        (None, "not there any more"),
    ],
    ids=["other members", "empty", "gone"],
)
def test_a_tar_that_changed_is_told_and_the_others_are_brought(
    one: Made, tar: bytes | None, words: str
) -> None:
    """By the header before each member, never by handing on what stands in its place."""
    (one.root / EDITED_SHARD).unlink()
    if tar is not None:
        (one.root / EDITED_SHARD).write_bytes(tar)
    with pytest.raises(
        AssetError, match=rf"(?s)5 of 12 files cannot be extracted; 7 others.*{words}.*run again"
    ):
        one.extract()
    assert one.files() == {path: data for path, data in PAIRS.items() if path not in map(EDITED, range(1, 6))}


def test_a_cut_tar_gives_no_half_file(one: Made) -> None:
    """The member that is cut is named, and nothing of it is there."""
    (one.root / SHARD(1)).write_bytes((one.root / SHARD(1)).read_bytes()[: 512 + 1024 + 512 + 99])
    with pytest.raises(AssetError, match=rf"(?s)1 of 12 files.*is cut.*source_video of {sample(5)}"):
        one.extract()
    assert one.files() == {path: data for path, data in PAIRS.items() if path != VIDEO(5)}


def test_a_server_that_is_gone_is_not_asked_for_every_file(
    one: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many failures it is not for single files."""
    monkeypatch.setattr(copying, "MAX_FAILURES", 2)
    monkeypatch.setattr(copying, "BATCH_FILES", 1)
    monkeypatch.setattr("sparkle_curation.extraction.extracting.MAX_FAILURES", 2)
    for tar in one.root.glob("*.tar"):
        tar.unlink()
    with pytest.raises(AssetError, match=r"[23] of 12 files cannot be extracted, and no more were tried"):
        one.extract(threads=1)


# ------------------------------------------------------------------ shares of the work
def test_machines_share_a_folder(one: Made) -> None:
    """Each has a part of the manifest; together they are all, and a run that has all finds nothing to do."""
    first, second = one.extract(shard="1/2"), one.extract(shard="2/2")
    assert sum(first.values()) + sum(second.values()) == 12
    assert abs(sum(first.values()) - sum(second.values())) <= 2
    assert one.files() == PAIRS
    parts = sorted(path.name for path in (one.folder / "manifest.parquet").iterdir())
    assert parts == ["part-1-of-2.parquet", "part-2-of-2.parquet"]
    assert one.extract() == {"there": 12}
    assert one.extract(verify=True) == {"whole": 10, "size_only": 2}


def test_a_share_is_done_by_one_run_and_others_go_on(one: Made) -> None:
    """A second run of it stops and says who has it."""
    locks = RunLocks(one.folder / ".extract", "kedro run --pipelines extract --params extract.shard=1/2")
    locks.take([Claim("part-1-of-2", is_writing=True)])
    try:
        with pytest.raises(LockedError, match=r"(?s)same share.*extract\.shard=1/2.*another share"):
            one.extract(shard="1/2")
        assert one.extract(shard="2/2")
    finally:
        locks.release()


def test_a_budget_leaves_whole_samples(one: Made, caplog: pytest.LogCaptureFixture) -> None:
    """The first pairs that fit, and how many are left; more of it goes on from there."""
    budget = sum(len(PAIRS[path]) for path in (VIDEO(1), EDITED(1), VIDEO(2), EDITED(2))) + 800
    with caplog.at_level(logging.INFO):
        assert one.extract(max_bytes=budget) == {"copied": 4}
    assert set(one.files()) == {VIDEO(1), EDITED(1), VIDEO(2), EDITED(2)}
    assert "4 samples (" in caplog.messages[-1]
    assert one.extract(max_bytes=budget) == {"there": 4}
    assert one.extract() == {"there": 4, "copied": 6, "linked": 2}


# ------------------------------------------------------------------ tars that are extracted already
def test_what_is_extracted_already_is_linked(one: Made, tmp_path: Path) -> None:
    """No tar is read; what lacks there, or has another length, is told, with the others linked."""
    extracted = tmp_path / "extracted"
    write_files(
        extracted, {path: data for path, data in PAIRS.items() if path not in {VIDEO(6), EDITED(6), VIDEO(2)}}
    )
    (extracted / EDITED(3)).write_bytes(b"cut")
    for tar in one.root.rglob("*.tar"):
        tar.rename(tar.with_suffix(".away"))
    link = {"mode": "link", "extracted_root": str(extracted)}
    with pytest.raises(AssetError, match=r"(?s)2 of 12 files.*extract\.mode=copy"):
        one.extract(**link)
    assert (one.folder / VIDEO(1)).samefile(extracted / VIDEO(1))
    for tar in one.root.rglob("*.away"):
        tar.rename(tar.with_suffix(".tar"))
    assert one.extract() == {"there": 10, "copied": 2}
    assert one.files() == PAIRS


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mode": "link"}, "needs the place"),
        ({"mode": "link", "extracted_root": "/no/such/folder"}, "no folder where the tars"),
    ],
)
def test_link_needs_a_place(one: Made, settings: dict[str, str], words: str) -> None:
    """Before anything is done."""
    with pytest.raises(ParameterError, match=words):
        one.extract(**settings)


# ------------------------------------------------------------------ what is wanted no more
def test_what_is_wanted_no_more_stays_until_it_is_asked_for(
    one: Made, caplog: pytest.LogCaptureFixture
) -> None:
    """Told with its count; of what goes, only what a manifest of ours names and is as we left it."""
    one.extract()
    fewer = one.wanted.filter(pl.col("id") == sample(1))
    write_files(one.folder, {"notes.txt": b"mine"})
    with caplog.at_level(logging.INFO):
        assert one.extract(fewer) == {"there": 2, "not_wanted": 10}
    assert "10 no longer wanted and left" in caplog.messages[-1]
    assert set(one.files()) == {*PAIRS, "notes.txt"}
    (one.folder / VIDEO(2)).write_bytes(b"edited by hand")
    assert one.extract(fewer, prune=True) == {"there": 2, "removed": 9, "not_wanted": 1}
    assert set(one.files()) == {VIDEO(1), EDITED(1), VIDEO(2), "notes.txt"}
    assert (one.root / VIDEO(6)).read_bytes() == content(VIDEO(6))
    assert one.manifest()["path"].to_list() == [EDITED(1), VIDEO(1), VIDEO(2)]


def test_nothing_wanted_removes_nothing(one: Made) -> None:
    """A table that came out empty is no order to remove all media."""
    one.extract()
    with pytest.raises(EmptyOutputError, match="No media are wanted"):
        one.extract(one.wanted.clear(), prune=True)
    assert one.files() == PAIRS


# ------------------------------------------------------------------ comparing with the manifest
def test_a_folder_is_compared_on_another_machine(
    one: Made, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A copy without times is whole; what lacks, differs or is too much is told, without the release and the tables."""
    one.extract(loose="copy")
    copy = Made(tmp_path / "nowhere", pl.DataFrame(), tmp_path / "copy")
    subprocess.run(["cp", "-r", str(one.folder), str(copy.folder)], check=True)
    assert copy.extract(verify=True) == {"whole": 12}
    changed = bytearray(PAIRS[VIDEO(1)])
    changed[9] ^= 1
    (copy.folder / VIDEO(1)).write_bytes(changed)
    (copy.folder / VIDEO(2)).write_bytes(b"short")
    (copy.folder / EDITED(1)).unlink()
    write_files(copy.folder, {"notes.txt": b"mine"})
    with pytest.raises(AssetError) as caught:
        copy.extract(verify=True)
    assert f"1 missing ({EDITED(1)}); 2 different ({VIDEO(1)}, {VIDEO(2)})" in str(caught.value)
    assert "1 files" in caplog.text
    assert "notes.txt" in caplog.text


def test_parts_that_lack_are_told(one: Made, caplog: pytest.LogCaptureFixture) -> None:
    """A folder of two of three machines is whole in itself, and not all."""
    one.extract(shard="1/3")
    one.extract(shard="3/3")
    one.extract(verify=True)
    assert "part-2-of-3" in caplog.text
    with pytest.raises(MissingTableError, match="no manifest"):
        Made(one.root, one.wanted, one.folder.with_name("empty")).extract(verify=True)


# ------------------------------------------------------------------ hostile folders
@pytest.mark.parametrize("place", ["time", "time/source_video", VIDEO(1), ".extract", "manifest.parquet"])
def test_a_link_in_the_folder_is_refused(one: Made, tmp_path: Path, place: str) -> None:
    """What is written through it would land elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    (one.folder / place).parent.mkdir(parents=True)
    (one.folder / place).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileError, match="link"):
        one.extract()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_folder_itself_may_be_a_link(one: Made, tmp_path: Path) -> None:
    """A person put it on another disk."""
    (tmp_path / "disk").mkdir()
    one.folder.symlink_to(tmp_path / "disk")
    assert one.extract() == {"copied": 10, "linked": 2}
    assert one.files() == PAIRS


def test_a_hostile_manifest_removes_nothing(one: Made, tmp_path: Path) -> None:
    """One that names what lies outside of the folder is not believed at all."""
    one.extract()
    (tmp_path / "precious").write_bytes(b"")
    part = one.folder / "manifest.parquet" / "part-1-of-1.parquet"
    one.manifest().with_columns(pl.lit("../precious").alias("path")).write_parquet(part)
    for settings in ({"prune": True}, {"verify": True}):
        with pytest.raises(FileError, match="outside of its folder"):
            one.extract(**settings)
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("place", ["release", "release/media"])
def test_nothing_is_extracted_into_the_release(one: Made, place: str) -> None:
    """Its files and ours would be mixed."""
    with pytest.raises(ParameterError, match="folder that they come from"):
        one.extract(folder=str(one.root.parent / place))


# ------------------------------------------------------------------ full disks and kills
def test_a_full_disk_leaves_no_half_file(one: Made) -> None:
    """It is told as such; what was noted stays done, and the next run goes on."""
    with files_of_at_most(703), pytest.raises(DiskError, match="disk is full"):
        one.extract(threads=1)
    assert all(PAIRS[path] == data for path, data in one.files().items())
    counts = one.extract()
    assert sum(counts.values()) == 12
    assert one.files() == PAIRS
    assert not (one.folder / ".extract").exists()


def test_too_little_room_is_told_before_anything_is_written(tmp_path: Path) -> None:
    """With what is free, what is needed, and advice that fits."""
    files = pl.DataFrame({"size": [10**18], "action": ["bring"]})
    with pytest.raises(DiskError, match=r"(?s)not enough room.*bytes free.*extract\.folder=") as caught:
        check_room(tmp_path, files, 0)
    budget = int(re.search(r"extract\.max_bytes=(\d+)", str(caught.value))[1])  # type: ignore[index]
    check_room(tmp_path, files.with_columns(pl.lit(budget).alias("size")), 0)


def test_what_a_killed_run_noted_and_did_not_name_is_brought(one: Made) -> None:
    """Killed between the log and the names: the log is taken over, a cut line of it is none, and the files are brought."""
    one.extract(loose="copy")
    part = one.folder / "manifest.parquet" / "part-1-of-1.parquet"
    rows = pl.read_parquet(part)
    work = one.folder / ".extract" / "part-1-of-1"
    work.mkdir(parents=True)
    (work / "log.jsonl").write_text(rows.write_ndjson() + '{"path": "time/sour', encoding="utf-8")
    (work / "7.tmp").write_bytes(b"half")
    part.unlink()
    (one.folder / VIDEO(1)).unlink()
    assert one.extract(loose="copy", shard="2/2") != {}
    assert not (one.folder / ".extract").exists()
    assert one.extract(loose="copy") == {"there": 11, "copied": 1}
    assert one.files() == PAIRS


RUN = """
import sys
from pathlib import Path
import polars as pl
from sparkle_curation.extraction.extracting import extract
from sparkle_curation.extraction.settings import ExtractSettings
from sparkle_curation.ingest.release_files import ReleaseFiles
url, wanted, folder = sys.argv[1:]
extract(pl.read_parquet(wanted), lambda: ReleaseFiles(url), Path(folder), ExtractSettings(threads=1))
"""


def test_a_killed_run_leaves_whole_files_and_the_next_goes_on(tmp_path: Path) -> None:
    """Killed while it copies: what has its name is whole, what was in hand goes, and what was done is not done again."""
    pytest.importorskip("aiohttp", reason="fsspec reads http with aiohttp")
    data = {VIDEO(number): os.urandom(300_000) for number in range(100)}
    write_files(tmp_path / "release", {SHARD(0): tar_bytes(data.items())})
    ingested(tmp_path / "release", tmp_path)
    assets = tmp_path / "assets.parquet"
    one = Made(tmp_path / "release", pl.read_parquet(assets), tmp_path / "media")

    class Slow(RangeHandler):
        def do_GET(self) -> None:  # noqa: N802 -- the name is the base class's
            time.sleep(0.1)
            super().do_GET()

    with serving(tmp_path, Slow) as url:
        one.wanted.write_parquet(tmp_path / "wanted.parquet")
        command = [
            sys.executable,
            "-c",
            RUN,
            f"{url}/release",
            str(tmp_path / "wanted.parquet"),
            str(one.folder),
        ]
        with subprocess.Popen(command) as process:
            end = time.monotonic() + 60
            while not one.files() and process.poll() is None and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(0.15)  # it has begun with the next ones
            process.kill()
        assert process.returncode == -9
    done = one.files()
    assert 0 < len(done) < len(data)
    assert all(data[path] == found for path, found in done.items())
    assert list((one.folder / ".extract").rglob("*.tmp"))
    counts = one.extract()
    assert counts == {"there": len(done), "copied": len(data) - len(done)}
    assert one.files() == data
    assert not (one.folder / ".extract").exists()


def test_a_large_member_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger than what is read at once, between small neighbours, and one of no bytes at all."""
    monkeypatch.setattr(sources, "AHEAD_BYTES", 4096)
    sizes = {1: 100, 2: 50_001, 3: 0, 4: 4096, 5: 70_000}
    data = {VIDEO(number): os.urandom(size) for number, size in sizes.items()}
    write_files(tmp_path / "release", {SHARD(0): tar_bytes(data.items())})
    ingested(tmp_path / "release", tmp_path)
    one = Made(tmp_path / "release", pl.read_parquet(tmp_path / "assets.parquet"), tmp_path / "media")
    assert one.extract() == {"copied": 5}
    assert one.files() == data
