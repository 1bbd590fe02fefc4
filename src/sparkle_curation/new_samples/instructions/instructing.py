"""A model that looks at the first frame of a new sample, says what is there, chooses a scene and writes the edit prompt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import msgspec
import pyarrow as pa

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.errors import ParameterError
from sparkle_curation.loader.prompt_hazards import PANDAS_MISSING
from sparkle_curation.media.assets import Failure
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.model_jobs.answer_journal import journal_schema
from sparkle_curation.model_jobs.provenance import describe, digest_of
from sparkle_curation.model_jobs.tries import ask_until_read, read_object
from sparkle_curation.models.questions import Image, Question, VisionLanguageModel
from sparkle_curation.new_samples.clips.clip_folder import NewClips
from sparkle_curation.new_samples.clips.cutting import paths_of
from sparkle_curation.spec.codes.new_sample_codes import InstructFault

JOURNAL_SCHEMA = journal_schema()
"""A sample with its answer; what it says is read from it when the table is made."""

_PLACES = ("<theme>", "<scenes>", "<max_words>")


class Instruction(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a judge says of a sample.

    Attributes:
        original_scene: what the first frame shows, in a sentence.
        scene: one of the keywords that were offered.
        prompt: the edit prompt.
    """

    original_scene: str
    scene: str
    prompt: str


class InstructSettings(NamedTuple):
    """How it is asked.

    Attributes:
        seed: of the first try.
        max_tries: how often an answer that is none is asked for, each time with the next seed.
        max_words: most words of a prompt.
    """

    seed: int
    max_tries: int
    max_words: int


@dataclass(frozen=True)
class Instructor:
    """Who is asked, and with which text.

    Attributes:
        model: described, not loaded.
        text: what it is asked, with places for the theme, the scenes and the longest prompt.
        settings: how.

    Raises:
        ParameterError: the text lacks one of its places.
    """

    model: VisionLanguageModel
    text: str
    settings: InstructSettings

    def __post_init__(self) -> None:
        """Let no text in that would ask about nothing."""
        if missing := [place for place in _PLACES if place not in self.text]:
            raise ParameterError(
                "The text that instructions are asked for with lacks a place",
                where="conf/base/prompts/instruct.txt",
                got=f"no {', '.join(missing)}",
                allowed=f"each of {', '.join(_PLACES)}",
                todo="put it in",
            )

    def ask(self, frame: Image, theme: str, offered: Sequence[str], tries: int) -> Question:
        """The question about a first frame, in its n-th try."""
        told = {
            "<theme>": theme,
            "<scenes>": "\n".join(f"- {keyword}" for keyword in offered),
            "<max_words>": str(self.settings.max_words),
        }
        text = self.text
        for place, words in told.items():
            text = text.replace(place, words)
        return Question((frame, text), self.settings.seed + tries - 1, schema_of(offered))

    @cached_property
    def provenance(self) -> Mapping[str, str | None]:
        """Where its answers are from.

        Raises:
            ModelError: the model is not pinned to a revision.
        """
        return describe(
            self.model, "own", digest_of({}, [Question((self.text,), 0)]), self.settings._asdict()
        )

    @cached_property
    def digest(self) -> str:
        """Of all that an answer depends on beside the frame, the theme and the scenes."""
        return digest_of(self.provenance, [Question((self.text,), self.settings.seed)])


def schema_of(offered: Sequence[str]) -> str:
    """The form of an answer, as JSON schema."""
    text = {"type": "string", "minLength": 1}
    members = {"original_scene": text, "scene": {"type": "string", "enum": list(offered)}, "prompt": text}
    return json.dumps(
        {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
    )


def parse_instruction(text: str, offered: Sequence[str], max_words: int) -> Instruction | InstructFault:
    """The answer in a reply; nothing but the object may stand in it, but for blanks around and a fence of Markdown.

    A text of several lines is none: it stands in a line of a CSV and is said to models as one.

    >>> parse_instruction('{"original_scene": "A man.", "scene": "a: x", "prompt": "On a quay."}', ["a: x"], 9).prompt
    'On a quay.'
    >>> [parse_instruction(text, ["a: x"], 2).value for text in (
    ...     "no", '{"original_scene": "A", "scene": "b: y", "prompt": "P"}',
    ...     '{"original_scene": "A", "scene": "a: x", "prompt": "one two three"}')]
    ['unparsable', 'unknown_scene', 'too_long']
    """
    answer = read_object(text, Instruction)
    if answer is None:
        return InstructFault.UNPARSABLE
    said = Instruction(
        storable(answer.original_scene.strip()), answer.scene.strip(), storable(answer.prompt.strip())
    )
    if (
        not all(_is_line(each) for each in (said.original_scene, said.prompt))
        or said.prompt in PANDAS_MISSING
    ):
        return InstructFault.UNPARSABLE
    if said.scene not in offered:
        return InstructFault.UNKNOWN_SCENE
    return InstructFault.TOO_LONG if len(said.prompt.split()) > max_words else said


class InstructJob(NamedTuple):
    """One sample to ask about.

    Attributes:
        key: digest of all that the answer depends on.
        id: sample id.
        theme: its theme.
        offered: keywords that it may become.
    """

    key: str
    id: str
    theme: str
    offered: list[str]


def pace_of(job: InstructJob) -> tuple[str, float]:
    """The step of a job as ``engine.pace`` notes it, and its share of a batch: one picture."""
    return "instruct", 1


@dataclass(frozen=True)
class BatchInstruct:
    """Asks about a batch of samples.

    Attributes:
        draft_root: where their first frames lie, in the published layout.
        instructor: asked; its model is loaded with the first question.
    """

    draft_root: str
    instructor: Instructor

    def __call__(self, batch: list[InstructJob]) -> pa.Table:
        """One row per job, in their order: ``JOURNAL_SCHEMA``.

        Raises:
            ModelError: the model cannot answer at all.
        """
        return self.finish(batch, self.prepare(batch))

    def prepare(self, batch: list[InstructJob]) -> list[Image | Failure]:
        """The first frame of each sample, or why it could not be read."""
        files = NewClips(self.draft_root)
        return [
            files.read(
                paths_of("", job.theme, job.id)[1].as_posix(),
                read_image,  # the draft's own, not the clip's
            )
            for job in batch
        ]

    def finish(self, batch: list[InstructJob], prepared: list[Image | Failure]) -> pa.Table:
        """The rows of the jobs, once the model has answered.

        Raises:
            ModelError: the model cannot answer at all.
        """
        own, settings = self.instructor, self.instructor.settings

        def fault_of(place: int, text: str) -> str | None:
            read = parse_instruction(text, batch[place].offered, settings.max_words)
            return read.value if isinstance(read, InstructFault) else None

        told = ask_until_read(
            own.model,
            [job.key for job in batch],
            prepared,
            lambda place, frame, tries: own.ask(frame, batch[place].theme, batch[place].offered, tries),
            fault_of,
            settings.max_tries,
        )
        rows = [{KEY: job.key, **row} for job, row in zip(batch, told, strict=True)]
        return pa.Table.from_pylist(rows, schema=JOURNAL_SCHEMA)


def _is_line(text: str) -> bool:
    return bool(text) and not any(ord(character) < 32 or character == "\x7f" for character in text)
