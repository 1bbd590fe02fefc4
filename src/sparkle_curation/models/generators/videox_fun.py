"""Wan2.2-Fun-Control by VideoX-Fun, where that is installed: it is on no package index, and diffusers has no such class.

Source of the calls: VideoX-Fun, ``examples/wan2.2_fun/predict_v2v_control.py``. A first frame goes in as a video of which
frame 0 alone is kept; its own ``start_image`` gives fewer channels than the denoiser takes. Text encoder and VAE are
published pickled, and are loaded here as safetensors alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.engine.caching.code_digest import library_version
from sparkle_curation.errors import ModelError
from sparkle_curation.models.device_names import name_device
from sparkle_curation.models.generators.checkpoints import Device, library_versions
from sparkle_curation.models.generators.generator import (
    Fault,
    Generated,
    GenerationJob,
    GeneratorDescription,
)
from sparkle_curation.models.generators.licences import licence_of
from sparkle_curation.models.generators.memory import free_memory, in_memory, picture_values
from sparkle_curation.models.generators.recipe import check_frame_count, check_sides, check_tokens
from sparkle_curation.models.generators.wan import WanSettings
from sparkle_curation.models.weights import Weights, acquire, find_device
from sparkle_curation.spec.codes.generation_faults import GenerationFault

_LOW, _HIGH = "low_noise_model", "high_noise_model"
_VAE, _TEXT, _TOKENIZER = "Wan2.1_VAE", "models_t5_umt5-xxl-enc-bf16", "google/umt5-xxl"
_BOUNDARY = 0.9
"""Of the noise levels, above which the first denoiser works: as VideoX-Fun's settings of it say, not its default."""
_SIDE, _STEP = 16, 4
_VAE_SIZES: Mapping[str, int] = {"temporal_compression_ratio": 4, "spatial_compression_ratio": 8}
_TEXT_SIZES: Mapping[str, Any] = {
    "vocab": 256384,
    "dim": 4096,
    "dim_attn": 4096,
    "dim_ffn": 10240,
    "num_heads": 64,
    "num_layers": 24,
    "num_buckets": 32,
    "shared_pos": False,
    "dropout": 0.0,
}
"""Sizes that VideoX-Fun keeps in a settings file of its own, and not in the checkpoint."""


@dataclass
class VideoXFunControl:
    """A ``Generator``, whose weights nobody here has run: no GPU, and 60 GB.

    What goes in was compared with VideoX-Fun at 804a425; tests run a package of its name with its signatures.

    Attributes:
        weights: of Wan2.2-Fun-A14B-Control.
        device: where it computes.
        wan: what it is told.
        licence: of the weights, as a person said it; None for what is known.
    """

    weights: Weights
    device: Device
    wan: WanSettings
    licence: str | None = None
    name: ClassVar[str] = "videox_fun_control"
    _pipeline: Any = field(default=None, init=False, repr=False)

    def describe(self) -> GeneratorDescription:
        """Weights, settings, versions."""
        facts = self.weights.provenance
        versions = {**library_versions(), "videox_fun": library_version("videox_fun")}
        return GeneratorDescription(
            name=self.name,
            repository=facts["model"],
            revision=facts["revision"],
            licence=licence_of(facts["model"], self.licence),
            settings={**self.wan.as_text, "boundary": repr(_BOUNDARY), "dtype": self.device.dtype},
            versions=versions,
        )

    def name_device(self) -> str:
        """Of the GPU or the processor."""
        return name_device(self.device.name)

    def load(self) -> None:
        """Load the weights onto the device."""
        if self._pipeline is None:
            _check_package()
            place = find_device(self.device.name)
            folder = acquire(self.weights.model, self.weights.revision)
            check_files(folder)
            self._pipeline = _load(folder, self.device, place)

    def run(self, jobs: Sequence[GenerationJob]) -> Iterator[Generated | Fault]:
        """Each job's output or fault; this pipeline takes one prompt at a time."""
        self.load()
        for job in jobs:
            fault = _check(job) or self._check_prompt(job.prompt)
            if fault is not None:
                yield fault
                continue
            made = in_memory(partial(self._make, job))
            yield made if isinstance(made, Fault) else picture_values(made, job)

    def unload(self) -> None:
        """Let go of the pipeline."""
        if self._pipeline is not None:
            self._pipeline = None
            free_memory()

    def _check_prompt(self, prompt: str) -> Fault | None:
        """The fault of a prompt, or of the negative one, that the pipeline would cut off without a word."""
        own = check_tokens(len(self._pipeline.tokenizer(prompt)["input_ids"]))
        if own is not None or self.wan.guidance <= 1:
            return own
        negative = len(self._pipeline.tokenizer(self.wan.negative_prompt)["input_ids"])
        return check_tokens(negative, "of negative_prompt")

    def _make(self, job: GenerationJob) -> NDArray[np.float32]:
        import torch  # noqa: PLC0415 -- loaded long since

        height, width = job.picture.shape[:2]
        first = np.zeros((job.frame_count, height, width, 3), np.uint8)
        first[0] = job.picture
        kept = torch.full((1, 1, job.frame_count, height, width), 255.0)
        kept[:, :, 0] = 0
        made = self._pipeline(
            job.prompt,
            num_frames=job.frame_count,
            negative_prompt=self.wan.negative_prompt,
            height=height,
            width=width,
            generator=torch.Generator("cpu").manual_seed(job.seed),
            guidance_scale=self.wan.guidance,
            num_inference_steps=self.wan.steps,
            video=_tensor(first),
            mask_video=kept,
            control_video=_tensor(job.control),
            boundary=_BOUNDARY,
        )
        return np.asarray(made.videos[0].permute(1, 2, 3, 0).float().cpu(), np.float32)


