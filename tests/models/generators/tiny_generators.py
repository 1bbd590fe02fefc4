"""Tiny generators of the architectures that the project runs: random weights, saved as checkpoints of diffusers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from tests.models.torch_operators import declare_operators

Kind = Literal["flux", "wan", "vace"]
Scale = Literal["tiny", "full"]
"""``tiny`` sees a picture in a few values; ``full`` compresses as published models do, for 1280x720 on a processor."""

_WORDS = [
    "the",
    "a",
    "man",
    "woman",
    "sea",
    "snow",
    "beach",
    "put",
    "remove",
    "in",
    "of",
    "and",
    "night",
    "city",
    "sky",
    ".",
    ",",
]
_CHAT = (
    "{% for message in messages %}<|user|> {{ message['content'] }} {% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def write_tiny_generator(folder: Path, kind: Kind, scale: Scale = "tiny") -> Path:
    """Save a tiny pipeline with random weights, the same each time; gives the folder."""
    declare_operators()
    import torch  # noqa: PLC0415

    torch.manual_seed(0)
    pipeline = {"flux": _flux, "wan": _wan, "vace": _vace}[kind](scale)
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def make_tokenizer() -> Any:
    """A tokenizer of a few words, made on the spot."""
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    names = ["<pad>", "<unk>", "<|user|>", "<|assistant|>", *_WORDS]
    words = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token="<unk>"))  # noqa: S106
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="<unk>")  # noqa: S106
    tokenizer.chat_template = _CHAT
    return tokenizer


def _flux(scale: Scale) -> Any:
    import diffusers  # noqa: PLC0415
    from transformers import Qwen3Config, Qwen3ForCausalLM  # noqa: PLC0415

    blocks = 4 if scale == "full" else 1  # each but the first halves width and height
    transformer = diffusers.Flux2Transformer2DModel(
        patch_size=1,
        in_channels=4,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        timestep_guidance_channels=32,
        axes_dims_rope=[4, 4, 4, 4],
        guidance_embeds=False,
    )
    text = Qwen3ForCausalLM(
        Qwen3Config(
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=27,  # the pipeline looks at layers 9, 18 and 27
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
            vocab_size=64,
            max_position_embeddings=1024,
        )
    )
    vae = diffusers.AutoencoderKLFlux2(
        sample_size=32,
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        block_out_channels=(4,) * blocks,
        layers_per_block=1,
        latent_channels=1,
        norm_num_groups=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    return diffusers.Flux2KleinPipeline(
        scheduler, vae, text, make_tokenizer(), transformer, is_distilled=False
    )


def _text_encoder() -> Any:
    from transformers import UMT5Config, UMT5EncoderModel  # noqa: PLC0415

    return UMT5EncoderModel(
        UMT5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=32, num_layers=2, num_heads=4, is_decoder=False)
    )


def _vae(scale: Scale) -> Any:
    """Four frames of 8x8 pixels to a latent, as Wan 2.1; that of ``full`` has the fewest blocks, at a third of the time."""
    import diffusers  # noqa: PLC0415

    return diffusers.AutoencoderKLWan(
        base_dim=3,
        z_dim=16,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=0 if scale == "full" else 1,
        temperal_downsample=[False, True, True],
    )


def _denoiser_settings(scale: Scale, **other: Any) -> dict[str, Any]:
    """Settings of a denoiser; of ``full`` one head of 8 values, since 75,600 tokens each look at all others."""
    usual = {
        "patch_size": (1, 2, 2),
        "num_attention_heads": 1 if scale == "full" else 2,
        "attention_head_dim": 8 if scale == "full" else 12,
        "out_channels": 16,
        "text_dim": 32,
        "freq_dim": 256,
        "ffn_dim": 32,
        "cross_attn_norm": True,
        "qk_norm": "rms_norm_across_heads",
        "rope_max_seq_len": 1024,
    }
    return {**usual, **other}


def _wan(scale: Scale) -> Any:
    import diffusers  # noqa: PLC0415

    layers = 1 if scale == "full" else 2
    first, second = (
        diffusers.WanTransformer3DModel(**_denoiser_settings(scale, in_channels=36, num_layers=layers))
        for _ in range(2)
    )
    return diffusers.WanImageToVideoPipeline(
        tokenizer=make_tokenizer(),
        text_encoder=_text_encoder(),
        vae=_vae(scale),
        scheduler=_scheduler(),
        transformer=first,
        transformer_2=second,
        boundary_ratio=0.9,
    )


def _vace(scale: Scale) -> Any:
    import diffusers  # noqa: PLC0415

    layers, controlled = (1, [0]) if scale == "full" else (3, [0, 2])
    first, second = (
        diffusers.WanVACETransformer3DModel(
            **_denoiser_settings(
                scale, in_channels=16, num_layers=layers, vace_layers=controlled, vace_in_channels=96
            )
        )
        for _ in range(2)
    )
    return diffusers.WanVACEPipeline(
        tokenizer=make_tokenizer(),
        text_encoder=_text_encoder(),
        vae=_vae(scale),
        scheduler=_scheduler(),
        transformer=first,
        transformer_2=second,
        boundary_ratio=0.9,
    )


def _scheduler() -> Any:
    import diffusers  # noqa: PLC0415

    return diffusers.UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
    )
