"""The edges pipeline, run by Kedro on made assets: each sample has its control video, or its row says why not."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import polars as pl
import pytest
from tests.conftest import Project
from tests.made.motions import outlined
from tests.pipelines.made_release import MadeRelease

from sparkle_curation.ingest.assets.united_store import UnitedAssetStore
from sparkle_curation.media.edges.canny import WHITE, edge_iou, find_edges, mix
from sparkle_curation.spec.codes.edge_faults import EdgeFault, ReleasedEdges
from sparkle_curation.spec.tables.reruns.edges import EDGE_COLUMNS

WIDTH, HEIGHT, FRAMES = 160, 96, 5
IDS = [f"Sparkle_time_{number:06d}" for number in range(1, 12)]
PLAIN, FITTING, OTHER, COPY, UNMASKED, SHORT_MASK, SMALL_MASK, BRIEF, ODD, CUT, ALONE = IDS


def film(seed: int, frames: int = FRAMES, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """RGB frames of a scene that goes by."""
    scene = outlined(seed, width + 3 * frames, height)
    return np.stack(
        [np.repeat(scene[:height, 3 * n : 3 * n + width, None], 3, axis=2) for n in range(frames)]
    )


def a_mask(frames: int = FRAMES, height: int = HEIGHT) -> np.ndarray:
    """A foreground in the middle."""
    mask = np.zeros((frames, height, WIDTH), bool)
    mask[:, height // 4 :, WIDTH // 4 : WIDTH * 3 // 4] = True
    return mask


def control(source: np.ndarray, background: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """White edges on black, RGB, as the release has them."""
    frames = [
        mix(find_edges(one, 100, 200), find_edges(other, 100, 200), own)
        for one, other, own in zip(source, background, mask, strict=True)
    ]
    return np.repeat((np.stack(frames) * np.uint8(255))[..., None], 3, axis=3)


def write_release(root: Path) -> MadeRelease:
    """Samples with all that is needed, some with a released control video, and one for each fault."""
    release = MadeRelease(root)
    for number, name in enumerate(IDS):
        seed = 0 if name == COPY else 2 * number
        source, background = film(seed), film(seed + 1)
        assets: dict[str, Any] = {
            "source_video": source,
            "edited_background_video": background,
            "source_video_mask": a_mask(),
        }
        if name == FITTING:
            assets["edited_video_canny"] = control(source, background, a_mask())
        if name == OTHER:
            assets["edited_video_canny"] = control(film(90), film(91), a_mask())
        if name == UNMASKED:
            assets.pop("source_video_mask")
        if name == SHORT_MASK:
            assets["source_video_mask"] = a_mask(FRAMES - 1)
        if name == SMALL_MASK:
            assets["source_video_mask"] = a_mask(height=HEIGHT // 2)
        if name == BRIEF:
            assets["edited_background_video"] = background[:2]
        if name == ODD:
            assets.pop("source_video")
        if name == ALONE:
            assets = {"edited_video_canny": control(source, background, a_mask())}
        # Near to lossless: the edges of a coarse clip are those of its blocks.
        release.add(name, qp=4, **assets)
    path = root / "time" / "source_video" / f"{CUT}.mp4"
    path.write_bytes(path.read_bytes()[:-500])
    release.add_prompts("time", dict.fromkeys(IDS, "make it night"))
    return release


@pytest.fixture(scope="module")
def done(kedro_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run; nothing of it is changed."""
    folder = tmp_path_factory.mktemp("edges")
    project = Project(
        release_root=write_release(folder / "release").root,
        data_root=folder / "data",
        params={"edges.processes": 1, "inspect.processes": 1, "consistency.processes": 1},
    )
    for pipeline in ("ingest", "inspect", "edges"):
        project.run_here(pipeline)
    return project


def rows(project: Project) -> dict[str, dict[str, Any]]:
    """The table by sample id."""
    found = pl.read_parquet(project.output("02_intermediate", "edges.parquet"))
    assert found.columns == [field.name for field in EDGE_COLUMNS]
    return {row["id"]: row for row in found.iter_rows(named=True)}


def video_of(project: Project, name: str) -> Path:
    """Where the published layout has a control video."""
    return project.output("made_media", "intermediate_data", "time", "edited_video_canny", f"{name}.mp4")


def shown(project: Project, name: str) -> np.ndarray:
    """The edges that a control video shows."""
    with av.open(str(video_of(project, name))) as container:
        return np.stack([frame.to_ndarray(format="gray") > WHITE for frame in container.decode(video=0)])


def test_each_sample_has_its_control_video_or_a_reason(done: Project) -> None:
    """Those that fit are made; each fault has its code, and its shapes as detail."""
    found = rows(done)
    assert {name: row["error"] for name, row in found.items() if row["error"]} == {
        UNMASKED: EdgeFault.NO_MASK,
        SHORT_MASK: EdgeFault.MASK_SHAPE,
        SMALL_MASK: EdgeFault.MASK_SHAPE,
        BRIEF: EdgeFault.BACKGROUND_SHORT,
        ODD: EdgeFault.NO_SOURCE,
        CUT: "truncated",
        ALONE: EdgeFault.NO_SOURCE,
    }
    assert f"source_video_mask {FRAMES - 1}x{WIDTH}x{HEIGHT}" in found[SHORT_MASK]["error_detail"]
    assert {name for name in IDS if video_of(done, name).is_file()} == {PLAIN, FITTING, OTHER, COPY}
    assert json.loads(found[PLAIN]["settings"])["making"] == {"low": 100.0, "high": 200.0}