def check_files(folder: Path) -> None:
    """Nothing, where a folder has the weights of Wan2.2-Fun-Control as safetensors, and no others that would go before.

    Raises:
        ModelError: they are pickled, or not there.
    """
    # VideoX-Fun takes a pickled denoiser before one of safetensors.
    for file in (each for part in (_LOW, _HIGH) for each in sorted((folder / part).glob("*.bin"))):
        raise ModelError(
            "The weights of a generator are pickled, and not loaded: such a file can run any code",
            where=file,
            got=file.suffix,
            allowed="safetensors alone",
            todo="take a folder or revision without it",
        )
    for part in (_VAE, _TEXT):
        if (folder / f"{part}.safetensors").is_file():
            continue
        pickled = folder / f"{part}.pth"
        raise ModelError(
            "The weights of a generator are pickled, and not loaded: such a file can run any code"
            if pickled.is_file()
            else "The weights of a generator are not there",
            where=folder,
            got=pickled.name if pickled.is_file() else "nothing",
            allowed=f"{part}.safetensors",
            todo=f"turn {part}.pth into safetensors on a machine where nothing is at stake, and name the folder",
        )


def _check_package() -> None:
    try:
        import videox_fun  # type: ignore[import-not-found]  # noqa: F401, PLC0415
    except ImportError as error:
        raise ModelError(
            "VideoX-Fun is not installed",
            got=error,
            allowed="a checkout of aigc-apps/VideoX-Fun, installed",
            todo="install it from its repository; or run diffusers' pipeline: --params synthesize.model.backend=diffusers",
        ) from error


def _check(job: GenerationJob) -> Fault | None:
    wanted = (job.frame_count, *job.picture.shape)
    if job.control is None or job.control.shape != wanted:
        got = None if job.control is None else job.control.shape
        return Fault(GenerationFault.BAD_CONTROL.value, f"edges of {got}; wanted are {wanted}")
    return check_sides(job.picture, _SIDE) or check_frame_count(job.frame_count, _STEP)


def _tensor(frames: Any) -> Any:
    """Frames as (1, 3, frames, height, width), 0 to 1."""
    import torch  # noqa: PLC0415 -- loaded long since

    return torch.from_numpy(np.ascontiguousarray(frames)).permute(3, 0, 1, 2)[None].float() / 255


def _load(folder: Path, device: Device, place: str) -> Any:
    import torch  # noqa: PLC0415
    from diffusers import FlowMatchEulerDiscreteScheduler  # noqa: PLC0415
    from transformers import AutoTokenizer  # noqa: PLC0415
    from videox_fun import models  # noqa: PLC0415
    from videox_fun.pipeline import Wan2_2FunControlPipeline  # type: ignore[import-not-found]  # noqa: PLC0415

    dtype = getattr(torch, device.dtype)
    low, high = (
        models.Wan2_2Transformer3DModel.from_pretrained(
            str(folder / part),
            transformer_additional_kwargs={"dict_mapping": {"in_dim": "in_channels", "dim": "hidden_size"}},
            low_cpu_mem_usage=True,
            torch_dtype=dtype,
        )
        for part in (_LOW, _HIGH)
    )
    vae = models.AutoencoderKLWan.from_pretrained(
        str(folder / f"{_VAE}.safetensors"), additional_kwargs=dict(_VAE_SIZES)
    ).to(dtype)
    text = models.WanT5EncoderModel.from_pretrained(
        str(folder / f"{_TEXT}.safetensors"),
        additional_kwargs=dict(_TEXT_SIZES),
        low_cpu_mem_usage=True,
        torch_dtype=dtype,
    )
    pipeline = Wan2_2FunControlPipeline(
        transformer=low,
        transformer_2=high,
        vae=vae,
        tokenizer=AutoTokenizer.from_pretrained(folder / _TOKENIZER, local_files_only=True),
        text_encoder=text.eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=5.0),  # type: ignore[no-untyped-call]
    )
    if device.offload == "none":
        return pipeline.to(place)
    if device.offload == "model":
        pipeline.enable_model_cpu_offload(device=place)
    else:
        pipeline.enable_sequential_cpu_offload(device=place)
    return pipeline
