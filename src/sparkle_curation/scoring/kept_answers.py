"""Scorings read from the answers that a journal keeps, and what they come to at a stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sparkle_curation.model_jobs.answers import parse_answer
from sparkle_curation.models.questions import ReplyFault
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import ASPECTS, Attempt, Scoring
from sparkle_curation.scoring.scored_records import frame_record, still_record
from sparkle_curation.spec.stages import Stage

Row = Mapping[str, Any]


def read_scorings(answers: Sequence[Row], score_scale: ScoreScale) -> Iterator[Scoring]:
    """The scoring of each picture, from its answers, which stand in the order of the passes."""
    for place in range(1 + max(answer["picture"] for answer in answers)):
        mine = [answer for answer in answers if answer["picture"] == place]
        yield Scoring(
            {
                aspect: [_attempt(answer, score_scale) for answer in mine if answer["aspect"] == aspect]
                for aspect in ASPECTS
            }
        )


def records_of(scorings: Sequence[Scoring], stage: Stage, score_scale: ScoreScale) -> list[dict[str, Any]]:
    """``editscore`` of each picture, of a still one alone; the scorings have no fault."""
    if stage.is_of_frames:
        return [frame_record(scoring, score_scale) for scoring in scorings]
    return [still_record(scorings[0], score_scale)]


def values_of(records: Sequence[Row], stage: Stage) -> dict[str, float]:
    """The value of each criterion of the stage, by its name."""
    if not stage.is_of_frames:
        return {each.name: records[0][each.field] for each in stage.criteria}
    return {each.name: each.reduce([record[each.field] for record in records]) for each in stage.criteria}


def _attempt(answer: Row, score_scale: ScoreScale) -> Attempt:
    fault = answer["fault"]
    read = ReplyFault(fault) if fault else parse_answer(answer["text"], score_scale.score_range)
    return Attempt(answer["text"], read, answer["tries"])
