"""A run of a stage: files with their notes, the table, kills, changed seeds, lost files, memory, shards, a dry run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from tests.full_disk import files_of_at_most
from tests.made.new_samples import FRAMES, SAMPLES, new_instructions, new_samples
from tests.stages.generation.conftest import Draft
from tests.stages.generation.scripted import Killed, ScriptedGenerator

from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.shard_journal import merge_shards
from sparkle_curation.engine.shards import Shard, WorkPlace
from sparkle_curation.errors import DiskError, ModelError
from sparkle_curation.media.clip_file import note_of
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.spec.layout import KIND
from sparkle_curation.stages.generation.jobs import Asked, list_outputs
from sparkle_curation.stages.generation.making import GeneratedFiles, path_of
from sparkle_curation.stages.generation.run import JOURNAL_SCHEMA, GenerationRun, made_assets
from sparkle_curation.stages.generation.stage import EDIT_FRAME0, GenerationStage
from sparkle_curation.stages.lineage import gather_lineage

VIDEO = GenerationStage("background_video", KIND.background_video, KIND.source_frame0)
"""A stage that makes videos of what the draft has."""


def journal(folder: Path) -> Journal:
    """The journal of the tests' runs below a folder."""
    return Journal(folder / "generation.journal", JOURNAL_SCHEMA, retried_errors=["out_of_memory"])


def run(
    draft: Draft,
    folder: Path,
    generator: ScriptedGenerator,
    *,
    stage: GenerationStage = EDIT_FRAME0,
    batch_size: int = 2,
) -> GenerationRun:
    """A run that writes below a folder."""
    files = GeneratedFiles(stage, generator, draft.store, folder / "made")
    return GenerationRun(stage, files, journal(folder), batch_size)


def listed(
    draft: Draft, *, stage: GenerationStage = EDIT_FRAME0, seed: int = 0, **prompts: str
) -> pl.DataFrame:
    """What is asked for; ``prompts`` by sample id takes others."""
    instructions = new_instructions().with_columns(
        pl.col("id").replace_strict(prompts, default="go").alias("prompt")
    )
    asked = Asked("{prompt}", seed, None)
    return list_outputs(
        stage, new_samples(), instructions, pl.DataFrame(), draft.media, gather_lineage([]), asked
    )


def file_of(folder: Path, sample_id: str, stage: GenerationStage = EDIT_FRAME0) -> Path:
    """The file of a sample."""
    return path_of(folder / "made", stage, "location", sample_id)


def test_stills_are_where_the_release_would_have_them(draft: Draft, tmp_path: Path) -> None:
    """The pixels that were made, a note that a model made them, and a row with all that they depend on."""
    generator = ScriptedGenerator()
    table = run(draft, tmp_path, generator).generate(listed(draft))
    assert (generator.asked, generator.batches, generator.loaded) == (list(SAMPLES), [2, 1], 0)
    row = table.row(0, named=True)
    path = file_of(tmp_path, SAMPLES[0])
    with (
        path.open("rb") as file,
        draft.store.open(draft.store.find(SAMPLES[0], KIND.source_frame0)) as source,
    ):
        made, picture = read_image(file), read_image(source)
    assert (made == np.clip(picture.astype(int) + 1 + row["seed"] % 50, 0, 255)).all()
    with Image.open(path) as image:
        note = image.info["Comment"]
    assert note.startswith("sparkle-curation edit_frame0 ")
    assert note.endswith(f"made by a generative model (trainedAlgorithmicMedia): some/body at {'0' * 40}")
    assert row["size_bytes"] == path.stat().st_size
    assert row["input_change"] == pytest.approx(np.abs(made.astype(int) - picture).mean() / 255)
    said = ("generator", "repository", "licence", "is_generated", "motion", "error")
    assert [row[name] for name in said] == ["flux2_klein", "some/body", "apache-2.0", True, None, None]
    assert json.loads(row["settings"]) == {"steps": "4"}
    assert json.loads(row["versions"]) == {"diffusers": "0.42.1"}
    assert made_assets(table, EDIT_FRAME0).select("id", "kind", "size").row(0) == (
        SAMPLES[0],
        "edited_frame0",
        row["size_bytes"],
    )


