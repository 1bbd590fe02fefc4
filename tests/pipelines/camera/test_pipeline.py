"""The camera pipeline, run by Kedro on made clips: of a release and of a folder, with a judge and without."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.conftest import Project
from tests.made.motions import encode, filmed, textured, view
from tests.models.loopback import NAME, Behaviour, serve
from tests.pipelines.made_release import MadeRelease

from sparkle_curation.errors import FileError
from sparkle_curation.spec.codes.camera_reasons import CameraOutcome, CameraReason
from sparkle_curation.spec.tables.reruns.camera import CAMERA_COLUMNS

FRAMES = 17
STILL, PAN, SHAKEN, BLACK, CUT = (f"Sparkle_time_{number:06d}" for number in range(1, 6))


def still() -> bytes:
    """A camera that stays."""
    return filmed(lambda _: (0, 0, 1), frames=FRAMES)


@pytest.fixture(scope="module")
def done(kedro_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run on a release, and one on a folder after it; nothing of them is changed."""
    folder = tmp_path_factory.mktemp("camera")
    release = MadeRelease(folder / "release")
    release.add(STILL, source_video=still())
    release.add(PAN, source_video=filmed(lambda number: (2 * number, 0, 1), frames=FRAMES))
    release.add(SHAKEN, source_video=filmed(lambda number: (0, number % 2 * 2, 1), frames=FRAMES))
    release.add(BLACK, source_video=encode([textured()[:90, :160] * 0] * 5))
    release.add(CUT, source_video=still()[:-500])
    release.add_prompts("time", dict.fromkeys((STILL, PAN, SHAKEN, BLACK, CUT), "make it night"))
    clips = folder / "clips"
    (clips / "Größe").mkdir(parents=True)
    (clips / "Größe" / "a b.MP4").write_bytes(still())
    (clips / "copy.mp4").write_bytes(still())
    (clips / "letter.mp4").write_text("no clip")
    (clips / "one.mp4").write_bytes(encode([view(textured(), 0, 0)]))
    (clips / ".hidden.mp4").write_text("not looked at")
    (clips / "notes.txt").write_text("not looked at")
    project = Project(release.root, folder / "data", {"camera.processes": 1, "inspect.processes": 1})
    for pipeline in ("ingest", "inspect", "camera"):
        project.run_here(pipeline)
    project.run_here("camera_clips", params={"camera.clips": clips})
    return project


def rows(project: Project, source: str) -> dict[str, dict[str, Any]]:
    """A part of the table by the clip's name."""
    found = pl.read_parquet(project.output("02_intermediate", "camera.parquet", f"{source}.parquet"))
    assert found.columns == [field.name for field in CAMERA_COLUMNS]
    return {row["id"]: row for row in found.iter_rows(named=True)}