def test_control_video_is_h264_of_the_edges_at_the_rate_of_the_source(done: Project) -> None:
    """As many frames as the source, at its rate, in the profile that players take; white lines where Canny found them."""
    with av.open(str(video_of(done, FITTING))) as container:
        stream = container.streams.video[0]
        facts = stream.codec.name, stream.average_rate, stream.pix_fmt, stream.codec_context.profile
    assert facts == ("h264", Fraction(16), "yuv420p", "High")
    frames = shown(done, FITTING)
    wanted = control(film(2), film(3), a_mask())[..., 0] > WHITE
    assert len(frames) == FRAMES
    assert min(map(edge_iou, frames, wanted)) > 0.8  # of the decoded clips, which lose a little
    assert rows(done)[FITTING]["outline_ratio"] < 2


def test_released_control_videos_are_compared(done: Project) -> None:
    """One of the same mask and clips fits, one of others differs, and one without its clips is not compared."""
    found = rows(done)
    states = {name: row["released_state"] for name, row in found.items()}
    assert states == dict.fromkeys(IDS, ReleasedEdges.ABSENT) | {
        FITTING: ReleasedEdges.FITS,
        OTHER: ReleasedEdges.DIFFERS,
        ALONE: ReleasedEdges.NOT_COMPARED,
    }
    assert len(found[FITTING]["released_iou"]) == FRAMES
    assert found[OTHER]["released_iou_mean"] < 0.3
    assert found[FITTING]["released_iou_min"] > 0.7


def test_made_assets_stand_in_for_released_ones_where_asked(done: Project) -> None:
    """The store gives the made control video with `asset_source=rerun` and the released one without; so does consistency."""
    made = pl.read_parquet(done.output("02_intermediate", "made_assets.parquet", "edges.parquet"))
    assert made["id"].to_list() == [PLAIN, FITTING, OTHER, COPY]
    assert made["size"].to_list() == [video_of(done, name).stat().st_size for name in made["id"]]
    store = UnitedAssetStore(
        str(done.release_root),
        done.output("02_intermediate", "assets.parquet"),
        str(done.output("made_media")),
        done.output("02_intermediate", "made_assets.parquet"),
    )
    kind = "edited_video_canny"
    assert store.read(store.find(OTHER, kind)) == video_of(done, OTHER).read_bytes()
    assert store.read(store.find(ALONE, kind)) != b""
    assert store.has(PLAIN, kind)
    assert store.find(PLAIN, "source_video").path == f"time/source_video/{PLAIN}.mp4"
    done.run_here("consistency", params={"asset_source": "rerun"})
    media = pl.read_parquet(done.output("02_intermediate", "made_media.parquet", "edges.parquet"))
    assert media["frame_count"].to_list() == [FRAMES] * 4


def test_second_run_makes_what_is_gone_and_nothing_else(
    done: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of known videos one was deleted and one cut: both are made again; another threshold makes all."""
    shutil.copytree(done.data_root, tmp_path / "data")
    own = replace(done, data_root=tmp_path / "data")
    kept = video_of(own, FITTING).stat()
    video_of(own, PLAIN).unlink()
    video_of(own, OTHER).write_bytes(video_of(own, OTHER).read_bytes()[:-100])
    with caplog.at_level(logging.INFO):
        own.run_here("edges")
    assert "edges: 0 measured" in caplog.text
    assert "2 control videos are known and not there" in caplog.text
    for name in (PLAIN, OTHER):
        assert [len(frames) for frames in (shown(own, name), shown(done, name))] == [FRAMES, FRAMES]
        assert np.array_equal(shown(own, name), shown(done, name))
    assert video_of(own, FITTING).stat().st_ino == kept.st_ino
    own.run_here("edges", params={"edges.low": 1000, "edges.high": 2000})
    assert rows(own)[PLAIN]["background_edge_share"] < rows(done)[PLAIN]["background_edge_share"]


def test_dry_run_makes_one_batch_and_writes_no_table(
    done: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of three contents one is made, and known to the next run; the other two are told, and the seven without."""
    for name in ("media", "assets"):
        shutil.copytree(
            done.output("02_intermediate", f"{name}.parquet"),
            tmp_path / "02_intermediate" / f"{name}.parquet",
        )
    own = replace(done, data_root=tmp_path)
    with pytest.raises(SystemExit) as ending:
        own.run_here("edges", params={"dry_run": True, "edges.batch_size": 1})
    assert ending.value.code == 0
    told = capsys.readouterr().out
    assert "to do            2 samples" in told
    assert "GPU" not in told
    assert not own.output("02_intermediate", "edges.parquet").exists()
    assert [path.stem for path in own.output("made_media").rglob("*.mp4")] == [PLAIN]
