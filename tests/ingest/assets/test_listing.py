"""Shards and loose folders become the rows of ``assets``; what is no asset of theirs becomes a fault."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import fsspec
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparkle_curation.ingest.assets.listing import (
    ASSET_SCHEMA,
    AssetListing,
    find_asset_sources,
    list_assets,
    loose_assets,
    shard_assets,
    unknown_files,
)
from sparkle_curation.ingest.assets.table import ingest_assets
from sparkle_curation.ingest.manifest import list_media
from sparkle_curation.ingest.release_files import ReleaseFiles, SourceFile
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.themes import THEMES

SHARD = "time_source_video_part00.tar"
VIDEO = "time/source_video/Sparkle_time_{:06d}.mp4".format


def tar_bytes(members: Iterable[tuple[str, bytes]]) -> bytes:
    """A tar of files, by name and content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def release(root: Path, contents: dict[str, bytes]) -> ReleaseFiles:
    """A release under ``root`` with these files."""
    for path, content in contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return ReleaseFiles(str(root))


def list_shard(root: Path, data: bytes, path: str = SHARD) -> AssetListing:
    """The listing of one shard that holds ``data``."""
    files = release(root, {path: data})
    shard_file = files.find(path)
    assert shard_file is not None
    return shard_assets(files, shard_file)


def assert_conserved(listing: AssetListing) -> None:
    """Members or files = rows + faults."""
    assert listing.record_count == listing.rows.num_rows + sum(f.line_count for f in listing.faults)


# ------------------------------------------------------------------ shards
def test_a_member_of_a_shard_is_a_row(tmp_path: Path) -> None:
    """The row says where in which container the content stands, and where extracting would put it."""
    listing = list_shard(tmp_path, tar_bytes([(VIDEO(3), b"abc"), ("./" + VIDEO(1), b"de")]))
    assert listing.rows.schema.equals(ASSET_SCHEMA, check_metadata=True)
    assert listing.rows.to_pylist() == [
        {
            "id": "Sparkle_time_000003",
            "theme": "time",
            "kind": "source_video",
            "container": SHARD,
            "path": VIDEO(3),
            "offset": 512,
            "size": 3,
        },
        {
            "id": "Sparkle_time_000001",
            "theme": "time",
            "kind": "source_video",
            "container": SHARD,
            "path": VIDEO(1),
            "offset": 1536,
            "size": 2,
        },
    ]
    assert (listing.faults, listing.record_count) == ([], 2)


def test_an_intermediate_shard_is_extracted_inside_its_folder(tmp_path: Path) -> None:
    """Its members start at the theme; the path from the root has the folder in front."""
    data = tar_bytes([("style/source_video_mask/Sparkle_style_000001.npz", b"mask")])
    listing = list_shard(tmp_path, data, "intermediate_data/style_source_video_mask_part12.tar")
    [row] = listing.rows.to_pylist()
    assert row["container"] == "intermediate_data/style_source_video_mask_part12.tar"
    assert row["path"] == asset_path("style", "source_video_mask", "Sparkle_style_000001")


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "",
        "time/source_video/._Sparkle_time_000001.mp4",
        "time/source_video/Sparkle_time_1.mp4",
        "time/source_video/Sparkle_time_000001.MP4",
        "time/source_video/Sparkle_style_000001.mp4",
        "time/edited_video/Sparkle_time_000001.mp4",
        "style/source_video/Sparkle_style_000001.mp4",
        "intermediate_data/time/source_frame0/Sparkle_time_000001.png",
        "Sparkle/time/source_video/Sparkle_time_000001.mp4",
    ],
)
def test_a_member_that_is_not_of_the_shard_is_unexpected(name: str, tmp_path: Path) -> None:
    """Unknown to the layout, or of another theme or kind than the shard's name says."""
    listing = list_shard(tmp_path, tar_bytes([(VIDEO(1), b"a"), (name, b"b"), (VIDEO(2), b"c")]))
    assert listing.rows["path"].to_pylist() == [VIDEO(1), VIDEO(2)]
    [fault] = listing.faults
    assert (fault.reason, fault.raw, fault.byte_offset) == (Reason.UNEXPECTED_PATH, name.encode(), 1024)
    assert_conserved(listing)