def said(found: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    """Outcome and reason of each clip."""
    return {name: (row["outcome"], row["reason"]) for name, row in found.items()}


def test_release_has_an_outcome_and_a_reason_for_each_source(done: Project) -> None:
    """Fixed, moving and shaken cameras are told apart; a black clip and a cut one have rows of their own."""
    found = rows(done, "release")
    assert said(found) == {
        STILL: (CameraOutcome.FIXED, None),
        PAN: (CameraOutcome.MOVING, CameraReason.DRIFT),
        SHAKEN: (CameraOutcome.MOVING, CameraReason.SHAKE),
        BLACK: (CameraOutcome.CANNOT_TELL, CameraReason.FEW_TEXTURED_CELLS),
        CUT: (CameraOutcome.CANNOT_TELL, "truncated"),
    }
    settings = json.loads(found[STILL]["settings"])
    assert settings["limits"]["max_drift_px"] == 4.0
    assert len(settings["code"]) == 32


def test_folder_is_looked_at_beside_the_release(done: Project) -> None:
    """Clips by their paths, in any script; what is none has a row; the release's rows are still there."""
    found = rows(done, "folder")
    assert said(found) == {
        "Größe/a b.MP4": (CameraOutcome.FIXED, None),
        "copy.mp4": (CameraOutcome.FIXED, None),
        "letter.mp4": (CameraOutcome.CANNOT_TELL, "undecodable"),
        "one.mp4": (CameraOutcome.CANNOT_TELL, CameraReason.TOO_FEW_FRAMES),
    }
    counts = pl.read_csv(done.output("08_reporting", "camera_counts.csv"))
    assert counts["count"].sum() == 9
    figure = json.loads(done.output("08_reporting", "camera_figure.json").read_text())
    assert (
        sum(len(trace["x"]) for trace in figure["data"]) == 2 * 6
    )  # in both panels, without three that lack measures
    assert len(figure["layout"]["shapes"]) == 4


def test_another_limit_measures_nothing_again_and_signals_take_the_outcome(
    done: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """The journal knows all; a bound on `camera_is_fixed` finds what it needs in the table of signals."""
    with caplog.at_level(logging.INFO):
        done.run_here("camera", params={"camera.limits.max_drift_px": 100})
    assert "camera: 0 measured, 4 known from before" in caplog.text
    assert said(rows(done, "release"))[PAN] == (CameraOutcome.MOVING, CameraReason.SHAKE)
    done.run_here("camera")
    done.run_here("signals", params={"signals.processes": 1})
    signals = pl.read_parquet(done.output("07_model_output", "signals.parquet", "time.parquet"))
    assert dict(signals.select("id", "camera_is_fixed").iter_rows()) == {
        STILL: 1.0,
        PAN: 0.0,
        SHAKEN: 0.0,
        BLACK: None,
        CUT: None,
    }


def test_judge_decides_what_the_rule_leaves_open(done: Project) -> None:
    """It is asked about the black clip alone, and only once; an answer that is none leaves the rule's outcome."""
    asked = {
        "camera.judge.ask": "cannot_tell",
        "camera.judge.model.backend": "server",
        "camera.judge.max_tries": 2,
    }
    named = {
        "camera.judge.model.name": NAME,
        "camera.judge.model.revision": "first",
        "camera.judge.give_up_after": None,
    }
    behaviour = Behaviour(text="It does not move.")
    with serve(None, behaviour) as url:
        params = asked | named | {"camera.judge.model.url": url}
        done.run_here("camera", params=params)
        row = rows(done, "release")[BLACK]
        assert (row["outcome"], row["judged_fixed"]) == (CameraOutcome.CANNOT_TELL, None)
        assert row["judged_reason"].startswith("unparsable: ")
        assert len(behaviour.requests) == 2
        behaviour.text = '{"is_fixed": true, "reason": "Nothing moves."}'
        for _ in range(2):
            done.run_here("camera", params=params | {"camera.judge.seed": 5})
        row = rows(done, "release")[BLACK]
        assert (row["outcome"], row["judged_fixed"], row["judged_reason"]) == (
            "fixed",
            True,
            "Nothing moves.",
        )
        assert row["judged_by"] == f"server {NAME} first"
        assert len(behaviour.requests) == 3
        assert str(behaviour.requests[-1]).count("image_url") >= 5
    done.run_here("camera")


def test_dry_run_tells_the_rest_and_writes_no_table(
    done: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One batch is measured, and the time of the rest told without GPU hours."""
    own = Project(tmp_path, tmp_path / "data", done.params)
    clips = tmp_path / "clips"
    clips.mkdir()
    for number in range(3):
        (clips / f"{number}.mp4").write_bytes(encode([view(textured(number), 0, 0)] * 3))
    with pytest.raises(SystemExit) as ending:
        own.run_here("camera_clips", params={"camera.clips": clips, "dry_run": True, "camera.batch_size": 1})
    assert ending.value.code == 0
    told = capsys.readouterr().out
    assert "to do            2 clips" in told
    assert "GPU" not in told
    assert not own.output("02_intermediate", "camera.parquet").exists()


def test_folder_without_clips_is_an_error(done: Project, tmp_path: Path) -> None:
    """One that is not there, and one that holds none; what was found before stays."""
    (tmp_path / "empty").mkdir()
    for name, told in (("nowhere", "is not there"), ("empty", "holds none")):
        with pytest.raises(FileError, match=told):
            done.run_here("camera_clips", params={"camera.clips": tmp_path / name})
    assert len(rows(done, "folder")) == 4
