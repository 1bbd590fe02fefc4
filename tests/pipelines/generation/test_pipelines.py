"""The pipelines that generate, in one run on a draft release, with tiny models: files, tables, reports, parameters."""

from __future__ import annotations

import json
import logging
import os
import shutil
import statistics
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.made.killed import PIPELINES, Child, child_process
from tests.made.new_samples import FRAMES, HEIGHT, SAMPLES, THEME, WIDTH, write_new_samples
from tests.models.torch_operators import declare_operators

from sparkle_curation.errors import ModelError, ParameterError
from sparkle_curation.parameters import check_parameters
from sparkle_curation.removal.needles import Needles
from sparkle_curation.removal.plan import make_plan
from sparkle_curation.reports.sheet.generation_extremes import choose_extremes
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.spec.tables.generated import GENERATED_STAGES

pytestmark = pytest.mark.slow

MODELS = dict(zip(GENERATED_STAGES, ("flux", "flux", "wan", "vace"), strict=True))
KINDS = {
    "edit_frame0": "edited_frame0",
    "remove_foreground": "edited_frame0_foreground_removed",
    "background_video": "edited_background_video",
    "synthesize": "edited_video",
}
ALL = "ingest,inspect,edit_frame0,remove_foreground,background_video,edges,synthesize"


