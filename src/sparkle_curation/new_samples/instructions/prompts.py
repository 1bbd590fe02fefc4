"""The table of instructions, and the prompts of the draft release that are made of it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence

import polars as pl

from sparkle_curation.engine.any_frame import frame_schema
from sparkle_curation.engine.caching.costly_work import digests
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.new_samples.instructions.instructing import (
    Instruction,
    InstructJob,
    Instructor,
    parse_instruction,
)
from sparkle_curation.new_samples.instructions.taxonomy import KEYWORD_SEPARATOR, Scene, offer_scenes
from sparkle_curation.spec.codes.new_sample_codes import InstructFault
from sparkle_curation.spec.layout import KIND, annotations_csv_path, asset_path, metadata_jsonl_path
from sparkle_curation.spec.tables.new_samples import NEW_INSTRUCTION_COLUMNS
from sparkle_curation.spec.tables.reruns.rescores import NOT_ASKED
from sparkle_curation.spec.themes import METADATA_EDIT_TYPES, THEMES
from sparkle_curation.spec.training_csv import write_training_csv
from sparkle_curation.stages.lineage import cut_digests
from sparkle_curation.variant.metadata_text import write_metadata


def list_jobs(
    new_samples: pl.DataFrame,
    scenes: Sequence[Scene],
    before: pl.DataFrame,
    instructor: Instructor,
    offered: int,
    seed: int,
) -> pl.DataFrame:
    """One row per sample: columns of ``InstructJob``, ``cut_digest``, ``is_asked``, ``error`` where the theme has no scene.

    Args:
        new_samples: ``NEW_SAMPLE_COLUMNS``.
        scenes: of all themes.
        before: ``new_instructions`` of the run before, or without columns.
        instructor: who is asked.
        offered: most scenes that a sample may become.
        seed: of what is offered.
    """
    offers = offer_scenes(
        new_samples.select("id", "theme").rows(),
        scenes,
        offered,
        seed,
        _offered_before(before, offered, seed),
    )
    jobs = new_samples.select("id", "theme", "clip_hash", "settings").join(
        cut_digests(new_samples), on="id", how="left", maintain_order="left"
    )
    jobs = jobs.with_columns(
        pl.Series("offered", [offers[name] for name in new_samples["id"]], pl.List(pl.String))
    )
    # The frame is a matter of the clip and of how it was cut.
    keys = digests(jobs, f"instruct {instructor.digest}", ["theme", "offered", "clip_hash", "settings"])
    is_asked = pl.col("offered").list.len() > 0
    return jobs.with_columns(keys).select(
        *InstructJob._fields,
        "cut_digest",
        is_asked.alias("is_asked"),
        pl.when(~is_asked).then(pl.lit(InstructFault.NO_SCENE.value)).alias("error"),
    )


def limit_jobs(jobs: pl.DataFrame, limit: int | None) -> pl.DataFrame:
    """The same of which the first so many are asked, as a trial wants; the others have no instruction yet: ``not_asked``."""
    if limit is None:
        return jobs
    is_beyond = pl.col("is_asked") & (pl.col("is_asked").cum_sum() > limit)
    return jobs.with_columns(
        (pl.col("is_asked") & ~is_beyond).alias("is_asked"),
        pl.coalesce("error", pl.when(is_beyond).then(pl.lit(NOT_ASKED))).alias("error"),
    )


def tabulate(
    jobs: pl.DataFrame,
    answers: JournalRows,
    instructor: Instructor,
    scenes: Sequence[Scene],
    offered: int,
    seed: int,
) -> pl.DataFrame:
    """``new_instructions``: one row per job, by id.

    Args:
        jobs: of ``list_jobs``.
        answers: with a row for each that is asked.
        instructor: who was asked.
        scenes: of all themes.
        offered: most scenes of a sample.
        seed: of what is offered.
    """
    asked = jobs.filter("is_asked")
    found = pl.DataFrame(pl.from_arrow(answers.take(asked[KEY].unique(maintain_order=True).to_arrow())))
    by_key = {row[KEY]: row for row in found.iter_rows(named=True)}
    ours = {(scene.theme, scene.keyword): scene.is_ours for scene in scenes}
    facts = instructor.provenance
    settings = json.dumps(
        {"offered": offered, "seed": seed, "prompt_template_digest": facts["prompt_template_digest"],
         "asked": json.loads(facts["settings"] or "{}")}, sort_keys=True,
    )  # fmt: skip
    rows = []
    for job in jobs.iter_rows(named=True):
        own = {
            "id": job["id"],
            "theme": job["theme"],
            "offered_keywords": json.dumps(job["offered"], ensure_ascii=False),
            "cut_digest": job["cut_digest"],
        }
        own |= {"model": facts["model"], "model_revision": facts["revision"], "settings": settings}
        rows.append(own | _told(job, by_key.get(job[KEY]), instructor, ours))
    return pl.DataFrame(rows, schema=frame_schema(NEW_INSTRUCTION_COLUMNS)).sort("id")


def _told(
    job: Mapping[str, object],
    row: Mapping[str, object] | None,
    instructor: Instructor,
    ours: Mapping[tuple[str, str], bool],
) -> dict[str, object]:
    """What the answer of a job says, or why there is none."""
    if row is None:
        return {"fault": job["error"], "fault_detail": f"theme {job['theme']}"}
    answers = row["answers"]
    offered: list[str] = job["offered"]  # type: ignore[assignment]
    if row["error"] or not answers:
        return {"fault": row["error"], "fault_detail": row["error_detail"]}
    said = parse_instruction(answers[-1]["text"], offered, instructor.settings.max_words)  # type: ignore[index]
    if not isinstance(said, Instruction):
        return {"fault": said.value, "fault_detail": answers[-1]["text"]}  # type: ignore[index]
    subtheme, _, scene = said.scene.partition(KEYWORD_SEPARATOR)
    return {
        "subtheme": subtheme,
        "scene": scene,
        "chosen_keyword": said.scene,
        "is_ours": ours[(str(job["theme"]), said.scene)],
        "original_scene": said.original_scene,
        "prompt": said.prompt,
    }


def draft_prompts(new_instructions: pl.DataFrame) -> dict[str, str]:
    """The training CSV and metadata JSONL of each theme with an instruction, as the release writes them: name -> text.

    Args:
        new_instructions: ``NEW_INSTRUCTION_COLUMNS``; a sample without a prompt is in neither.
    """
    told = new_instructions.drop_nulls("prompt").sort("id")
    texts: dict[str, str] = {}
    for theme in THEMES:
        own = with_paths(told.filter(theme=theme), theme)
        if own.height:
            texts |= prompt_texts(own, theme)
    return texts


def with_paths(samples: pl.DataFrame, theme: str) -> pl.DataFrame:
    """Samples of a theme with what the release's texts say beside the prompt: paths, ``edit_type``, further members.

    Of samples that have an ``edit_type`` it stays, and so do ``extra_fields``; a sample without one has no metadata.
    """
    edit_type = pl.col("edit_type") if "edit_type" in samples.columns else pl.lit(METADATA_EDIT_TYPES[theme])
    extra_fields = pl.col("extra_fields") if "extra_fields" in samples.columns else pl.lit(None, pl.String)
    return samples.with_columns(
        pl.format(asset_path(theme, KIND.source_video, "{}"), "id").alias("src_video"),
        pl.format(asset_path(theme, KIND.edited_video, "{}"), "id").alias("tgt_video"),
        edit_type.alias("edit_type"),
        extra_fields.alias("extra_fields"),
    )


def prompt_texts(samples: pl.DataFrame, theme: str) -> dict[str, str]:
    """The training CSV and metadata JSONL of samples of a theme: name -> text.

    Args:
        samples: of ``with_paths``, with ``prompt``, ``chosen_keyword`` and ``original_scene``.
        theme: theirs.
    """
    csv, metadata = io.BytesIO(), io.BytesIO()
    write_training_csv(samples, csv)
    write_metadata(samples, metadata)
    names = (annotations_csv_path(theme), metadata_jsonl_path(theme))
    return {
        name.rpartition("/")[2]: text.getvalue().decode()
        for name, text in zip(names, (csv, metadata), strict=True)
    }


def count_instructions(new_instructions: pl.DataFrame) -> pl.DataFrame:
    """The report: one row per theme, keyword and fault, with ``is_ours`` and their ``count``."""
    keys = ["theme", "chosen_keyword", "is_ours", "fault"]
    counts = new_instructions.group_by(keys, maintain_order=True).agg(pl.len().cast(pl.Int64).alias("count"))
    return counts.sort(keys, nulls_last=True)


def _offered_before(before: pl.DataFrame, offered: int, seed: int) -> dict[str, list[str]]:
    if "offered_keywords" not in before.columns:
        return {}
    found = {}
    for name, keywords, settings in before.select("id", "offered_keywords", "settings").rows():
        made = json.loads(settings)
        if (made["offered"], made["seed"]) == (offered, seed):
            found[name] = json.loads(keywords)
    return found
