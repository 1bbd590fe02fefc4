"""Replies of one batch by transformers: pictures prepared, tokens drawn, texts decoded."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

import torch
import transformers
from PIL import Image as Pictures

from sparkle_curation.models.batching import OutOfMemoryError
from sparkle_curation.models.grammars import Grammars
from sparkle_curation.models.memory_errors import is_out_of_memory
from sparkle_curation.models.questions import Question, Reply, Sampling, Video
from sparkle_curation.models.sampler import SeededSampler

_OF_PICTURES = ("pixel_values", "image_grid_thw")
"""What a processor gives that has not a row per question: patches of all pictures, and a row per picture."""


class Generator:
    """Draws the replies to a batch of questions.

    Args:
        model: of transformers, on its device.
        processor: of the model, padding on the left.
        sampling: how tokens are drawn.
    """

    def __init__(self, model: Any, processor: Any, sampling: Sampling) -> None:
        self._model, self._processor, self._sampling = model, processor, sampling
        self._grammars: Grammars | None = None

    def __call__(self, questions: list[Question]) -> list[Reply]:
        """The replies, in the order of the questions.

        Raises:
            OutOfMemoryError: the batch does not fit into the memory of the GPU, or of the processor.
        """
        try:
            return self._draw(questions)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        gc.collect()  # Out of the handler first: the traceback holds the tensors that take the memory.
        torch.cuda.empty_cache()
        raise OutOfMemoryError

    @torch.inference_mode()
    def _draw(self, questions: list[Question]) -> list[Reply]:
        places: dict[tuple[int | str, ...], int] = {}
        rows = []
        for question in questions:
            # Prepared alike are questions of the same texts, and the very same pictures.
            parts = tuple(part if isinstance(part, str) else id(part) for part in question.parts)
            rows.append(places.setdefault(parts, len(places)))
        inputs = self._prepare([questions[rows.index(place)] for place in range(len(places))])
        prompt_length = inputs["input_ids"].shape[1]
        output = self._model.generate(
            **(inputs if len(places) == len(rows) else self._share(inputs, rows)),
            do_sample=False,
            max_new_tokens=self._sampling.max_new_tokens,
            logits_processor=self._choosers(questions, prompt_length),
        )
        return [self._reply(row) for row in output[:, prompt_length:].tolist()]

    def _prepare(self, questions: list[Question]) -> Mapping[str, torch.Tensor]:
        """What the model takes, on its device."""
        inputs: Mapping[str, torch.Tensor] = self._processor.apply_chat_template(
            [_conversation(question) for question in questions],
            tokenize=True,
            add_generation_prompt=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"padding": True},
        ).to(self._model.device)
        return inputs

    def _share(self, inputs: Mapping[str, torch.Tensor], rows: list[int]) -> Mapping[str, Any]:
        """What ``generate`` takes for each of ``rows``, of which several ask the same and differ by their seed.

        The passes over one pair of pictures: they are looked at once, and the model's state is then given to each.
        """
        place = torch.tensor(rows, device=inputs["input_ids"].device)
        repeated: dict[str, Any] = {name: inputs[name][place] for name in ("input_ids", "attention_mask")}
        if "pixel_values" not in inputs:
            return repeated
        # All but the last token, with which ``generate`` goes on.
        begun = {name: values if name in _OF_PICTURES else values[:, :-1] for name, values in inputs.items()}
        cache = transformers.DynamicCache(config=self._model.config)
        core = self._model.model
        core(**begun, past_key_values=cache, use_cache=True)
        cache.batch_select_indices(place)
        core.rope_deltas = core.rope_deltas[place]
        return {**repeated, "past_key_values": cache}

    def _choosers(self, questions: list[Question], prompt_length: int) -> list[Any]:
        sampler = SeededSampler([question.seed for question in questions], self._sampling, prompt_length)
        schemas = [question.schema for question in questions]
        if not any(schemas):
            return [sampler]
        if self._grammars is None:
            width = int(self._model.get_output_embeddings().weight.shape[0])
            self._grammars = Grammars(self._processor.tokenizer, vocabulary_size=width)
        return [self._grammars.processor(schemas), sampler]

    def _reply(self, tokens: list[int]) -> Reply:
        end = self._model.generation_config.eos_token_id  # one, several or none
        ends = end if isinstance(end, list) else [end]
        is_cut = not set(ends).intersection(tokens)
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
        if not isinstance(part, Video)  # which no model of this process is asked about
    ]
    return [{"role": "user", "content": content}]
