"""Asking a judge about the cameras of a batch of clips; every answer is kept as it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from sparkle_curation.engine.caching.costly_work import digests
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.engine.journal.rows import JournalRows
from sparkle_curation.media.assets import Failure
from sparkle_curation.media.camera.clips import ClipSource
from sparkle_curation.media.camera.tabulate import Clips
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.model_jobs.answer_journal import journal_schema
from sparkle_curation.model_jobs.tries import ask_until_read
from sparkle_curation.models.questions import Image
from sparkle_curation.spec.codes.camera_reasons import CameraOutcome
from sparkle_curation.stages.camera_judge import CameraAnswerFault, CameraJudge, parse_camera_answer

JOURNAL_SCHEMA = journal_schema()
"""A clip with its answer; what it says is read from it when the table is made."""

PICTURES = pl.col("frames").list.len()
"""Of a job, how many pictures are looked at."""


class CameraJudgeJob(NamedTuple):
    """One clip to ask about.

    Attributes:
        key: digest of all that the answer depends on.
        id: the clip's name, as its source knows it.
        frames: those that are shown.
    """

    key: str
    id: str
    frames: list[int]


@dataclass(frozen=True)
class BatchCameraJudge:
    """Asks about a batch of clips.

    Attributes:
        clips: opens them.
        judge: asked; its model is loaded with the first question.
    """

    clips: ClipSource
    judge: CameraJudge

    def __call__(self, batch: list[CameraJudgeJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``.

        Raises:
            ModelError: the model cannot answer at all.
        """
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[CameraJudgeJob]) -> list[list[Image] | Failure]:
        """The frames of each clip, or why they could not be read."""
        return [
            self.clips.read(job.id, lambda file, wanted=job.frames: list(read_frames(file, wanted)))  # type: ignore[misc]
            for job in batch
        ]

    def finish(self, batch: list[CameraJudgeJob], prepared: list[list[Image] | Failure]) -> pa.Table:
        """The rows of the jobs, once the model has answered.

        Raises:
            ModelError: the model cannot answer at all.
        """

        def fault_of(_place: int, text: str) -> str | None:
            read = parse_camera_answer(text)
            return read.value if isinstance(read, CameraAnswerFault) else None

        told = ask_until_read(
            self.judge.model,
            [job.key for job in batch],
            prepared,
            lambda _place, frames, tries: self.judge.ask(frames, tries),
            fault_of,
            self.judge.settings.max_tries,
        )
        rows = [{KEY: job.key, **row} for job, row in zip(batch, told, strict=True)]
        return pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA)


def list_judge_jobs(
    camera: pl.DataFrame, clips: Clips, judge: CameraJudge, *, borderline: bool
) -> pl.DataFrame:
    """The clips that are asked about, a row each: those that the rule cannot tell, and the borderline ones if wanted.

    Columns: those of ``CameraJudgeJob``, and ``is_asked``, ``error``.

    Args:
        camera: columns of ``camera``; a clip that cannot be read, or has one frame, is not asked about.
        clips: the same clips.
        judge: who is asked.
        borderline: whether borderline ones are.
    """
    is_open = (pl.col("outcome") == CameraOutcome.CANNOT_TELL.value) & (pl.col("frame_count") > 1)
    wanted = camera.filter(is_open | (pl.col("is_borderline") & pl.lit(borderline)))
    most = judge.settings.frames
    jobs = wanted.join(clips.listed.select("id", "identity"), on="id", maintain_order="left").select(
        "id",
        "identity",
        pl.col("frame_count")
        .map_elements(lambda each: spread(each, most), return_dtype=pl.List(pl.Int64))
        .alias("frames"),
    )
    keys = digests(jobs, f"camera judge {judge.digest}", ["identity", "frames"])
    return jobs.select(
        keys, "id", "frames", pl.lit(value=True).alias("is_asked"), pl.lit(None, pl.String).alias("error")
    )


def spread(frame_count: int, most: int) -> list[int]:
    """Frames at equal distances, the first and the last among them.

    >>> spread(81, 6), spread(3, 6), spread(1, 6)
    ([0, 16, 32, 48, 64, 80], [0, 1, 2], [0])
    """
    count = min(frame_count, most)
    return sorted({round(number * (frame_count - 1) / max(count - 1, 1)) for number in range(count)})


def with_answers(
    camera: pl.DataFrame, jobs: pl.DataFrame, answers: JournalRows, judge: CameraJudge
) -> pl.DataFrame:
    """The table with what the judge said: its answer is the outcome, and without one that of the rule stands.

    Args:
        camera: columns of ``camera``.
        jobs: of ``list_judge_jobs``.
        answers: with a row for each of them.
        judge: who was asked.
    """
    if jobs.is_empty():
        return camera
    facts = judge.provenance
    name = " ".join(filter(None, (facts["backend"], facts["model"], facts["revision"])))
    found = pl.DataFrame(pl.from_arrow(answers.take(jobs["key"].to_arrow())))
    rows = []
    for row in found.iter_rows(named=True):
        said = (
            parse_camera_answer(row["answers"][-1]["text"]) if row["answers"] and not row["error"] else None
        )
        is_read = said is not None and not isinstance(said, CameraAnswerFault)
        rows.append(
            {
                "key": row["key"],
                "said_fixed": said.is_fixed if is_read else None,  # type: ignore[union-attr]
                "said_reason": said.reason if is_read else f"{row['error']}: {row['error_detail']}",  # type: ignore[union-attr]
                "said_by": name,
            }
        )
    schema = {"key": pl.String, "said_fixed": pl.Boolean, "said_reason": pl.String, "said_by": pl.String}
    said_of = (
        jobs.select("id", "key").join(pl.DataFrame(rows, schema=schema).unique("key"), on="key").drop("key")
    )
    outcome = (
        pl.when(pl.col("said_fixed"))
        .then(pl.lit(CameraOutcome.FIXED.value))
        .when(~pl.col("said_fixed"))
        .then(pl.lit(CameraOutcome.MOVING.value))
        .otherwise("outcome")
    )
    told = camera.join(said_of, on="id", how="left", maintain_order="left").with_columns(
        outcome.alias("outcome"),
        pl.coalesce("said_fixed", "judged_fixed").alias("judged_fixed"),
        pl.coalesce("said_reason", "judged_reason").alias("judged_reason"),
        pl.coalesce("said_by", "judged_by").alias("judged_by"),
    )
    return told.select(camera.columns)
