"""The inspect pipeline, run by Kedro: what is planted in a release is what the table of the media says."""

from __future__ import annotations

import logging
import os
import random
import shutil
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.made import forked_kedro
from tests.made.edited_tables import edit_table
from tests.made.pairs import Pairs

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import ConservationError, MissingTableError, ParameterError
from sparkle_curation.media.probe.batch_probe import JOURNAL_SCHEMA
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.tables.media import MEDIA_COLUMNS
from sparkle_curation.spec.themes import THEMES


def media(project: Project) -> pl.DataFrame:
    """The table of the media."""
    return pl.read_parquet(project.output("02_intermediate", "media.parquet"))


def counts(project: Project) -> pl.DataFrame:
    """Its counts."""
    return pl.read_csv(project.output("08_reporting", "media_counts.csv"))


def run(project: Project, **params: object) -> None:
    """Ingest and inspect; the parameters are those of ``inspect``."""
    project.run_here("ingest")
    project.run_here("inspect", params={f"inspect.{name}": value for name, value in params.items()})


@pytest.fixture
def own(project: Project, sample_release: Path, tmp_path: Path) -> Project:
    """The project on a copy of the sample release that may be damaged."""
    shutil.copytree(sample_release, tmp_path / "release")
    return replace(project, release_root=tmp_path / "release")


def test_the_sample_is_whole(project: Project) -> None:
    """Every asset has its row, with the columns that are described, and none is broken."""
    run(project)
    found = media(project)
    assets = pl.read_parquet(project.output("02_intermediate", "assets.parquet"))
    assert found.columns == [column.name for column in MEDIA_COLUMNS]
    assert_frame_equal(found.select("id", "kind", "path"), assets.select("id", "kind", "path"))
    assert found["error"].is_null().all()
    assert set(found["width_px"]) == {128}
    for kind, about in ASSET_KINDS.items():
        of_kind = found.filter(kind=kind)
        assert (of_kind["fps"].count() == of_kind.height) is (about.suffix == "mp4")
        assert (of_kind["frame_count"].count() == of_kind.height) is (about.suffix != "png")
    assert counts(project)["asset_count"].sum() == found.height
    assert counts(project).height == len(THEMES) * len(ASSET_KINDS)


def test_pairs_have_their_figures(project: Project, pairs: Pairs) -> None:
    """Their size, 16 frames a second, pairs of 81, 73 or 69 frames."""
    run(replace(project, release_root=pairs.root))
    found = media(project)
    assert found.height == 24
    assert found.select("width_px", "height_px", "fps", "codec", "error").unique().rows() == [
        (*pairs.size, 16.0, "h264", None)
    ]
    counted = found.group_by("id").agg(pl.col("frame_count").unique()).sort("id")["frame_count"].to_list()
    assert Counter(tuple(frames) for frames in counted) == {(81,): 9, (73,): 1, (69,): 2}


