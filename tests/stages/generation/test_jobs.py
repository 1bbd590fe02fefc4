"""What is to be generated: prompts, seeds, inputs, and why something cannot be."""

from __future__ import annotations

import json

import polars as pl
import pytest
from tests.made.new_samples import FRAMES, SAMPLES, new_instructions, new_samples
from tests.stages.generation.conftest import Draft

from sparkle_curation.spec.codes.new_sample_codes import StageOutcome
from sparkle_curation.stages.generation.jobs import Asked, list_outputs, outputs_of
from sparkle_curation.stages.generation.stage import BACKGROUND_VIDEO, EDIT_FRAME0, GenerationStage
from sparkle_curation.stages.lineage import contents_of, gather_lineage

NO_PROGRESS = pl.DataFrame()


def listed(
    draft: Draft, *, stage: GenerationStage = EDIT_FRAME0, template: str = "{prompt}", **other: object
) -> pl.DataFrame:
    """The list of a run on the draft; ``other`` takes another limit, seed, instructions, progress, media or lineage."""
    frames = {
        "instructions": new_instructions(),
        "progress": NO_PROGRESS,
        "media": draft.media,
        "lineage": gather_lineage([]),
        **{name: value for name, value in other.items() if isinstance(value, pl.DataFrame)},
    }
    asked = Asked(template, int(str(other.get("seed", 0))), other.get("limit"))  # type: ignore[arg-type]
    return list_outputs(stage, new_samples(), *frames.values(), asked)


EDITED = ("edited_frame0", "edited_frame0_foreground_removed")


def edited(draft: Draft) -> pl.DataFrame:
    """The media of the draft, and edited frames of which each has a content of its own."""
    picture = draft.media.filter(kind="source_frame0")
    made = [
        picture.with_columns(kind=pl.lit(kind), index_hash=pl.col("index_hash") + kind) for kind in EDITED
    ]
    return pl.concat([draft.media, *made])


def judged(media: pl.DataFrame, *outcomes: StageOutcome) -> pl.DataFrame:
    """The progress of the samples, each with an outcome at both scored stages."""
    contents = {(name, kind): content for name, kind, content in contents_of(media).iter_rows()}
    prompts = dict(new_instructions().select("id", "prompt").rows())
    rows = [
        {
            "id": each,
            "stage": kind,
            "outcome": outcome.value,
            "content": contents[(each, kind)],
            "prompt": prompts[each],
        }
        for each, outcome in zip(SAMPLES, outcomes, strict=True)
        for kind in EDITED
    ]
    return pl.DataFrame(rows)


def faults(table: pl.DataFrame) -> list[tuple[str | None, str | None]]:
    """Error and detail of each row."""
    return table.select("error", "error_detail").rows()


def test_each_sample_has_its_prompt_seed_and_input(draft: Draft) -> None:
    """In the order of the ids; a template names what is known of a sample, and no two share a seed."""
    table = listed(draft, template="{scene}: {prompt}")
    assert table["id"].to_list() == list(SAMPLES)
    assert table["prompt"][1] == "night city: put the man in the night city"
    assert table["seed"].n_unique() == 3
    hashes = draft.media.filter(kind="source_frame0").select("id", "index_hash").rows()
    assert [json.loads(text) for text in table["inputs"]] == [{"source_frame0": each} for _, each in hashes]
    assert faults(table) == [(None, None)] * 3
    assert table.select("frame_count", "is_asked").rows() == [(1, True)] * 3


def test_a_limit_asks_for_the_first(draft: Draft) -> None:
    """Those that cannot be made do not count."""
    lacking = new_instructions().with_columns(
        pl.when(pl.col("id") == SAMPLES[0]).then(None).otherwise("prompt").alias("prompt")
    )
    table = listed(draft, instructions=lacking, limit=1)
    assert table["is_asked"].to_list() == [False, True, False]
    assert faults(table) == [("no_prompt", None), (None, None), (None, None)]


def test_a_prompt_that_names_a_scene_needs_one(draft: Draft) -> None:
    """No half of a prompt is made up."""
    table = listed(draft, instructions=new_instructions(scene=None), template="{scene}")
    assert faults(table) == [("no_prompt", None)] * 3


