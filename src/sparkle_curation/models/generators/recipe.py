"""What differs between the pipelines of diffusers: what they take, how prompts are encoded, and how they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.models.generators.generator import Fault, GenerationJob, Picture
from sparkle_curation.spec.codes.generation_faults import GenerationFault

Encoded = Mapping[str, Any]
"""A prompt as keyword arguments of a pipeline."""

MAX_TOKENS = 512
"""Tokens that FLUX.2's and Wan's text encoders are given; what is longer diffusers cuts off with no more than a note."""


class Recipe(Protocol):
    """How one pipeline of diffusers is used. It holds settings, and no weights."""

    @property
    def name(self) -> str:
        """What provenance calls it."""
        ...

    @property
    def class_name(self) -> str:
        """The pipeline's class in diffusers."""
        ...

    @property
    def settings(self) -> Mapping[str, str]:
        """What a person chose, as text by name."""
        ...

    def check(self, pipeline: Any, job: GenerationJob) -> Fault | None:
        """Why the pipeline does not take a job as it is; None where it does."""
        ...

    def encode(self, pipeline: Any, prompts: Sequence[str]) -> list[Encoded]:
        """Each prompt as the pipeline is given it, all encoded at once."""
        ...

    def make(self, pipeline: Any, job: GenerationJob, encoded: Encoded, noise: Any) -> NDArray[np.float32]:
        """What the pipeline makes, (frames, height, width, 3), 0 to 1.

        Args:
            pipeline: loaded.
            job: what shall be made.
            encoded: its prompt.
            noise: torch's generator of the job's seed.
        """
        ...


def check_tokens(count: int, whose: str = "") -> Fault | None:
    """The fault of a prompt of so many tokens.

    Args:
        count: of its tokens.
        whose: which prompt it is, where it is not the job's own.

    >>> check_tokens(512), check_tokens(513).detail, check_tokens(513, "of negative_prompt").detail
    (None, '513 tokens; at most 512', '513 tokens of negative_prompt; at most 512')
    """
    if count <= MAX_TOKENS:
        return None
    told = " ".join(filter(None, [f"{count} tokens", whose]))
    return Fault(GenerationFault.PROMPT_TOO_LONG.value, f"{told}; at most {MAX_TOKENS}")


def check_sides(picture: Picture, step: int) -> Fault | None:
    """The fault of a picture whose sides are no multiples of what the model sees as one.

    >>> import numpy as np
    >>> check_sides(np.zeros((720, 1280, 3), np.uint8), 16)
    >>> check_sides(np.zeros((90, 160, 3), np.uint8), 16).detail
    '160x90 px; width and height must be multiples of 16'
    """
    height, width = picture.shape[:2]
    if height % step == 0 and width % step == 0:
        return None
    detail = f"{width}x{height} px; width and height must be multiples of {step}"
    return Fault(GenerationFault.BAD_SIZE.value, detail)


def check_frame_count(count: int, step: int) -> Fault | None:
    """The fault of a video whose frames after the first are no multiple of what the model sees as one.

    >>> check_frame_count(81, 4), check_frame_count(80, 4).detail
    (None, '80 frames; must be one more than a multiple of 4, such as 81')
    """
    if count % step == 1:
        return None
    detail = f"{count} frames; must be one more than a multiple of {step}, such as {count // step * step + 1}"
    return Fault(GenerationFault.BAD_SIZE.value, detail)