@pytest.fixture(scope="module")
def made(kedro_project: Path, tiny_generator: Any, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A draft of three samples, all stages run in one run with tiny models."""
    declare_operators()
    root = tmp_path_factory.mktemp("generated")
    draft = write_new_samples(root)
    params: dict[str, object] = {"compared_root": root / "none", "edges.processes": 1}
    for stage, kind in MODELS.items():
        params |= {f"{stage}.model.name": tiny_generator(kind), f"{stage}.model.device": "cpu"}
        params |= {f"{stage}.model.dtype": "float32", f"{stage}.steps": 2, f"{stage}.model.licence": "mit"}
    project = Project(draft, root, params, env="new")
    project.run_here(ALL)
    return project


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One process for runs that are killed."""
    with child_process(PIPELINES, "models") as process:
        yield process


def generated(project: Project, stage: str) -> pl.DataFrame:
    """The table of a stage."""
    return pl.read_parquet(project.output("02_intermediate", "generated.parquet", f"{stage}.parquet"))


@pytest.mark.parametrize("stage", GENERATED_STAGES)
def test_each_stage_makes_its_assets(made: Project, stage: str) -> None:
    """A file each in the published layout, as long and large as the source; a row in the tables of made media."""
    table = generated(made, stage)
    assert table["id"].to_list() == list(SAMPLES)
    assert table["error"].null_count() == 3
    assert set(table["kind"]) == {KINDS[stage]}
    count = 1 if stage in {"edit_frame0", "remove_foreground"} else FRAMES
    assert set(table.select("frame_count", "height_px", "width_px").rows()) == {(count, HEIGHT, WIDTH)}
    tables = made.output("02_intermediate")
    assets, media = (
        pl.read_parquet(tables / f"{name}.parquet" / f"{stage}.parquet")
        for name in ("made_assets", "made_media")
    )
    assert assets["size"].to_list() == media["size_bytes"].to_list() == table["size_bytes"].to_list()
    assert media["error"].null_count() == 3
    for sample_id, size in table.select("id", "size_bytes").rows():
        path = made.output("made_media", asset_path(THEME, KINDS[stage], sample_id))
        assert path.stat().st_size == size


@pytest.mark.parametrize("stage", GENERATED_STAGES)
def test_provenance_is_whole(made: Project, stage: str) -> None:
    """What a row says of who made it, of what, with which settings and libraries."""
    row = generated(made, stage).row(0, named=True)
    inputs = {
        "edit_frame0": ["source_frame0"],
        "remove_foreground": ["edited_frame0"],
        "background_video": ["edited_frame0_foreground_removed"],
        "synthesize": ["edited_frame0", "edited_video_canny"],
    }[stage]
    said = json.loads(row["inputs"])
    assert list(said) == inputs
    assert all(len(content) == 32 for content in said.values())
    assert (row["repository"], row["licence"], row["is_generated"]) == (MODELS[stage], "mit", True)
    assert row["revision"].startswith("xxh3:")
    video = {
        "negative_prompt": "moving camera, zoom, cut, still picture, text, subtitles, watermark, blur, noise"
    }
    expected = {
        "edit_frame0": ("flux2_klein", {"steps": "2", "guidance": "1.0"}),
        "remove_foreground": ("flux2_klein", {"steps": "2", "guidance": "1.0"}),
        "background_video": ("wan_image_to_video", {"steps": "2", "guidance": "3.5", **video}),
        "synthesize": ("wan_vace", {"steps": "2", "guidance": "5.0", "control_scale": "1.0", **video}),
    }[stage]
    assert (row["generator"], json.loads(row["settings"])) == (
        expected[0],
        {**expected[1], "dtype": "float32"},
    )
    assert set(json.loads(row["versions"])) == {"accelerate", "diffusers", "torch", "transformers"}
    prompts = {
        "edit_frame0": "put the man in the snowy street",
        "remove_foreground": "Remove the foreground subjects and keep the background as it is.",
        "background_video": "snowy street. The camera is fixed. The background moves as it does in life; nobody enters.",
        "synthesize": "put the man in the snowy street",
    }
    assert row["prompt"] == prompts[stage]


@pytest.mark.parametrize("stage", GENERATED_STAGES)
def test_the_picture_shows_samples(made: Project, stage: str) -> None:
    """What each was made of, then the still or three frames."""
    with Image.open(made.output("08_reporting", f"{stage}_extremes.png")) as image:
        assert np.asarray(image).std() > 10
        is_wide = image.width > 1.3 * image.height
    assert is_wide == (stage in {"background_video", "synthesize"})


def test_kills_at_each_stage_repeat_one_output(
    made: Project, child: Child, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each run is killed once its stage has a file, which the journal may lack; all comes to what a run that lived made."""
    torn = replace(made, data_root=tmp_path)
    for name in ("02_intermediate/new_samples.parquet", "07_model_output/new_instructions.parquet"):
        target = torn.output(name)
        target.parent.mkdir()
        target.symlink_to(made.output(name))
    for name in ("media", "assets"):
        torn.table(name).symlink_to(made.table(name))
    seen: dict[Path, int] = {}
    generating = ALL.removeprefix("ingest,inspect,")
    for kind in KINDS.values():
        first = torn.output("made_media", asset_path(THEME, kind, SAMPLES[0]))
        assert child.kill_when(first.exists, torn, generating), kind
        there = {path: path.stat().st_mtime_ns for path in torn.output("made_media").rglob("Sparkle*")}
        assert len([path for path, time in seen.items() if there[path] != time]) <= 1
        seen = there
    with caplog.at_level(logging.INFO):
        torn.run_here(generating)
    told = [line for line in caplog.messages if "known from before" in line]
    assert [line for line in told if line.startswith(("edit", "remove", "background"))] == [
        f"{stage}: 0 made, 3 known from before" for stage in GENERATED_STAGES[:3]
    ]
    again = [path for path, time in seen.items() if path.stat().st_mtime_ns != time]
    assert len(again) <= 1
    assert _bytes_below(torn, "made_media") == _bytes_below(made, "made_media")
    assert _bytes_below(torn, "08_reporting") == _bytes_below(made, "08_reporting")
    for stage in GENERATED_STAGES:
        assert_frame_equal(generated(torn, stage), generated(made, stage))


def _bytes_below(project: Project, folder: str) -> dict[str, bytes]:
    """The content of each file that stages of generation write below a folder; temporary ones would be among them."""
    return {
        path.relative_to(project.data_root).as_posix(): path.read_bytes()
        for path in project.output(folder).rglob("*")
        if path.is_file() and (folder == "made_media" or path.name.startswith((*GENERATED_STAGES, ".")))
    }


def test_extremes_are_each_drawn_once() -> None:
    """Least and most changed; all of few."""
    rows = pl.DataFrame({"id": list("abcde"), "input_change": [0.3, 0.1, 0.5, 0.2, 0.4], "error": [None] * 5})
    assert choose_extremes(rows, 3)["id"].to_list() == ["b", "d", "c"]
    assert choose_extremes(rows, 9)["id"].to_list() == list("bdaec")
    assert choose_extremes(rows, 0).is_empty()


def test_a_second_run_makes_nothing(made: Project, caplog: pytest.LogCaptureFixture) -> None:
    """A changed seed makes what hangs on it: the still, and no video of another still that is the same."""
    before = made.output("made_media", asset_path(THEME, "edited_frame0", SAMPLES[0])).stat()
    with caplog.at_level(logging.INFO):
        made.run_here("edit_frame0")
    assert "edit_frame0: 0 made, 3 known from before" in caplog.text
    assert made.output("made_media", asset_path(THEME, "edited_frame0", SAMPLES[0])).stat() == before


def test_what_hangs_on_a_seed_is_made_again(made: Project, caplog: pytest.LogCaptureFixture) -> None:
    """Of the removal: the removal and the background, and no edited video, which does not hang on it."""
    with caplog.at_level(logging.INFO):
        made.run_here("remove_foreground,background_video", params={"remove_foreground.seed": 5})
        made.run_here("remove_foreground,background_video,synthesize")
    told = [line for line in caplog.messages if " made, " in line]
    assert told[:2] == [
        "remove_foreground: 3 made, 0 known from before",
        "background_video: 3 made, 0 known from before",
    ]
    assert sorted(told[2:]) == [*sorted(told[:2]), "synthesize: 0 made, 3 known from before"]


def test_a_sample_can_be_taken_out_of_what_was_generated(made: Project) -> None:
    """Its files are found by their paths, its rows in the journals by whose they are; of nobody unknown is a row."""
    steps = {step.path: step for step in make_plan(made.data_root, Needles(frozenset({SAMPLES[0]})))}
    for stage, kind in KINDS.items():
        assert made.output("made_media", asset_path(THEME, kind, SAMPLES[0])) in steps
        step = steps[made.output("journals", f"{stage}.journal")]
        assert step.rows > 0
        assert step.unknown == 0


def test_a_dry_run_says_what_the_rest_takes(made: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is to do, and no table is touched."""
    with pytest.raises(SystemExit):
        made.run_here("edit_frame0", params={"dry_run": True})
    assert "to do            0 samples" in capsys.readouterr().out


def test_a_forecast_goes_by_what_was_measured(made: Project, caplog: pytest.LogCaptureFixture) -> None:
    """Seconds are medians of the batches that runs noted, sizes means of the files that lie there; the rest is assumed."""
    batches: dict[str, list[float]] = {}
    counts: dict[str, int] = {}
    for line in made.output("journals", "paces.jsonl").read_text(encoding="utf-8").split("\n"):
        if line:
            row = json.loads(line)
            batches.setdefault(row["step"], []).append(row["seconds"] / row["samples"])
            counts[row["step"]] = counts.get(row["step"], 0) + row["samples"]
    caplog.set_level(logging.INFO)
    made.run_here("forecast", params={"forecast.samples": 1000})
    table = pl.read_csv(made.output("08_reporting", "forecast.csv"))
    rows = {row["step"]: row for row in table.iter_rows(named=True)}
    cores = len(os.sched_getaffinity(0))
    for stage, kind in KINDS.items():
        assert rows[stage]["gpu_s"] == pytest.approx(statistics.median(batches[stage]), abs=1e-6)
        assert (rows[stage]["basis"], rows[stage]["samples"]) == ("measured", counts[stage])
        assert rows[stage]["device"].endswith(f", {cores} cores")
        files = list(made.output("made_media").rglob(f"{kind}/**/Sparkle*"))
        mean = sum(file.stat().st_size for file in files) / len(files)
        assert rows[stage]["disk_gb"] == pytest.approx(rows[stage]["entering"] * mean / 1e9)
    assert (rows["instruct"]["basis"], rows["track"]["gpu_s"]) == ("assumed", 15.0)
    told = caplog.text
    assert f"measured on {rows['synthesize']['device']}, {counts['synthesize']} samples" in told
    assert "--pipelines ground --env new" in told
    assert "--pipelines synthesize" not in told
    made.run_here("forecast", params={"forecast.samples": 1000, "forecast.seconds": "assumed"})
    table = pl.read_csv(made.output("08_reporting", "forecast.csv"))
    assert table.filter(step="synthesize").select("gpu_s", "basis").row(0) == (1470.0, "assumed")


@pytest.mark.parametrize("stage", GENERATED_STAGES)
def test_a_stage_can_be_shared_by_machines(
    made: Project, tmp_path: Path, stage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A shard is a run of each of the four; merged, all is known and the tables are those of one run."""
    other = replace(made, data_root=tmp_path)
    for name in ("02_intermediate", "07_model_output", "made_media", "journals"):
        shutil.copytree(made.output(name), other.output(name))
    other.output("journals", f"{stage}.journal").unlink()
    for shard in ("0/2", "1/2"):
        with pytest.raises(SystemExit) as ended:
            other.run_here(stage, params={"shard": shard})
        assert not ended.value.code
    with caplog.at_level(logging.INFO):
        other.run_here("merge")
        assert f"{stage}: 3 rows of shards merged" in caplog.text
        other.run_here(stage)
    assert f"{stage}: 0 made, 3 known from before" in caplog.text
    assert_frame_equal(generated(other, stage), generated(made, stage))


def test_an_import_stands_for_what_was_made(
    made: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Finished videos from a folder go the same way; who has none is told, and not counted as made."""
    theirs = tmp_path / "theirs"
    source = made.output("made_media", asset_path(THEME, "edited_video", SAMPLES[0]))
    theirs.mkdir()
    (theirs / source.name).write_bytes(source.read_bytes())
    other = replace(made, data_root=tmp_path / "data")
    for name in ("02_intermediate", "07_model_output", "made_media"):
        shutil.copytree(made.output(name), other.output(name))
    params = {"synthesize.model.backend": "import", "synthesize.model.name": theirs}
    with caplog.at_level(logging.INFO):
        other.run_here("synthesize", params=params)
    assert "synthesize: 1 made, 2 not, 0 known from before" in caplog.text
    assert f"2 samples have no output: not_imported, {SAMPLES[1]}: looked for " in caplog.text
    table = generated(other, "synthesize")
    assert table["error"].to_list() == [None, "not_imported", "not_imported"]
    assert set(table.select("generator", "repository", "licence").rows()) == {("import", "theirs", "mit")}
    assets = pl.read_parquet(other.output("02_intermediate", "made_assets.parquet", "synthesize.parquet"))
    assert assets["id"].to_list() == [SAMPLES[0]]
    with pytest.raises(ModelError, match=r"synthesize\.model\.backend=import"):
        other.run_here("synthesize", params={**params, "synthesize.model.name": tmp_path / "none"})


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"edit_frame0": {"prompt": "{prmpt}"}}, "prompt, scene, subtheme"),
        ({"edit_frame0": {"prompt": "{prompt"}}, "prompt, scene, subtheme"),
        ({"edit_frame0": {"seed": -1}}, "an integer from 0"),
        ({"edit_frame0": {"steps": 0}}, "an integer above 0"),
        ({"edit_frame0": {"model": {"backend": "videox_fun"}}}, "diffusers or import"),
        ({"synthesize": {"control_scale": float("nan")}}, "a number from 0"),
        ({"synthesize": {"model": {"offload": True}}}, "none, model or layers"),
        ({"background_video": {"negativ_prompt": "text"}}, "background_video.negative_prompt"),
    ],
)
def test_parameters_are_checked(kedro_project: Path, params: dict[str, Any], said: str) -> None:
    """Before anything runs, with what is allowed."""
    from kedro.framework.session import KedroSession  # noqa: PLC0415 -- costs every test that runs nothing

    with KedroSession.create(kedro_project) as session:
        declared = dict(session.load_context().config_loader["parameters"])
    for group, changes in params.items():
        usual = declared[group]
        declared[group] = {**usual, **changes}
        if "model" in changes:
            declared[group]["model"] = {**usual["model"], **changes["model"]}
    with pytest.raises(ParameterError) as caught:
        check_parameters(declared)
    assert said in str(caught.value)
