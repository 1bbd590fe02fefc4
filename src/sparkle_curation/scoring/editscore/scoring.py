"""Scoring pictures with a model: some passes of two questions each, every answer read strictly.

An answer that is none is asked for again with another seed; a picture for which one stays out has no score, and
what the model said is kept. Source of passes, seeds and pictures shown: EditScore, ``editscore/__init__.py``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from sparkle_curation.model_jobs.answers import Answer, AnswerFault, parse_answer
from sparkle_curation.model_jobs.provenance import SAMPLE_EDITS
from sparkle_curation.models.questions import Image, Question, ReplyFault, VisionLanguageModel
from sparkle_curation.scoring.editscore.prompt_template import PromptTemplate
from sparkle_curation.scoring.editscore.score_scale import ScoreScale

Aspect = Literal["SC", "PQ"]
ASPECTS: tuple[Aspect, Aspect] = ("SC", "PQ")


@dataclass(frozen=True)
class ScoreSettings:
    """How pictures are scored.

    Attributes:
        score_scale: score range and passes.
        seed: of the first pass; each further pass has the next.
        max_tries: how often an answer is asked for before it is given up.
        is_constrained: whether the model is held to the form of an answer while it answers.
        has_labels: whether each picture is announced as ``<img1>: ``, as EditScore does for Qwen2.5-VL.
        numbers: the passes that are asked for, counted from 0; None for all. Each has the seed that it has among all.
    """

    score_scale: ScoreScale
    seed: int = 42
    max_tries: int = 3
    is_constrained: bool = False
    has_labels: bool = False
    numbers: tuple[int, ...] | None = None

    @property
    def asked_numbers(self) -> tuple[int, ...]:
        """The passes that are asked for."""
        return tuple(range(self.score_scale.passes)) if self.numbers is None else self.numbers

    def as_facts(self) -> dict[str, Any]:
        """The settings as the keys of answers hold them: under their first names, so that old answers are found."""
        facts = asdict(self)
        del facts["numbers"]  # which of the passes are asked for is part of the work, not of the judge
        return {"rubric": facts.pop("score_scale"), **facts}  # an old name


@dataclass(frozen=True, eq=False)
class Candidate:
    """An edited picture to be scored.

    Attributes:
        source: the picture before the edit.
        edited: the picture after it.
        edit_prompt: what the edit was to do.
        is_quality_of_both: whether the PQ question shows both pictures, as ``batch_evaluate()`` does, or the
            edited one alone, as ``evaluate()`` does.
        job: key of the work that it is scored for; empty for none.
        place: which picture of that work it is.
    """

    source: Image
    edited: Image
    edit_prompt: str
    is_quality_of_both: bool
    job: str = ""
    place: int = 0


class Place(NamedTuple):
    """Where an answer belongs: which candidate, pass and question."""

    candidate: int
    number: int
    aspect: Aspect


@dataclass(frozen=True)
class Attempt:
    """What came of one question at last: the text, and the answer that it is or why it is none.

    Attributes:
        text: as it came.
        answer: that it is, or why it is none.
        tries: how often it was asked for.
        of_request: how many answers came of the same request.
    """

    text: str
    answer: Answer | AnswerFault | ReplyFault
    tries: int
    of_request: int = 1


@dataclass(frozen=True)
class Scoring:
    """What came of all questions about one candidate.

    Attributes:
        attempts: by question, one a pass that was asked for.
    """

    attempts: dict[Aspect, list[Attempt]] = field(default_factory=dict)

    @property
    def fault(self) -> str | None:
        """Why there is no score: the first question without an answer; None when all have one."""
        return next(
            (attempts.answer.value for attempts in self._all if not isinstance(attempts.answer, Answer)), None
        )

    @property
    def max_tries(self) -> int:
        """How often the most stubborn answer was asked for."""
        return max(attempts.tries for attempts in self._all)

    @property
    def answers_per_request(self) -> int:
        """The most answers that came of one request."""
        return max(attempts.of_request for attempts in self._all)

    def answers(self, aspect: Aspect) -> list[tuple[int, int]]:
        """The two numbers of each pass; only where there is no fault."""
        return [
            attempts.answer.scores
            for attempts in self.attempts[aspect]
            if isinstance(attempts.answer, Answer)
        ]

    def texts(self, aspect: Aspect) -> list[str]:
        """What the model said in each pass."""
        return [attempts.text for attempts in self.attempts[aspect]]

    def reasoning(self, aspect: Aspect, number: int) -> str:
        """The reasons given in one pass; empty where there are none."""
        answer = self.attempts[aspect][number].answer
        return (answer.reasoning or "") if isinstance(answer, Answer) else ""

    @property
    def _all(self) -> list[Attempt]:
        return [attempts for aspect in ASPECTS for attempts in self.attempts[aspect]]


def score(
    candidates: Sequence[Candidate],
    model: VisionLanguageModel,
    prompt_template: PromptTemplate,
    settings: ScoreSettings,
) -> list[Scoring]:
    """One scoring per candidate, in their order; all open questions are asked together.

    Raises:
        ModelError: the model cannot answer at all.
    """
    numbers = settings.asked_numbers
    places = [
        Place(candidate, number, aspect)
        for candidate in range(len(candidates))
        for number in numbers
        for aspect in ASPECTS
    ]
    attempts: dict[Place, Attempt] = {}
    for tries in range(1, settings.max_tries + 1):
        # Asked (again); but what the model cannot do at all, it cannot with another seed.
        asked = [
            place
            for place in places
            if place not in attempts or isinstance(attempts[place].answer, AnswerFault)
        ]
        questions = [
            _question(candidates[place.candidate], place, tries, prompt_template, settings) for place in asked
        ]
        for place, reply in zip(asked, model.ask(questions), strict=True):
            read = reply.fault or parse_answer(reply.text, settings.score_scale.score_range)
            attempts[place] = Attempt(reply.text or reply.detail or "", read, tries, reply.of_request)
    return [
        Scoring(
            {aspect: [attempts[Place(candidate, number, aspect)] for number in numbers] for aspect in ASPECTS}
        )
        for candidate in range(len(candidates))
    ]


def sample_questions(prompt_template: PromptTemplate, settings: ScoreSettings) -> list[Question]:
    """The questions about two pictures that are told apart by their size, for each instruction and kind of sample.

    They stand for all others: a change of the code that words a question changes one of these.
    """
    source, edited = np.zeros((1, 2, 3), np.uint8), np.zeros((1, 3, 3), np.uint8)
    return [
        _question(
            Candidate(source, edited, edit, is_quality_of_both),
            Place(0, number, aspect),
            tries,
            prompt_template,
            settings,
        )
        for edit in SAMPLE_EDITS
        for is_quality_of_both in (False, True)
        for aspect in ASPECTS
        for number in range(min(2, settings.score_scale.passes))
        for tries in (1, 2)
    ]


def _question(
    candidate: Candidate, place: Place, tries: int, prompt_template: PromptTemplate, settings: ScoreSettings
) -> Question:
    if place.aspect == "SC":
        pictures = [candidate.source, candidate.edited]
        text = prompt_template.ask_consistency(candidate.edit_prompt)
    else:
        pictures = (
            [candidate.source, candidate.edited] if candidate.is_quality_of_both else [candidate.edited]
        )
        text = prompt_template.quality
    seed = settings.seed + place.number + (tries - 1) * settings.score_scale.passes
    schema = answer_schema(settings.score_scale.score_range) if settings.is_constrained else None
    shown: list[Image | str] = []
    for number, picture in enumerate(pictures, 1):
        shown += [f"<img{number}>: ", picture] if settings.has_labels else [picture]
    return Question((*shown, text), seed, schema, candidate.job, candidate.place)


def answer_schema(score_range: int, max_reasoning_chars: int = 400) -> str:
    """The JSON schema of an answer: reasons first, then two integers from 0 to ``score_range``."""
    score_list = {
        "type": "array",
        "items": {"type": "integer", "minimum": 0, "maximum": score_range},
        "minItems": 2,
        "maxItems": 2,
    }
    # A pattern, since a bare length lets control characters through, which no JSON text may hold.
    reasoning = {"type": "string", "pattern": rf'^[^"\\\x00-\x1f]{{0,{max_reasoning_chars}}}$'}
    return json.dumps(
        {
            "type": "object",
            "properties": {"reasoning": reasoning, "score": score_list},
            "required": ["reasoning", "score"],
            "additionalProperties": False,
        }
    )
