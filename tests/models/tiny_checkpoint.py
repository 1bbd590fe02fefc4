"""Checkpoints of Qwen3-VL and Qwen2.5-VL with random weights, some 0.2 M parameters, for a processor without a GPU.

They have the true architecture, processor and chat format, and a vocabulary of bytes. What they say is noise;
with a grammar it is an answer of the right form, so the whole path can run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

Family = Literal["qwen3_vl", "qwen2_5_vl"]

_SPECIAL = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_HIDDEN = 32
_CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_checkpoint(folder: Path, family: Family = "qwen3_vl", *, seed: int = 0) -> Path:
    """A complete checkpoint at ``folder``: configuration, safetensors, tokenizer, processor and chat template."""
    import torch  # noqa: PLC0415 -- half a second that most tests need not wait

    torch.manual_seed(seed)
    tokenizer = make_tokenizer()
    model = _model(family, tokenizer)
    model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids("<|im_end|>")
    model.generation_config.pad_token_id = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    model.save_pretrained(folder)
    _processor(family, tokenizer).save_pretrained(folder)
    return folder


def make_tokenizer() -> Any:
    """A tokenizer whose tokens are the 256 bytes and the special tokens of the chat format."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415
    from transformers import Qwen2TokenizerFast  # noqa: PLC0415

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({byte: index for index, byte in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in _SPECIAL])
    return Qwen2TokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",  # noqa: S106
        pad_token="<|endoftext|>",  # noqa: S106
        unk_token=None,
        additional_special_tokens=list(_SPECIAL),
        chat_template=_CHAT_TEMPLATE,
    )


def token_ids(tokenizer: Any) -> dict[str, int]:
    """The members of a configuration that name the tokens of pictures."""
    names = {
        "image_token_id": "<|image_pad|>",
        "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>",
        "vision_end_token_id": "<|vision_end|>",
    }
    return {name: tokenizer.convert_tokens_to_ids(token) for name, token in names.items()}


def _text_config(tokenizer: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": _HIDDEN,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 32_768,
        "bos_token_id": tokenizer.convert_tokens_to_ids("<|endoftext|>"),
        "eos_token_id": tokenizer.convert_tokens_to_ids("<|im_end|>"),
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 1, 1]},
    }


def _model(family: Family, tokenizer: Any) -> Any:
    import transformers  # noqa: PLC0415

    vision = {
        "depth": 1,
        "hidden_size": _HIDDEN,
        "num_heads": 2,
        "intermediate_size": 64,
        "out_hidden_size": _HIDDEN,
    }
    text = _text_config(tokenizer)
    if family == "qwen3_vl":
        vision |= {"patch_size": 16, "num_position_embeddings": 64, "deepstack_visual_indexes": [0]}
        config: Any = transformers.Qwen3VLConfig(
            text_config=text, vision_config=vision, **token_ids(tokenizer)
        )
        return transformers.Qwen3VLForConditionalGeneration(config)
    vision |= {"patch_size": 14, "fullatt_block_indexes": [0]}
    config = transformers.Qwen2_5_VLConfig(text_config=text, vision_config=vision, **token_ids(tokenizer))
    return transformers.Qwen2_5_VLForConditionalGeneration(config)


def _processor(family: Family, tokenizer: Any) -> Any:
    import transformers  # noqa: PLC0415

    patch = 16 if family == "qwen3_vl" else 14
    images = transformers.Qwen2VLImageProcessor(
        patch_size=patch, merge_size=2, min_pixels=(2 * patch) ** 2, max_pixels=(12 * patch) ** 2
    )
    if family == "qwen3_vl":
        videos = transformers.Qwen3VLVideoProcessor(patch_size=patch, merge_size=2)
        return transformers.Qwen3VLProcessor(images, tokenizer, videos, chat_template=_CHAT_TEMPLATE)
    videos = transformers.Qwen2VLVideoProcessor(patch_size=patch, merge_size=2)
    return transformers.Qwen2_5_VLProcessor(images, tokenizer, videos, chat_template=_CHAT_TEMPLATE)