def test_a_lost_member_is_reported_by_its_id(tmp_path: Path) -> None:
    """A link in the place of a video, and a video that is cut: the sample lacks its asset."""
    link = tarfile.TarInfo(VIDEO(1))
    link.type, link.linkname = tarfile.SYMTYPE, "elsewhere.mp4"
    data = link.tobuf() + tar_bytes([(VIDEO(2), b"a" * 700), (VIDEO(3), b"b" * 700)])[: 1536 + 512 + 10]
    listing = list_shard(tmp_path, data)
    assert listing.rows["path"].to_pylist() == [VIDEO(2)]
    assert [(fault.reason, fault.id) for fault in listing.faults] == [
        (Reason.LINK, "Sparkle_time_000001"),
        (Reason.TRUNCATED_TAR, "Sparkle_time_000003"),
    ]
    assert_conserved(listing)


def test_a_damaged_header_tells_no_id(tmp_path: Path) -> None:
    """Its name cannot be trusted, even where it looks right."""
    data = bytearray(tar_bytes([(VIDEO(1), b"a"), (VIDEO(2), b"b"), (VIDEO(3), b"c")]))
    data[1024 + 150] ^= 1
    listing = list_shard(tmp_path, bytes(data))
    assert listing.rows["path"].to_pylist() == [VIDEO(1)]
    assert [(fault.reason, fault.id) for fault in listing.faults] == [(Reason.BAD_TAR_HEADER, None)]
    assert_conserved(listing)


def test_of_members_with_one_path_the_last_stays(tmp_path: Path) -> None:
    """As when the tar is extracted; the earlier ones are compared with it, byte for byte."""
    big = b"x" * 3_000_000
    contents = [(VIDEO(1), b"new"), (VIDEO(2), big), (VIDEO(1), b"old"), ("./" + VIDEO(2), big[:-1] + b"y")]
    listing = list_shard(tmp_path, tar_bytes([*contents, (VIDEO(2), big), (VIDEO(1), b"newer")]))
    assert [(row["path"], row["size"]) for row in listing.rows.to_pylist()] == [
        (VIDEO(2), len(big)),
        (VIDEO(1), 5),
    ]
    assert [(fault.reason, fault.id) for fault in listing.faults] == [
        (Reason.DUPLICATE_CONFLICTING, "Sparkle_time_000001"),
        (Reason.DUPLICATE_IDENTICAL, "Sparkle_time_000002"),
        (Reason.DUPLICATE_CONFLICTING, "Sparkle_time_000001"),
        (Reason.DUPLICATE_CONFLICTING, "Sparkle_time_000002"),
    ]
    offsets = [fault.byte_offset for fault in listing.faults]
    assert offsets == sorted(offsets)
    assert_conserved(listing)


def test_a_shard_without_members_gives_a_table_without_rows(tmp_path: Path) -> None:
    """The columns are there all the same."""
    listing = list_shard(tmp_path, tar_bytes([]))
    assert listing.rows.equals(ASSET_SCHEMA.empty_table())
    assert (listing.faults, listing.record_count) == ([], 0)


def test_only_a_shard_is_listed_as_one(tmp_path: Path) -> None:
    """Theme and kind are known from the name of the shard alone."""
    with pytest.raises(ValueError, match=r"'other\.tar' is not the path of a shard"):
        list_shard(tmp_path, tar_bytes([]), "other.tar")


member_names = st.one_of(
    st.integers(0, 5).map(VIDEO), st.sampled_from(["README", "/abs", "../up", "./" + VIDEO(1)])
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(member_names, st.binary(max_size=600)), min_size=1, max_size=10), st.data())
def test_every_member_is_a_row_or_a_fault(members: list[tuple[str, bytes]], data: st.DataObject) -> None:
    """Also in a cut tar; no path has two rows, and a row's offset and size give the content written."""
    whole = tar_bytes(members)
    shard = whole[: data.draw(st.one_of(st.just(len(whole)), st.integers(1, len(whole))))]
    with TemporaryDirectory() as root:
        listing = list_shard(Path(root), shard)
    assert_conserved(listing)
    rows = listing.rows.to_pylist()
    assert len({row["path"] for row in rows}) == len(rows)
    written = {(name.removeprefix("./"), content) for name, content in members}
    read = {(row["path"], shard[row["offset"] : row["offset"] + row["size"]]) for row in rows}
    assert read <= written
    if shard == whole:
        last = {name.removeprefix("./"): content for name, content in members}
        assert read == {(path, content) for path, content in last.items() if path.startswith("time/")}


