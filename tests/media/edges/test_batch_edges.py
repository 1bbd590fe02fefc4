"""Control videos of odd clips: black, of one frame, upright, with a cut inside, cut off, and against their headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pytest
from tests.made.assets import ingested
from tests.made.motions import outlined
from tests.pipelines.made_release import MadeRelease

from sparkle_curation.media.edges.batch_edges import BatchEdges, EdgeJob, MakingEdges, path_of
from sparkle_curation.spec.codes.edge_faults import EdgeFault

BLACK, ONE, UPRIGHT, SCENES, SHORT, CUT, OTHER = (f"Sparkle_time_{number:06d}" for number in range(7))
FRAMES, WIDTH, HEIGHT = 6, 160, 96


def film(seed: int, frames: int = FRAMES, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """RGB frames of a scene that stays."""
    return np.repeat(np.stack([outlined(seed, width, height)] * frames)[..., None], 3, axis=3)


def half(frames: int = FRAMES, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A mask of the left half."""
    mask = np.zeros((frames, height, width), bool)
    mask[:, :, : width // 2] = True
    return mask


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, Any]], Path]:
    """The rows by sample, and the folder with the control videos."""
    folder = tmp_path_factory.mktemp("odd")
    release = MadeRelease(folder / "release")
    samples = {
        BLACK: (film(0) * 0, film(1) * 0, half()),
        ONE: (film(0, 1), film(1, 1), half(1)),
        UPRIGHT: (
            film(0, width=HEIGHT, height=WIDTH),
            film(1, width=HEIGHT, height=WIDTH),
            half(width=HEIGHT, height=WIDTH),
        ),
        SCENES: (np.concatenate([film(2, 3), film(3, 3)]), film(1), half()),
        SHORT: (film(0), film(1, 4), half()),
        CUT: (film(0), film(1), half()),
        OTHER: (film(0), film(1), half(FRAMES + 1)),
    }
    for name, (source, background, mask) in samples.items():
        release.add(
            name, qp=4, source_video=source, edited_background_video=background, source_video_mask=mask
        )
    path = release.root / "time" / "source_video" / f"{CUT}.mp4"
    path.write_bytes(path.read_bytes()[:-2000])
    store = ingested(release.root, folder)
    function = BatchEdges(store, store, str(folder / "made"), MakingEdges(100, 200))
    table: pa.Table = function([EdgeJob(name, name, is_compared=False) for name in samples])
    return {row["key"]: row for row in table.to_pylist()}, folder / "made"


def shown(root: Path, name: str) -> np.ndarray:
    """The control video, grey."""
    with av.open(str(path_of(str(root), name))) as container:
        return np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)])


def test_black_clips_make_a_black_control_video(made: tuple[dict[str, dict[str, Any]], Path]) -> None:
    """No edges on either side, and so no ratio along the outline."""
    rows, root = made
    assert (rows[BLACK]["error"], rows[BLACK]["outline_ratio"]) == (None, None)
    assert (rows[BLACK]["foreground_edge_share"], rows[BLACK]["background_edge_share"]) == (0, 0)
    assert shown(root, BLACK).max() <= 16


def test_one_frame_upright_clips_and_cuts_are_clips(made: tuple[dict[str, dict[str, Any]], Path]) -> None:
    """As many frames as the source, of its size; behind a cut the foreground's edges are those of the other scene."""
    rows, root = made
    shapes = {name: shown(root, name).shape for name in (ONE, UPRIGHT, SCENES)}
    assert shapes == {
        ONE: (1, HEIGHT, WIDTH),
        UPRIGHT: (FRAMES, WIDTH, HEIGHT),
        SCENES: (FRAMES, HEIGHT, WIDTH),
    }
    assert {rows[name]["error"] for name in shapes} == {None}
    edges = shown(root, SCENES) > 127
    inside, outside = np.s_[:, :, : WIDTH // 2 - 8], np.s_[:, :, WIDTH // 2 + 8 :]
    assert (edges[inside][2] != edges[inside][3]).any()
    assert (edges[outside][2] == edges[outside][3]).mean() > 0.99


def test_what_headers_did_not_say_is_the_samples_own_error(
    made: tuple[dict[str, dict[str, Any]], Path],
) -> None:
    """An early end, a clip that is cut off, a mask of a frame more: a code each, and no file, not in part."""
    rows, root = made
    found = {name: rows[name]["error"] for name in (SHORT, CUT, OTHER)}
    assert found[SHORT] == EdgeFault.BACKGROUND_SHORT
    assert found[OTHER] == EdgeFault.MASK_SHAPE
    assert found[CUT] in {"undecodable", "truncated", "no_video_track", "bad_structure"}
    assert [path.name for path in root.rglob("*.mp4*") if path.stem in found] == []
    assert list(root.rglob(".*")) == []
