"""New samples as a release in the published layout, and a release with them beside it: `gate`, `assemble`, `join`."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.conftest import Project
from tests.full_disk import files_of_at_most
from tests.made.killed import child_process
from tests.pipelines.made_release import MadeRelease, clip, scene

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.errors import DiskError, EmptyOutputError, FileError, ReleaseError
from sparkle_curation.spec.fields import Field
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.stages import STAGES
from sparkle_curation.spec.tables.new_samples import NEW_INSTRUCTION_COLUMNS, NEW_SAMPLE_COLUMNS
from sparkle_curation.spec.tables.reruns.rescores import RESCORED_TABLES
from sparkle_curation.stages.lineage import contents_of

PASSED, BELOW, BARE = (f"Sparkle_time_{number}" for number in (600001, 600002, 600003))
RELEASED = "Sparkle_time_000001"
PROMPTS = {PASSED: "a, b", BELOW: "c", BARE: "d"}


def media(seed: int) -> dict[str, object]:
    """All assets of a sample, of a picture that no other seed gives."""
    frames = clip(scene(seed, 64, 48), 9)
    content = {"mp4": frames, "png": frames[0], "npz": np.ones((9, 48, 64), bool)}
    return {name: content[kind.suffix] for name, kind in ASSET_KINDS.items()}


def write_rows(path: Path, columns: tuple[Field, ...], rows: list[dict[str, object]]) -> None:
    """A table with all its columns, of rows that name some of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, schema=frame_schema(columns)).write_parquet(path)


