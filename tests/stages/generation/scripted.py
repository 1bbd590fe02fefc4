"""A generator whose outputs are known: the picture it was given, brighter by what the seed says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from sparkle_curation.models.generators.generator import (
    Fault,
    Generated,
    GenerationJob,
    GeneratorDescription,
)
from sparkle_curation.spec.codes.generation_faults import GenerationFault


class Killed(BaseException):
    """What a kill looks like from inside: no handler of the project sees it."""


@dataclass
class ScriptedGenerator:
    """A ``Generator``.

    Attributes:
        steps: a setting.
        too_large: ids that do not fit into memory.
        is_noisy: whether pictures are noise, whose files are long.
        killed_after: after so many outputs the process ends as if it was killed; None for never.
        asked: the ids of jobs, in their order.
        loaded: how often weights were loaded; less those that were let go.
    """

    steps: int = 4
    too_large: frozenset[str] = frozenset()
    is_noisy: bool = False
    killed_after: int | None = None
    asked: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    loaded: int = 0

    def describe(self) -> GeneratorDescription:
        """As of a real one."""
        return GeneratorDescription(
            "flux2_klein",
            "some/body",
            "0" * 40,
            "apache-2.0",
            {"steps": str(self.steps)},
            {"diffusers": "0.42.1"},
        )

    def name_device(self) -> str:
        """It computes on nothing."""
        return "script"

    def load(self) -> None:
        """Count it."""
        self.loaded = 1

    def unload(self) -> None:
        """Count it."""
        self.loaded = 0

    def run(self, jobs: Sequence[GenerationJob]) -> Iterator[Generated | Fault]:
        """Each picture, brighter."""
        self.load()
        self.batches.append(len(jobs))
        for job in jobs:
            if self.killed_after is not None and len(self.asked) >= self.killed_after:
                raise Killed
            self.asked.append(job.id)
            if job.id in self.too_large:
                yield Fault(GenerationFault.OUT_OF_MEMORY.value, "of 3 GiB there are 2")
                continue
            brighter = np.clip(job.picture.astype(np.int16) + 1 + job.seed % 50, 0, 255).astype(np.uint8)
            frames = np.repeat(brighter[None], job.frame_count, 0)
            if self.is_noisy:
                frames = np.random.default_rng(job.seed).integers(0, 256, frames.shape, np.uint8)
            yield Generated(frames)
