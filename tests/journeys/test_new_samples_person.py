"""Somebody makes new samples: clips get edit prompts, edits, backgrounds and videos; what passes becomes training rows.

Models are tiny, so pixels are random; the judge's words are written down, so that each filter lets some pass and stops one.
"""

from __future__ import annotations

import csv
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.conftest import SPARKLE_REAL, Project
from tests.made.motions import encode, textured
from tests.made.scripted_judge import ScriptedJudge
from tests.models.loopback import NAME, serve
from tests.models.torch_operators import declare_operators

from sparkle_curation.errors import EmptyOutputError
from sparkle_curation.media.masks.masks import save_mask
from sparkle_curation.new_samples.release.origins import gather_origins
from sparkle_curation.spec.layout import KIND, asset_path
from sparkle_curation.spec.tables.generated import GENERATED_STAGES

pytestmark = pytest.mark.slow

FRAMES, WIDTH, HEIGHT = 9, 112, 64
KINDS = dict(zip(GENERATED_STAGES, ("flux", "flux", "wan", "vace"), strict=True))


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """A folder of four clips: real sources of the release where they are, else made ones."""
    folder = tmp_path / "clips"
    folder.mkdir()
    real = sorted(SPARKLE_REAL.glob("*/source_video/*.mp4"))[:4] if SPARKLE_REAL.is_dir() else []
    for number in range(4):
        content = (
            real[number].read_bytes() if real else encode([textured(number)[200:470, 200:680]] * FRAMES, 16)
        )
        (folder / f"{number}.mp4").write_bytes(content)
    rows = [("clip", "licence"), *((f"{number}.mp4", "cc-by-4.0") for number in range(3))]
    with (folder / "provenance.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return folder


def params_of(tmp_path: Path, clips: Path, tiny_generator: Any, url: str) -> dict[str, object]:
    """Small clips, tiny models, a judge behind a server."""
    params: dict[str, object] = {
        "compared_root": tmp_path / "none",
        "clips.folder": clips,
        "clips.theme": "location",
        "clips.frames": FRAMES,
        "clips.min_frames": 5,
        "clips.width_px": WIDTH,
        "clips.height_px": HEIGHT,
        "clips.min_side_px": 64,
        "clips.camera": "skip",
        "score.passes": 1,
        "score.prompt_template": "own",
    }
    params |= {f"{each}.processes": 1 for each in ("clips", "inspect", "edges")}
    for asking in ("instruct", "score", "ground"):
        params |= {
            f"{asking}.model.backend": "server",
            f"{asking}.model.url": url,
            f"{asking}.model.name": NAME,
        }
        params |= {f"{asking}.model.adapter": None}
    for stage, kind in KINDS.items():
        params |= {f"{stage}.model.name": tiny_generator(kind), f"{stage}.model.device": "cpu"}
        params |= {f"{stage}.model.dtype": "float32", f"{stage}.steps": 1, f"{stage}.guidance": 1.0}
    return params


def progress(project: Project, kind: str) -> dict[str, tuple[str, str | None]]:
    """Outcome and reason of each sample at a kind."""
    table = pl.read_parquet(project.output("03_primary", "new_progress.parquet")).filter(stage=kind)
    return {
        name: (outcome, reason) for name, outcome, reason in table.select("id", "outcome", "reason").rows()
    }


def write_masks(project: Project, ids: Sequence[str]) -> None:
    """A mask each in the draft: the middle of every frame. Tracking has tests of its own."""
    mask = np.zeros((FRAMES, HEIGHT, WIDTH), np.bool_)
    mask[:, 16:56, 40:72] = True
    for sample_id in ids:
        path = project.release_root / asset_path("location", KIND.mask, sample_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            save_mask(file, mask)


def made(log: pytest.LogCaptureFixture) -> list[str]:
    """What the stages that generate said of what they made, since this was last asked."""
    told = [line for line in log.messages if " known from before" in line]
    log.clear()
    return sorted(told)


def training_rows(release_root: Path, data_root: Path) -> dict[str, str]:
    """The prompt of each row that `curate` emits of a release by its sample, all of which the loader takes."""
    release = Project(release_root, data_root)
    release.run_here("curate")
    path = release.output("05_model_input", "kiwi_edit", "prompts", "location_train.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = {Path(row["src_video"]).stem: row["prompt"] for row in csv.DictReader(file)}
    verdicts = pl.read_parquet(release.output("03_primary", "verdicts.parquet"))
    assert set(verdicts["id"]) >= set(rows)
    loaded = pl.read_parquet(release.output("03_primary", "preflight.parquet"))
    assert set(loaded.filter(pl.col("id").is_in(list(rows)))["outcome"]) == {"loads"}
    return rows


def makers(release_root: Path) -> dict[str, set[str]]:
    """The generators of each new sample of a release, as the explorer is told them."""
    origins = gather_origins(str(release_root), pl.DataFrame(), pl.DataFrame(), [])
    records = [json.loads(origin) for origin in origins.filter("is_generated")["origin"]]
    return {each["id"]: {made["generator"] for made in each["generated"]} for each in records}


def own_licences(data_root: Path) -> object:
    """What the record of a variant says of licences that samples have of their own."""
    record = data_root / "05_model_input" / "kiwi_edit" / "variant.json"
    return json.loads(record.read_text())["own_licences"]


def grounded(root: Path) -> list[dict[str, str]]:
    """Of each round what was found of each sample, or why nothing was."""
    found = []
    for name, labels in (
        ("r1", pl.col("round1_labels").list.first()),
        ("r2", pl.col("frame_objects").list.first().list.first().struct["label"]),
    ):
        table = pl.read_parquet(root / "07_model_output" / f"regrounded_{name}.parquet")
        found.append(dict(table.select("id", pl.coalesce("fault", labels)).rows()))
    return found


def test_from_clips_to_training_rows(
    kedro_project: Path, clips: Path, tmp_path: Path, tiny_generator: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Of four clips one is stopped at each of the three filters, and the last one is a row that `curate` emits.

    On the way edits and backgrounds get another seed: what hangs on them waits until it was judged, or made, again.
    """
    caplog.set_level(logging.INFO)
    declare_operators()
    judge = ScriptedJudge()
    with serve(judge) as url:  # type: ignore[arg-type]
        root = tmp_path / "new"
        params = params_of(tmp_path, clips, tiny_generator, url)
        new = Project(root / "draft_release", root, params, env="new")
        new.run_here("clips")
        new.run_here("instruct")
        told = pl.read_parquet(root / "07_model_output" / "new_instructions.parquet")
        prompts = dict(told.filter(pl.col("fault").is_null()).select("id", "prompt").rows())
        first, second, third, last = sorted(prompts)
        write_masks(new, list(prompts))

        judge.low = {prompts[first]}
        stages = {"score.stages": "edited_frame0"}
        new.run_here("ingest,inspect,edit_frame0", params=stages)
        new.run_here("score,gate", params=stages)
        assert set(progress(new, KIND.edited_frame0).values()) == {
            ("failed", "below_threshold"),
            ("passed", None),
        }
        made(caplog)
        new.run_here("edit_frame0,remove_foreground", params={"edit_frame0.seed": 1})
        assert "4 samples have no output: not_judged; look at what is new" in caplog.text
        assert made(caplog) == [
            "edit_frame0: 4 made, 0 known from before",
            "remove_foreground: 0 made, 0 known from before",
        ]
        new.run_here("gate")
        assert set(progress(new, KIND.edited_frame0).values()) == {("waiting", "scored_before")}
        new.run_here("score,gate", params=stages)
        assert progress(new, KIND.edited_frame0) == {
            first: ("failed", "below_threshold"),
            **dict.fromkeys((second, third, last), ("passed", None)),
        }

        judge.low = {prompts[second]}
        new.run_here("remove_foreground")
        new.run_here("score,gate", params={"score.stages": "foreground_removed edited_frame0"})
        assert progress(new, KIND.clean_frame0) == {
            first: ("waiting", "stopped"),
            second: ("failed", "below_threshold"),
            **dict.fromkeys((third, last), ("passed", None)),
        }

        judge.low = {prompts[third]}
        new.run_here("background_video,ground,edges,synthesize")
        assert grounded(root) == [{first: "not_passed", second: "not_passed", third: "man", last: "man"}] * 2
        new.run_here("score,gate")
        assert progress(new, KIND.edited_video)[last] == ("passed", None)
        made(caplog)
        new.run_here("background_video,synthesize", params={"background_video.seed": 1})
        with pytest.raises(EmptyOutputError, match="none that passed, as they are now; 1 did before"):
            new.run_here("assemble")
        assert (
            "2 samples have no output: outdated_input; make it again: kedro run --pipelines edges"
            in caplog.text
        )
        assert made(caplog) == [
            "background_video: 2 made, 0 known from before",
            "synthesize: 0 made, 0 known from before",
        ]
        new.run_here("edges,synthesize")
        assert made(caplog) == [
            "edges: 2 measured, 0 known from before",
            "synthesize: 2 made, 0 known from before",
        ]
        new.run_here("score,gate")
        assert progress(new, KIND.edited_video) == {
            first: ("waiting", "stopped"),
            second: ("waiting", "stopped"),
            third: ("failed", "below_threshold"),
            last: ("passed", None),
        }
        new.run_here("assemble")

    new_release, curated = root / "05_model_input" / "new_release", tmp_path / "curated"
    assert (training_rows(new_release, curated), makers(new_release), own_licences(curated)) == (
        {last: prompts[last]},
        {last: {"flux2_klein", "wan_image_to_video", "wan_vace"}},
        {"location": {"cc-by-4.0 and unknown": 1}},
    )
