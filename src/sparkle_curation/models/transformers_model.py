"""Qwen3-VL and Qwen2.5-VL by transformers, asked in batches on a GPU, or on the processor for a small one.

Describing the model imports nothing; torch and transformers are wanted with the first question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from sparkle_curation.errors import ModelError
from sparkle_curation.models.batching import Batches
from sparkle_curation.models.questions import Part, Question, Reply, ReplyFault, Sampling, Video
from sparkle_curation.models.weights import Weights, find_device, load_model, load_processor

_PIXELS_A_LETTER = 200
"""A token of text has about four letters, one of a picture 28 x 28 to 32 x 32 pixels: enough to sort by."""

Generate = Callable[[list[Question]], list[Reply]]
"""The replies of one batch; raises OutOfMemoryError where it does not fit."""


@dataclass(frozen=True)
class Device:
    """Where and how a model computes.

    Attributes:
        name: ``cuda``, ``cuda:1``, ``cpu``; ``auto`` takes a GPU and fails without one.
        dtype: ``bfloat16`` as the judges were trained, or ``float32``.
        batch_size: most questions at once; less by itself where they do not fit.
    """

    name: str = "auto"
    dtype: str = "bfloat16"
    batch_size: int = 16


class TransformersModel:
    """A ``VisionLanguageModel`` with its weights in this process.

    Args:
        weights: which weights, pinned.
        sampling: how replies are drawn.
        device: where it computes; what a reply depends on of it is part of ``provenance``.
    """

    def __init__(self, weights: Weights, sampling: Sampling, device: Device) -> None:
        self._weights = weights
        self._sampling = sampling
        self._device = device
        self._batches = Batches(device.batch_size)
        self._generate: Generate | None = None

    @property
    def provenance(self) -> Mapping[str, str]:
        """Weights and sampling, as text by name."""
        settings = {**self._weights.provenance, "dtype": self._device.dtype, **asdict(self._sampling)}
        return {"backend": "transformers", **{name: str(value) for name, value in settings.items()}}

    def load(self) -> None:
        """Load the weights onto the device."""
        self._loaded()

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies, in the order of the questions, drawn in batches of questions of like length."""
        return self._batches.map(
            self._loaded(),
            questions,
            length=_length,
            too_large=lambda _question: Reply("", fault=ReplyFault.OUT_OF_MEMORY, detail="a batch of one"),
        )

    def _loaded(self) -> Generate:
        if self._generate is None:
            self._generate = self._load()
        return self._generate

    def _load(self) -> Generate:
        try:
            from sparkle_curation.models.generation import Generator  # noqa: PLC0415 -- torch
        except ImportError as error:
            raise ModelError(
                "A model cannot run in this process: its packages are not installed",
                got=error,
                allowed="torch, torchvision and transformers, or a server",
                todo="pip install '.[gpu]', or ask a server: "
                "--params score.model.backend=server,score.model.url=http://host:8000/v1 (of ground: ground.model)",
            ) from error
        place = find_device(self._device.name)
        processor = load_processor(self._weights)
        return Generator(load_model(self._weights, place, self._device.dtype), processor, self._sampling)


def _length(question: Question) -> int:
    """About how much a question takes, in pixels."""
    return 1 + sum(_length_of(part) for part in question.parts)


def _length_of(part: Part) -> int:
    if isinstance(part, Video):
        raise ModelError(
            "A model in this process is asked about frames, and this is a video",
            todo="report it: this is a defect of this project",
        )
    return len(part) * _PIXELS_A_LETTER if isinstance(part, str) else part.shape[0] * part.shape[1]