def test_videos_are_as_long_as_their_source(draft: Draft, tmp_path: Path) -> None:
    """Of the same bytes in another folder, with a note; a still one does not move."""
    wanted = listed(draft, stage=VIDEO)
    paths = []
    for name in ("one", "other"):
        table = run(draft, tmp_path / name, ScriptedGenerator(), stage=VIDEO).generate(wanted)
        assert table["frame_count"].to_list() == [FRAMES] * 3
        assert table["motion"].max() < 0.005
        paths.append(file_of(tmp_path / name, SAMPLES[0], VIDEO))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert (note_of(paths[0]) or "").startswith("sparkle-curation background_video ")
    with paths[0].open("rb") as file:
        assert read_frames(file, range(FRAMES)).shape == (FRAMES, 64, 96, 3)


def test_a_killed_run_loses_what_was_in_hand(draft: Draft, tmp_path: Path) -> None:
    """What was made before stands; the next run makes the rest, and gives the table of a run that was not killed."""
    killed = ScriptedGenerator(killed_after=1)
    with pytest.raises(Killed):
        run(draft, tmp_path, killed).generate(listed(draft))
    before = file_of(tmp_path, SAMPLES[0]).stat()
    assert killed.loaded == 0
    again = ScriptedGenerator()
    table = run(draft, tmp_path, again).generate(listed(draft))
    assert again.asked == list(SAMPLES[1:])
    assert file_of(tmp_path, SAMPLES[0]).stat() == before
    whole = run(draft, tmp_path / "whole", ScriptedGenerator()).generate(listed(draft))
    assert table.equals(whole)
    last = ScriptedGenerator()
    assert run(draft, tmp_path, last).generate(listed(draft)).equals(table)
    assert last.asked == []


def test_what_changed_is_made_again_and_no_more(draft: Draft, tmp_path: Path) -> None:
    """One prompt: one sample. A seed or a setting: all. Back again: all, since a file is of the last that was made."""
    run(draft, tmp_path, ScriptedGenerator()).generate(listed(draft))
    changes = [
        (ScriptedGenerator(), listed(draft, **{SAMPLES[1]: "stay"}), [SAMPLES[1]]),
        (ScriptedGenerator(), listed(draft, seed=1), list(SAMPLES)),
        (ScriptedGenerator(steps=5), listed(draft, seed=1), list(SAMPLES)),
        (ScriptedGenerator(), listed(draft, seed=1), list(SAMPLES)),
    ]
    for generator, wanted, expected in changes:
        run(draft, tmp_path, generator).generate(wanted)
        assert generator.asked == expected


def test_a_file_that_is_gone_or_another_is_made_again(draft: Draft, tmp_path: Path) -> None:
    """One deleted, one cut."""
    run(draft, tmp_path, ScriptedGenerator()).generate(listed(draft))
    file_of(tmp_path, SAMPLES[0]).unlink()
    cut = file_of(tmp_path, SAMPLES[1])
    cut.write_bytes(cut.read_bytes()[:-100])
    generator = ScriptedGenerator()
    run(draft, tmp_path, generator).generate(listed(draft))
    assert generator.asked == list(SAMPLES[:2])


@pytest.mark.parametrize("stage", [EDIT_FRAME0, VIDEO], ids=lambda stage: stage.name)
def test_a_full_disk_ends_the_run_and_leaves_no_part_of_a_file(
    draft: Draft, tmp_path: Path, stage: GenerationStage
) -> None:
    """One error; the weights are let go, and the next run makes what is lacking. Noise is longer than the journal."""
    wanted = listed(draft, stage=stage)
    run(draft, tmp_path, ScriptedGenerator(is_noisy=True), stage=stage).generate(wanted.head(1))
    whole = {path: path.read_bytes() for path in (tmp_path / "made").rglob("*.*")}
    generator = ScriptedGenerator(is_noisy=True)
    with files_of_at_most(12_000), pytest.raises(DiskError, match="The disk is full"):
        run(draft, tmp_path, generator, stage=stage).generate(wanted)
    assert (generator.asked, generator.loaded) == ([*SAMPLES[1:]][: len(generator.asked)], 0)
    assert {path: path.read_bytes() for path in (tmp_path / "made").rglob("*.*")} == whole
    again = ScriptedGenerator(is_noisy=True)
    assert run(draft, tmp_path, again, stage=stage).generate(wanted)["error"].null_count() == 3
    assert again.asked == list(SAMPLES[1:])


