"""The near_duplicates pipeline on made clips: one source in several themes, however it was encoded, is a group."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.pipelines.made_release import MadeRelease, brighter, clip, scene

from sparkle_curation.errors import MissingTableError, ParameterError, ReleaseError
from sparkle_curation.spec.tables.near_duplicates import FRAME_HASH_COLUMNS, SAMPLE_GROUP_COLUMNS
from synthetic.encode import mp4_bytes

ORIGINAL = "Sparkle_time_000001"
COPY, AGAIN, BRIGHT, STILL = (
    "Sparkle_style_000002",
    "Sparkle_location_000003",
    "Sparkle_season_000004",
    "Sparkle_time_000005",
)
OTHER, FIGURE = "Sparkle_style_000006", "Sparkle_style_000007"
BLACK, BLACKER = "Sparkle_time_000008", "Sparkle_season_000009"
CUT, CUT_BUT_STILL = "Sparkle_time_000010", "Sparkle_time_000011"
NEAR_DUPLICATES = sorted([ORIGINAL, COPY, AGAIN, BRIGHT, STILL, CUT_BUT_STILL])


def write_release(root: Path) -> MadeRelease:
    """One clip six times, two that only look like it from afar, two of black, and a broken one."""
    release = MadeRelease(root)
    source = clip(scene(1))
    encoded = mp4_bytes(source, 24)
    release.add(ORIGINAL, source_video=encoded)
    release.add_shard("source_video", {COPY: encoded})
    release.add(AGAIN, source_video=source, qp=34)
    release.add(BRIGHT, source_video=clip(brighter(scene(1), 10)))
    release.add_shard("source_frame0", {STILL: source[0]})
    release.add(OTHER, source_video=clip(scene(2)))
    with_figure = scene(1)
    with_figure[60:150, 200:240] = (250, 240, 20)
    release.add(FIGURE, source_video=clip(with_figure))
    release.add(BLACK, source_video=clip(np.zeros((180, 320, 3), np.uint8)))
    release.add(BLACKER, source_video=clip(np.zeros((180, 320, 3), np.uint8), frame_count=9))
    release.add(CUT, source_video=encoded[:-9])
    release.add(CUT_BUT_STILL, source_video=encoded[:-7], source_frame0=source[0])
    release.add_prompts("time", {ORIGINAL: "Make it snow", STILL: "make it  snow", BLACK: "Make it snow"})
    return release


def run(project: Project, **params: object) -> None:
    """Ingest, inspect and find near duplicates; the parameters are those of ``near_duplicates``."""
    for pipeline in ("ingest", "inspect"):
        project.run_here(pipeline)
    project.run_here(
        "near_duplicates", params={f"near_duplicates.{name}": value for name, value in params.items()}
    )


def table(project: Project, folder: str, name: str) -> pl.DataFrame:
    """A Parquet table that the pipeline wrote."""
    return pl.read_parquet(project.output(folder, f"{name}.parquet"))


def groups(project: Project) -> dict[str, str]:
    """Group by sample id."""
    return dict(table(project, "03_primary", "sample_groups").select("id", "group").iter_rows())


@pytest.fixture(scope="module")
def done(kedro_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run; nothing of it is changed."""
    folder = tmp_path_factory.mktemp("near_duplicates")
    project = Project(
        release_root=write_release(folder / "release").root,
        data_root=folder / "data",
        params={"near_duplicates.processes": 1},
    )
    run(project)
    return project


def test_one_clip_is_one_group_however_it_was_encoded(done: Project) -> None:
    """A copy in another theme, one encoded again, a brighter one and its first frame alone join; others do not."""
    found = groups(done)
    assert sorted(name for name, group in found.items() if group == found[ORIGINAL]) == NEAR_DUPLICATES
    assert found[ORIGINAL] == min(NEAR_DUPLICATES)
    alone = [OTHER, FIGURE, BLACK, BLACKER, CUT]
    assert {name: found[name] for name in alone} == {name: name for name in alone}


def test_what_joins_a_sample_is_reported(done: Project) -> None:
    """Copies of a file share it; the others share the picture alone."""
    rows = table(done, "03_primary", "sample_groups")
    assert rows.columns == [field.name for field in SAMPLE_GROUP_COLUMNS]
    found = dict(rows.select("id", "joined_by").iter_rows())
    assert {found[name] for name in (ORIGINAL, COPY)} == {"both"}
    assert {found[name] for name in (AGAIN, BRIGHT, STILL, CUT_BUT_STILL)} == {"picture"}
    assert found[BLACK] is None


