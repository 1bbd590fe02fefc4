"""The report pipeline, run by Kedro: a contact sheet of whatever the release has."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.conftest import Project
from tests.made.pairs import Pairs

from sparkle_curation.errors import MissingTableError, ParameterError
from sparkle_curation.pipelines.report.nodes import draw_contact_sheet
from sparkle_curation.pipelines.report.params import ContactSheetParams
from sparkle_curation.reports.lettering import fonts
from sparkle_curation.reports.lettering.text import width_px
from sparkle_curation.reports.sheet.colours import EMPTY, GAP, PANEL_WIDTH
from sparkle_curation.reports.sheet.description import describe_card
from sparkle_curation.spec.themes import THEME_COLOURS, THEMES

FIRST, SECOND = "Sparkle_time_000000", "Sparkle_style_000007"


@pytest.fixture(scope="module")
def done(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample release, curated; only its report is rebuilt."""
    folder = tmp_path_factory.mktemp("report")
    shutil.copytree(sample_release, folder / "release")
    project = Project(release_root=folder / "release", data_root=folder / "data")
    for pipeline in ("ingest", "inspect", "filter"):
        project.run_here(pipeline)
    return project


def sheet(project: Project, **params: object) -> NDArray[np.uint8]:
    """The sheet of a run with these parameters of ``contact_sheet``."""
    project.run_here("report", params={f"contact_sheet.{name}": value for name, value in params.items()})
    with Image.open(project.output("08_reporting", "contact_sheet.png")) as image:
        return np.asarray(image.convert("RGB"))


def themes_of(picture: NDArray[np.uint8]) -> list[str]:
    """The theme of each card, by the colour at its left edge."""
    found = []
    for row in picture[:, 34].tolist():
        name = next((theme for theme in THEMES if row == _rgb(THEME_COLOURS[theme])), None)
        if name and (not found or found[-1] != name):
            found.append(name)
        elif name is None and found:
            found.append("")
    return [name for place, name in enumerate(found) if name and (place == 0 or found[place - 1] != name)]


def _rgb(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def empty_panels(picture: NDArray[np.uint8]) -> int:
    """How many pictures are missing: their ground is of a colour that nothing else has as much of."""
    is_empty = (picture == np.array(_rgb(EMPTY))).all(axis=2)
    return round(is_empty.sum() / (PANEL_WIDTH * 180 * 0.93))


def test_each_theme_has_its_samples(done: Project) -> None:
    """Two of each theme with all pictures; the same bytes with the same parameters."""
    picture = sheet(done)
    assert themes_of(picture) == [theme for theme in THEMES for _ in range(2)]
    assert empty_panels(picture) == 0
    assert np.array_equal(picture, sheet(done))
    assert not np.array_equal(picture, sheet(done, seed=1))


def test_named_samples_are_shown_in_their_order(done: Project) -> None:
    """Separated by blanks on the command line, where no comma can stand."""
    finished = done.run_kedro("--pipelines", "report", params={"contact_sheet.ids": f"{SECOND} {FIRST}"})
    assert finished.returncode == 0, finished.stderr
    assert "WARNING" not in finished.stdout
    with Image.open(done.output("08_reporting", "contact_sheet.png")) as image:
        assert themes_of(np.asarray(image)) == ["style", "time"]


def test_pictures_are_chosen(done: Project) -> None:
    """One picture a card makes a sheet that is narrower by the others."""
    all_five, one = sheet(done, ids=FIRST), sheet(done, ids=FIRST, pictures="mask")
    assert all_five.shape[1] - one.shape[1] == 4 * (PANEL_WIDTH + GAP)


def test_those_nearest_a_threshold_are_shown(done: Project) -> None:
    """One of each theme, whose score is nearest."""
    picture = sheet(done, nearest_threshold="edited_video", samples_per_theme=1)
    assert themes_of(picture) == list(THEMES)


def test_no_samples_are_a_sheet_that_says_so(done: Project) -> None:
    """None of each theme is allowed."""
    assert themes_of(sheet(done, samples_per_theme=0)) == []


def test_a_missing_or_broken_picture_is_an_empty_one(done: Project, tmp_path: Path) -> None:
    """A file that was removed or damaged after it was inspected leaves a reason in its place, and the run goes on."""
    shutil.copytree(done.release_root, tmp_path / "release")
    own = replace(done, release_root=tmp_path / "release")
    assert empty_panels(sheet(own, ids=FIRST)) == 0
    folder = own.release_root / "intermediate_data" / "time"
    (folder / "source_video_mask" / f"{FIRST}.npz").unlink()
    assert empty_panels(sheet(own, ids=FIRST)) == 1
    video = own.release_root / "time" / "edited_video" / f"{FIRST}.mp4"
    video.write_bytes(bytes(video.stat().st_size))
    assert empty_panels(sheet(own, ids=FIRST)) == 2  # the first edited frame is there as a still, too


def test_pairs_without_masks_boxes_and_scores_are_shown(project: Project, pairs: Pairs) -> None:
    """Two pictures of five are missing on each card."""
    bare = replace(project, release_root=pairs.root)
    for pipeline in ("ingest", "inspect"):
        bare.run_here(pipeline)
    bare.run_here("filter", params={"missing_scores": "keep"})
    picture = sheet(bare, samples_per_theme=1)
    assert themes_of(picture) == list(THEMES)
    assert empty_panels(picture) == 10


def test_what_must_run_first_is_reported(project: Project) -> None:
    """Without verdicts the error names the pipeline that makes them."""
    with pytest.raises(MissingTableError, match="kedro run --pipelines curate"):
        project.run_here("report")


def test_an_unknown_sample_is_reported(done: Project) -> None:
    """It is not left out in silence."""
    with pytest.raises(ParameterError, match="There is no such sample"):
        sheet(done, ids="Sparkle_time_999999")


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ids", "Sparkle_time_1", "sample ids"),
        ("pictures", "maks", "source, edited"),
        ("nearest_threshold", "edited", "one of edited_frame0"),
        ("samples_per_theme", -1, "an integer"),
    ],
)
def test_a_bad_parameter_stops(project: Project, name: str, value: object, allowed: str) -> None:
    """What is allowed is told before anything runs."""
    with pytest.raises(ParameterError, match=allowed):
        sheet(project, **{name: value})


def test_the_run_says_what_to_install_for_a_script(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In one line, where no font here has a character of a prompt; a prompt in English says nothing."""
    params = ContactSheetParams(
        samples_per_theme=1,
        ids=None,
        nearest_threshold=None,
        seed=0,
        pictures=["source"],
        clip_seconds=1,
        max_page_mb=1,
    )
    cards = [
        describe_card(FIRST, "time", {"prompt": prompt}, None, {}) for prompt in ("dusk", "\u96ea\u56fd")
    ]
    monkeypatch.setenv("PATH", "")  # no fontconfig
    caches = (fonts.faces, fonts.face_of, width_px)
    for cache in caches:
        cache.cache_clear()
    try:
        draw_contact_sheet(cards[:1], [[]], params)
        assert caplog.messages == []
        draw_contact_sheet(cards, [[], []], params)
    finally:
        for cache in caches:
            cache.cache_clear()
    (message,) = caplog.messages
    assert message.startswith(
        "contact sheet: no font here has 2 of its characters, such as \u56fd\u96ea, which stand as escapes"
    )
    assert message.endswith("sudo apt-get install fontconfig fonts-noto-cjk")