@pytest.fixture(scope="module")
def project(kedro_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A release, and a draft beside it of which one sample passes, one scores too low, and one was never edited."""
    root = tmp_path_factory.mktemp("assemble")
    release = MadeRelease(root / "release")
    release.add(RELEASED, **media(1))
    release.add_prompts("time", {RELEASED: "make it night"})
    release.add_shard("source_video", {RELEASED: media(1)["source_video"]})
    beside = Project(release.root, root / "data", {"inspect.processes": 1})
    beside.run_here("ingest")
    draft = MadeRelease(root / "new" / "draft_release")
    draft.add(PASSED, **media(2))
    draft.add(BELOW, **media(3))
    draft.add(BARE, source_video=media(4)["source_video"])
    draft.add_prompts("time", PROMPTS)
    params = {"inspect.processes": 1, "compared_root": root / "data"}
    new = Project(draft.root, root / "new", params, env="new")
    own = [{"id": name, "theme": "time", "settings": "{}"} for name in PROMPTS]
    sample = {
        "clip_hash": "x",
        "start_s": 0.0,
        "frame_count": 9,
        "width_px": 64,
        "height_px": 48,
        "fps": 16.0,
    }
    samples = [{**row, **sample, "clip": f"{row['id']}.mp4", "licence": "cc0-1.0"} for row in own]
    samples[0]["licence"] = None
    write_rows(new.output("02_intermediate", "new_samples.parquet"), NEW_SAMPLE_COLUMNS, samples)
    told = [{**row, "prompt": PROMPTS[str(row["id"])], "offered_keywords": "[]", "model": "m"} for row in own]
    write_rows(new.output("07_model_output", "new_instructions.parquet"), NEW_INSTRUCTION_COLUMNS, told)
    new.run_here("ingest,inspect")
    files = contents_of(pl.read_parquet(new.output("02_intermediate", "media.parquet", "*.parquet")))
    contents = {(name, kind): content for name, kind, content in files.iter_rows()}
    for stage in STAGES:
        scores = {PASSED: 9.0, BELOW: 9.0 if stage is not STAGES[-1] else 7.9}
        rows = [_rescored(stage, name, score, contents) for name, score in scores.items()]
        table = f"rescored_{stage.table}"
        write_rows(new.output("07_model_output", f"{table}.parquet"), RESCORED_TABLES[table], rows)
    new.run_here("gate,assemble", params={"assemble.shard_mb": 1})
    return new


def _rescored(
    stage: object, name: str, score: float, contents: dict[tuple[str, str], str]
) -> dict[str, object]:
    told = {"SC_score": score, "PQ_score": score, "O_score": score}
    texts = dict.fromkeys(
        ("SC_score_reasoning", "PQ_score_reasoning", "SC_raw_output", "PQ_raw_output"), "told"
    )
    still = {"prompt_following": score, "consistency": score, "perceptual_quality": score, "overall": score}
    is_of_frames = stage.is_of_frames  # type: ignore[attr-defined]
    editscore: object = (
        [{**told, **texts}] * 4 if is_of_frames else {**still, "SC_reasoning": "a", "PQ_reasoning": "b"}
    )
    return {
        "id": name,
        "theme": "time",
        "prompt": PROMPTS[name],
        "editscore": editscore,
        "tries": 1,
        "raw_texts": [],
        "model": "tiny",
        "revision": "r",
        stage.score_column: score,  # type: ignore[attr-defined]
        "source_digest": contents[(name, stage.source_kind)],  # type: ignore[attr-defined]
        "edited_digest": contents[(name, stage.edited_kind)],  # type: ignore[attr-defined]
        **({"frame_indices": [1, 3, 5, 8]} if is_of_frames else {}),
    }


def release_of(project: Project) -> Path:
    """The folder of the new release."""
    return project.output("05_model_input", "new_release")


def hashes(root: Path) -> dict[str, str]:
    """Path -> digest of each file below a folder."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_progress_says_how_far_each_sample_came(project: Project) -> None:
    """One passed all, one failed the last, one has nothing that was made."""
    table = pl.read_parquet(project.output("03_primary", "new_progress.parquet"))
    last = table.filter(stage="edited_video").select("id", "outcome", "reason")
    assert last.rows() == [
        (PASSED, "passed", None),
        (BELOW, "failed", "below_threshold"),
        (BARE, "waiting", "stopped"),
    ]


def test_release_has_the_pairs_that_passed_the_records_of_all_and_reads_as_a_release(
    project: Project, tmp_path: Path
) -> None:
    """Texts and tars as published: `ingest` and `inspect` find each line and medium, and quarantine none."""
    root = release_of(project)
    assert (root / "prompts" / "time_train.csv").read_text().splitlines() == [
        "prompt,src_video,tgt_video,task",
        f'"a, b",time/source_video/{PASSED}.mp4,time/edited_video/{PASSED}.mp4,{PASSED}',
    ]
    read = Project(root, tmp_path / "data", {"inspect.processes": 1})
    read.run_here("ingest,inspect")
    assert pl.read_parquet(read.output("02_intermediate", "quarantine.parquet")).is_empty()
    found = pl.read_parquet(read.output("02_intermediate", "media.parquet", "*.parquet"))
    assert set(found["kind"]) == set(ASSET_KINDS)
    # behind the tar that the release has
    assert found.filter(kind="source_video")["container"].to_list() == ["time_source_video_part01.tar"]
    assert set(found["id"]) == {PASSED}
    assert found["error"].null_count() == found.height
    scores = pl.read_parquet(
        read.output("02_intermediate", "scores", "edited_video_scores.parquet", "*.parquet")
    )
    assert dict(scores.select("id", "mean_o_score").rows()) == {PASSED: 9.0, BELOW: 7.9}


def test_provenance_and_card_tell_an_unknown_licence(project: Project) -> None:
    """Null is unknown, and told as that."""
    root = release_of(project)
    (line,) = (root / "new_samples" / "provenance.jsonl").read_text().splitlines()
    told = json.loads(line)
    assert (told["id"], told["clip"]["clip"], told["clip"]["licence"]) == (PASSED, f"{PASSED}.mp4", None)
    assert [(each["stage"], each["model"], each["revision"]) for each in told["scored"]] == [
        (stage.name, "tiny", "r") for stage in STAGES
    ]
    assert (told["made"], told["grounded"]) == ([], [])
    card = (root / "README.md").read_text()
    assert "- unknown: 1" in card
    assert "| Time | 3 | 1 |" in card


def test_tars_have_the_same_bytes_each_time_and_a_given_size(project: Project, tmp_path: Path) -> None:
    """Made anew elsewhere they are equal; each member lies where extracting its tar in place puts it."""
    other = replace(project, data_root=tmp_path)
    for name in ("02_intermediate", "03_primary", "07_model_output"):
        (tmp_path / name).symlink_to(project.output(name))
    other.run_here("assemble", params={"assemble.shard_mb": 1})
    assert hashes(release_of(other)) == hashes(release_of(project))
    with tarfile.open(release_of(project) / "intermediate_data" / "time_source_frame0_part00.tar") as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.uid, member.mtime) == (
            f"time/source_frame0/{PASSED}.png",
            0,
            1_767_225_600,
        )
    other.run_here("assemble", params={"assemble.layout": "loose", "assemble.media": "all"})
    loose = hashes(release_of(other))
    assert not [path for path in loose if path.endswith(".tar")]
    assert {path for path in loose if BARE in path} == {f"time/source_video/{BARE}.mp4"}


def test_full_disk_in_the_middle_of_a_tar_leaves_the_release_of_before(
    project: Project, tmp_path: Path
) -> None:
    """One clear error, no half-written file; what was finished is taken up by the next run."""
    other = replace(project, data_root=tmp_path)
    for name in ("02_intermediate", "03_primary", "07_model_output"):
        (tmp_path / name).symlink_to(project.output(name))
    other.run_here("assemble", params={"assemble.layout": "loose"})
    before = hashes(release_of(other))
    with files_of_at_most(2_500), pytest.raises(DiskError, match="The disk is full"):
        other.run_here("assemble")
    assert hashes(release_of(other)) == before
    work = tmp_path / "05_model_input" / ".new_release.work"
    assert not [path for path in work.rglob("*") if path.name.endswith(".tmp")]
    done = json.loads((work / "keys.json").read_text()) if (work / "keys.json").is_file() else {}
    assert set(done) == {path.relative_to(work).as_posix() for path in work.rglob("*.tar")}
    other.run_here("assemble")
    assert not work.exists()
    assert hashes(release_of(other)) == hashes(release_of(project))