def test_each_sample_has_its_hash_or_its_error(done: Project) -> None:
    """A still is read before the video, a broken video is told, and black has no detail."""
    rows = table(done, "02_intermediate", "frame_hashes")
    assert rows.columns == [field.name for field in FRAME_HASH_COLUMNS]
    by_id = {row["id"]: row for row in rows.iter_rows(named=True)}
    assert by_id[STILL]["read_from"] == by_id[CUT_BUT_STILL]["read_from"] == "source_frame0"
    assert by_id[ORIGINAL]["read_from"] == "source_video"
    assert by_id[ORIGINAL]["frame_hash"] == by_id[COPY]["frame_hash"]
    assert (by_id[CUT]["frame_hash"], by_id[CUT]["error"]) == (None, "truncated")
    assert by_id[CUT_BUT_STILL]["error"] is None
    assert by_id[BLACK]["detail"] < 0.01 < by_id[OTHER]["detail"]


def test_duplicates_and_counts_are_reported(done: Project) -> None:
    """The same prompt for one clip is a duplicate; counts add up over themes and groups."""
    duplicates = pl.read_csv(done.output("08_reporting", "duplicates.csv"))
    assert duplicates.select("id", "first_id", "sample_count").rows() == [
        (ORIGINAL, ORIGINAL, 2),
        (STILL, ORIGINAL, 2),
    ]
    total = pl.read_csv(done.output("08_reporting", "near_duplicate_counts.csv")).row(-1, named=True)
    assert total == {
        "theme": "total",
        "sample_count": 11,
        "group_count": 6,
        "near_duplicate_count": 6,
        "cross_theme_count": 6,
        "largest_group_size": 6,
        "duplicate_count": 2,
        "flat_count": 2,
        "unread_count": 1,
    }


def test_a_second_run_reads_nothing(done: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is hashed stays so, and copies were read once; another bound groups again from the same hashes."""
    shutil.copytree(done.data_root, tmp_path / "data")
    own = replace(done, data_root=tmp_path / "data")
    with caplog.at_level(logging.INFO):
        own.run_here("near_duplicates", params={"near_duplicates.min_detail": 0})
    assert "first frames: 0 measured, 8 known from before" in caplog.text
    hashes = (table(project, "02_intermediate", "frame_hashes") for project in (own, done))
    assert_frame_equal(*hashes)
    assert (groups(own)[BLACK], groups(done)[BLACK]) == (BLACKER, BLACK)


def test_another_root_is_noticed(done: Project, tmp_path: Path) -> None:
    """Files that are not there are errors of their samples, and tried again with the next run."""
    (tmp_path / "empty").mkdir()
    elsewhere = replace(done, data_root=tmp_path / "data")
    for pipeline in ("ingest", "inspect"):
        elsewhere.run_here(pipeline)
    replace(elsewhere, release_root=tmp_path / "empty").run_here("near_duplicates")
    assert set(table(elsewhere, "02_intermediate", "frame_hashes")["error"]) == {"missing", "truncated"}
    elsewhere.run_here("near_duplicates")
    assert groups(elsewhere) == groups(done)


def test_many_files_that_are_not_there_stop_the_run(project: Project, tmp_path: Path) -> None:
    """Where nothing at all can be read, the root is not the one that was inspected."""
    for pipeline in ("ingest", "inspect"):
        project.run_here(pipeline)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ReleaseError, match="None of the media can be read") as caught:
        replace(project, release_root=tmp_path / "empty").run_here("near_duplicates")
    assert "release_root" in caught.value.format_message()


def test_what_must_run_first_is_reported(project: Project) -> None:
    """Without the table of the media the error names the pipeline that makes it."""
    with pytest.raises(MissingTableError, match="kedro run --pipelines inspect"):
        project.run_here("near_duplicates")


def test_a_release_without_media_has_no_groups(project: Project, tmp_path: Path) -> None:
    """Empty tables with their columns, and counts of zero."""
    bare = MadeRelease(tmp_path / "bare")
    bare.add_prompts("time", {ORIGINAL: "Make it snow"})
    empty = replace(project, release_root=bare.root)
    run(empty)
    assert table(empty, "03_primary", "sample_groups").height == 0
    counts = pl.read_csv(empty.output("08_reporting", "near_duplicate_counts.csv"))
    assert counts.rows() == [("total", 0, 0, 0, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("max_distance", 9, "from 0 to 8"),
        ("max_fine_distance", 256, "from 0 to 255"),
        ("min_detail", -1, "grey levels"),
        ("batch_size", 0, "above 0"),
    ],
)
def test_a_bad_parameter_stops(project: Project, name: str, value: object, allowed: str) -> None:
    """What is allowed is told before anything runs."""
    with pytest.raises(ParameterError, match=allowed):
        project.run_here("near_duplicates", params={f"near_duplicates.{name}": value})
