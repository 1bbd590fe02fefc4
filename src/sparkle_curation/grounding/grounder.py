"""Who grounds: a model with its texts and settings, and the questions that they make."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import xxhash

from sparkle_curation.errors import ParameterError
from sparkle_curation.model_jobs.provenance import SAMPLE_EDITS, describe, digest_of
from sparkle_curation.models.questions import Image, Question, VisionLanguageModel
from sparkle_curation.spec.frames import BBOX_SCALE

EDIT_PROMPT, LABELS = "<instruction>", "<labels>"
_LABEL_CHARS = 80


@dataclass(frozen=True)
class GroundSettings:
    """How objects are asked for.

    Attributes:
        seed: of the first try.
        max_tries: how often an answer that is none is asked for, each time with the next seed.
        max_objects: most objects of an answer, where it is held to its form.
        is_constrained: whether the model is held to the form of an answer while it answers.
    """

    seed: int = 3407
    max_tries: int = 3
    max_objects: int = 20
    is_constrained: bool = False


@dataclass(frozen=True)
class Grounder:
    """Who grounds.

    Attributes:
        model: the model; described, not loaded.
        round1_text: asks which objects of two pictures to keep; ``<instruction>`` stands for the edit.
        round2_text: asks where ``<labels>`` are in one picture.
        settings: how often it is asked, and with which seeds.
    """

    model: VisionLanguageModel
    round1_text: str
    round2_text: str
    settings: GroundSettings

    def __post_init__(self) -> None:
        """Stop where a text has no place for what is to be put in."""
        for name, text, mark in (
            ("ground_round1", self.round1_text, EDIT_PROMPT),
            ("ground_round2", self.round2_text, LABELS),
        ):
            if mark not in text:
                raise ParameterError(
                    "A grounder's text lacks what is to be put in",
                    where=f"conf/base/prompts/{name}.txt",
                    got=f"no {mark}",
                    todo=f"write {mark} where it belongs",
                )

    @cached_property
    def provenance(self) -> Mapping[str, str | None]:
        """The columns of a regrounding that say where it is from, the same for all rows.

        Raises:
            ModelError: the model is not pinned to a revision.
        """
        texts = xxhash.xxh3_128(f"{self.round1_text}\0{self.round2_text}".encode()).hexdigest()
        return describe(self.model, "own", texts, asdict(self.settings))

    @cached_property
    def digest(self) -> str:
        """xxh3-128 of all that decides a grounding, beside what is shown."""
        source, edited = np.zeros((1, 2, 3), np.uint8), np.zeros((1, 3, 3), np.uint8)
        questions = [
            question
            for edit in SAMPLE_EDITS
            for tries in (1, 2)
            for question in (
                self.ask_round1(source, edited, edit, tries),
                self.ask_round2(source, [edit, "man"], tries),
            )
        ]
        return digest_of(self.provenance, questions)

    def ask_round1(self, source: Image, edited: Image, edit_prompt: str, tries: int) -> Question:
        """Which objects of the source the edit is to keep."""
        return self._question([source, edited], self.round1_text.replace(EDIT_PROMPT, edit_prompt), tries)

    def ask_round2(self, frame: Image, labels: Sequence[str], tries: int) -> Question:
        """Where these objects are in a frame."""
        listed = json.dumps(list(labels), ensure_ascii=False)
        return self._question([frame], self.round2_text.replace(LABELS, listed), tries)

    def _question(self, pictures: list[Image], text: str, tries: int) -> Question:
        settings = self.settings
        schema = answer_schema(settings.max_objects) if settings.is_constrained else None
        return Question((*pictures, text), settings.seed + tries - 1, schema)


def answer_schema(max_objects: int) -> str:
    """The JSON schema of an answer: boxes of four integers of 0-1000, or none, with labels."""
    number = {"type": "integer", "minimum": 0, "maximum": BBOX_SCALE}
    box = {"type": "array", "items": number, "minItems": 4, "maxItems": 4}
    # A pattern, since a bare length lets control characters through, which no JSON text may hold.
    label = {"type": "string", "pattern": rf'^[^"\\\x00-\x20][^"\\\x00-\x1f]{{0,{_LABEL_CHARS - 1}}}$'}
    item = {
        "type": "object",
        "properties": {"bbox_2d": box, "label": label},
        "required": ["bbox_2d", "label"],
        "additionalProperties": False,
    }
    return json.dumps({"type": "array", "items": item, "minItems": 0, "maxItems": max_objects})