def test_killed_run_leaves_the_release_of_before_or_the_new_one(project: Project, tmp_path: Path) -> None:
    """Killed with a tar written; the next run comes to the same bytes, with nothing beside them."""
    other = replace(project, data_root=tmp_path)
    for name in ("02_intermediate", "03_primary", "07_model_output"):
        (tmp_path / name).symlink_to(project.output(name))
    other.run_here("assemble", params={"assemble.layout": "loose"})
    before, whole = hashes(release_of(other)), hashes(release_of(project))
    work = tmp_path / "05_model_input" / ".new_release.work"
    packing = replace(other, params={**project.params, "assemble.shard_mb": 1})
    with child_process() as child:
        child.kill_when(lambda: any(work.rglob("*.tar")), packing, "assemble")
    assert hashes(release_of(other)) in (before, whole)
    packing.run_here("assemble")
    assert hashes(release_of(other)) == whole
    assert not work.exists()


def test_nothing_that_passed_is_told(project: Project, tmp_path: Path) -> None:
    """A release of no sample is none, and replaces nothing."""
    other = replace(project, data_root=tmp_path)
    for name in ("02_intermediate", "07_model_output"):
        (tmp_path / name).symlink_to(project.output(name))
    with pytest.raises(EmptyOutputError, match="No new sample passed all stages"):
        other.run_here("gate,assemble", params={"threshold": 9.5})
    assert not release_of(other).exists()


def test_what_changed_since_it_passed_is_left_out(project: Project, tmp_path: Path) -> None:
    """Another edit prompt than the one that was judged; the release of before stays."""
    other = replace(project, data_root=tmp_path)
    for name in ("02_intermediate", "03_primary"):
        (tmp_path / name).symlink_to(project.output(name))
    shutil.copytree(project.output("07_model_output"), tmp_path / "07_model_output")
    table = tmp_path / "07_model_output" / "new_instructions.parquet"
    pl.read_parquet(table).with_columns(prompt=pl.col("prompt") + "!").write_parquet(table)
    with pytest.raises(EmptyOutputError, match="none that passed, as they are now; 1 did before"):
        other.run_here("assemble")
    assert not release_of(other).exists()


def test_samples_whose_clips_went_are_left_out(project: Project, tmp_path: Path) -> None:
    """The draft is ingested again only later: their media are still known, and stay out, told or not by a release before."""
    other = replace(project, data_root=tmp_path)
    for name in ("03_primary", "07_model_output"):
        (tmp_path / name).symlink_to(project.output(name))
    shutil.copytree(project.output("02_intermediate"), tmp_path / "02_intermediate")
    every = {"assemble.layout": "loose", "assemble.media": "all"}
    other.run_here("assemble", params=every)
    assert [path for path in hashes(release_of(other)) if BELOW in path]
    table = tmp_path / "02_intermediate" / "new_samples.parquet"
    pl.read_parquet(table).filter(pl.col("id") != BELOW).write_parquet(table)
    other.run_here("assemble", params=every)
    assert not [path for path in hashes(release_of(other)) if BELOW in path]
    lines = (release_of(other) / "new_samples" / "provenance.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [PASSED, BARE]
    texts = [
        path.read_text() for path in release_of(other).rglob("*") if path.suffix in {".jsonl", ".csv", ".md"}
    ]
    assert any(PASSED in text for text in texts)
    assert not [text for text in texts if BELOW in text]
    pl.read_parquet(table).filter(pl.col("id") != PASSED).write_parquet(table)
    with pytest.raises(EmptyOutputError, match="No new sample passed"):
        other.run_here("assemble")
    assert (release_of(other) / f"time/source_video/{PASSED}.mp4").is_file()


def test_joined_release_is_both_and_takes_no_room(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Lines of the new behind those of the release, media by hard links; it reads as one release without a quarantine."""
    root = project.data_root.parent
    beside = Project(
        root / "release", root / "data", {"join.added": release_of(project), "inspect.processes": 1}
    )
    beside.run_here("join")
    joined = beside.output("05_model_input", "joined_release")
    theirs, ours = (
        (at / "prompts" / "time_train.csv").read_text() for at in (root / "release", release_of(project))
    )
    assert (joined / "prompts" / "time_train.csv").read_text() == theirs + ours.partition("\n")[2]
    video = f"time/source_video/{RELEASED}.mp4"
    assert (joined / video).samefile(root / "release" / video)
    read = Project(joined, tmp_path_factory.mktemp("joined"), {"inspect.processes": 1})
    read.run_here("ingest")
    found = pl.read_parquet(read.output("02_intermediate", "assets.parquet", "**", "*.parquet"))
    assert set(found["id"]) == {RELEASED, PASSED}
    assert pl.read_parquet(read.output("02_intermediate", "quarantine.parquet")).is_empty()
    with pytest.raises(FileError, match="both releases have"):
        replace(beside, release_root=joined).run_here("join")
    with pytest.raises(ReleaseError, match="joined with itself"):
        beside.run_here("join", params={"join.added": root / "release"})
    with pytest.raises(ReleaseError, match="a folder of this machine"):
        beside.run_here("join", params={"join.added": "/nowhere"})
