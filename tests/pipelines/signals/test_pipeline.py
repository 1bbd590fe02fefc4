"""The signals pipeline, run by Kedro on made assets: each pair is measured, or its row says why not."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.conftest import Project
from tests.pipelines.made_release import MadeRelease, brighter, clip, scene

from sparkle_curation.errors import MissingTableError
from sparkle_curation.spec.codes.signal_faults import SignalFault
from sparkle_curation.spec.tables.signals import MASK_SIGNALS, SIGNAL_COLUMNS

WIDTH, HEIGHT, FRAMES = 160, 96, 17
IDS = [f"Sparkle_time_{number:06d}" for number in range(1, 10)]
SAME, OTHER, UNMASKED, SHORT_MASK, CUT, FULL, HALF, WIDE, BRIEF = IDS
PROMPT_ONLY = "Sparkle_season_000001"


def mask_of(frame_count: int = FRAMES) -> NDArray[np.bool_]:
    """A foreground in the middle."""
    mask = np.zeros((frame_count, HEIGHT, WIDTH), bool)
    mask[:, HEIGHT // 4 :, WIDTH // 4 : WIDTH * 3 // 4] = True
    return mask


def write_release(root: Path) -> MadeRelease:
    """An unedited pair, another one, and one for each reason that signals are lacking for."""
    release = MadeRelease(root)
    still = clip(scene(1, WIDTH, HEIGHT), FRAMES)
    for name in IDS:
        edited = still if name == SAME else clip(scene(int(name[-1]) + 10, WIDTH, HEIGHT), FRAMES)
        assets: dict[str, Any] = {
            "source_video": still,
            "edited_video": edited,
            "source_video_mask": mask_of(),
        }
        if name == WIDE:
            assets["edited_video"] = edited[:, : HEIGHT // 2]
        if name == HALF:
            assets.pop("edited_video")
        if name == UNMASKED:
            assets.pop("source_video_mask")
        if name == BRIEF:
            assets["edited_video"] = edited[:2]
        if name == SHORT_MASK:
            assets["source_video_mask"] = mask_of(FRAMES - 1)
        if name == FULL:
            assets["source_video_mask"] = np.ones((FRAMES, HEIGHT, WIDTH), bool)
        release.add(name, **assets)
    path = root / "time" / "edited_video" / f"{CUT}.mp4"
    path.write_bytes(path.read_bytes()[:-500])
    release.add_prompts("time", {name: "make it night" if name in (SAME, OTHER) else name for name in IDS})
    release.add_prompts("season", {PROMPT_ONLY: "make it night"})
    return release


@pytest.fixture(scope="module")
def done(kedro_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run; nothing of it is changed."""
    folder = tmp_path_factory.mktemp("signals")
    project = Project(
        release_root=write_release(folder / "release").root,
        data_root=folder / "data",
        params={"signals.processes": 1, "inspect.processes": 1, "signals.shown": 1},
    )
    for pipeline in ("ingest", "inspect", "signals"):
        project.run_here(pipeline)
    return project


def rows(project: Project) -> dict[str, dict[str, Any]]:
    """The table by sample id."""
    found = pl.read_parquet(project.output("07_model_output", "signals.parquet"))
    assert found.columns == [field.name for field in SIGNAL_COLUMNS]
    return {row["id"]: row for row in found.iter_rows(named=True)}


def test_pairs_are_measured_and_others_say_why_not(done: Project) -> None:
    """The unedited pair has all of the source; another one less; each fault has its code, with what was found."""
    found = rows(done)
    assert set(found) == {*IDS, PROMPT_ONLY}
    same, other = found[SAME], found[OTHER]
    assert same["foreground_fidelity_min"] > 0.9
    assert same["background_novelty"] < 0.1
    assert other["foreground_fidelity_mean"] < 0.5 < other["background_novelty"]
    assert (same["measured_count"], same["worst_frame"] in (8, 16), same["error"]) == (2, True, None)
    assert {name: row["error"] for name, row in found.items() if row["error"]} == {
        UNMASKED: SignalFault.NO_MASK,
        SHORT_MASK: SignalFault.MASK_SHAPE,
        CUT: "truncated",
        FULL: SignalFault.TOO_FEW_PIXELS,
        HALF: SignalFault.NO_VIDEO,
        WIDE: SignalFault.PAIR_SHAPE,
        BRIEF: SignalFault.TOO_FEW_FRAMES,
        PROMPT_ONLY: SignalFault.NO_VIDEO,
    }
    assert "source_video_mask 16x160x96" in found[SHORT_MASK]["error_detail"]
    assert found[CUT]["error_detail"].startswith("edited_video: ")
    assert (found[FULL]["background_novelty"], found[FULL]["foreground_fidelity_min"] is None) == (
        None,
        False,
    )
    assert all(found[UNMASKED][field.name] is None for field in MASK_SIGNALS)


def test_prompts_tell_their_length_and_their_likes(done: Project) -> None:
    """Over all themes, and of samples without any asset too."""
    found = rows(done)
    told = {name: (row["prompt_chars"], row["same_prompt_count"]) for name, row in found.items()}
    assert told[SAME] == told[OTHER] == told[PROMPT_ONLY] == (13, 3)
    assert told[CUT] == (len(CUT), 1)


def test_figure_and_pictures_are_made(done: Project) -> None:
    """A histogram for each signal counts the samples that have it; the picture has a row for either end of each."""
    counts = pl.read_csv(done.output("08_reporting", "signal_counts.csv"))
    assert counts["count"].sum() == len(IDS) + 1
    with Image.open(done.output("08_reporting", "signal_extremes.png")) as picture:
        assert picture.size[0] > 3 * 320
        assert picture.size[1] > 5 * 2 * 180
    assert done.output("08_reporting", "signals_figure.json").stat().st_size > 1000


def test_content_decides_what_is_measured_again(
    done: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One changed edit is measured again and the others are known; the other rows stay as they were."""
    shutil.copytree(done.release_root, tmp_path / "release")
    shutil.copytree(done.data_root, tmp_path / "data")
    own = replace(done, release_root=tmp_path / "release", data_root=tmp_path / "data")
    MadeRelease(own.release_root).add(OTHER, edited_video=clip(brighter(scene(1, WIDTH, HEIGHT), 20), FRAMES))
    own.run_here("ingest")
    own.run_here("inspect")
    with caplog.at_level(logging.INFO):
        own.run_here("signals")
    assert "signals: 1 measured, 2 known from before" in caplog.text
    assert "of 10 samples have all their signals" in caplog.text
    before, now = rows(done), rows(own)
    assert now[OTHER]["background_novelty"] < 0.5 < before[OTHER]["background_novelty"]
    assert {name for name in now if now[name] != before[name]} == {OTHER}


def test_what_must_run_first_is_reported(project: Project) -> None:
    """Without the tables the error names the pipeline that makes them."""
    with pytest.raises(MissingTableError, match="kedro run --pipelines"):
        project.run_here("signals")