def test_memory_costs_the_sample(draft: Draft, tmp_path: Path) -> None:
    """The others are made; the next run tries it again."""
    generator = ScriptedGenerator(too_large=frozenset(SAMPLES[:1]))
    table = run(draft, tmp_path, generator).generate(listed(draft))
    assert table["error"].to_list() == ["out_of_memory", None, None]
    assert table["error_detail"][0] == "of 3 GiB there are 2"
    again = ScriptedGenerator()
    assert run(draft, tmp_path, again).generate(listed(draft))["error"].null_count() == 3
    assert again.asked == [SAMPLES[0]]


def test_where_nothing_fits_the_run_ends(
    draft: Draft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some, with what to do; the weights are let go."""
    monkeypatch.setattr("sparkle_curation.stages.generation.run._GIVE_UP_AFTER", 2)
    generator = ScriptedGenerator(too_large=frozenset(SAMPLES))
    with pytest.raises(ModelError, match=r"edit_frame0\.model\.offload=model"):
        run(draft, tmp_path, generator).generate(listed(draft))
    assert (generator.asked, generator.loaded) == (list(SAMPLES[:2]), 0)


def test_an_input_that_is_gone_costs_its_sample(draft: Draft, tmp_path: Path) -> None:
    """The model is not asked for it."""
    other = list_outputs(
        GenerationStage("edit_frame0", KIND.edited_frame0, KIND.clean_frame0),
        new_samples(),
        new_instructions(),
        pl.DataFrame(),
        draft.media.filter(kind=KIND.source_frame0).with_columns(kind=pl.lit(KIND.clean_frame0)),
        gather_lineage([]),
        Asked("{prompt}", 0, None),
    )
    generator = ScriptedGenerator()
    stage = GenerationStage("edit_frame0", KIND.edited_frame0, KIND.clean_frame0)
    table = run(draft, tmp_path, generator, stage=stage).generate(other)
    assert table["error"].to_list() == ["missing"] * 3
    assert generator.asked == []


def test_shards_make_all_together(draft: Draft, tmp_path: Path) -> None:
    """Each its own, none twice; a run on the merged journal finds all."""
    asked: list[str] = []
    for index in range(2):
        generator = ScriptedGenerator()
        part = run(draft, tmp_path, generator)
        part.journal.place = WorkPlace(shard=Shard(2, index))
        with pytest.raises(SystemExit) as ended:
            part.generate(listed(draft))
        assert ended.value.code == 0
        asked += generator.asked
    assert sorted(asked) == sorted(SAMPLES)
    merge_shards(journal(tmp_path))
    generator = ScriptedGenerator()
    table = run(draft, tmp_path, generator).generate(listed(draft))
    assert generator.asked == []
    assert table["error"].null_count() == 3


def test_a_dry_run_makes_one_batch_and_keeps_it(draft: Draft, tmp_path: Path) -> None:
    """It tells the rest; what it made need not be made again."""
    generator = ScriptedGenerator()
    plan = run(draft, tmp_path, generator).plan(listed(draft))
    assert (plan.done, plan.to_do, plan.broken, plan.needs_gpu) == (2, 1, 0, True)
    assert plan.seconds is not None
    assert plan.seconds >= 0
    assert (generator.asked, generator.loaded) == (list(SAMPLES[:2]), 0)
    rest = ScriptedGenerator()
    run(draft, tmp_path, rest).generate(listed(draft))
    assert rest.asked == [SAMPLES[2]]


def test_nothing_to_do_is_a_table(draft: Draft, tmp_path: Path) -> None:
    """Of an empty list an empty one, of the declared columns; nothing is loaded."""
    empty = listed(draft).clear()
    generator = ScriptedGenerator()
    table = run(draft, tmp_path, generator).generate(empty)
    assert table.is_empty()
    assert generator.batches == []
    assert run(draft, tmp_path, generator).plan(empty).seconds is None