def test_without_an_input_there_is_nothing_to_make(draft: Draft) -> None:
    """Told by its kind; a broken one by the error of its header."""
    table = listed(draft, stage=BACKGROUND_VIDEO)
    assert faults(table) == [("no_input", "edited_frame0_foreground_removed")] * 3
    broken = draft.media.with_columns(
        pl.when(kind="source_frame0").then(pl.lit("truncated")).alias("error"),
        pl.lit("cut").alias("error_detail"),
    )
    assert faults(listed(draft, media=broken)) == [("truncated", "source_frame0: cut")] * 3


def test_who_failed_a_filter_stops_there(draft: Draft) -> None:
    """As the progress tells; without one every sample goes on."""
    media = edited(draft)
    progress = judged(media, StageOutcome.PASSED, StageOutcome.FAILED, StageOutcome.PASSED)
    table = listed(draft, stage=BACKGROUND_VIDEO, media=media, progress=progress)
    assert faults(table) == [(None, None), ("not_passed", None), (None, None)]
    assert table["frame_count"].to_list() == [FRAMES] * 3
    assert faults(listed(draft, stage=BACKGROUND_VIDEO, media=media)) == [(None, None)] * 3


def test_a_verdict_is_of_what_was_judged(draft: Draft) -> None:
    """Another file or prompt is not judged, however the old one was; a progress without contents has judged nothing."""
    media = edited(draft)
    passed, failed = StageOutcome.PASSED, StageOutcome.FAILED
    progress = judged(media, passed, failed, passed)
    is_new = (pl.col("kind") == EDITED[0]) & pl.col("id").is_in(SAMPLES[:2])
    remade = media.with_columns(
        pl.when(is_new).then(pl.col("index_hash").str.reverse()).otherwise("index_hash").alias("index_hash")
    )
    for_video = {"stage": BACKGROUND_VIDEO, "progress": progress}
    assert faults(listed(draft, media=remade, **for_video)) == [("not_judged", None)] * 2 + [(None, None)]
    other = new_instructions(prompt="put the man elsewhere")
    assert faults(listed(draft, media=media, instructions=other, **for_video)) == [("not_judged", None)] * 3
    earlier = progress.drop("content", "prompt")
    assert (
        faults(listed(draft, stage=BACKGROUND_VIDEO, media=media, progress=earlier))
        == [("not_judged", None)] * 3
    )


def test_an_outdated_input_is_waited_for(draft: Draft) -> None:
    """One made of another picture, or by another instruction; and an edit prompt of another cut of the clip."""
    media = edited(draft)
    contents = dict(media.filter(kind=EDITED[0]).select("id", "index_hash").rows())
    rows = [
        {"id": SAMPLES[0], "inputs": json.dumps({EDITED[0]: contents[SAMPLES[0]]}), "instruction": "{}"},
        {"id": SAMPLES[1], "inputs": json.dumps({EDITED[0]: "other"}), "instruction": "{}"},
        {"id": SAMPLES[2], "inputs": "{}", "instruction": json.dumps({"scene": "other"})},
    ]
    removed = pl.DataFrame(rows).with_columns(error=pl.lit(None, pl.String))
    lineage = gather_lineage([(EDITED[0], pl.DataFrame()), (EDITED[1], removed)])
    assert faults(listed(draft, stage=BACKGROUND_VIDEO, media=media, lineage=lineage)) == [
        (None, None),
        ("outdated_input", f"{EDITED[1]}: of another {EDITED[0]}"),
        ("outdated_input", f"{EDITED[1]}: of another instruction"),
    ]
    recut = new_instructions(cut_digest="0" * 32)
    assert (
        faults(listed(draft, instructions=recut))
        == [("outdated_input", "instruction: of another cut of the clip")] * 3
    )


@pytest.mark.parametrize("change", ["seed", "prompt", "picture", "generator"])
def test_a_key_is_of_all_that_an_output_depends_on(draft: Draft, change: str) -> None:
    """Another seed, prompt, picture or generator is another output; the same is the same."""
    other_media = draft.media.with_columns(pl.col("index_hash").str.reverse())
    changed = {
        "seed": listed(draft, seed=1),
        "prompt": listed(draft, template="{prompt}!"),
        "picture": listed(draft, media=other_media),
        "generator": listed(draft),
    }[change]
    usual = outputs_of(listed(draft), EDIT_FRAME0, lambda *_: "a")
    other = outputs_of(changed, EDIT_FRAME0, lambda *_: "b" if change == "generator" else "a")
    assert {output.key for output in usual}.isdisjoint(output.key for output in other)
    assert usual == outputs_of(listed(draft), EDIT_FRAME0, lambda *_: "a")