def test_a_repeated_run_probes_and_writes_nothing(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    """The table stays the same file, and the log says so; another depth is another table."""
    run(project)
    path = project.output("02_intermediate", "media.parquet", "time.parquet")
    inode = path.stat().st_ino
    with caplog.at_level(logging.INFO):
        run(project)
    assert path.stat().st_ino == inode
    assert "media: sources unchanged, not read again" in caplog.text
    run(project, hash=True)
    assert path.stat().st_ino != inode
    assert media(project)["content_hash"].is_not_null().all()


def test_kinds_may_be_chosen_on_the_command_line(project: Project) -> None:
    """Where a comma cannot stand."""
    project.run_here("ingest")
    finished = project.run_kedro(
        "--pipelines", "inspect", params={"inspect.kinds": "source_video source_video_mask"}
    )
    assert finished.returncode == 0, finished.stderr
    assert set(media(project)["kind"]) == {"source_video", "source_video_mask"}
    assert set(counts(project)["kind"]) == {"source_video", "source_video_mask"}


def test_a_release_of_csvs_alone_has_no_media(
    project: Project, sample_release: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An empty table with its columns, empty counts, said once."""
    shutil.copytree(sample_release / "prompts", tmp_path / "csvs" / "prompts")
    bare = replace(project, release_root=tmp_path / "csvs")
    with caplog.at_level(logging.INFO):
        run(bare)
    assert media(bare).height == 0
    assert media(bare).columns == [column.name for column in MEDIA_COLUMNS]
    assert counts(bare).height == 0
    assert caplog.text.count("the release has no assets of the inspected kinds") == 1


def test_broken_files_are_rows_with_their_errors(own: Project, caplog: pytest.LogCaptureFixture) -> None:
    """One of each sort, loose and in a tar; all others are whole."""
    loose = own.release_root / "time" / "edited_video"
    one, other, third = sorted(loose.iterdir())[:3]
    one.write_bytes(one.read_bytes()[:-1])
    other.write_bytes(b"<html>429 Too Many Requests</html>")
    third.write_bytes(b"")
    folder = own.release_root / "intermediate_data" / "style"
    image = min((folder / "edited_frame0").iterdir())
    image.write_bytes(one.read_bytes())
    mask = min((folder / "source_video_mask").iterdir())
    mask.write_bytes(mask.read_bytes()[:-30])
    tar = own.release_root / "style_source_video_part00.tar"
    content = tar.read_bytes()
    tar.write_bytes(content.replace(b"moov", b"m\0\0v", 1))
    run(own)
    broken = {
        (row["container"] or row["path"]): row["error"]
        for row in media(own).filter(pl.col("error").is_not_null()).rows(named=True)
    }
    relative = [str(path.relative_to(own.release_root)) for path in (one, other, third, image, mask)]
    assert broken == dict(
        zip(
            [*relative, tar.name],
            [
                MediaFault.TRUNCATED,
                MediaFault.NOT_MP4,
                MediaFault.EMPTY,
                MediaFault.NOT_PNG,
                MediaFault.TRUNCATED,
                MediaFault.NO_INDEX,
            ],
            strict=True,
        )
    )
    assert counts(own)["broken_count"].sum() == 6
    (told,) = (message for message in caplog.messages if message.startswith("media: broken are "))
    assert set(told.removeprefix("media: broken are ").removesuffix(" of 795 assets").split(", ")) == {
        *("1 empty", "2 truncated", "1 no_index", "1 not_mp4", "1 not_png"),
    }
    assert counts(own).filter(theme="time", kind="edited_video")["truncated"].item() == 1


def test_decoding_sees_what_headers_do_not(own: Project) -> None:
    """A flipped byte of an image is found, and every clip has a hash of its frames."""
    image = min((own.release_root / "intermediate_data" / "style" / "edited_frame0").iterdir())
    content = bytearray(image.read_bytes())
    content[content.index(b"IDAT") + 50] ^= 1
    image.write_bytes(content)
    run(own)
    assert media(own)["error"].count() == 0
    run(own, decode=True, kinds="edited_frame0 source_video_mask edited_video")
    (row,) = media(own).filter(pl.col("error").is_not_null()).rows(named=True)
    assert (row["path"], row["error"]) == (str(image.relative_to(own.release_root)), MediaFault.BAD_CHECKSUM)
    assert media(own)["frames_hash"].count() == media(own).height - 1


def test_a_theme_that_is_gone_from_the_media_is_made_again(project: Project) -> None:
    """The rows of all themes, from what the journal knows; the fingerprints of the other files do not hide it."""
    run(project)
    before = media(project)
    project.output("02_intermediate", "media.parquet", "style.parquet").unlink()
    run(project)
    assert_frame_equal(media(project), before)


def test_an_asset_that_lost_its_row_stops_the_run(project: Project) -> None:
    """The sums are held at the end of each run, whatever wrote the table."""
    run(project)
    edit_table(project.output("02_intermediate", "media.parquet"), lambda rows: rows.slice(1))
    with pytest.raises(ConservationError, match="one for each asset"):
        project.run_here("inspect")


def test_without_assets_the_run_says_what_to_do(project: Project) -> None:
    """Ingest first."""
    with pytest.raises(MissingTableError, match="kedro run --pipelines ingest"):
        project.run_here("inspect")


# ------------------------------------------------------------------ parameters
@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("kinds", "source_vidoe", "source_video, edited_video"),
        ("decode", 1, "true or false"),
        ("processes", 0, "above 0"),
        ("batch_size", 0.5, "above 0"),
        ("decoed", True, "did you mean 'inspect.decode'"),
    ],
)
def test_values_that_are_not_allowed_stop_the_run(
    project: Project, name: str, value: object, allowed: str
) -> None:
    """Before anything is read, with what is allowed."""
    with pytest.raises(ParameterError, match=allowed):
        project.run_here("inspect", params={f"inspect.{name}": value})


# ------------------------------------------------------------------ killed
KILLS = 4


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_is_not(
    project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Four kills -9 at random moments: the same table, and what is in the journal is not probed again."""
    whole = replace(project, data_root=tmp_path / "whole")
    run(whole)
    project.run_here("ingest")
    params = {"inspect.batch_size": 5}
    path = project.output("journals", "inspect.journal")
    known: list[str] = []
    killed = 0
    for _ in range(KILLS):
        with Path(os.devnull).open("w") as nowhere:
            process = forked_kedro.start(
                project.command("--pipelines", "inspect", params=params), os.environ, nowhere, nowhere
            )
        target = _size(path) + random.randint(1, 60_000)  # noqa: S311 -- up to some 20 batches further
        while process.poll() is None and _size(path) < target:
            time.sleep(0.001)
        process.kill()
        killed += process.wait() != 0
        frames = [rows["key"].to_pylist() for rows in Journal(path, JOURNAL_SCHEMA).records()]
        before, known = known, [key for keys in frames for key in keys]
        assert len(known) == len(set(known)), "probed again"
        assert set(before) <= set(known), "lost"
    assert killed >= KILLS // 2, "too few runs were killed in time"
    with caplog.at_level(logging.INFO):
        project.run_here("inspect", params=params)
    assert_frame_equal(media(project), media(whole))
    assert_frame_equal(counts(project), counts(whole))
    if killed == KILLS:
        rest = media(whole).height - len(known)
        assert f"{rest} assets probed, {len(known)} known from before" in caplog.text


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
