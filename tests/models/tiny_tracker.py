"""Tiny trackers of the architectures that the project runs: random weights, saved as checkpoints with their processors."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tests.models.torch_operators import declare_operators

Family = Literal["sam3", "sam2"]

_SIZE = {"sam3": 112, "sam2": 64}
"""Side of the pictures that the models see, in pixels."""


def write_tiny_tracker(folder: Path, family: Family) -> Path:
    """Save a tiny tracker with random weights, the same each time, and its processor; gives the folder."""
    declare_operators()
    import torch  # noqa: PLC0415
    from transformers import Sam2VideoModel, Sam3TrackerVideoModel  # noqa: PLC0415

    torch.manual_seed(5)  # with many others every mask is empty, or the same whatever the box
    model = Sam3TrackerVideoModel(_sam3()) if family == "sam3" else Sam2VideoModel(_sam2())
    model.save_pretrained(folder)
    _processor(family).save_pretrained(folder)
    return folder


def _sam3():
    from transformers import Sam3TrackerVideoConfig  # noqa: PLC0415
    from transformers.models.sam3.configuration_sam3 import Sam3VisionConfig, Sam3ViTConfig  # noqa: PLC0415

    backbone = Sam3ViTConfig(
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=112,
        patch_size=14,
        window_size=4,
        global_attn_indexes=[1],
        pretrain_image_size=112,
    )
    vision = Sam3VisionConfig(
        backbone_config=backbone, fpn_hidden_size=128, backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]]
    )
    return Sam3TrackerVideoConfig(vision_config=vision, **_memory(112, 14), image_size=112)


def _sam2():
    from transformers import Sam2VideoConfig  # noqa: PLC0415
    from transformers.models.sam2.configuration_sam2 import Sam2HieraDetConfig, Sam2VisionConfig  # noqa: PLC0415

    backbone = Sam2HieraDetConfig(
        hidden_size=8,
        image_size=[64, 64],
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 1, 1, 1],
        window_positional_embedding_background_size=[4, 4],
        window_size_per_stage=[4, 4, 4, 2],
        global_attention_blocks=[3],
    )
    vision = Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=[64, 32, 16, 8],
        fpn_hidden_size=128,
        backbone_feature_sizes=[[16, 16], [8, 8], [4, 4]],
    )
    return Sam2VideoConfig(vision_config=vision, **_memory(64, 16), image_size=64)


def _memory(image_size: int, patch_size: int) -> dict[str, object]:
    """The parts that both families share: one layer each, 128 wide; 64 memory channels are built into the code."""
    return {
        "prompt_encoder_config": {
            "hidden_size": 128,
            "mask_input_channels": 16,
            "image_size": image_size,
            "patch_size": patch_size,
        },
        "mask_decoder_config": {
            "hidden_size": 128,
            "mlp_dim": 128,
            "num_hidden_layers": 1,
            "num_attention_heads": 4,
            "iou_head_depth": 2,
            "iou_head_hidden_dim": 128,
        },
        "memory_attention_rope_feat_sizes": [image_size // patch_size] * 2,
        "memory_attention_hidden_size": 128,
        "memory_attention_num_layers": 1,
        "memory_attention_feed_forward_hidden_size": 128,
        "memory_encoder_hidden_size": 128,
        "mask_downsampler_embed_dim": 128,
        "memory_fuser_num_layers": 1,
        "memory_fuser_embed_dim": 128,
        "memory_fuser_intermediate_dim": 128,
    }


def _processor(family: Family):
    import transformers  # noqa: PLC0415

    side = {"height": _SIZE[family], "width": _SIZE[family]}
    if family == "sam3":
        image = transformers.Sam3ImageProcessor(size=side)
        video = transformers.Sam2VideoVideoProcessor(size=side)
        return transformers.Sam3TrackerVideoProcessor(image, video)
    image = transformers.Sam2ImageProcessor(size=side)
    video = transformers.Sam2VideoVideoProcessor(size=side)
    return transformers.Sam2VideoProcessor(image, video)
