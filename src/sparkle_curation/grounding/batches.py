"""Grounding a batch of jobs with a model: pictures are read, objects asked for, and every answer kept as it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.grounding.grounder import Grounder
from sparkle_curation.grounding.grounding_answers import GroundingFault, parse_grounding
from sparkle_curation.ingest.assets.store import AssetStore, Wanted
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.model_jobs.answer_journal import journal_schema, tell_answer, unread
from sparkle_curation.models.questions import Image, Question, Reply
from sparkle_curation.spec.layout import KIND

JOURNAL_SCHEMA = journal_schema()
"""A job with its answers: one of round 1, one a frame of round 2; boxes are read from them when the tables are made."""


class GroundJob(NamedTuple):
    """One sample in one round. Of round 1 labels and frames are empty; of round 2 the instruction is."""

    key: str
    id: str
    edit_prompt: str
    labels: list[str]
    frames: list[int]


def pace_of(job: GroundJob) -> tuple[str, float]:
    """The step of a job as ``engine.pace`` notes it, its round; and its share of a batch: its questions."""
    return ("ground_round2", len(job.frames)) if job.frames else ("ground_round1", 1)


class _Asked(NamedTuple):
    """A question that may have to be asked again: of which job, its pictures, and which frame they are."""

    job: GroundJob
    pictures: list[Image]
    frame: int = 0


@dataclass(frozen=True)
class BatchGround:
    """Grounds a batch of jobs of one round.

    Attributes:
        store: the release's assets.
        grounder: asked; its model is loaded with the first question.
    """

    store: AssetStore
    grounder: Grounder

    def __call__(self, batch: list[GroundJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``.

        Raises:
            ModelError: the model cannot answer at all.
        """
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[GroundJob]) -> list[list[_Asked] | Failure]:
        """The questions of each job, or why its pictures could not be read."""
        return [self._asked(job, store) for job, store in self.store.ahead(batch, _wanted)]

    def finish(self, batch: list[GroundJob], prepared: list[list[_Asked] | Failure]) -> pa.Table:
        """The rows of the jobs, once the model has answered.

        Raises:
            ModelError: the model cannot answer at all.
        """
        asked = [one for found in prepared if not isinstance(found, Failure) for one in found]
        answers = iter(self._ask(asked))
        rows = [
            {
                KEY: job.key,
                **(
                    unread(found) if isinstance(found, Failure) else _row(job, [next(answers) for _ in found])
                ),
            }
            for job, found in zip(batch, prepared, strict=True)
        ]
        return pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA)

    def _asked(self, job: GroundJob, store: AssetStore) -> list[_Asked] | Failure:
        if job.labels:
            frames = read_asset(
                store, job.id, KIND.source_video, lambda file: list(read_frames(file, job.frames))
            )
            if isinstance(frames, Failure):
                return frames
            return [_Asked(job, [frame], number) for number, frame in enumerate(frames)]
        pictures: list[Image] = []
        for kind in (KIND.source_frame0, KIND.edited_frame0):
            picture = read_asset(store, job.id, kind, read_image)
            if isinstance(picture, Failure):
                return picture
            pictures.append(picture)
        return [_Asked(job, pictures)]

    def _ask(self, asked: list[_Asked]) -> list[dict[str, Any]]:
        """The last answer to each question, which is one, or what the model said instead."""
        answers: list[dict[str, Any]] = [{} for _ in asked]
        waiting = list(range(len(asked)))
        for tries in range(1, self.grounder.settings.max_tries + 1):
            replies = (
                self.grounder.model.ask([self._question(asked[place], tries) for place in waiting])
                if waiting
                else []
            )
            for place, reply in zip(waiting, replies, strict=True):
                answers[place] = _answer(reply, tries)
            waiting = [place for place in waiting if answers[place]["is_open"]]
        return answers

    def _question(self, asked: _Asked, tries: int) -> Question:
        job, grounder = asked.job, self.grounder
        if job.labels:
            question = grounder.ask_round2(asked.pictures[0], job.labels, tries)
        else:
            question = grounder.ask_round1(asked.pictures[0], asked.pictures[1], job.edit_prompt, tries)
        return question.about(job.key, asked.frame)


def _wanted(job: GroundJob) -> list[Wanted]:
    kinds = [KIND.source_video] if job.labels else [KIND.source_frame0, KIND.edited_frame0]
    return [Wanted(job.id, kind) for kind in kinds]


def _answer(reply: Reply, tries: int) -> dict[str, Any]:
    """What was said, its fault, and whether another seed may help: what the model cannot do at all, it cannot then."""
    read = parse_grounding(reply.text)
    fault = reply.fault or (read if isinstance(read, GroundingFault) else None)
    return {
        "text": reply.text or reply.detail or "",
        "fault": fault.value if fault else None,
        "tries": tries,
        "is_open": reply.fault is None and fault is not None,
    }


def _row(job: GroundJob, answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The answers of a job, and its error: of an unanswered sampled frame only where the others are unanswered too."""
    unanswered = [(number, one) for number, one in enumerate(answers) if one["fault"]]
    failed = [(number, one) for number, one in unanswered if not one["is_open"]]
    is_lost = not job.labels or len(unanswered) == len(answers)
    number, broken = next(iter(failed or (unanswered if is_lost else [])), (0, None))
    detail = broken and tell_answer(f"answer {number}", broken)
    return {"answers": list(answers), "error": broken and broken["fault"], "error_detail": detail}
