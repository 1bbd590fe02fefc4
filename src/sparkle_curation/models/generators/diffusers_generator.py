"""A generator by a pipeline of diffusers: weights in this process, prompts encoded together, one output after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sparkle_curation.models.device_names import name_device
from sparkle_curation.models.generators.checkpoints import Device, library_versions, load_pipeline
from sparkle_curation.models.generators.generator import (
    Fault,
    Generated,
    GenerationJob,
    GeneratorDescription,
)
from sparkle_curation.models.generators.licences import licence_of
from sparkle_curation.models.generators.memory import free_memory, in_memory, picture_values
from sparkle_curation.models.generators.recipe import Encoded, Recipe
from sparkle_curation.models.weights import Weights


@dataclass
class DiffusersGenerator:
    """A ``Generator``.

    Attributes:
        recipe: which pipeline, and what it is told.
        weights: which weights.
        device: where it computes.
        licence: of the weights, as a person said it; None for what is known.
    """

    recipe: Recipe
    weights: Weights
    device: Device
    licence: str | None = None
    _pipeline: Any = field(default=None, init=False, repr=False)

    def describe(self) -> GeneratorDescription:
        """Weights, settings, number format, versions; of offloading no output depends on it."""
        facts = self.weights.provenance
        return GeneratorDescription(
            name=self.recipe.name,
            repository=facts["model"],
            revision=facts["revision"],
            licence=licence_of(facts["model"], self.licence),
            settings={**self.recipe.settings, "dtype": self.device.dtype},
            versions=library_versions(),
        )

    def name_device(self) -> str:
        """Of the GPU or the processor."""
        return name_device(self.device.name)

    def load(self) -> None:
        """Load the weights onto the device."""
        if self._pipeline is None:
            self._pipeline = load_pipeline(self.weights, self.device, self.recipe.class_name)

    def run(self, jobs: Sequence[GenerationJob]) -> Iterator[Generated | Fault]:
        """Each job's output or fault, as soon as it is made."""
        self.load()
        faults = [self.recipe.check(self._pipeline, job) for job in jobs]
        sound = [job for job, fault in zip(jobs, faults, strict=True) if fault is None]
        encoded = iter(self._encode([job.prompt for job in sound]))
        for job, fault in zip(jobs, faults, strict=True):
            yield fault or self._make(job, next(encoded))

    def unload(self) -> None:
        """Let go of the pipeline, and of what the device keeps for it."""
        if self._pipeline is not None:
            self._pipeline = None
            free_memory()

    def _encode(self, prompts: list[str]) -> list[Encoded | Fault]:
        """Each prompt encoded: all at once, else one by one where they do not fit together."""
        if not prompts:
            return []
        found = in_memory(lambda: self.recipe.encode(self._pipeline, prompts))
        if not isinstance(found, Fault):
            return list(found)
        if len(prompts) == 1:
            return [found]
        return [each for prompt in prompts for each in self._encode([prompt])]

    def _make(self, job: GenerationJob, encoded: Encoded | Fault) -> Generated | Fault:
        if isinstance(encoded, Fault):
            return encoded
        import torch  # noqa: PLC0415 -- loaded long since

        # Of the processor, so that a seed gives one noise on every device.
        noise = torch.Generator("cpu").manual_seed(job.seed)
        made = in_memory(lambda: self.recipe.make(self._pipeline, job, encoded, noise))
        return made if isinstance(made, Fault) else picture_values(made, job)
