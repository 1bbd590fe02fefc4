"""What is to be scored: one job per sample and stage, known by everything that its scores depend on.

What is shown are the two assets that the description says the stage judges: two stills, or some frames of two videos.
Which instruction the judge of a stage was told, and which source frame it saw beside an edited one of a video, is stated
nowhere: both are settings, with the record's own prompt and the frame of the same index by default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from sparkle_curation.engine.caching.costly_work import digests
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.model_jobs.job_files import choose_files, pair_files, tell_error
from sparkle_curation.spec.frames import SCORED_FRAMES
from sparkle_curation.spec.stages import STAGES, Stage
from sparkle_curation.spec.tables.reruns.rescores import TOO_SHORT

PROMPT = "{prompt}"
"""What stands for the record's prompt in a template."""

SourceFrame = Literal["same", "first"]


@dataclass(frozen=True)
class ShowRules:
    """What the judge is shown.

    Attributes:
        templates: stage -> the edit prompt, with ``{prompt}`` for the record's, which is all of it by default.
        video_source_frame: which source frame stands beside an edited one: the ``same`` index, or the ``first``.
    """

    templates: Mapping[str, str]
    video_source_frame: SourceFrame = "same"


@dataclass(frozen=True)
class Scope:
    """Which samples are to be scored in a run; what was scored before counts all the same.

    Attributes:
        stages: names.
        limit: most samples of a stage; None for all.
    """

    stages: Sequence[str]
    limit: int | None = None


class ScoreJob(NamedTuple):
    """One sample at one stage, to be scored; of stills the frames are empty."""

    key: str
    id: str
    stage: str
    edit_prompt: str
    source_frames: list[int]
    edited_frames: list[int]


PICTURES = pl.col("edited_frames").list.len().clip(1)
"""Of a job, how many edited pictures are scored."""


def pace_of(job: ScoreJob) -> tuple[str, float]:
    """The step of a job as ``engine.pace`` notes it, and its share of a batch: its pictures."""
    return f"score_{job.stage}", max(1, len(job.edited_frames))


def look_up_prompts(annotations: pl.LazyFrame, scores: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """``id``, and a column of prompts per stage: the released record's own, else that of the annotations.

    Args:
        annotations: with ``id`` and ``prompt``.
        scores: stage -> the released scores, with the same.
    """
    known = annotations.select("id", "prompt").unique("id", keep="first", maintain_order=True)
    for stage, table in scores.items():
        own = table.select("id", pl.col("prompt").alias(stage)).unique(
            "id", keep="first", maintain_order=True
        )
        known = known.join(own, on="id", how="full", coalesce=True)
    return known.select("id", *(pl.coalesce(stage, "prompt").alias(stage) for stage in scores)).collect()


def list_jobs(
    media: pl.DataFrame, prompts: pl.DataFrame, scope: Scope, rules: ShowRules, judge_digest: str
) -> pl.DataFrame:
    """The jobs, a row each, and the samples that cannot be scored: these have an ``error``, and a key of nothing.

    One row per sample that has the edited asset of a stage, by stage, then as in ``media``. Columns: those of
    ``ScoreJob``, and ``theme``, ``prompt``, ``source_digest``, ``edited_digest``, ``is_asked``, ``error``, ``error_detail``.

    Args:
        media: the inspected media.
        prompts: ``id``, and a column of prompts per stage.
        scope: which of them are to be scored now.
        rules: what is shown.
        judge_digest: of all else that a score depends on.
    """
    files = choose_files(media)
    jobs = pl.concat(_of_stage(files, prompts, stage, rules, judge_digest) for stage in STAGES)
    is_scorable = pl.col("error").is_null() & pl.col("stage").is_in(scope.stages)
    place = pl.col(KEY).cum_count().over("stage", is_scorable)
    is_within = pl.lit(value=True) if scope.limit is None else place <= scope.limit
    return jobs.with_columns((is_scorable & is_within).alias("is_asked"))


def _of_stage(
    files: pl.DataFrame, prompts: pl.DataFrame, stage: Stage, rules: ShowRules, judge_digest: str
) -> pl.DataFrame:
    source, edited = stage.source_kind, stage.edited_kind
    is_short = pl.lit(stage.is_of_frames) & (pl.col("edited_frame_count") <= SCORED_FRAMES)
    # The template with the record's prompt in its place.
    first, *rest = rules.templates.get(stage.name, PROMPT).split(PROMPT)
    told = pl.concat_str(pl.lit(first), *(part for text in rest for part in ("prompt", pl.lit(text))))
    too_short = f"{edited}: {SCORED_FRAMES} frames beside the first are wanted"
    pairs = (
        pair_files(files, source, edited, prompts.select("id", prompt=stage.name))
        .with_columns(pl.coalesce("error", pl.when(is_short).then(pl.lit(TOO_SHORT))))
        .with_columns(
            pl.lit(stage.name).alias("stage"),
            tell_error(source, **{TOO_SHORT: too_short}).alias("error_detail"),
            told.alias("edit_prompt"),
            *_frames(stage, rules.video_source_frame),
        )
    )
    prefix = f"score {judge_digest}"
    # These names are part of the key: under others, what was answered before would be asked again.
    shown = ["stage", "edit_prompt", "source_digest", "edited_digest", "source_frames", "edited_frames"]
    return pairs.with_columns(digests(pairs, prefix, shown)).select(_COLUMNS)


_SIDES = ("source", "edited")
_COLUMNS = (
    KEY, "id", "stage", "edit_prompt", "source_frames", "edited_frames",
    "theme", "prompt", "source_digest", "edited_digest", "error", "error_detail",
)  # fmt: skip


def _frames(stage: Stage, source_frame: SourceFrame) -> list[pl.Expr]:
    """The frames that are shown, of the source and of the edited video; none of a still."""
    kind = pl.List(pl.Int32)
    if not stage.is_of_frames:
        return [pl.lit([], dtype=kind).alias(f"{side}_frames") for side in _SIDES]
    edited = pl.col("edited_frame_count").map_elements(
        lambda count: choose_scored_frames(count) if count > SCORED_FRAMES else [], return_dtype=kind
    )
    source = edited if source_frame == "same" else edited.list.eval(pl.element() * 0)
    return [source.alias("source_frames"), edited.alias("edited_frames")]


def choose_scored_frames(frame_count: int, count: int = SCORED_FRAMES) -> list[int]:
    """The frames that are scored, counted from 0: evenly spread from the second to the last.

    "We uniformly sample four non-first frames" (dataset card). Of 77 frames this gives the indices that the card
    shows; of 69 to 81, the lengths of the release, others: index 76 is not in all of them.

    Raises:
        ValueError: the video has fewer than ``count`` frames after its first.

    >>> choose_scored_frames(77), choose_scored_frames(81), choose_scored_frames(69)
    ([1, 26, 51, 76], [1, 27, 54, 80], [1, 23, 46, 68])
    """
    if frame_count <= count:
        raise ValueError(f"{frame_count} frames: {count} beside the first are wanted")
    return [round(place) for place in np.linspace(1, frame_count - 1, count).tolist()]
