"""A judge: a model with its instructions and settings, known by a digest of all that its scores depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sparkle_curation.model_jobs.provenance import describe, digest_of
from sparkle_curation.models.questions import VisionLanguageModel
from sparkle_curation.scoring.editscore.prompt_template import PromptTemplate
from sparkle_curation.scoring.editscore.scoring import ScoreSettings, sample_questions


@dataclass(frozen=True)
class Judge:
    """Who scores.

    Attributes:
        model: the model; described, not loaded.
        prompt_template: what it is told.
        settings: how often it is asked, and with which seeds.
    """

    model: VisionLanguageModel
    prompt_template: PromptTemplate
    settings: ScoreSettings

    @cached_property
    def provenance(self) -> Mapping[str, str | None]:
        """The columns of a rescore that say where it is from, the same for all rows.

        Raises:
            ModelError: the model is not pinned to a revision.
        """
        return describe(
            self.model, self.prompt_template.origin, self.prompt_template.digest, self.settings.as_facts()
        )

    @cached_property
    def digest(self) -> str:
        """xxh3-128 of all that decides a score: the model, and the questions as they are asked.

        Whose the instructions are does not count; what they say does.
        """
        return digest_of(self.provenance, sample_questions(self.prompt_template, self.settings))
