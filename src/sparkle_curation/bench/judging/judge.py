"""A judge of the benchmark: a model with a rubric and settings, known by a digest of all that its scores depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from sparkle_curation.bench.judging.answers import NoAnswer, answer_schema
from sparkle_curation.bench.judging.rubric import Instructions, Rubric
from sparkle_curation.model_jobs.provenance import SAMPLE_EDITS, describe, digest_of
from sparkle_curation.models.questions import Part, Question, Video, VisionLanguageModel
from sparkle_curation.spec.codes.bench_answers import BenchAnswerFault

Shown = Literal["video", "frames"]

OWN_FRAME_RATE = 1.0
"""Frames a second that a judge of frames is shown where no rate is set, as Gemini looks at a video of itself."""


@dataclass(frozen=True)
class JudgeSettings:
    """How a judge is asked.

    Attributes:
        shown: the videos as files, or some of their frames.
        frame_rate: frames a second that it is to look at; None for what it does of itself.
        seed: of the first request; each further one has the next.
        max_tries: requests about a sample, until an answer can be read.
        has_schema: whether the answer is to be a JSON object, and the model is held to it.
    """

    shown: Shown = "video"
    frame_rate: float | None = None
    seed: int = 42
    max_tries: int = 3
    has_schema: bool = False

    @property
    def shown_rate(self) -> float | None:
        """Frames a second that the judge looks at, as far as it is known."""
        return self.frame_rate or (OWN_FRAME_RATE if self.shown == "frames" else None)


@dataclass(frozen=True)
class BenchJudge:
    """Who judges.

    Attributes:
        model: the model; described, not loaded.
        instructions: the rubric, and what it is told.
        settings: how it is asked.
    """

    model: VisionLanguageModel
    instructions: Instructions
    settings: JudgeSettings

    @property
    def rubric(self) -> Rubric:
        """What it scores."""
        return self.instructions.rubric

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.model.provenance["model"]

    @cached_property
    def provenance(self) -> Mapping[str, str | None]:
        """The columns of a judgment that say where it is from, the same for all rows.

        Raises:
            ModelError: the model is not pinned to a revision.
        """
        facts: dict[str, Any] = {
            "shown": self.settings.shown,
            "frame_rate": self.settings.shown_rate,
            "seed": self.settings.seed,
            "max_tries": self.settings.max_tries,
            "has_schema": self.settings.has_schema,
        }
        return describe(self.model, self.instructions.origin, self.instructions.digest, facts)

    @cached_property
    def digest(self) -> str:
        """xxh3-128 of all that decides a score: the model, the scale, and the questions as they are asked.

        Whose the words are does not count, nor what a dimension is called in tables; what is said does.
        """
        videos = (Video(b"source", self.settings.frame_rate), Video(b"edited", self.settings.frame_rate))
        frames = (np.zeros((1, 1, 2, 3), np.uint8), np.zeros((1, 1, 3, 3), np.uint8))
        shown = self.show_videos(*videos) if self.settings.shown == "video" else self.show_frames(*frames)
        fault = NoAnswer(BenchAnswerFault.MISSING, "no score")
        return digest_of(
            self.provenance,
            [
                self.question(shown, theme, edit_prompt, faults)
                for theme in sorted(self.instructions.texts)
                for edit_prompt in SAMPLE_EDITS
                for faults in ([], [fault])
            ],
        )

    # -------------------------------------------------------------- questions
    def show_videos(self, source: Video, edited: Video) -> list[Part]:
        """What is shown of two videos, as the published evaluator does: one after the other."""
        return [source, edited]

    def show_frames(self, source: np.ndarray[Any, Any], edited: np.ndarray[Any, Any]) -> list[Part]:
        """What is shown of some frames of two videos, [N, H, W, 3] each."""
        parts: list[Part] = []
        for name, frames in (("original", source), ("edited", edited)):
            told = f"{len(frames)} frames of the {name} video, {self.settings.shown_rate:g} a second:"
            parts += [told, *frames]
        return parts

    def question(
        self, shown: Sequence[Part], theme: str, edit_prompt: str, faults: Sequence[NoAnswer]
    ) -> Question:
        """The question about a sample; where answers to it could not be read, another one that says why.

        The same question would get the same answer at temperature 0, and cost as much.

        Args:
            shown: of both videos.
            theme: of the sample.
            edit_prompt: of the sample.
            faults: of the answers that it got so far, in order.
        """
        parts = [self.instructions.ask(theme, edit_prompt), *shown]
        if faults:
            parts.append(self._ask_again(faults))
        schema = answer_schema(self.rubric) if self.settings.has_schema else None
        return Question(tuple(parts), self.settings.seed + len(faults), schema)

    def _ask_again(self, faults: Sequence[NoAnswer]) -> str:
        low, high = self.rubric.scale
        why = f"{_TOLD[faults[-1].fault].format(low=low, high=high)} ({faults[-1].detail})"
        form = (
            "one JSON object of the given schema and nothing else"
            if self.settings.has_schema
            else "these lines and nothing else:\n"
            + "\n".join(f"{each.name}:" for each in self.rubric.dimensions)
        )
        return (
            f"Your answer could not be used, since {why}. This is request {len(faults) + 1} about these videos. "
            f"Give one whole number from {low} to {high} for each dimension, in {form}"
        )


_TOLD: Mapping[BenchAnswerFault, str] = {
    BenchAnswerFault.EMPTY: "it was empty",
    BenchAnswerFault.MISSING: "a score was missing",
    BenchAnswerFault.NO_NUMBER: "a line of a score had no number behind its colon",
    BenchAnswerFault.NOT_WHOLE: "a score was no whole number",
    BenchAnswerFault.OTHER_SCALE: "a score was on another scale than {low} to {high}",
    BenchAnswerFault.OUT_OF_RANGE: "a score was outside {low} to {high}",
    BenchAnswerFault.SEVERAL_NUMBERS: "a line of a score had more than one number",
    BenchAnswerFault.CONTRADICTION: "two scores of one dimension disagreed",
    BenchAnswerFault.CUT: "it was too long and was cut off; leave the reasons out",
}
