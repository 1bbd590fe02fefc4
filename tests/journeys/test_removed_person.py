"""Somebody who is seen in a clip asks to be removed: nothing that was made tells of it, and nothing lets it in again."""

from __future__ import annotations

import base64
import gzip
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from tests.conftest import CHECKOUT, Project
from tests.made.byte_search import Clip, describe_clip, search

from sparkle_curation.errors import ParameterError
from sparkle_curation.ingest.exclusions.exclusion_list import COLUMNS, ExclusionError, Request
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.pipelines.exclude.nodes import find_clip, remove_clip
from sparkle_curation.pipelines.exclude.params import ExcludeGroup
from sparkle_curation.removal.finding import clip_in_file, clips_of_sample
from sparkle_curation.removal.place import RemovalPlace
from sparkle_curation.reports.sheet.panels import frame_panel

DAY = date(2026, 11, 28)
pytestmark = pytest.mark.slow

FIRST, LOOSE, PACKED = "Sparkle_location_000000", "Sparkle_season_000000", "Sparkle_time_000020"
"""Samples of one clip in three themes: the first has it as it was made; of the others one is loose and one in a tar."""
PIPELINES = ("ingest", "inspect", "near_duplicates", "filter")


@pytest.fixture(scope="module")
def made(kedro_project: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A release in which one clip has three samples, and what pipelines make of it."""
    root = tmp_path_factory.mktemp("removed")
    release = root / "release"
    shutil.copytree(sample_release, release)
    clip = (release / f"location/source_video/{FIRST}.mp4").read_bytes()
    (root / "clip.mp4").write_bytes(clip)
    (release / f"season/source_video/{LOOSE}.mp4").write_bytes(clip)
    replace_member(release / "time_source_video_part00.tar", f"time/source_video/{PACKED}.mp4", clip)
    (root / "exclusions.csv").write_text(f"{','.join(COLUMNS)}\n")
    project = Project(release, root / "data", {"exclusions": root / "exclusions.csv", "bench_root": None})
    for pipeline in PIPELINES:
        project.run_here(pipeline)
    plant(project)
    return project


def replace_member(path: Path, name: str, content: bytes) -> None:
    """Another content of a member of a tar."""
    packed = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=packed, mode="w") as new:
        for member in old:
            data = content if member.name == name else old.extractfile(member).read()  # type: ignore[union-attr]
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    path.write_bytes(packed.getvalue())


def plant(project: Project) -> None:
    """What no pipeline here makes, and others do: a sheet with a frame of it, a page with one, packed texts."""
    still = np.asarray(
        Image.open(project.release_root / f"intermediate_data/location/edited_frame0/{FIRST}.png").convert(
            "RGB"
        )
    )
    sheet = Image.new("RGB", (900, 600), "white")
    sheet.paste(frame_panel(still), (333, 222))
    sheet.save(project.output("08_reporting", "sheet.png"))
    picture = base64.b64encode(project.output("08_reporting", "sheet.png").read_bytes()).decode()
    project.output("08_reporting", "page.html").write_text(f'<img src="data:image/png;base64,{picture}">')
    project.output("08_reporting", "notes.json.gz").write_bytes(
        gzip.compress(f'{{"best": "{FIRST}"}}'.encode() * 9)
    )


@pytest.fixture(scope="module")
def clip(made: Project) -> Clip:
    """What tells of the clip, from the release."""
    return describe_clip(made.release_root, made.data_root.parent / "clip.mp4")


@pytest.fixture
def own(made: Project, tmp_path: Path) -> Project:
    """The same in folders that a test may change."""
    shutil.copytree(made.data_root, tmp_path / "data")
    shutil.copy(made.params["exclusions"], tmp_path / "exclusions.csv")  # type: ignore[arg-type]
    return replace(
        made, data_root=tmp_path / "data", params={**made.params, "exclusions": tmp_path / "exclusions.csv"}
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kept(table: Path) -> set[str]:
    """The samples of a table."""
    return set(pl.read_parquet(table / "**/*.parquet" if table.is_dir() else table)["id"])


def test_nothing_tells_of_it_any_more(own: Project, made: Project, clip: Clip) -> None:
    """Found in every form before; a plan changes nothing; then nothing is found, nothing comes in, and others lose none."""
    found = search(own.data_root, clip)
    assert {kind for _, kind in found} == {"id", "prompt", "hash", "frame"}
    assert {
        ("08_reporting/sheet.png", "frame"),
        ("08_reporting/page.html", "frame"),
        ("08_reporting/notes.json.gz", "id"),
    } <= set(found)
    assert any(name.startswith("journals/") for name, _ in found)
    wanted = {"exclude.clip": made.data_root.parent / "clip.mp4"}
    before = contents(own.data_root)
    plan = own.run_here("exclude", params=wanted)["exclusion_plan"]
    assert not plan["is_done"].any()
    assert {name: data for name, data in contents(own.data_root).items() if name in before} == before
    assert Path(str(own.params["exclusions"])).read_text().count("\n") == 1

    media, signs = kept(own.table("media")), contents(own.output("journals"))
    plan = own.run_here("exclude", params={**wanted, "exclude.confirm": True})["exclusion_plan"]
    assert plan["is_done"].all()
    assert search(own.data_root, clip) == []
    assert kept(own.table("media")) == media - {FIRST, LOOSE, PACKED}
    assert set(contents(own.output("journals"))) == set(signs)
    for pipeline in ("ingest", "inspect", "filter"):
        own.run_here(pipeline)
    assert search(own.data_root, clip) == []
    assert kept(own.table("annotations")) == kept(made.table("annotations")) - {FIRST, LOOSE, PACKED}
    card = own.output("05_model_input", "kiwi_edit", "README.md").read_text()
    assert "- 3 samples excluded on request." in card


def test_a_fresh_data_root_counts_it_and_has_nothing_of_it(
    made: Project, own: Project, clip: Clip, tmp_path: Path
) -> None:
    """Read = rows + quarantined + excluded; where the line is taken out of the list, the samples are there again."""
    listed = Path(str(own.params["exclusions"]))
    own.run_here(
        "exclude", params={"exclude.id": PACKED, "exclude.confirm": True, "exclude.reason": "guardian"}
    )
    assert [line.split(",")[3] for line in listed.read_text().splitlines()] == ["reason", "guardian"]
    fresh = replace(own, data_root=tmp_path / "fresh")
    fresh.run_here("ingest")
    counts = pl.read_csv(fresh.output("08_reporting", "ingest_counts.csv"))
    accounted = counts["row_count"] + counts["quarantined_count"] + counts["excluded_count"]
    assert (counts["record_count"] == accounted).all()
    assert counts.filter(table="annotations", theme="time")["excluded_count"].to_list() == [1, 1]
    assert search(fresh.data_root, clip) == []
    listed.write_text(f"{','.join(COLUMNS)}\n")
    fresh.run_here("ingest")
    assert kept(fresh.table("annotations")) == kept(made.table("annotations"))


def test_a_purge_that_was_killed_is_completed(own: Project, made: Project, clip: Clip) -> None:
    """The list is written first; a rerun without the clip takes out the rest, and nothing else is lost."""
    script = (
        "import os, signal, sys; from tests.conftest import Project; from pathlib import Path; "
        "from kedro.framework.startup import bootstrap_project; bootstrap_project(Path.cwd()); "
        "from sparkle_curation.removal import plan; first, left = plan.carry_out, [9]\n"
        "def until(*step):\n left[0] -= 1\n first(*step) if left[0] else os.kill(os.getpid(), signal.SIGKILL)\n"
        "plan.carry_out = until\n"
        "Project(Path(sys.argv[1]), Path(sys.argv[2]), {'exclusions': sys.argv[3], 'bench_root': None}).run_here("
        "'exclude', params={'exclude.clip': sys.argv[4], 'exclude.confirm': True})"
    )
    arguments = [
        made.release_root,
        own.data_root,
        own.params["exclusions"],
        made.data_root.parent / "clip.mp4",
    ]
    killed = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": f"{CHECKOUT / 'src'}:{CHECKOUT}", "DO_NOT_TRACK": "1"},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert Path(str(own.params["exclusions"])).read_text().count("\n") == 2
    assert search(own.data_root, clip)
    own.run_here("exclude", params={"exclude.confirm": True})
    assert search(own.data_root, clip) == []
    assert kept(own.table("media")) == kept(made.table("media")) - {FIRST, LOOSE, PACKED}


def test_what_cannot_be_excluded_is_told(made: Project) -> None:
    """Nothing is listed and nothing goes."""
    release = ReleaseFiles(str(made.release_root))
    for path, told in (("/nowhere/clip.mp4", "is not there"), ("/tmp", "a folder")):  # noqa: S108
        with pytest.raises(ExclusionError, match=told):
            clip_in_file(Path(path), DAY, Request.PERSON)
    for sample, told in (
        ("Sparkle_time_999999", "no source clip of the sample"),
        ("Zoë", "is no sample"),
    ):
        with pytest.raises(ExclusionError, match=told):
            clips_of_sample(release, sample, DAY, Request.PERSON)
    with pytest.raises(ExclusionError, match="Nothing was told"):
        made.run_here("exclude", params={"exclude.confirm": True})
    assert Path(str(made.params["exclusions"])).read_text().count("\n") == 1
    assert made.output("05_model_input", "kiwi_edit").is_dir()


def test_decisions_about_its_pairs_and_masks_are_forgotten(made: Project, tmp_path: Path) -> None:
    """Those of every sample of the clip, of pairs and of tracked masks; others stay as they stand, to the byte."""
    paths = [tmp_path / name for name in ("overrides.csv", "mask_decisions.csv")]
    header = "id,decision,reason,annotator,bound_to\n"
    other = 'Sparkle_time_000000,{0},"a hand, lost",ann,\nSparkle_style_000000,{0},,Zoë,0123456789abcdef\n'
    for path, word in zip(paths, ("drop", "refuse"), strict=True):
        about = "".join(f"{sample},{word},,ann,{'5' * 16}\n" for sample in (FIRST, LOOSE, PACKED))
        path.write_text(header + about + other.format(word), encoding="utf-8")
    before = [path.read_bytes() for path in paths]
    params = ExcludeGroup(
        clip=str(made.data_root.parent / "clip.mp4"),
        id=None,
        reason=Request.PERSON,
        folders=None,
        confirm=False,
    )
    listed = shutil.copy(str(made.params["exclusions"]), tmp_path)
    release, place = (
        ReleaseFiles(str(made.release_root)),
        RemovalPlace(tmp_path / "none", Path(listed), tuple(paths)),
    )
    media = pl.scan_parquet(made.table("media") / "*.parquet")
    near = {"max_distance": 0, "max_fine_distance": 0, "min_detail": 0}
    removal = find_clip(params, release, place, media, pl.LazyFrame(), near, None)
    told = remove_clip(params, release, place, removal).filter(reason="decisions about it")
    assert told.select("place", "row_count", "is_done").rows() == [(path.name, 3, False) for path in paths]
    assert [path.read_bytes() for path in paths] == before
    remove_clip(params.model_copy(update={"confirm": True}), release, place, removal)
    for path, word in zip(paths, ("drop", "refuse"), strict=True):
        assert path.read_text(encoding="utf-8") == header + other.format(word)


def test_a_clip_of_no_sample_is_listed_with_confirm_alone(own: Project, tmp_path: Path) -> None:
    """So that it does not come in with a later part of the release; nothing goes."""
    (tmp_path / "other.mp4").write_bytes(b"another clip")
    before = contents(own.output("journals"))
    for confirm, lines in ((False, 1), (True, 2)):
        plan = own.run_here(
            "exclude", params={"exclude.clip": tmp_path / "other.mp4", "exclude.confirm": confirm}
        )
        assert plan["exclusion_plan"].is_empty()
        assert Path(str(own.params["exclusions"])).read_text().count("\n") == lines
    assert contents(own.output("journals")) == before


def test_a_run_without_the_list_stops(own: Project, tmp_path: Path) -> None:
    """It would let everybody in; and a reason is one of five words."""
    with pytest.raises(ExclusionError, match="nobody knows what must stay out"):
        replace(own, params={**own.params, "exclusions": tmp_path / "gone.csv"}).run_here("ingest")
    with pytest.raises(ParameterError, match="reason"):
        own.run_here("exclude", params={"exclude.clip": "/tmp", "exclude.reason": "Ada Lovelace"})  # noqa: S108
