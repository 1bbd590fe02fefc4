"""A batch is prepared once for what is asked alike, and comes to the same as if each question were prepared alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparkle_curation.models.questions import Question, ReplyFault, Sampling
from sparkle_curation.models.transformers_model import Device, TransformersModel
from sparkle_curation.models.weights import Weights, load_model, load_processor


class Counting:
    """A processor that notes how many questions it prepares."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self.tokenizer = processor.tokenizer
        self.prepared: list[int] = []

    def apply_chat_template(self, conversations: list[Any], **options: Any) -> Any:
        """What the processor itself makes of them."""
        self.prepared.append(len(conversations))
        return self._processor.apply_chat_template(conversations, **options)


@pytest.fixture(scope="module")
def parts(checkpoint: Path) -> tuple[Any, Counting]:
    """The tiny model and its processor."""
    weights = Weights(str(checkpoint))
    return load_model(weights, "cpu", "float32"), Counting(load_processor(weights))


def pictures(count: int) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """Pictures of noise, each of another width."""
    rng = np.random.default_rng(3)
    return [rng.integers(0, 255, (64, 64 + 32 * place, 3), np.uint8) for place in range(count)]


def test_passes_over_one_question_are_prepared_once(parts: tuple[Any, Counting]) -> None:
    """Whatever stands between them, each reply is that of its own question and seed."""
    from sparkle_curation.models.generation import Generator  # noqa: PLC0415 -- torch

    model, processor = parts
    generate = Generator(model, processor, Sampling(max_new_tokens=12))
    one, two, three = pictures(3)
    questions = [
        Question(said, seed)
        for seed in (1, 2)
        for said in ((one, two, "Which?"), ("No picture at all.",), (two, "Good?"), (three, one, "Which?"))
    ]
    alone = [generate([question])[0] for question in questions]
    processor.prepared.clear()
    assert generate(questions) == alone
    assert processor.prepared == [4]
    assert len({reply.text for reply in alone}) == len(alone)


def test_other_pictures_of_one_size_are_not_the_same(parts: tuple[Any, Counting]) -> None:
    """What is alike is the very same picture, not one of its shape."""
    from sparkle_curation.models.generation import Generator  # noqa: PLC0415 -- torch

    model, processor = parts
    generate = Generator(model, processor, Sampling(max_new_tokens=12))
    dark, light = (np.full((64, 64, 3), shade, np.uint8) for shade in (0, 255))
    questions = [Question((picture, "Good?"), 1) for picture in (dark, light)]
    first, second = generate(questions)
    assert first != second


def test_a_gpu_that_is_full_gets_smaller_batches(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All replies are those of a larger one; a question that does not fit alone is told, and the others are answered."""
    import torch  # noqa: PLC0415

    one, two = pictures(2)
    questions = [Question((picture, "Which?"), seed) for picture in (one, two) for seed in range(3)]
    expected = model_of(checkpoint, 6).ask(questions)
    sizes: list[int] = []
    model = model_of(checkpoint, 6)
    model.load()
    generate = type(model._generate._model).generate  # type: ignore[union-attr]

    def full(self: Any, **inputs: Any) -> Any:
        sizes.append(len(inputs["input_ids"]))
        if len(inputs["input_ids"]) > 2:
            torch.empty(2**50)  # a full processor's memory; below a full GPU's
        return generate(self, **inputs)

    monkeypatch.setattr(type(model._generate._model), "generate", full)  # type: ignore[union-attr]
    assert model.ask(questions) == expected
    assert sizes == [6, 3, 2, 2, 2]
    assert model.ask(questions[:2]) == expected[:2]

    narrow = model._generate._prepare(questions[:1])["input_ids"].shape[1]

    def always(self: Any, **inputs: Any) -> Any:
        if inputs["input_ids"].shape[1] > narrow:  # the wider picture
            raise torch.cuda.OutOfMemoryError
        return generate(self, **inputs)

    monkeypatch.setattr(type(model._generate._model), "generate", always)  # type: ignore[union-attr]
    replies = model_of(checkpoint, 6).ask(questions)
    assert replies[:3] == expected[:3]
    assert {reply.fault for reply in replies[3:]} == {ReplyFault.OUT_OF_MEMORY}


def model_of(checkpoint: Path, batch_size: int) -> Any:
    """The tiny model, for short replies."""
    return TransformersModel(
        Weights(str(checkpoint)), Sampling(max_new_tokens=12), Device("cpu", "float32", batch_size)
    )
