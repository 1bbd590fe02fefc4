"""Scoring a batch of jobs with a model: pictures are read, questions asked, and every answer kept as it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.ingest.assets.store import AssetStore, Wanted
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.decode.frames import read_frames
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.model_jobs.answer_journal import journal_schema, tell_answer, unread
from sparkle_curation.models.questions import Image, ReplyFault, VisionLanguageModel
from sparkle_curation.scoring.editscore.prompt_template import PromptTemplate
from sparkle_curation.scoring.editscore.scoring import ASPECTS, Candidate, ScoreSettings, Scoring, score
from sparkle_curation.scoring.jobs import ScoreJob
from sparkle_curation.spec.stages import STAGE_BY_NAME

PER_REQUEST = "answers_per_request"

JOURNAL_SCHEMA = journal_schema(picture=pa.int32(), number=pa.int32(), aspect=pa.string()).append(
    pa.field(PER_REQUEST, pa.int32())
)
"""A job with its answers, by picture, pass and question; numbers are read from them when the tables are made.

Beside them the most answers that came of one request, which is null in rows of before: there it was one.
"""


@dataclass(frozen=True)
class BatchScore:
    """Scores a batch of jobs.

    Attributes:
        store: the release's assets.
        model: asked; loaded with the first question.
        prompt_template: what it is told.
        settings: how often, and with which seeds.
    """

    store: AssetStore
    model: VisionLanguageModel
    prompt_template: PromptTemplate
    settings: ScoreSettings

    def __call__(self, batch: list[ScoreJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``.

        Raises:
            ModelError: the model cannot answer at all.
        """
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[ScoreJob]) -> list[list[Candidate] | Failure]:
        """The pictures of each job, a pair each, or why they could not be read."""
        return [self._candidates(job, store) for job, store in self.store.ahead(batch, _wanted)]

    def finish(self, batch: list[ScoreJob], prepared: list[list[Candidate] | Failure]) -> pa.Table:
        """The rows of the jobs, once the model has answered.

        Raises:
            ModelError: the model cannot answer at all.
        """
        candidates = [one for found in prepared if not isinstance(found, Failure) for one in found]
        scorings = iter(
            score(candidates, self.model, self.prompt_template, self.settings) if candidates else []
        )
        rows = [
            {
                KEY: job.key,
                **(
                    unread(found)
                    if isinstance(found, Failure)
                    else self._row([next(scorings) for _ in found])
                ),
            }
            for job, found in zip(batch, prepared, strict=True)
        ]
        return pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA)

    def _candidates(self, job: ScoreJob, store: AssetStore) -> list[Candidate] | Failure:
        stage, sides = STAGE_BY_NAME[job.stage], []
        for kind, frames in zip(
            (stage.source_kind, stage.edited_kind), (job.source_frames, job.edited_frames), strict=True
        ):
            read = partial(_read_pictures, indices=frames)
            pictures = read_asset(store, job.id, kind, read)
            if isinstance(pictures, Failure):
                return pictures
            sides.append(pictures)
        return [
            Candidate(source, edited, job.edit_prompt, stage.is_of_frames, job.key, place)
            for place, (source, edited) in enumerate(zip(*sides, strict=True))
        ]

    def _row(self, scorings: Sequence[Scoring]) -> Mapping[str, Any]:
        answers = list(_answers(scorings, self.settings.asked_numbers))
        fault = next((scoring.fault for scoring in scorings if scoring.fault), None)
        unanswered = next((answer for answer in answers if answer["is_fault"]), None)
        detail = unanswered and tell_answer(
            f"picture {unanswered['picture']}, pass {unanswered['number']}, {unanswered['aspect']}",
            unanswered,
        )
        per_request = max(scoring.answers_per_request for scoring in scorings)
        return {"answers": answers, "error": fault, "error_detail": detail, PER_REQUEST: per_request}


def _wanted(job: ScoreJob) -> list[Wanted]:
    stage = STAGE_BY_NAME[job.stage]
    return [Wanted(job.id, kind) for kind in (stage.source_kind, stage.edited_kind)]


def _read_pictures(file: Any, indices: Sequence[int]) -> list[Image]:
    return list(read_frames(file, indices)) if indices else [read_image(file)]


def _answers(scorings: Sequence[Scoring], numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Every answer in the order in which it was asked for."""
    for place, scoring in enumerate(scorings):
        for row, number in enumerate(numbers):
            for aspect in ASPECTS:
                attempts = scoring.attempts[aspect][row]
                yield {
                    "picture": place,
                    "number": number,
                    "aspect": aspect,
                    "text": attempts.text,
                    "fault": attempts.answer.value if isinstance(attempts.answer, ReplyFault) else None,
                    "tries": attempts.tries,
                    "is_fault": isinstance(attempts.answer, str),
                }
