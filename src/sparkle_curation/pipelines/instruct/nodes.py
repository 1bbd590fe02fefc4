"""The nodes of ``instruct``: who is asked, which scenes there are, the answers, and the prompts of the draft."""

from __future__ import annotations

import logging

import polars as pl

from sparkle_curation.engine.any_frame import AnyFrame
from sparkle_curation.engine.dry_run import end_dry_run
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.engine.pace import PacedBatch, PaceNotes
from sparkle_curation.errors import EmptyOutputError
from sparkle_curation.model_jobs import asking
from sparkle_curation.models.choice import choose_model
from sparkle_curation.models.device_names import device_of
from sparkle_curation.new_samples.instructions import prompts
from sparkle_curation.new_samples.instructions.instructing import (
    BatchInstruct,
    InstructJob,
    Instructor,
    pace_of,
)
from sparkle_curation.new_samples.instructions.taxonomy import Scene, gather_scenes, read_own_scenes
from sparkle_curation.pipelines.instruct.params import InstructGroup
from sparkle_curation.spec.codes.new_sample_codes import InstructFault

logger = logging.getLogger(__name__)


def choose_instructor(text: str, server_key: str, params: InstructGroup) -> Instructor:
    """Who writes instructions: the model, described and not loaded, with its text and settings.

    Raises:
        ModelError: the model is not pinned, or its packages are not installed.
        ParameterError: the text lacks a place of what is to be put in.
    """
    model = choose_model(params.model, params.sampling.sampling(), server_key)
    instructor = Instructor(model, text, params.settings)
    facts = instructor.provenance
    logger.info("instructions: by %s at %s", facts["model"], facts["revision"])
    return instructor


def list_scenes(annotations: AnyFrame, own_scenes_text: str) -> list[Scene]:
    """The scenes that samples may become: those of the release, and ours beyond them.

    Raises:
        ParameterError: our own cannot be read.
    """
    scenes = gather_scenes(annotations, read_own_scenes(own_scenes_text))
    ours = sum(scene.is_ours for scene in scenes)
    logger.info(
        "instructions: %s scenes of the release, %s of our own", f"{len(scenes) - ours:,}", f"{ours:,}"
    )
    return scenes


def list_instruct_jobs(
    new_samples: AnyFrame,
    scenes: list[Scene],
    before: AnyFrame,
    instructor: Instructor,
    params: InstructGroup,
) -> pl.DataFrame:
    """What is asked, a row per sample, with the scenes that it may become."""
    samples, had = new_samples.lazy().collect(), before.lazy().collect()
    jobs = prompts.list_jobs(samples, scenes, had, instructor, params.offered, params.scene_seed)
    return prompts.limit_jobs(jobs, params.limit)


def ask_for_instructions(
    instruct_jobs: pl.DataFrame,
    instructor: Instructor,
    draft_root: str,
    journal: Journal,
    params: InstructGroup,
    dry_run: bool,
) -> JournalRows:
    """The answers, given now or before; of a dry run only what those missing would take.

    Raises:
        ModelError: the model cannot be had, or cannot answer; what was answered stays in the journal.
    """
    work = f"{instructor.provenance['model']} {instructor.digest[:8]}"
    notes = PaceNotes.beside(journal.path, work, device_of(params.model))
    how = asking.AskConfig(
        "instructions",
        "instruct",
        None,
        PacedBatch(BatchInstruct(draft_root, instructor), notes, instructor.model.load, pace_of),
        InstructJob,
        instructor.model,
        params.batch_size,
        pl.col("id").is_not_null().cast(pl.Int64),
        params.give_up_after,
        num_gpus=params.model.num_gpus,
    )
    if dry_run:
        end_dry_run(asking.plan(instruct_jobs, how, journal), "samples")
    return asking.ask(instruct_jobs, how, journal)


def tabulate_instructions(
    instruct_jobs: pl.DataFrame,
    answers: JournalRows,
    instructor: Instructor,
    scenes: list[Scene],
    before: AnyFrame,
    params: InstructGroup,
    allow_empty: bool,
) -> pl.DataFrame:
    """The table of instructions: one row per new sample.

    Raises:
        EmptyOutputError: no sample has one, where some had before, and that was not allowed.
    """
    table = prompts.tabulate(instruct_jobs, answers, instructor, scenes, params.offered, params.scene_seed)
    had = (
        "prompt" in before.lazy().collect_schema().names()
        and before.lazy().select("prompt").collect()["prompt"].count()
    )
    if had and not table["prompt"].count() and not allow_empty:
        raise EmptyOutputError(
            "No new sample has an instruction, and some had one before",
            where="new_instructions",
            got=", ".join(
                f"{count} {fault}" for fault, count in table["fault"].value_counts(sort=True).iter_rows()
            ),
            allowed="one at least",
            todo="look at the model's answers; or let the prompts of the draft become empty: --params allow_empty=true",
        )
    return table


def write_draft_prompts(new_instructions: AnyFrame) -> dict[str, str]:
    """The texts of the draft: a training CSV and a metadata JSONL a theme."""
    return prompts.draft_prompts(new_instructions.lazy().collect())


def count_instructions(new_instructions: AnyFrame) -> pl.DataFrame:
    """The report: one row per theme, keyword and fault; faults are logged."""
    table = new_instructions.lazy().collect()
    counts = prompts.count_instructions(table)
    faults = counts.drop_nulls("fault").group_by("fault", maintain_order=True).agg(pl.col("count").sum())
    for fault, number in faults.iter_rows():
        way = ""
        if fault == InstructFault.NO_SCENE:
            themes = ", ".join(table.filter(fault=fault)["theme"].cast(pl.String).unique().sort().to_list())
            way = f"; write scenes of {themes} into conf/base/prompts/scenes.yml, and run instruct again"
        logger.warning("instructions: %s samples have none: %s%s", f"{number:,}", fault, way)
    return counts
