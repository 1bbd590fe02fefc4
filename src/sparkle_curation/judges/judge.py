"""A judge: a model with its instructions and settings, known by a digest of all that its scores depend on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import xxhash

from sparkle_curation.judges.instructions import Instructions
from sparkle_curation.judges.scoring import ScoreSettings, sample_questions
from sparkle_curation.models.questions import Question, VisionLanguageModel, describe_question

_COLUMNS = ("backend", "model", "revision", "adapter", "adapter_revision")


@dataclass(frozen=True)
class Judge:
    """Who scores.

    Attributes:
        model: the model; described, not loaded.
        instructions: what it is told.
        settings: how often it is asked, and with which seeds.
    """

    model: VisionLanguageModel
    instructions: Instructions
    settings: ScoreSettings

    @cached_property
    def provenance(self) -> Mapping[str, str | None]:
        """The columns of a rescore that say where it is from, the same for all rows.

        Raises:
            ModelError: the model is not pinned to a revision.
        """
        return describe(self.model, self.instructions.origin, self.instructions.digest, asdict(self.settings))

    @cached_property
    def digest(self) -> str:
        """xxh3-128 of all that decides a score: the model, and the questions as they are asked.

        Whose the instructions are does not count; what they say does.
        """
        return digest_of(self.provenance, sample_questions(self.instructions, self.settings))


def describe(
    model: VisionLanguageModel, origin: str, digest: str, settings: Mapping[str, object]
) -> Mapping[str, str | None]:
    """The columns that say where a row is from.

    Args:
        model: who was asked.
        origin: whose texts it was asked with.
        digest: of these texts.
        settings: all else that an answer depends on.

    Raises:
        ModelError: the model is not pinned to a revision.
    """
    facts = dict(model.provenance)
    columns = {name: facts.pop(name, None) for name in _COLUMNS}
    text = json.dumps({"sampling": facts, **settings}, sort_keys=True, ensure_ascii=False)
    return {**columns, "instructions_origin": origin, "instructions_digest": digest, "settings": text}


def digest_of(provenance: Mapping[str, str | None], questions: Sequence[Question]) -> str:
    """xxh3-128 of all that decides an answer; whose the instructions are does not, what they say does.

    Args:
        provenance: from ``describe``.
        questions: some that stand for all that are asked.
    """
    facts: dict[str, object] = {
        name: value for name, value in provenance.items() if name != "instructions_origin"
    }
    facts["questions"] = [describe_question(question) for question in questions]
    return xxhash.xxh3_128(json.dumps(facts, sort_keys=True).encode()).hexdigest()
