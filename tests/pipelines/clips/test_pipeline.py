"""From a folder of clips to a draft release with prompts: `clips` and `instruct`, run by Kedro, with a real server."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xxhash
from PIL import Image
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.made.killed import child_process
from tests.made.motions import encode, filmed, textured
from tests.models.loopback import NAME, Behaviour, serve
from tests.pipelines.made_release import MadeRelease

from sparkle_curation.errors import EmptyOutputError, FileError, ParameterError
from sparkle_curation.models.questions import Question, Reply
from sparkle_curation.new_samples.clips.clip_folder import list_new_clips
from sparkle_curation.spec.tables.new_samples import (
    NEW_CLIP_COLUMNS,
    NEW_INSTRUCTION_COLUMNS,
    NEW_SAMPLE_COLUMNS,
)

SIZES = {
    "clips.width_px": 256,
    "clips.height_px": 144,
    "clips.frames": 9,
    "clips.min_frames": 5,
    "clips.min_side_px": 90,
    "clips.theme": "time",
    "clips.processes": 1,
    "clips.crf": 12,
}
KNOWN = "Sparkle_time_000001"


def still(seed: int, frames: int = 9, rate: int = 16) -> bytes:
    """A clip of a scene that no other seed gives, from a camera that stays."""
    scene = textured(seed)[200:470, 200:680]
    return encode([np.roll(scene, 0, axis=1)] * frames, rate)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of every fate, in a folder, below it, and in a tar."""
    root = tmp_path_factory.mktemp("clips")
    (root / "Größe").mkdir()
    files = {
        "a.mp4": still(1),
        "Größe/b c.MP4": still(2, frames=20, rate=32),
        "again.mp4": still(1),
        "known.mp4": still(7),
        "pan.mp4": filmed(lambda number: (3 * number, 0, 1), textured(5), frames=9),
        "short.mp4": still(3, frames=4),
        "slow.mp4": still(4, rate=8),
        "small.mp4": encode([textured(6)[:64, :112]] * 9),
        "upright.mp4": encode([textured(8)[:300, :100]] * 9),
        "letter.mp4": b"no clip",
        "nothing.mp4": b"",
        "elsewhere.mp4": still(9),
        ".hidden.mp4": b"not looked at",
    }
    for name, content in files.items():
        (root / name).write_bytes(content)
    (root / "gone.mp4").symlink_to("moved/away.mp4")
    with tarfile.open(root / "more.tar", "w") as tar:
        member = tarfile.TarInfo("in/it.mp4")
        content = still(10)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    (root / "provenance.csv").write_text(
        'clip,licence,source_url,creator,theme\na.mp4,cc-by-4.0,https://example.org/a,"Ö., A.",season\n'
        "elsewhere.mp4,,,,nowhere\nnone.mp4,cc0-1.0,,,\n",
        encoding="utf-8",
    )
    return root


