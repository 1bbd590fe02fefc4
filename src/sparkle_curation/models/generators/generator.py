"""What makes pictures and videos, whatever computes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]
"""RGB, (height, width, 3), 0 to 255."""
Frames: TypeAlias = NDArray[np.uint8]
"""RGB, (frames, height, width, 3), 0 to 255; a still is one frame."""


class GenerationJob(NamedTuple):
    """One picture or video to be made.

    Attributes:
        id: sample id.
        prompt: what shall be made.
        seed: of the noise that it begins from.
        picture: what is edited, or the first frame of the video.
        frame_count: frames wanted; 1 for a still.
        control: edges that the video shall have, as many frames as wanted, of the picture's size; None without.
    """

    id: str
    prompt: str
    seed: int
    picture: Picture
    frame_count: int = 1
    control: Frames | None = None


class Generated(NamedTuple):
    """What was made.

    Attributes:
        frames: as many as wanted, of the picture's size.
    """

    frames: Frames


class Fault(NamedTuple):
    """Why nothing was made.

    Attributes:
        error: a code, ``spec.codes.generation_faults``.
        detail: what was found, and what is allowed.
    """

    error: str
    detail: str


@dataclass(frozen=True)
class GeneratorDescription:
    """All that an output depends on beside the job, and who may do what with it.

    Attributes:
        name: the recipe: ``flux2_klein``, ``wan_image_to_video``, ``wan_vace``, ``videox_fun_control``, ``import``.
        repository: of the weights; a folder by its name.
        revision: the commit; of a folder the digest of its files; None for an import, of which each file has its hash.
        licence: of the weights; None is unknown.
        settings: what a person chose, as text by name.
        versions: of the libraries that compute, by name.
    """

    name: str
    repository: str
    revision: str | None
    licence: str | None
    settings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest_text(self) -> str:
        """What decides an output, as one text: all but the licence and the libraries, whose next version makes none anew."""
        facts = [self.name, self.repository, self.revision, dict(self.settings)]
        return json.dumps(facts, sort_keys=True, ensure_ascii=False)


class Generator(Protocol):
    """A model that makes pictures or videos. One is in memory at a time: whoever loads it unloads it."""

    def describe(self) -> GeneratorDescription:
        """What an output depends on; loads nothing.

        Raises:
            ModelError: the weights are not pinned, or not to be found.
        """
        ...

    def name_device(self) -> str:
        """What people call the device that it computes on; once it is loaded."""
        ...

    def load(self) -> None:
        """Load the weights.

        Raises:
            ModelError: they cannot be had, are not safetensors, or there is no such device.
        """
        ...

    def run(self, jobs: Sequence[GenerationJob]) -> Iterator[Generated | Fault]:
        """What became of each job, in their order, each as soon as it is made; loads first where that was not done.

        Prompts of all are encoded at once, where memory allows. A fault of one job is its own.

        Raises:
            ModelError: as ``load``.
        """
        ...

    def unload(self) -> None:
        """Let go of the weights and of what the device held; nothing where nothing is loaded."""
        ...
