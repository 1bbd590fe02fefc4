"""What a release has sources of is told by listing; a release near a wrong root is found, and can be given as printed."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import fsspec
import polars as pl
import pytest

from sparkle_curation.datasets import SourcesDataset
from sparkle_curation.errors import EmptyOutputError, ReleaseError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.sources_at_hand import (
    NO_SOURCES,
    Part,
    check_release,
    find_releases,
    packed_sources,
    sources_at_hand,
)

CSV, SHARD = "prompts/time_train.csv", "intermediate_data/style_source_frame0_part00.tar"
LOOSE = "season/source_video/Sparkle_season_000001.mp4"


def made(root: Path, *paths: str) -> Path:
    """A folder with these files, all empty."""
    root.mkdir(parents=True, exist_ok=True)
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")
    return root


def used(*sources: tuple[str, str, str, int]) -> pl.DataFrame:
    """The sources of earlier tables."""
    return pl.concat([NO_SOURCES, pl.DataFrame(sources, schema=NO_SOURCES.schema, orient="row")])


def test_texts_shards_and_loose_files_are_sources(tmp_path: Path) -> None:
    """A folder without files is none, and neither is a shard that lies beside its place."""
    made(tmp_path, CSV, SHARD, LOOSE, "style_source_frame0_part01.tar", "README.md")
    (tmp_path / "location" / "source_video").mkdir(parents=True)
    assert sources_at_hand(ReleaseFiles(str(tmp_path))) == {
        Part("annotations", "time"),
        Part("assets", "style"),
        Part("assets", "season"),
    }


def test_a_part_of_a_release_is_enough_the_first_time(tmp_path: Path) -> None:
    """Without earlier tables nothing can be lost."""
    check_release(ReleaseFiles(str(made(tmp_path, CSV))), NO_SOURCES, allow_empty=False)


def test_what_had_records_must_still_have_a_source(tmp_path: Path) -> None:
    """A shard may become a folder, and an empty file may go; another theme's file is no replacement."""
    files = ReleaseFiles(str(made(tmp_path, CSV, LOOSE)))
    kept = [
        ("annotations", "time", CSV, 5),
        ("assets", "season", "season_source_video_part00.tar", 9),
        ("grounding_r1", "time", "intermediate_data/time/grounding_r1.jsonl", 0),
    ]
    check_release(files, used(*kept), allow_empty=False)
    before = used(*kept, ("annotations", "style", "prompts/style_train.csv", 1))
    with pytest.raises(EmptyOutputError, match="would lose all rows") as caught:
        check_release(files, before, allow_empty=False)
    assert caught.value.got == "nothing of annotations of style (was prompts/style_train.csv)"
    check_release(files, before, allow_empty=True)


def test_a_theme_that_is_described_no_more_is_named(tmp_path: Path) -> None:
    """With what to do: the release has it under the name that the description had."""
    before = used(("annotations", "before", "prompts/before_train.csv", 1))
    with pytest.raises(EmptyOutputError) as caught:
        check_release(ReleaseFiles(str(made(tmp_path, CSV))), before, allow_empty=False)
    assert caught.value.got == "nothing of annotations of before (was prompts/before_train.csv)"
    assert (caught.value.todo or "").startswith("describe before in dataset.yml")


def test_a_release_that_has_what_is_lost_is_named(tmp_path: Path) -> None:
    """The folder above has the theme; one below, with less, is not named."""
    above = made(tmp_path / "above", CSV, "prompts/style_train.csv")
    root = made(above / "copy", CSV)
    made(root / "below", CSV)
    with pytest.raises(EmptyOutputError) as caught:
        check_release(
            ReleaseFiles(str(root)),
            used(("annotations", "style", "prompts/style_train.csv", 1)),
            allow_empty=False,
        )
    assert (caught.value.todo or "").startswith(f"the release seems to be in {above}: --params")


