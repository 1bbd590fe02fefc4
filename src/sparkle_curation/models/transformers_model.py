"""Qwen3-VL and Qwen2.5-VL by transformers, asked in batches on a GPU, or on the processor for a small one."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from PIL import Image as Pictures

from sparkle_curation.models.batching import OutOfMemoryError, map_halving
from sparkle_curation.models.grammars import Grammars
from sparkle_curation.models.questions import Question, Reply, ReplyFault, Sampling
from sparkle_curation.models.sampler import SeededSampler
from sparkle_curation.models.weights import Weights, load_model, load_processor

_PIXELS_A_LETTER = 200
"""A token of text has about four letters, one of a picture 28 x 28 to 32 x 32 pixels: enough to sort by."""


@dataclass(frozen=True)
class Device:
    """Where and how a model computes.

    Attributes:
        name: ``cuda``, ``cuda:1``, ``cpu``; ``auto`` takes a GPU and fails without one.
        dtype: ``bfloat16`` as the judges were trained, or ``float32``.
        batch_size: most questions at once; halved by itself when they do not fit.
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
        self._model: Any = None
        self._processor: Any = None
        self._grammars: Grammars | None = None

    @property
    def provenance(self) -> Mapping[str, str]:
        """Weights and sampling, as text by name."""
        settings = {**self._weights.provenance, "dtype": self._device.dtype, **asdict(self._sampling)}
        return {"backend": "transformers", **{name: str(value) for name, value in settings.items()}}

    def load(self) -> None:
        """Load the weights onto the device."""
        if self._model is None:
            self._processor = load_processor(self._weights)
            self._model = load_model(self._weights, self._device.name, self._device.dtype)

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies, in the order of the questions, drawn in batches of questions of like length."""
        self.load()
        return map_halving(
            self._ask_batch,
            questions,
            batch_size=self._device.batch_size,
            length=_length,
            too_large=lambda _question: Reply("", fault=ReplyFault.OUT_OF_MEMORY, detail="a batch of one"),
        )

    def _ask_batch(self, questions: list[Question]) -> list[Reply]:
        try:
            return self._generate(questions)
        except torch.cuda.OutOfMemoryError:
            pass  # Out of the handler first: the traceback holds the tensors that take the memory.
        gc.collect()
        torch.cuda.empty_cache()
        raise OutOfMemoryError

    @torch.inference_mode()
    def _generate(self, questions: list[Question]) -> list[Reply]:
        inputs = self._processor.apply_chat_template(
            [_conversation(question) for question in questions],
            tokenize=True,
            add_generation_prompt=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"padding": True},
        ).to(self._model.device)
        prompt_length = inputs["input_ids"].shape[1]
        output = self._model.generate(
            **inputs,
            do_sample=False,
            max_new_tokens=self._sampling.max_new_tokens,
            logits_processor=self._choosers(questions, prompt_length),
        )
        return [self._reply(row) for row in output[:, prompt_length:].tolist()]

    def _choosers(self, questions: list[Question], prompt_length: int) -> list[Any]:
        sampler = SeededSampler([question.seed for question in questions], self._sampling, prompt_length)
        schemas = [question.schema for question in questions]
        if not any(schemas):
            return [sampler]
        self._grammars = self._grammars or Grammars(self._processor.tokenizer, self._vocabulary_size)
        return [self._grammars.processor(schemas), sampler]

    @property
    def _vocabulary_size(self) -> int:
        return int(self._model.get_output_embeddings().weight.shape[0])

    def _reply(self, tokens: list[int]) -> Reply:
        ends = set(_as_list(self._model.generation_config.eos_token_id))
        is_cut = not ends.intersection(tokens)
        text = self._processor.tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return Reply(text.strip(), is_cut=is_cut)


def _conversation(question: Question) -> list[dict[str, Any]]:
    content = [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image", "image": Pictures.fromarray(part)}
        for part in question.parts
    ]
    return [{"role": "user", "content": content}]


def _length(question: Question) -> int:
    """About how much a question takes, in pixels."""
    return sum(
        len(part) * _PIXELS_A_LETTER if isinstance(part, str) else part.shape[0] * part.shape[1]
        for part in question.parts
    )


def _as_list(value: int | list[int]) -> list[int]:
    return value if isinstance(value, list) else [value]
