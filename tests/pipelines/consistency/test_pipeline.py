"""The consistency pipeline, run by Kedro on made assets: each thing that does not fit is told from the others."""

from __future__ import annotations

import logging
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.made import forked_kedro
from tests.pipelines.made_release import MadeRelease, brighter, clip, scene

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import MissingTableError, ParameterError
from sparkle_curation.media.consistency.batch_measure import JOURNAL_SCHEMA
from sparkle_curation.pipelines.consistency.params import ConsistencyBounds
from sparkle_curation.spec.tables.consistency import CONSISTENCY_COLUMNS, HEADER_CHECKS, MEASURES
from synthetic.encode import mask_npz_bytes

WIDTH, HEIGHT, FRAMES = 160, 96, 17
BOX = [250.0, 250.0, 750.0, 1000.0]
"""Where the foreground is, in 0-1000; the mask fills it."""

IDS = [f"Sparkle_time_{number:06d}" for number in range(1, 15)]
(FIT, SHORT_MASK, FLICKERING, GONE, ELSEWHERE, UNMASKED, OTHER_START, OTHER_EDIT) = IDS[:8]
(CUT_MASK, CUT_STILL, NO_EDGES, ROUND1, PAIR, SMALL_STILL) = IDS[8:]


def foreground(frame_count: int = FRAMES) -> NDArray[np.bool_]:
    """A mask that fills the box."""
    mask = np.zeros((frame_count, HEIGHT, WIDTH), bool)
    mask[:, HEIGHT // 4 :, WIDTH // 4 : WIDTH * 3 // 4] = True
    return mask


def assets(seed: int) -> dict[str, Any]:
    """Assets that fit each other."""
    source, edited = (clip(scene(2 * seed + part, WIDTH, HEIGHT), FRAMES) for part in (0, 1))
    return {
        "source_video": source,
        "edited_video": edited,
        "source_frame0": source[0],
        "edited_frame0": edited[0],
        "source_video_mask": foreground(),
        "edited_video_canny": edited,
    }


def flickering() -> NDArray[np.bool_]:
    """A mask that is there in every other frame."""
    mask = foreground()
    mask[1::2] = False
    return mask


def gone() -> NDArray[np.bool_]:
    """A mask that covers one object of two."""
    mask = foreground()
    mask[:, :, WIDTH // 2 :] = False
    return mask


CHANGES: dict[str, dict[str, Any]] = {
    SHORT_MASK: {"source_video_mask": foreground(FRAMES - 1)},
    FLICKERING: {"source_video_mask": flickering()},
    GONE: {"source_video_mask": gone()},
    UNMASKED: {"source_video_mask": np.zeros((FRAMES, HEIGHT, WIDTH), bool)},
    OTHER_START: {"source_frame0": scene(901, WIDTH, HEIGHT)},
    OTHER_EDIT: {"edited_frame0": scene(902, WIDTH, HEIGHT)},
    CUT_MASK: {"source_video_mask": mask_npz_bytes(foreground())[:-9]},
    NO_EDGES: {"edited_video_canny": None},
    SMALL_STILL: {"source_frame0": clip(scene(2 * 14, WIDTH, HEIGHT), 1)[0][::2, ::2]},
}
"""What each sample has other than those that fit; None for what it lacks."""

HALVES = [[250.0, 250.0, 500.0, 1000.0], [500.0, 250.0, 750.0, 1000.0]]


def write_release(root: Path) -> MadeRelease:
    """A sample that fits, and one for each fault."""
    release = MadeRelease(root)
    for seed, name in enumerate(IDS, start=1):
        found = {**assets(seed), **CHANGES.get(name, {})}
        if name == PAIR:
            found = {kind: found[kind] for kind in ("source_video", "edited_video")}
        release.add(name, **{kind: content for kind, content in found.items() if content is not None})
    _spoil_pixels(root / "intermediate_data" / "time" / "source_frame0" / f"{CUT_STILL}.png")
    frames = {name: [[BOX]] * 3 for name in IDS if name != ROUND1}
    frames[GONE] = [HALVES] * 3
    frames[ELSEWHERE] = [[[0.0, 0.0, 200.0, 200.0], []]] * 3
    frames[SHORT_MASK] = [[BOX]] * 4
    release.add_grounding("time", {name: [BOX] for name in IDS}, frames)
    return release


def _spoil_pixels(path: Path) -> None:
    """Damage a PNG so that its header is right and its pixels are not."""
    content = bytearray(path.read_bytes())
    start = content.index(b"IDAT") + 30
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)


def prepare(project: Project) -> None:
    """What must run before."""
    project.run_here("ingest,inspect")


def rows(project: Project) -> dict[str, dict[str, Any]]:
    """The table by sample id."""
    found = pl.read_parquet(project.output("02_intermediate", "consistency.parquet"))
    return {row["id"]: row for row in found.iter_rows(named=True)}


@pytest.fixture(scope="module")
def done(kedro_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run; nothing of it is changed."""
    folder = tmp_path_factory.mktemp("consistency")
    project = Project(
        release_root=write_release(folder / "release").root,
        data_root=folder / "data",
        params={"consistency.processes": 1, "inspect.processes": 1},
    )
    prepare(project)
    project.run_here("consistency")
    return project


@pytest.fixture(scope="module")
def found(done: Project) -> dict[str, dict[str, Any]]:
    """The rows of that run."""
    return rows(done)


def test_assets_that_fit_are_consistent(found: dict[str, dict[str, Any]]) -> None:
    """Every check passes, every measure is there, and its numbers are those of what was drawn."""
    row = found[FIT]
    assert all(row[field.name] is True for field in HEADER_CHECKS)
    assert all(row[field.name] is not None for field in MEASURES)
    assert row["mask_share"] == row["smallest_mask_share"] == 0.75 * 0.5
    assert (row["mask_flicker"], row["mask_jump"]) == (0.0, 0.0)
    assert row["boxes_in_mask_share"] > 0.96
    assert row["mask_in_boxes_share"] == 1.0
    assert max(row["source_frame0_difference"], row["edited_frame0_difference"]) < 6
    assert row["error"] is None


def test_the_table_is_as_described(done: Project) -> None:
    """One row per sample with any asset, with the described columns, shares within 0-1."""
    table = pl.read_parquet(done.output("02_intermediate", "consistency.parquet"))
    assert table.columns == [field.name for field in CONSISTENCY_COLUMNS]
    assert table["id"].to_list() == IDS
    for field in MEASURES:
        assert table[field.name].drop_nulls().is_between(field.minimum, field.maximum).all()


FAILED = {
    SHORT_MASK: {"is_mask_shape_equal", "is_grounding_frame_count_equal"},
    FLICKERING: {"min_smallest_mask_share", "max_mask_flicker", "max_mask_jump"},
    GONE: {"min_smallest_box_in_mask_share"},
    ELSEWHERE: {"min_boxes_in_mask_share", "min_smallest_box_in_mask_share", "min_mask_in_boxes_share"},
    UNMASKED: {
        "min_mask_share",
        "min_smallest_mask_share",
        "min_boxes_in_mask_share",
        "min_smallest_box_in_mask_share",
    },
    OTHER_START: {"max_source_frame0_difference"},
    OTHER_EDIT: {"max_edited_frame0_difference"},
    CUT_MASK: {"is_whole"},
    CUT_STILL: {"is_whole"},
    NO_EDGES: {"has_edges_video"},
    PAIR: {"has_edges_video"},
    SMALL_STILL: {"is_source_frame0_size_equal"},
}
"""Which checks of the report each sample fails; the others pass or say nothing."""


def test_each_fault_fails_its_own_checks(done: Project) -> None:
    """The report names each sample under the checks that it fails, and under no other."""
    counts = pl.read_csv(
        done.output("08_reporting", "consistency_counts.csv"), schema_overrides={"failed_ids": pl.String}
    )
    failed = {
        row["check"]: set((row["failed_ids"] or "").split())
        for row in counts.iter_rows(named=True)
        if row["failed_count"]
    }
    by_sample = {name: {check for check, ids in failed.items() if name in ids} for name in IDS}
    assert {name: checks for name, checks in by_sample.items() if checks} == FAILED
    assert (counts["failed_count"] <= counts["checked_count"]).all()
    assert set(counts["sample_count"]) == {len(IDS)}


def test_a_broken_asset_is_an_error_of_its_row(found: dict[str, dict[str, Any]]) -> None:
    """What the header tells and what only reading tells; the other measures are made all the same."""
    cut, spoilt = found[CUT_MASK], found[CUT_STILL]
    assert cut["error"] == "truncated"
    assert cut["error_detail"].startswith("source_video_mask: ")
    assert (cut["is_mask_shape_equal"], cut["mask_share"]) == (None, None)
    assert cut["source_frame0_difference"] is not None
    assert spoilt["error"] == "bad_checksum"
    assert spoilt["error_detail"].startswith("source_frame0: ")
    assert spoilt["source_frame0_difference"] is None
    assert spoilt["mask_share"] is not None


def test_what_is_absent_says_nothing(found: dict[str, dict[str, Any]]) -> None:
    """A pair alone has the checks of a pair; without round 2 the boxes of round 1 count, on the first frame."""
    pair = found[PAIR]
    told = {name for name, value in pair.items() if value is not None}
    assert told == {
        "id",
        "theme",
        "is_pair_frame_count_equal",
        "is_pair_fps_equal",
        "is_pair_size_equal",
        "has_edges_video",
        "is_grounding_frame_count_equal",
    }
    assert found[ROUND1]["is_grounding_frame_count_equal"] is None
    assert found[ROUND1]["boxes_in_mask_share"] == found[FIT]["boxes_in_mask_share"]


def test_a_second_run_measures_nothing(
    done: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Another bound counts again from the same measures."""
    shutil.copytree(done.data_root, tmp_path / "data")
    own = replace(done, data_root=tmp_path / "data")
    with caplog.at_level(logging.INFO):
        own.run_here("consistency", params={"consistency.bounds.min_mask_share": 0.9})
    assert "consistency: 0 measured, 13 known from before" in caplog.text
    assert "12 of 12 samples fail min_mask_share" in caplog.text
    assert rows(own) == rows(done)


def test_one_changed_asset_is_measured_again(
    done: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Content decides: the others are known, wherever they lie now."""
    shutil.copytree(done.release_root, tmp_path / "release")
    shutil.copytree(done.data_root, tmp_path / "data")
    own = replace(done, release_root=tmp_path / "release", data_root=tmp_path / "data")
    MadeRelease(own.release_root).add(FIT, source_frame0=brighter(scene(2, WIDTH, HEIGHT), 40))
    prepare(own)
    with caplog.at_level(logging.INFO):
        own.run_here("consistency")
    assert "consistency: 1 measured, 12 known from before" in caplog.text
    assert rows(own)[FIT]["source_frame0_difference"] > 12
    assert rows(own)[GONE] == rows(done)[GONE]


def test_only_what_is_asked_for_is_read(done: Project, tmp_path: Path) -> None:
    """Without readings no asset is opened; with one of them the other measures are null."""
    shutil.copytree(done.data_root / "02_intermediate", tmp_path / "data" / "02_intermediate")
    own = replace(done, data_root=tmp_path / "data")
    own.run_here("consistency", params={"consistency.readings": "[]"})
    assert all(row[field.name] is None for row in rows(own).values() for field in MEASURES)
    assert rows(own)[SHORT_MASK]["is_mask_shape_equal"] is False
    own.run_here("consistency", params={"consistency.readings": "boxes first_frames"})
    assert rows(own)[FIT]["mask_share"] is None
    assert rows(own)[FIT]["mask_in_boxes_share"] == 1.0


@pytest.mark.slow
def test_a_killed_run_loses_only_the_batch_in_hand(done: Project, tmp_path: Path) -> None:
    """The table of a run that was killed and taken up again equals that of one that was not."""
    shutil.copytree(done.data_root / "02_intermediate", tmp_path / "data" / "02_intermediate")
    own = replace(done, data_root=tmp_path / "data", params={**done.params, "consistency.batch_size": 1})
    journal = Journal(own.output("journals", "consistency.journal"), JOURNAL_SCHEMA)
    with Path(os.devnull).open("w") as nowhere:
        process = forked_kedro.start(own.command("--pipelines", "consistency"), os.environ, nowhere, nowhere)
    while process.poll() is None and len(journal.keys()) < 3:
        time.sleep(0.005)
    process.kill()
    process.wait()
    kept = len(journal.keys())
    assert kept >= 3
    finished = own.run_kedro("--pipelines", "consistency")
    assert finished.returncode == 0, finished.stderr
    assert len(journal.keys()) == 13
    assert_frame_equal(
        pl.read_parquet(own.output("02_intermediate", "consistency.parquet")),
        pl.read_parquet(done.output("02_intermediate", "consistency.parquet")),
    )


def test_every_bound_is_of_a_column() -> None:
    """A bound is `min_` or `max_` and a measure of the table."""
    names = {field.name for field in MEASURES}
    for bound in ConsistencyBounds.model_fields:
        side, _, column = bound.partition("_")
        assert side in {"min", "max"}
        assert column in names


def test_the_sample_release_is_consistent(project: Project, sample_release: Path) -> None:
    """The made release passes every check."""
    prepare(project)
    project.run_here("consistency")
    counts = pl.read_csv(project.output("08_reporting", "consistency_counts.csv"))
    assert counts["failed_count"].sum() == 0
    assert counts.filter(pl.col("check") == "is_mask_shape_equal")["checked_count"].sum() == 90


def test_what_must_run_first_is_reported(project: Project) -> None:
    """Without the table of the media the error names the pipeline that makes it."""
    with pytest.raises(MissingTableError, match="kedro run --pipelines inspect"):
        project.run_here("consistency")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("readings", "masks", "mask, boxes, first_frames"),
        ("bounds.min_mask_share", 2, "a share of 0 to 1"),
        ("bounds.max_flicker", 0.1, "max_mask_flicker"),
    ],
)
def test_a_bad_parameter_stops(project: Project, name: str, value: object, allowed: str) -> None:
    """What is allowed is told before anything runs."""
    with pytest.raises(ParameterError, match=allowed):
        project.run_here("consistency", params={f"consistency.{name}": value})