def entry(
    name: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"", link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    """A header of any type, and its content."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    return info, content


def tar_of(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A tar of headers as they are."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return target.getvalue()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
@pytest.mark.parametrize("name", [VIDEO(1), f"./{VIDEO(1)}", VIDEO(1).replace("/", "//")])
def test_a_file_that_a_link_or_folder_replaces_is_none(name: str, kind: bytes, tmp_path: Path) -> None:
    """As when the tar is extracted: what stands there in the end is no file."""
    other = entry(name, kind, link="elsewhere")
    files = [entry(VIDEO(1), content=b"one"), entry(VIDEO(2), content=b"two")]
    listing = list_shard(tmp_path, tar_of(*files, other))
    assert listing.rows["path"].to_pylist() == [VIDEO(2)]
    replaced = listing.faults[0]
    assert (replaced.reason, replaced.id) == (Reason.DUPLICATE_CONFLICTING, "Sparkle_time_000001")
    assert "no file" in replaced.detail
    assert_conserved(listing)
    turned = list_shard(tmp_path, tar_of(other, *files))
    assert turned.rows["path"].to_pylist() == [VIDEO(1), VIDEO(2)]
    assert Reason.DUPLICATE_CONFLICTING not in {fault.reason for fault in turned.faults}
    assert_conserved(turned)
    again = list_shard(tmp_path, tar_of(files[0], other, *files))
    assert again.rows["path"].to_pylist() == [VIDEO(1), VIDEO(2)]
    assert again.faults[0].reason is Reason.DUPLICATE_IDENTICAL
    assert_conserved(again)


# ------------------------------------------------------------------ loose files
def test_a_loose_file_is_a_row_without_a_container() -> None:
    """It starts at its first byte and is as long as its folder says; no file is opened."""
    path = "intermediate_data/time/source_frame0/Sparkle_time_000007.png"
    listing = loose_assets("time", "source_frame0", [SourceFile(path, 42, "1")])
    assert listing.rows.to_pylist() == [
        {
            "id": "Sparkle_time_000007",
            "theme": "time",
            "kind": "source_frame0",
            "container": None,
            "path": path,
            "offset": 0,
            "size": 42,
        }
    ]
    assert (listing.faults, listing.record_count) == ([], 1)


def test_a_loose_file_that_is_no_asset_is_unexpected() -> None:
    """Such as what a desktop or an unfinished download leaves; a name that is not UTF-8 is shown."""
    names = [".DS_Store", "Sparkle_time_000001.mp4.part", "Sparkle_style_000001.mp4", "\udcff.mp4"]
    sources = [SourceFile(f"time/source_video/{name}", 9, "1") for name in names]
    listing = loose_assets("time", "source_video", [*sources, SourceFile(VIDEO(1), 3, "1")])
    assert listing.rows["path"].to_pylist() == [VIDEO(1)]
    assert [fault.raw for fault in listing.faults] == [
        b"time/source_video/.DS_Store",
        b"time/source_video/Sparkle_time_000001.mp4.part",
        b"time/source_video/Sparkle_style_000001.mp4",
        b"time/source_video/\xff.mp4",
    ]
    assert {(fault.reason, fault.byte_count) for fault in listing.faults} == {(Reason.UNEXPECTED_PATH, 9)}
    assert_conserved(listing)


def test_an_empty_folder_gives_a_table_without_rows() -> None:
    """The columns are there all the same."""
    assert loose_assets("time", "source_video", []).rows.equals(ASSET_SCHEMA.empty_table())


# ------------------------------------------------------------------ sources
RELEASE = {
    "season/source_video/Sparkle_season_000002.mp4": b"22",
    "season/source_video/Sparkle_season_000001.mp4": b"1",
    "season_source_video_part10.tar": tar_bytes([]),
    "season_source_video_part02.tar": tar_bytes(
        [("season/source_video/Sparkle_season_000003.mp4", b"333"), ("junk", b"")]
    ),
    "season_edited_video_part00.tar": tar_bytes([]),
    "location_edited_video_part00.tar": tar_bytes([]),
    "intermediate_data/location_edited_video_canny_part00.tar": tar_bytes([]),
    "intermediate_data/location/source_frame0/Sparkle_location_000001.png": b"png",
    "intermediate_data/location/edited_frame0_score.jsonl": b"{}\n",
    # These lie where no asset does.
    "intermediate_data/season_source_video_part00.tar": tar_bytes([]),
    "season_source_frame0_part00.tar": tar_bytes([]),
    "spring_source_video_part00.tar": tar_bytes([]),
    "season_source_video_part03.tar.part": b"",
    "prompts/season_train.csv": b"",
}


@pytest.fixture
def memory_root() -> Iterator[str]:
    """A release in the memory file system of fsspec, which is taken for a remote one."""
    root = "memory://sparkle_assets"
    files = fsspec.filesystem("memory")
    for path, content in RELEASE.items():
        files.pipe_file(f"{root}/{path}", content)
    yield root
    files.rm(root, recursive=True)


@pytest.fixture(params=["local", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> ReleaseFiles:
    """The same release in a local folder and behind fsspec."""
    if request.param == "local":
        return release(tmp_path, RELEASE)
    return ReleaseFiles(request.getfixturevalue("memory_root"))


def test_sources_are_found_by_theme_kind_and_part(files: ReleaseFiles) -> None:
    """In the order of the card, not of the alphabet; the loose files of a kind before its shards."""
    assert [
        (source.theme, source.kind, source.part, source.path) for source in find_asset_sources(files)
    ] == [
        ("location", "edited_video", 0, "location_edited_video_part00.tar"),
        ("location", "source_frame0", None, "intermediate_data/location/source_frame0"),
        ("location", "edited_video_canny", 0, "intermediate_data/location_edited_video_canny_part00.tar"),
        ("season", "source_video", None, "season/source_video"),
        ("season", "source_video", 2, "season_source_video_part02.tar"),
        ("season", "source_video", 10, "season_source_video_part10.tar"),
        ("season", "edited_video", 0, "season_edited_video_part00.tar"),
    ]


def test_a_source_carries_what_its_fingerprint_needs(files: ReleaseFiles) -> None:
    """The shard itself, or all files of the folder by name, each with its size."""
    sources = {source.path: source for source in find_asset_sources(files)}
    folder, shard = sources["season/source_video"], sources["season_source_video_part02.tar"]
    assert [(file.path, file.size) for file in folder.files] == [
        ("season/source_video/Sparkle_season_000001.mp4", 1),
        ("season/source_video/Sparkle_season_000002.mp4", 2),
    ]
    assert folder.size_bytes == 3
    assert shard.files == (files.find(shard.path),)
    assert all(file.modified for file in (*folder.files, *shard.files))


def test_every_source_can_be_listed(files: ReleaseFiles) -> None:
    """Loose and sharded assets of a release come together in one table."""
    listings = [list_assets(files, source) for source in find_asset_sources(files)]
    assets = pa.concat_tables([listing.rows for listing in listings])
    assert list(zip(assets["id"].to_pylist(), assets["container"].to_pylist(), strict=True)) == [
        ("Sparkle_location_000001", None),
        ("Sparkle_season_000001", None),
        ("Sparkle_season_000002", None),
        ("Sparkle_season_000003", "season_source_video_part02.tar"),
    ]
    assert [fault.raw for listing in listings for fault in listing.faults] == [b"junk"]


def test_tars_that_the_layout_does_not_know_are_reported(files: ReleaseFiles) -> None:
    """Misnamed, or in the wrong one of the two folders: they would be passed over in silence."""
    assert [file.path for file in unknown_files(files)] == [
        "season_source_frame0_part00.tar",
        "spring_source_video_part00.tar",
        "intermediate_data/season_source_video_part00.tar",
    ]


@pytest.mark.parametrize("folder", ["prompts", "", "intermediate_data", f"intermediate_data/{THEMES[0]}"])
def test_a_file_whose_name_is_not_utf_8_is_quarantined(tmp_path: Path, folder: str) -> None:
    """In each folder that is looked through, with a name that a table can hold; its manifest has it too."""
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for name in (b"caf\xe9.csv", b"\xff.tar", "caf\N{LATIN SMALL LETTER E WITH ACUTE}.csv".encode()):
        (tmp_path / folder / os.fsdecode(name)).write_bytes(b"12345")
    ingestion = ingest_assets(ReleaseFiles(str(tmp_path)))
    rows = pl.concat(pl.DataFrame(pl.from_arrow(each)) for each in ingestion.quarantined.batches())
    start = f"{folder}/" if folder else ""
    assert sorted(rows.select("path", "reason", "raw_text", "byte_count").rows()) == [
        (f"{start}caf\ufffd{{dce9}}.csv", "unexpected_path", rf"{start}caf\xe9.csv", 5),
        (f"{start}\ufffd{{dcff}}.tar", "unexpected_path", rf"{start}\xff.tar", 5),
    ]
    assert "not UTF-8" in rows.filter(pl.col("path").str.ends_with("csv"))["detail"].item()
    sources = pl.concat(pl.DataFrame(pl.from_arrow(each)) for each in ingestion.source_files.batches())
    assert sources["record_count"].to_list() == [1, 1]
    manifest = list_media(ReleaseFiles(str(tmp_path))).manifest
    assert set(rows["path"]) == set(manifest["path"])


def test_a_release_without_assets_has_no_sources(tmp_path: Path) -> None:
    """Only the CSVs were downloaded."""
    assert list(find_asset_sources(release(tmp_path, {"prompts/time_train.csv": b""}))) == []
