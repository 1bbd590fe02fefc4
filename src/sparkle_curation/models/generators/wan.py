"""Wan: a video from its first frame, and one from edges too. Source of the calls: diffusers, its two Wan pipelines.

How VACE is given a first frame: dataset card's stage 5 by the means of diffusers, which has no Fun-Control. Frame 0 is the
picture under a black mask (kept); all others are edges under a white one (made).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.models.generators.generator import Fault, GenerationJob
from sparkle_curation.models.generators.recipe import (
    MAX_TOKENS,
    Encoded,
    check_frame_count,
    check_sides,
    check_tokens,
)
from sparkle_curation.spec.codes.generation_faults import GenerationFault


@dataclass(frozen=True)
class WanSettings:
    """What both pipelines are told.

    Attributes:
        steps: of denoising, both denoisers together.
        guidance: how far the prompt is followed beyond the negative one; 1 for none, which halves the time.
        negative_prompt: what shall not be seen.
    """

    steps: int
    guidance: float
    negative_prompt: str

    @property
    def as_text(self) -> Mapping[str, str]:
        """The same as text by name."""
        return {
            "steps": str(self.steps),
            "guidance": repr(self.guidance),
            "negative_prompt": self.negative_prompt,
        }


@dataclass(frozen=True)
class WanImageToVideo:
    """A ``Recipe``: a video that begins with a picture.

    Attributes:
        wan: what it is told.
    """

    wan: WanSettings
    name: ClassVar[str] = "wan_image_to_video"
    class_name: ClassVar[str] = "WanImageToVideoPipeline"

    @property
    def settings(self) -> Mapping[str, str]:
        """Those of Wan."""
        return self.wan.as_text

    def check(self, pipeline: Any, job: GenerationJob) -> Fault | None:
        """The fault of sides, number of frames or prompts."""
        return _check(pipeline, job, self.wan)

    def encode(self, pipeline: Any, prompts: Sequence[str]) -> list[Encoded]:
        """Prompts, and the negative one where there is guidance."""
        return _encode(pipeline, prompts, self.wan)

    def make(self, pipeline: Any, job: GenerationJob, encoded: Encoded, noise: Any) -> NDArray[np.float32]:
        """As many frames as wanted, the first of them like the picture."""
        from PIL import Image  # noqa: PLC0415 -- most of the project does without it

        made = pipeline(image=Image.fromarray(job.picture), **_arguments(job, self.wan, noise), **encoded)
        return np.asarray(made.frames[0], np.float32)


@dataclass(frozen=True)
class WanVace:
    """A ``Recipe``: a video that begins with a picture and has the edges of a control video.

    Attributes:
        wan: what it is told.
        control_scale: how strongly edges count; 1 as trained.
    """

    wan: WanSettings
    control_scale: float = 1.0
    name: ClassVar[str] = "wan_vace"
    class_name: ClassVar[str] = "WanVACEPipeline"

    @property
    def settings(self) -> Mapping[str, str]:
        """Those of Wan, and the scale."""
        return {**self.wan.as_text, "control_scale": repr(self.control_scale)}

    def check(self, pipeline: Any, job: GenerationJob) -> Fault | None:
        """The fault of edges, sides, number of frames or prompts."""
        wanted = (job.frame_count, *job.picture.shape)
        if job.control is None or job.control.shape != wanted:
            got = None if job.control is None else job.control.shape
            return Fault(GenerationFault.BAD_CONTROL.value, f"edges of {got}; wanted are {wanted}")
        return _check(pipeline, job, self.wan)

    def encode(self, pipeline: Any, prompts: Sequence[str]) -> list[Encoded]:
        """Prompts, and the negative one where there is guidance."""
        return _encode(pipeline, prompts, self.wan)

    def make(self, pipeline: Any, job: GenerationJob, encoded: Encoded, noise: Any) -> NDArray[np.float32]:
        """As many frames as wanted."""
        from PIL import Image  # noqa: PLC0415 -- most of the project does without it

        assert job.control is not None  # noqa: S101 -- ``check`` came first
        height, width = job.picture.shape[:2]
        kept, made = (Image.new("RGB", (width, height), colour) for colour in ("black", "white"))
        video = [Image.fromarray(frame) for frame in (job.picture, *job.control[1:])]
        found = pipeline(
            video=video,
            mask=[kept] + [made] * (job.frame_count - 1),
            conditioning_scale=self.control_scale,
            **_arguments(job, self.wan, noise),
            **encoded,
        )
        return np.asarray(found.frames[0], np.float32)


def _arguments(job: GenerationJob, wan: WanSettings, noise: Any) -> dict[str, Any]:
    height, width = job.picture.shape[:2]
    return {
        "height": height,
        "width": width,
        "num_frames": job.frame_count,
        "num_inference_steps": wan.steps,
        "guidance_scale": wan.guidance,
        "generator": noise,
        "output_type": "np",
    }


def _check(pipeline: Any, job: GenerationJob, wan: WanSettings) -> Fault | None:
    denoiser = pipeline.transformer or pipeline.transformer_2
    side = pipeline.vae_scale_factor_spatial * denoiser.config.patch_size[1]
    return (
        check_sides(job.picture, side)
        or check_frame_count(job.frame_count, pipeline.vae_scale_factor_temporal)
        or check_tokens(len(pipeline.tokenizer(job.prompt)["input_ids"]))
        or (
            check_tokens(len(pipeline.tokenizer(wan.negative_prompt)["input_ids"]), "of negative_prompt")
            if wan.guidance > 1
            else None
        )
    )


def _encode(pipeline: Any, prompts: Sequence[str], wan: WanSettings) -> list[Encoded]:
    is_guided = wan.guidance > 1
    texts = [*prompts, wan.negative_prompt] if is_guided else list(prompts)
    found, _ = pipeline.encode_prompt(
        texts, do_classifier_free_guidance=False, max_sequence_length=MAX_TOKENS
    )
    negative = {"negative_prompt_embeds": found[-1:]} if is_guided else {}
    return [{"prompt_embeds": found[place : place + 1], **negative} for place in range(len(prompts))]
