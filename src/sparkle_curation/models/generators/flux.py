"""FLUX.2-klein: a picture edited as a prompt says. Source of the calls: diffusers, ``Flux2KleinPipeline``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.models.generators.generator import Fault, GenerationJob
from sparkle_curation.models.generators.recipe import MAX_TOKENS, Encoded, check_sides, check_tokens
from sparkle_curation.spec.codes.generation_faults import GenerationFault

_MAX_SEEN_PX = 1024 * 1024
"""The pipeline scales a larger picture down before the model sees it."""
_MIN_SIDE_PX = 64


@dataclass(frozen=True)
class FluxEdit:
    """A ``Recipe``.

    Attributes:
        steps: of denoising; the distilled checkpoints take 4.
        guidance: how far the prompt is followed beyond its absence; the distilled checkpoints have none.
    """

    steps: int
    guidance: float
    name: ClassVar[str] = "flux2_klein"
    class_name: ClassVar[str] = "Flux2KleinPipeline"

    @property
    def settings(self) -> Mapping[str, str]:
        """Steps and guidance."""
        return {"steps": str(self.steps), "guidance": repr(self.guidance)}

    def check(self, pipeline: Any, job: GenerationJob) -> Fault | None:
        """The fault of sides, or of a prompt; of a picture that the model would see smaller than it is."""
        height, width = job.picture.shape[:2]
        if height * width > _MAX_SEEN_PX or min(height, width) < _MIN_SIDE_PX:
            detail = (
                f"{width}x{height} px; sides of at least {_MIN_SIDE_PX} px, and at most {_MAX_SEEN_PX:,} pixels, of which "
                "the model would see a smaller picture"
            )
            return Fault(GenerationFault.BAD_SIZE.value, detail)
        text = pipeline.tokenizer.apply_chat_template(
            [{"role": "user", "content": job.prompt}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,
        )
        return check_sides(job.picture, pipeline.vae_scale_factor * 2) or check_tokens(
            len(pipeline.tokenizer(text)["input_ids"])
        )

    def encode(self, pipeline: Any, prompts: Sequence[str]) -> list[Encoded]:
        """Prompts, and the empty one beside them where there is guidance."""
        is_guided = self.guidance > 1 and not pipeline.config.is_distilled
        texts = [*prompts, ""] if is_guided else list(prompts)
        found, _ = pipeline.encode_prompt(texts, max_sequence_length=MAX_TOKENS)
        negative = {"negative_prompt_embeds": found[-1:]} if is_guided else {}
        return [{"prompt_embeds": found[place : place + 1], **negative} for place in range(len(prompts))]

    def make(self, pipeline: Any, job: GenerationJob, encoded: Encoded, noise: Any) -> NDArray[np.float32]:
        """One frame, of the picture's size."""
        from PIL import Image  # noqa: PLC0415 -- most of the project does without it

        height, width = job.picture.shape[:2]
        made = pipeline(
            image=Image.fromarray(job.picture),
            height=height,
            width=width,
            num_inference_steps=self.steps,
            guidance_scale=self.guidance,
            generator=noise,
            output_type="np",
            **encoded,
        )
        return np.asarray(made.images[:1], np.float32)
