"""Recorded answers, given back to whoever asks: to this project's scoring, and to the ``editscore`` package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sparkle_curation.models.questions import Question, Reply
from sparkle_curation.scoring.editscore.prompt_template import PromptTemplate
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import Candidate, ScoreSettings, Scoring, score

SEED = 42
PICTURE = np.zeros((2, 2, 3), np.uint8)
PROMPT_TEMPLATE = PromptTemplate("SC <instruction>", "PQ", "test")


@dataclass
class RecordedModel:
    """Answers by question and seed: what was recorded, and with any other seed the first one once more.

    Attributes:
        texts: (``SC`` or ``PQ``, seed) -> what the model said.
        asked: the questions so far: which, with which seed, with how many pictures.
    """

    texts: Mapping[tuple[str, int], str]
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    provenance: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> None:
        """Nothing to load."""

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """The recorded answers."""
        return [self._reply(question) for question in questions]

    def _reply(self, question: Question) -> Reply:
        *pictures, text = question.parts
        aspect = str(text)[:2]
        self.asked.append((aspect, question.seed, len(pictures)))
        return Reply(self.texts.get((aspect, question.seed), self.texts[aspect, SEED]))


class RecordedBackend:
    """The same answers as a back end of ``editscore``: its questions are told apart by their pictures' number."""

    def __init__(self, texts: Mapping[tuple[str, int], str], quality_text: str) -> None:
        self._texts, self._quality_text = texts, quality_text

    def prepare_input(self, _pictures: object, text: str) -> str:
        """The aspect that the text asks for."""
        return "PQ" if text == self._quality_text else "SC"

    def inference(self, aspect: str, seed: int) -> str:
        """The recorded answer."""
        return self._texts.get((aspect, seed), "")

    def batch_inference(self, aspects: Sequence[str], seed: int) -> list[str]:
        """The recorded answers."""
        return [self.inference(aspect, seed) for aspect in aspects]


def ours(
    texts: Mapping[tuple[str, int], str], passes: int, *, is_video: bool = False
) -> tuple[Scoring, RecordedModel]:
    """What this project's scoring makes of recorded answers."""
    model = RecordedModel(texts)
    candidate = Candidate(PICTURE, PICTURE, "Dusk", is_video)
    (scoring,) = score([candidate], model, PROMPT_TEMPLATE, ScoreSettings(ScoreScale(passes=passes), SEED))
    return scoring, model


def theirs(texts: Mapping[tuple[str, int], str], passes: int) -> Any:
    """An ``EditScore`` that is given recorded answers. A back end that it does not know leaves it without a model."""
    from editscore import EditScore  # noqa: PLC0415

    scorer = EditScore(backbone="recorded", num_pass=passes, seed=SEED)
    scorer.model = RecordedBackend(texts, scorer.PQ_prompt)
    return scorer
