"""A model that is asked whether a clip's camera is fixed: what it is shown and told, and what of its answer is taken."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import msgspec

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.model_jobs.provenance import describe, digest_of
from sparkle_curation.model_jobs.tries import read_object
from sparkle_curation.models.questions import Image, Question, VisionLanguageModel

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"is_fixed": {"type": "boolean"}, "reason": {"type": "string"}},
        "required": ["is_fixed", "reason"],
        "additionalProperties": False,
    }
)
"""The form of an answer, as JSON schema."""


class CameraAnswerFault(StrEnum):
    """Why an answer is none."""

    UNPARSABLE = "unparsable"
    """It is not one JSON object of the two members, a boolean and a text that says something."""


class CameraAnswer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a judge says.

    Attributes:
        is_fixed: whether the camera stays where it is.
        reason: why, in a sentence.
    """

    is_fixed: bool
    reason: str


class CameraJudgeSettings(NamedTuple):
    """How a judge is asked.

    Attributes:
        frames: of a clip that it is shown, at equal distances from the first to the last.
        seed: of the first try.
        max_tries: how often an answer that is none is asked for, each time with the next seed.
    """

    frames: int
    seed: int
    max_tries: int


@dataclass(frozen=True)
class CameraJudge:
    """Who is asked, and with which text.

    Attributes:
        model: described, not loaded.
        text: what it is asked, before the frames.
        settings: how.
    """

    model: VisionLanguageModel
    text: str
    settings: CameraJudgeSettings

    def ask(self, frames: Sequence[Image], tries: int) -> Question:
        """The question about a clip, in its n-th try."""
        return Question((self.text, *frames), self.settings.seed + tries - 1, SCHEMA)

    @cached_property
    def provenance(self) -> Mapping[str, str | None]:
        """Where its answers are from.

        Raises:
            ModelError: the model is not pinned to a revision.
        """
        text_digest = digest_of({}, [Question((self.text,), 0, SCHEMA)])
        return describe(self.model, "own", text_digest, self.settings._asdict())

    @cached_property
    def digest(self) -> str:
        """Of all that an answer depends on beside the clip."""
        return digest_of(self.provenance, [Question((self.text,), self.settings.seed, SCHEMA)])


def parse_camera_answer(text: str) -> CameraAnswer | CameraAnswerFault:
    """The answer in a reply; nothing but the object may stand in it, but for blanks around and a fence of Markdown.

    >>> parse_camera_answer('{"is_fixed": true, "reason": "The window frame stays."}')
    CameraAnswer(is_fixed=True, reason='The window frame stays.')
    >>> [parse_camera_answer(text).value for text in ('yes', '{"is_fixed": "yes", "reason": "x"}', '{"is_fixed": true}')]
    ['unparsable', 'unparsable', 'unparsable']
    """
    answer = read_object(text, CameraAnswer)
    if answer is None:
        return CameraAnswerFault.UNPARSABLE
    reason = storable(answer.reason.strip())
    return CameraAnswer(answer.is_fixed, reason) if reason else CameraAnswerFault.UNPARSABLE
