"""`camera` and `edges`, killed with SIGKILL at their phases and taken up again, come to what a run that lives comes to."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.made.killed import Child, child_process
from tests.made.motions import outlined
from tests.pipelines.made_release import MadeRelease

from sparkle_curation.engine.journal.journal import KEY, Journal
from sparkle_curation.media.camera import batch_camera
from sparkle_curation.media.edges import batch_edges

pytestmark = pytest.mark.slow

IDS = [f"Sparkle_time_{number:06d}" for number in range(4)]
FRAMES, WIDTH, HEIGHT = 13, 320, 192
SCHEMAS = {"camera": batch_camera.JOURNAL_SCHEMA, "edges": batch_edges.JOURNAL_SCHEMA}
_WAIT_S = 60


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One process for all runs."""
    with child_process() as process:
        yield process


@pytest.fixture(scope="module")
def whole(child: Child, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Four samples whose cameras were looked at and whose control videos were made, by runs that lived."""
    folder = tmp_path_factory.mktemp("stages")
    release = MadeRelease(folder / "release")
    mask = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    mask[:, HEIGHT // 4 :, WIDTH // 4 : WIDTH * 3 // 4] = True
    for number, name in enumerate(IDS):
        still, moved = (outlined(seed, WIDTH + FRAMES, HEIGHT) for seed in (number, number + 20))
        release.add(
            name,
            source_video=np.stack([still[:, :WIDTH]] * FRAMES)[..., None].repeat(3, axis=3),
            edited_background_video=np.stack([moved[:, at : at + WIDTH] for at in range(FRAMES)])[
                ..., None
            ].repeat(3, axis=3),
            source_video_mask=mask,
        )
    release.add_prompts("time", dict.fromkeys(IDS, "make it night"))
    params = {f"{name}.processes": 1 for name in ("inspect", "camera", "edges")}
    project = Project(
        release.root, folder / "whole", params | {"camera.batch_size": 1, "edges.batch_size": 1}
    )
    child.run(project, "ingest,inspect,camera,edges")
    return project


Phase = Callable[[Project], bool]


def noted(pipeline: str, count: int) -> Phase:
    """So many are in the journal."""

    def is_so(project: Project) -> bool:
        return len(keys(project, pipeline)) >= count

    return is_so


def writing(project: Project) -> bool:
    """A control video has its temporary name."""
    return any(project.output("made_media").rglob(".*.tmp*"))


def written(count: int) -> Phase:
    """So many control videos lie there, the last of which the journal may lack."""

    def is_so(project: Project) -> bool:
        return len(list(project.output("made_media").rglob("Sparkle*.mp4"))) >= count

    return is_so


def tabled(name: str) -> Phase:
    """The table is there, and what follows it may not be."""

    def is_so(project: Project) -> bool:
        return project.output("02_intermediate", f"{name}.parquet").exists()

    return is_so


PHASES = {
    "camera": [noted("camera", 2)],
    "edges": [writing, written(3), tabled("edges")],
}


@pytest.mark.parametrize("pipeline", PHASES)
def test_kills_lose_nothing_and_leave_nothing(
    pipeline: str, child: Child, whole: Project, tmp_path: Path
) -> None:
    """What the journal had stays in it; tables, reports and videos are those of a run that lived, to the byte."""
    torn = Project(whole.release_root, tmp_path / "data", whole.params)
    for name in ("media", "assets"):
        target = torn.output("02_intermediate", f"{name}.parquet")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(whole.output("02_intermediate", f"{name}.parquet"))
    killed, known = 0, list[str]()
    for is_reached in PHASES[pipeline]:
        pid = child.start(torn, pipeline)
        end = time.monotonic() + _WAIT_S
        while not is_reached(torn) and time.monotonic() < end:
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        before, known = known, keys(torn, pipeline)
        assert len(known) == len(set(known)), "done twice"
        assert set(before) <= set(known), "lost"
    assert killed >= len(PHASES[pipeline]) - 1
    child.run(torn, pipeline)
    assert sorted(keys(torn, pipeline)) == sorted(keys(whole, pipeline))
    assert_frame_equal(
        *(pl.read_parquet(place.output("02_intermediate", f"{pipeline}.parquet")) for place in (torn, whole))
    )
    assert made(torn, pipeline) == made(whole, pipeline)


def keys(project: Project, pipeline: str) -> list[str]:
    """What the journal has."""
    path = project.output("journals", f"{pipeline}.journal")
    return (
        [key for rows in Journal(path, SCHEMAS[pipeline]).records() for key in rows[KEY].to_pylist()]
        if path.exists()
        else []
    )


def made(project: Project, pipeline: str) -> dict[str, str]:
    """The digests of the reports and videos of a pipeline, by their paths; temporary files would be among them."""
    folders = {"camera": ["08_reporting"], "edges": ["08_reporting", "made_media"]}[pipeline]
    reports = {"camera": "camera_", "edges": "edge_"}[pipeline]
    return {
        path.relative_to(project.data_root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in project.output(folder).rglob("*")
        if path.is_file() and (folder == "made_media" or path.name.startswith((reports, ".")))
    }
