"""Times judging on a GPU: ``python -m benchmarks.judging --size 8B``.

Random weights of a real model's size, replies of a fixed length, pictures of 1280x720: what is timed is the work, not the
answers. Two contenders in one process with the same model: our batched scoring, and one question at a time, as
EditScore's ``evaluate()`` asks them. ``--size small`` runs on a processor too, where only the work that passes share shows;
``--size tiny`` runs the same code in seconds, and says nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparkle_curation.models.questions import Question, Reply, Sampling
from sparkle_curation.models.transformers_model import Device, Generate, TransformersModel
from sparkle_curation.models.weights import Weights
from sparkle_curation.scoring.editscore.prompt_template import PromptTemplate
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import Candidate, ScoreSettings, score

PASSES = 4
PROMPT_TEMPLATE = PromptTemplate(
    "Judge the edit. " * 60 + "<instruction>", "Judge the picture. " * 50, "benchmark"
)


@dataclass(frozen=True)
class Size:
    """What of a Qwen3-VL differs by its size; the rest is the same for all.

    Source: the configurations that the models are published with, as far as they decide the work of a token.
    """

    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    vision_hidden: int
    vision_depth: int
    vision_heads: int
    vision_intermediate: int
    deepstack: tuple[int, ...]
    mrope: tuple[int, int, int]
    picture: tuple[int, int]


SIZES = {
    "tiny": Size(32, 2, 4, 2, 8, 64, 300, 32, 1, 2, 64, (0,), (2, 1, 1), (64, 96)),
    "small": Size(512, 8, 8, 4, 64, 1536, 5000, 256, 4, 4, 512, (1,), (12, 10, 10), (360, 640)),
    "4B": Size(
        2560, 36, 32, 8, 128, 9728, 151_936, 1024, 24, 16, 4096, (5, 11, 17), (24, 20, 20), (720, 1280)
    ),
    "8B": Size(
        4096, 36, 32, 8, 128, 12288, 151_936, 1152, 27, 16, 4304, (8, 16, 24), (24, 20, 20), (720, 1280)
    ),
}


class RandomModel(TransformersModel):
    """A model of that size with random weights, which never ends a reply before it has its full length."""

    def __init__(self, size: Size, sampling: Sampling, device: Device) -> None:
        super().__init__(Weights("random"), sampling, device)
        self._size = size

    def _load(self) -> Generate:
        import torch

        from sparkle_curation.models.generation import Generator

        with torch.device(self._device.name):
            before = torch.get_default_dtype()
            torch.set_default_dtype(getattr(torch, self._device.dtype))
            try:
                processor, model = _build(self._size)
            finally:
                torch.set_default_dtype(before)
        return Generator(model.eval(), processor, self._sampling)


def _build(size: Size) -> tuple[Any, Any]:
    """The processor and the model; the vocabulary is that of bytes, in a table of the real size."""
    import transformers
    from tests.models.tiny_checkpoint import make_tokenizer, token_ids

    tokenizer = make_tokenizer()
    text = {
        "vocab_size": max(size.vocabulary, len(tokenizer)),
        "hidden_size": size.hidden,
        "intermediate_size": size.intermediate,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.key_value_heads,
        "head_dim": size.head_dim,
        "max_position_embeddings": 262_144,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e6, "mrope_section": list(size.mrope)},
    }
    vision = {
        "depth": size.vision_depth,
        "hidden_size": size.vision_hidden,
        "num_heads": size.vision_heads,
        "intermediate_size": size.vision_intermediate,
        "out_hidden_size": size.hidden,
        "patch_size": 16,
        "num_position_embeddings": 2304,
        "deepstack_visual_indexes": list(size.deepstack),
    }
    config: Any = transformers.Qwen3VLConfig(text_config=text, vision_config=vision, **token_ids(tokenizer))
    model = transformers.Qwen3VLForConditionalGeneration(config)
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    images = transformers.Qwen2VLImageProcessor(
        patch_size=16, merge_size=2, min_pixels=1024, max_pixels=16_777_216
    )
    videos = transformers.Qwen3VLVideoProcessor(patch_size=16, merge_size=2)
    tokenizer.padding_side = "left"
    return transformers.Qwen3VLProcessor(
        images, tokenizer, videos, chat_template=tokenizer.chat_template
    ), model


def main() -> None:
    """Build the model, time the contenders in turn, print the table."""
    options = _options()
    device = _device(options.size)
    size = SIZES[options.size]
    sampling = Sampling(max_new_tokens=options.reply_tokens)
    model = RandomModel(
        size, sampling, Device(device, "float32" if device == "cpu" else "bfloat16", options.batch_size)
    )
    model.load()
    sys.stdout.write("\n".join(_rows(measure(model, size, options.samples, options.rounds))) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judging", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="8B", help="of the model")
    parser.add_argument("--samples", type=int, default=16, help="pairs of pictures that are scored")
    parser.add_argument("--rounds", type=int, default=3, help="times that each contender runs")
    parser.add_argument("--batch-size", type=int, default=32, help="most questions at once")
    parser.add_argument("--reply-tokens", type=int, default=128, help="length of each reply")
    return parser.parse_args()


def _device(size: str) -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if size in ("tiny", "small"):
        return "cpu"
    raise SystemExit(
        f"There is no GPU here, and the {size} model needs one. --size small runs the same code without."
    )


def measure(model: TransformersModel, size: Size, samples: int, rounds: int) -> dict[str, list[float]]:
    """Samples a second of each contender, in turn, after one round that does not count."""
    found: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    candidates = _candidates(size, samples)
    for number in range(rounds + 1):
        for name, contender in CONTENDERS.items():
            start = time.perf_counter()
            contender(model, candidates)
            rate = samples / (time.perf_counter() - start)
            if number:
                found[name].append(rate)
    return found


def _candidates(size: Size, count: int) -> list[Candidate]:
    noise = np.random.default_rng(0)
    height, width = size.picture
    pictures = noise.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    return [Candidate(pictures[0], pictures[1], f"Instruction {number}", False) for number in range(count)]


def _settings() -> ScoreSettings:
    return ScoreSettings(ScoreScale(passes=PASSES), max_tries=1)


def ours(model: TransformersModel, candidates: list[Candidate]) -> None:
    """All questions together, in batches of like length."""
    score(candidates, model, PROMPT_TEMPLATE, _settings())


class OneAtATime:
    """A model that is asked one question at a time.

    Args:
        model: the model.
    """

    def __init__(self, model: TransformersModel) -> None:
        self._model = model

    @property
    def provenance(self) -> Mapping[str, str]:
        """The model's own."""
        return self._model.provenance

    def load(self) -> None:
        """Load the model."""
        self._model.load()

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """A reply each, one after the other."""
        return [reply for question in questions for reply in self._model.ask([question])]


def one_at_a_time(model: TransformersModel, candidates: list[Candidate]) -> None:
    """Each question alone: sample by sample, pass by pass, first SC and then PQ."""
    for candidate in candidates:
        score([candidate], OneAtATime(model), PROMPT_TEMPLATE, _settings())


CONTENDERS: dict[str, Callable[[TransformersModel, list[Candidate]], None]] = {
    "ours": ours,
    "one_at_a_time": one_at_a_time,
}


def _rows(found: dict[str, list[float]]) -> Iterator[str]:
    """The table: samples a second, and how much faster than one at a time, round by round."""
    yield "| | samples a second | against one at a time |"
    yield "|---|---|---|"
    for name, rates in found.items():
        ratios = [rate / base for rate, base in zip(rates, found["one_at_a_time"], strict=True)]
        each = ", ".join(f"{ratio:.1f}" for ratio in ratios)
        yield f"| {name} | {statistics.median(rates):.3g} | {statistics.median(ratios):.1f} ({each}) |"


if __name__ == "__main__":
    main()