@pytest.fixture(scope="module")
def project(kedro_project: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A release that was ingested and hashed, and the new samples of the folder beside it."""
    root = tmp_path_factory.mktemp("new")
    release = MadeRelease(root / "release")
    release.add(KNOWN, source_video=still(7))
    release.add_prompts("time", {KNOWN: "make it night"})
    (release.root / "prompts" / "time_train_metadata.jsonl").write_text(
        json.dumps(
            {
                "id": KNOWN,
                "prompt": "make it night",
                "metadata": {
                    "edit_type": "time",
                    "chosen_keyword": "night: a street",
                    "original_scene": "A wall.",
                },
            }
        )
        + "\n"
    )
    beside = Project(release.root, root / "data", {"inspect.processes": 1, "near_duplicates.processes": 1})
    beside.run_here("ingest,inspect,near_duplicates")
    params = {**SIZES, "clips.folder": folder, "compared_root": root / "data", "inspect.processes": 1}
    new = Project(root / "new" / "draft_release", root / "new", params, env="new")
    new.run_here("clips")
    return new


def clips(project: Project) -> dict[str, dict[str, Any]]:
    """The table of clips by name."""
    table = pl.read_parquet(project.output("02_intermediate", "new_clips.parquet"))
    assert table.columns == [field.name for field in NEW_CLIP_COLUMNS]
    return {row["clip"]: row for row in table.iter_rows(named=True)}


def samples(project: Project) -> pl.DataFrame:
    """The table of samples."""
    table = pl.read_parquet(project.output("02_intermediate", "new_samples.parquet"))
    assert table.columns == [field.name for field in NEW_SAMPLE_COLUMNS]
    return table


def test_each_clip_is_taken_or_refused_with_a_reason(project: Project) -> None:
    """Copies, what the release has, moving cameras, wrong lengths, rates, sizes and shapes, and what is no clip."""
    found = clips(project)
    assert {name: row["reason"] for name, row in found.items()} == {
        "Größe/b c.MP4": None,
        "a.mp4": None,
        "again.mp4": "like_clip",
        "elsewhere.mp4": "unknown_theme",
        "gone.mp4": "missing",
        "known.mp4": "like_release",
        "letter.mp4": "undecodable",
        "more.tar!in/it.mp4": None,
        "nothing.mp4": "empty",
        "pan.mp4": "camera_moves",
        "short.mp4": "too_short",
        "slow.mp4": "low_rate",
        "small.mp4": "too_small",
        "upright.mp4": "odd_shape",
    }
    assert {name for name, row in found.items() if row["outcome"] == "taken"} == {
        name for name, row in found.items() if row["id"]
    }
    details = [found[name]["reason_detail"] for name in ("gone.mp4", "nothing.mp4")]
    assert details == ["a link to moved/away.mp4, where nothing is", "0 bytes"]
    assert (found["known.mp4"]["like"], found["again.mp4"]["like"]) == (KNOWN, "a.mp4")
    counts = pl.read_csv(project.output("08_reporting", "new_clip_counts.csv"))
    assert counts["count"].sum() == len(found)


def test_licence_and_origin_go_with_the_sample_and_unknown_is_null(project: Project) -> None:
    """The file of provenance beside the clips is read; its theme goes before that of the run."""
    rows = {row["clip"]: row for row in samples(project).iter_rows(named=True)}
    own = rows["a.mp4"]
    assert (own["theme"], own["licence"], own["source_url"], own["creator"]) == (
        "season",
        "cc-by-4.0",
        "https://example.org/a",
        "Ö., A.",
    )
    assert rows["more.tar!in/it.mp4"]["licence"] is None


def test_samples_have_4n_plus_1_frames_and_numbers_above_the_releases(project: Project) -> None:
    """The longer clip gives each second frame, around its middle; ids are above `first_number`; the draft is a release."""
    rows = {row["clip"]: row for row in samples(project).iter_rows(named=True)}
    assert {name: (row["frame_count"], row["start_s"]) for name, row in rows.items()} == {
        "Größe/b c.MP4": (9, 0.0),
        "a.mp4": (9, 0.0),
        "more.tar!in/it.mp4": (9, 0.0),
    }
    assert all(int(row["id"][-6:]) >= 500_000 for row in rows.values())
    project.run_here("ingest,inspect")
    media = pl.read_parquet(project.output("02_intermediate", "media.parquet", "*.parquet"))
    video = (
        media.filter(kind="source_video")
        .select("width_px", "height_px", "frame_count", "fps", "error")
        .unique()
    )
    assert video.rows() == [(256, 144, 9, 16.0, None)]
    assert media.filter(kind="source_frame0")["id"].sort().to_list() == sorted(
        row["id"] for row in rows.values()
    )


def test_second_run_changes_no_byte_and_lost_files_come_back(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is looked at or cut again; a deleted video, and a still, are cut again to the same bytes."""
    root = project.release_root
    before = {
        path: path.read_bytes() for path in sorted(root.rglob("*.*")) if path.suffix in {".mp4", ".png"}
    }
    assert len(before) == 6
    lost = [next(path for path in before if path.suffix == suffix) for suffix in (".mp4", ".png")]
    for path in lost:
        path.unlink()
    with caplog.at_level(logging.INFO):
        project.run_here("clips")
    assert "clips: 0 measured" in caplog.text
    assert {path: path.read_bytes() for path in before} == before


def test_a_killed_run_is_taken_up(project: Project, tmp_path: Path) -> None:
    """Killed with one clip cut, the next run comes to the same draft and tables, to the byte."""
    torn = replace(project, release_root=tmp_path / "draft_release", data_root=tmp_path)
    with child_process() as child:
        assert child.kill_when(lambda: any(torn.release_root.rglob("Sparkle*.mp4")), torn, "clips")
    cut = {path: path.stat().st_mtime_ns for path in torn.release_root.rglob("Sparkle*.mp4")}
    torn.run_here("clips")
    assert len([path for path, time in cut.items() if path.stat().st_mtime_ns != time]) <= 1
    ours, theirs = (
        {
            path.relative_to(each.release_root): path.read_bytes()
            for path in each.release_root.rglob("*.*")
            if "prompts" not in path.parts  # of `instruct`, where another test ran that
        }
        for each in (torn, project)
    )
    assert ours == theirs
    for name in ("new_clips", "new_samples"):
        ours, theirs = (pl.read_parquet(each.table(name)) for each in (torn, project))
        assert_frame_equal(ours, theirs)


def test_ids_stay_when_clips_come_and_a_clip_that_goes_leaves_the_draft(
    project: Project, folder: Path, tmp_path: Path
) -> None:
    """A clip keeps its id, whatever is beside it; what is taken no more goes out of the draft."""
    other = replace(project, data_root=tmp_path / "new", release_root=tmp_path / "new" / "draft_release")
    here = tmp_path / "clips"
    here.mkdir()
    (here / "z.mp4").write_bytes((folder / "Größe" / "b c.MP4").read_bytes())
    (here / "one.mp4").write_bytes(still(11))
    params = {"clips.folder": here, "clips.camera": "skip"}
    other.run_here("clips", params=params)
    own = dict(samples(other).select("clip", "id").rows())
    assert own["z.mp4"] == dict(samples(project).select("clip", "id").rows())["Größe/b c.MP4"]
    (here / "one.mp4").unlink()
    other.run_here("clips", params=params)
    assert [path.stem for path in (tmp_path / "new").rglob("*.mp4")] == [own["z.mp4"]]
    (here / "z.mp4").write_bytes(b"broken")
    with pytest.raises(EmptyOutputError, match="No clip becomes a sample"):
        other.run_here("clips", params=params)
    assert samples(other)["id"].to_list() == [own["z.mp4"]]


@pytest.mark.parametrize(
    ("params", "error", "said"),
    [
        ({"clips.folder": None}, FileError, "No folder of clips is given"),
        ({"clips.folder": "/nowhere"}, FileError, "A folder of clips is not there"),
        ({"clips.frames": 80}, ParameterError, "4n\\+1"),
        ({"clips.width_px": 100}, ParameterError, "16 divides"),
        ({"clips.theme": "nowhere"}, ParameterError, "a theme of the dataset"),
        ({"clips.provenance": "/nowhere.csv"}, FileError, "The file of provenance is not there"),
    ],
)
def test_bad_parameters_are_told(
    project: Project, params: dict[str, Any], error: type[Exception], said: str
) -> None:
    """One clear error each, and nothing is written."""
    with pytest.raises(error, match=said):
        project.run_here("clips", params=params)


def test_excluded_clip_is_in_no_table(project: Project, folder: Path, tmp_path: Path) -> None:
    """By its bytes, whatever it is called; beside it the others stand."""
    content = (folder / "a.mp4").read_bytes()
    listed = tmp_path / "exclusions.csv"
    line = f"{hashlib.sha256(content).hexdigest()},{len(content)},2026-11-28,person"
    listed.write_text(f"source_hash,size_bytes,date,reason\n{line}\n")
    here = tmp_path / "clips"
    here.mkdir()
    (here / "renamed.mp4").write_bytes(content)
    (here / "other.mp4").write_bytes((folder / "known.mp4").read_bytes())
    other = replace(project, data_root=tmp_path / "new", release_root=tmp_path / "new" / "draft_release")
    other.run_here("clips", params={"clips.folder": here, "clips.camera": "skip", "exclusions": listed})
    assert set(clips(other)) == {"other.mp4"}


def test_a_clip_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    """By length, time and inode, loose or in a tar: others behind the same three are not seen; after a touch they are."""
    here = tmp_path / "clips"
    here.mkdir()
    (here / "a.mp4").write_bytes(b"one")
    with tarfile.open(here / "b.tar", "w") as tar:
        tar.add(here / "a.mp4", "in.mp4")
    first = list_new_clips(str(here))
    for name in ("a.mp4", "b.tar"):
        file, facts = here / name, (here / name).stat()
        with file.open("r+b") as opened:
            content = opened.read().replace(b"one", b"two")
            opened.seek(0)
            opened.write(content)
        os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert_frame_equal(list_new_clips(str(here), first), first)
    for name in ("a.mp4", "b.tar"):
        os.utime(here / name, (1, 1))
    again = list_new_clips(str(here), first)
    two = xxhash.xxh3_128_hexdigest(b"two")
    assert again["clip_hash"].to_list() == [two, two]


def test_shards_cut_all_together(project: Project, folder: Path, tmp_path: Path) -> None:
    """Two shards look, then two cut; what they did is merged, and the last run does nothing but the tables."""
    here = tmp_path / "clips"
    here.mkdir()
    for name in ("a.mp4", "letter.mp4", "elsewhere.mp4", "known.mp4"):
        (here / name).write_bytes((folder / name).read_bytes())
    root = tmp_path / "new"
    params = project.params | {
        "clips.folder": here,
        "clips.camera": "skip",
        "compared_root": tmp_path / "none",
    }
    new = replace(project, data_root=root, release_root=root / "draft_release", params=params)
    for _ in ("look", "cut"):
        for shard in ("0/2", "1/2"):
            with pytest.raises(SystemExit) as ended:
                new.run_here("clips", params={"shard": shard})
            assert not ended.value.code
        new.run_here("merge")
    files = {path: path.stat().st_mtime_ns for path in new.release_root.rglob("Sparkle*")}
    assert len(files) == 6
    new.run_here("clips")
    assert {name: row["outcome"] for name, row in clips(new).items()} == {
        "a.mp4": "taken",
        "elsewhere.mp4": "taken",
        "known.mp4": "taken",
        "letter.mp4": "refused",
    }
    assert {path: path.stat().st_mtime_ns for path in new.release_root.rglob("Sparkle*")} == files


def test_folder_without_a_clip_is_told(project: Project, tmp_path: Path) -> None:
    """An empty folder is told as that."""
    with pytest.raises(FileError, match="A folder of clips holds none"):
        project.run_here("clips", params={"clips.folder": tmp_path})


class Scripted:
    """A model that takes the first scene it is offered, and says what it is told to of some questions."""

    def __init__(self) -> None:
        self.provenance = {"backend": "scripted"}
        self.answers: list[str] = []

    def load(self) -> None:
        """Nothing to load."""

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """An answer each."""
        return [Reply(self._answer(question)) for question in questions]

    def _answer(self, question: Question) -> str:
        if self.answers:
            return self.answers.pop(0)
        text = next(part for part in question.parts if isinstance(part, str))
        scene = re.findall(r"^- (.*)$", text, re.MULTILINE)[0]
        prompt = f"Put the scene into {scene}, with clouds that drift."
        return json.dumps({"original_scene": "A wall.", "scene": scene, "prompt": prompt})


@pytest.fixture(scope="module")
def instructed(project: Project) -> Iterator[tuple[Project, Scripted, Behaviour]]:
    """The same with a server that writes instructions, asked once."""
    model, behaviour = Scripted(), Behaviour()
    with serve(model, behaviour) as url:  # type: ignore[arg-type]
        params = {
            **project.params,
            "instruct.model.backend": "server",
            "instruct.model.name": NAME,
            "instruct.model.revision": "first",
            "instruct.model.url": url,
            "instruct.offered": 2,
            "instruct.batch_size": 1,
        }
        asked = replace(project, params=params)
        asked.run_here("instruct")
        yield asked, model, behaviour


def instructions(project: Project) -> dict[str, dict[str, Any]]:
    """The table of instructions by id."""
    table = pl.read_parquet(project.output("07_model_output", "new_instructions.parquet"))
    assert table.columns == [field.name for field in NEW_INSTRUCTION_COLUMNS]
    return {row["id"]: row for row in table.iter_rows(named=True)}


def test_each_sample_gets_a_scene_and_a_prompt_and_the_draft_reads_as_a_release(
    instructed: tuple[Project, Scripted, Behaviour],
) -> None:
    """Scenes of the release and ours are told apart; `ingest` reads the draft's prompts without a quarantine."""
    project, _, _ = instructed
    rows = instructions(project)
    assert len(rows) == 3
    assert all(
        row["fault"] is None and row["prompt"] and row["original_scene"] == "A wall." for row in rows.values()
    )
    assert {row["theme"] for row in rows.values()} == {"season", "time"}
    of_release = {row["chosen_keyword"] for row in rows.values() if not row["is_ours"]}
    assert of_release <= {"night: a street"}
    project.run_here("ingest")
    found = pl.read_parquet(project.output("02_intermediate", "annotations.parquet", "*.parquet"))
    told = {row["id"]: (row["prompt"], row["chosen_keyword"], row["original_scene"]) for row in rows.values()}
    columns = ("id", "prompt", "chosen_keyword", "original_scene")
    assert {row[0]: row[1:] for row in found.select(columns).rows()} == told
    assert pl.read_parquet(project.output("02_intermediate", "quarantine.parquet")).is_empty()


def test_nothing_is_asked_twice_and_other_scenes_ask_again(
    instructed: tuple[Project, Scripted, Behaviour],
) -> None:
    """A second run asks nothing; another seed of the scenes asks those who are offered others."""
    project, _, behaviour = instructed
    count = len(behaviour.requests)
    project.run_here("instruct")
    assert len(behaviour.requests) == count >= 3
    before = {name: row["offered_keywords"] for name, row in instructions(project).items()}
    project.run_here("instruct", params={"instruct.scene_seed": 5})
    now = {name: row["offered_keywords"] for name, row in instructions(project).items()}
    assert len(behaviour.requests) == count + sum(now[name] != before[name] for name in now)
    project.run_here("instruct")
    assert {name: row["offered_keywords"] for name, row in instructions(project).items()} == before


def test_answers_that_are_none_are_rows_with_their_fault(
    instructed: tuple[Project, Scripted, Behaviour],
) -> None:
    """Prose, a scene that was not offered and a prompt that is too long; the sample leaves the draft's prompts."""
    project, model, _ = instructed
    model.answers = [
        "I would rather not.",
        json.dumps({"original_scene": "A", "scene": "none: of these", "prompt": "P"}),
        json.dumps({"original_scene": "A", "scene": "night: a street", "prompt": "P", "more": 1}),
    ]
    project.run_here(
        "instruct",
        params={
            "instruct.seed": 1,
            "instruct.max_tries": 1,
            "instruct.give_up_after": 9,
            "allow_empty": True,
        },
    )
    faults = sorted(row["fault"] for row in instructions(project).values())
    assert faults == ["unknown_scene", "unparsable", "unparsable"]
    assert not list((project.release_root / "prompts").iterdir())
    project.run_here("instruct")
    assert all(row["prompt"] for row in instructions(project).values())


def test_first_frame_is_the_videos_own(project: Project) -> None:
    """The still shows what the video's frame 0 shows, to the pixel, at the size of a sample."""
    from sparkle_curation.media.decode.frames import read_frames  # noqa: PLC0415

    for video in sorted(project.release_root.rglob("source_video/*.mp4")):
        (stills,) = project.release_root.rglob(f"source_frame0/{video.stem}.png")
        with video.open("rb") as file:
            assert np.array_equal(np.asarray(Image.open(stills)), read_frames(file, [0])[0])