def test_what_lies_packed_beside_its_place_is_told(tmp_path: Path) -> None:
    """Texts and shards, with the command; not where the file itself is there too, nor what is no source."""
    scores = "intermediate_data/time/edited_video_score.jsonl"
    names = (
        f"{scores}.gz",
        f"{CSV}.zip",
        CSV,
        f"{SHARD}.zst",
        "time_source_video_part00.tgz",
        "README.md.gz",
    )
    files = ReleaseFiles(str(made(tmp_path, *names, "time_source_video_part01.tar.xz")))
    assert [str(packed) for packed in packed_sources(files)] == [
        (
            "time_source_video_part00.tar is absent, but time_source_video_part00.tgz is there: "
            "gunzip time_source_video_part00.tgz"
        ),
        (
            "time_source_video_part01.tar is absent, but time_source_video_part01.tar.xz is there: "
            "unxz time_source_video_part01.tar.xz"
        ),
        f"{SHARD} is absent, but {SHARD}.zst is there: zstd -d {SHARD}.zst",
        f"{scores} is absent, but {scores}.gz is there: gunzip {scores}.gz",
    ]


def test_a_release_that_is_packed_is_told_to_be_unpacked(tmp_path: Path) -> None:
    """Where nothing else is there, and where a table would lose what lies packed now."""
    files = ReleaseFiles(str(made(tmp_path / "all", f"{CSV}.gz")))
    with pytest.raises(ReleaseError) as caught:
        check_release(files, NO_SOURCES, allow_empty=False)
    assert caught.value.todo == f"{CSV} is absent, but {CSV}.gz is there: gunzip {CSV}.gz"
    files = ReleaseFiles(str(made(tmp_path / "part", f"{CSV}.gz", SHARD)))
    with pytest.raises(EmptyOutputError) as lost:
        check_release(files, used(("annotations", "time", CSV, 5)), allow_empty=False)
    assert (lost.value.todo or "").startswith(f"{CSV} is absent, but {CSV}.gz is there")


@pytest.mark.parametrize("name", ["plain", "with blank", "it's"])
def test_what_is_printed_can_be_typed(name: str, tmp_path: Path) -> None:
    """A shell reads the option as the root that was found."""
    made(tmp_path / name / "release", CSV)
    with pytest.raises(ReleaseError) as caught:
        check_release(ReleaseFiles(str(tmp_path / name)), NO_SOURCES, allow_empty=False)
    typed = shlex.split((caught.value.todo or "").rpartition(": ")[2])
    assert typed == ["--params", f"release_root={tmp_path / name / 'release'}"]


def test_a_root_with_a_comma_is_set_in_a_file(tmp_path: Path) -> None:
    """Kedro cuts what is typed at its commas."""
    made(tmp_path / "a,b" / "release", CSV)
    with pytest.raises(ReleaseError, match=re.escape("in conf/local/globals.yml")):
        check_release(ReleaseFiles(str(tmp_path / "a,b")), NO_SOURCES, allow_empty=False)


def test_a_release_is_found_below_and_above_with_most_of_it_first(tmp_path: Path) -> None:
    """In a hub's cache, under two commits; a link is followed, and a loop of links ends."""
    cache = tmp_path / "hub" / "datasets--a--b" / "snapshots"
    less, more = made(cache / "aaa", CSV), made(cache / "bbb", CSV, SHARD)
    (more / "loop").symlink_to(tmp_path / "hub")
    assert find_releases(ReleaseFiles(str(tmp_path / "hub"))) == [str(more), str(less)]
    assert find_releases(ReleaseFiles(str(more / "prompts"))) == [str(more)]


def test_a_release_behind_a_url_is_found_under_its_url() -> None:
    """Below and above, as it would be typed."""
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/sources_at_hand/x/snapshots/abc/prompts/time_train.csv", b"")
    try:
        root = "memory://sources_at_hand/x/snapshots/abc"
        assert find_releases(ReleaseFiles("memory://sources_at_hand/x")) == [root]
        assert find_releases(ReleaseFiles(f"{root}/prompts")) == [root]
    finally:
        memory.rm("/sources_at_hand", recursive=True)


def test_lists_of_sources_that_cannot_be_read_are_empty(tmp_path: Path) -> None:
    """Before the first run there is none, and a broken one tells nothing."""
    frame = used(("annotations", "time", CSV, 5)).with_columns(pl.col("record_count").cast(pl.Int32))
    frame.write_parquet(tmp_path / "whole.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    names = ("whole", "broken", "absent")
    dataset = SourcesDataset(filepaths={name: str(tmp_path / f"{name}.parquet") for name in names})
    assert dataset.load().rows() == [("annotations", "time", CSV, 5)]
    shutil.rmtree(tmp_path)
    assert dataset.load().rows() == []
