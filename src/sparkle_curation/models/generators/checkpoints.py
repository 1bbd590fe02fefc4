"""Checkpoints of diffusers: found, looked at before anything is loaded, and loaded as safetensors alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sparkle_curation.engine.caching.code_digest import library_version
from sparkle_curation.errors import ModelError
from sparkle_curation.models.weights import Weights, acquire, find_device

LIBRARIES = ("accelerate", "diffusers", "torch", "transformers")
"""What decides an output beside weights and settings; their versions stand in the provenance."""

_WEIGHTS = {"diffusers": "diffusion_pytorch_model", "transformers": "model"}
"""What the files of weights of a part begin with, by the library of its class."""
_PICKLED = (".bin", ".pt", ".pth", ".ckpt")
_WEIGHTLESS = ("tokenizer", "scheduler", "image_processor", "feature_extractor")


class Device(NamedTuple):
    """Where and how a generator computes.

    Attributes:
        name: ``cuda``, ``cuda:1``, ``cpu``; ``auto`` takes a GPU and fails without one.
        dtype: ``bfloat16`` or ``float32``.
        offload: ``none``; ``model`` holds in the device's memory the part at work alone; ``layers`` one layer, far slower.
    """

    name: str = "auto"
    dtype: str = "bfloat16"
    offload: str = "none"


def library_versions() -> Mapping[str, str]:
    """The versions of ``LIBRARIES``, by name."""
    return {name: library_version(name) for name in LIBRARIES}


def check_checkpoint(folder: Path, class_name: str) -> None:
    """Nothing, where a folder is a checkpoint of a pipeline, all its parts there as safetensors.

    Raises:
        ModelError: it is another's, or none, or its weights are pickled or lacking.
    """
    index = _read_index(folder, class_name)
    if index.get("_class_name") != class_name:
        raise _no_checkpoint(folder, class_name, f"a checkpoint of {index.get('_class_name')}")
    for part, said in index.items():
        library, name = said if isinstance(said, list) and len(said) == 2 else (None, None)
        if library is None or name is None or part.startswith(_WEIGHTLESS):
            continue
        if library not in _WEIGHTS:
            raise _no_checkpoint(
                folder, class_name, f"{part} is of {library}, whose code is not of a package"
            )
        _check_part(folder, part, _WEIGHTS[library], class_name)


def load_pipeline(weights: Weights, device: Device, class_name: str) -> Any:
    """The pipeline of diffusers with its weights, where ``device`` says.

    Raises:
        ModelError: the packages, the weights or the device cannot be had.
    """
    try:  # a class is imported when it is asked for: torchvision may be that of another torch, diffusers too old
        import diffusers  # noqa: PLC0415
        import torch  # noqa: PLC0415

        pipeline_class = getattr(diffusers, class_name)
    except (ImportError, AttributeError, RuntimeError) as error:
        raise ModelError(
            "Nothing can be generated in this process: packages are not installed, or do not go together",
            got=_first_cause(error),
            allowed="torch, torchvision of the same build, transformers and diffusers",
            todo="pip install '.[generate]' into a fresh environment; or take finished outputs of another generator: "
            "--params edit_frame0.model.backend=import,edit_frame0.model.name=/path/to/outputs (of another stage: its name)",
        ) from error
    from safetensors import SafetensorError  # noqa: PLC0415 -- comes with diffusers

    diffusers.utils.logging.disable_progress_bar()
    place = find_device(device.name)  # before gigabytes are fetched for it
    folder = acquire(weights.model, weights.revision)
    check_checkpoint(folder, class_name)
    try:
        pipeline = pipeline_class.from_pretrained(
            folder,
            dtype=getattr(torch, device.dtype),
            use_safetensors=True,
            local_files_only=True,
        )
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError) as error:
        # Of a class that could not be imported diffusers tells the cause in the last line.
        said = f"{type(error).__name__}: {(str(error).splitlines() or [''])[-1]}"
        raise _no_checkpoint(folder, class_name, said) from error
    pipeline.set_progress_bar_config(disable=True)
    return _placed(pipeline, place, device.offload)


def _first_cause(error: BaseException) -> str:
    """What was raised first: what comes of it in diffusers and transformers names classes alone."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return f"{type(error).__name__}: {(str(error).splitlines() or ['no message'])[-1]}"


def _placed(pipeline: Any, place: str, offload: str) -> Any:
    if offload == "none" or place.startswith("cpu"):
        return pipeline.to(place)
    if offload == "model":
        pipeline.enable_model_cpu_offload(device=place)
    else:
        pipeline.enable_sequential_cpu_offload(device=place)
    return pipeline


def _read_index(folder: Path, class_name: str) -> Mapping[str, Any]:
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _no_checkpoint(folder, class_name, f"model_index.json: {error}") from error
    if not isinstance(index, dict):
        raise _no_checkpoint(folder, class_name, "model_index.json holds no object")
    return index


def _check_part(folder: Path, part: str, stem: str, class_name: str) -> None:
    files = sorted((folder / part).glob("*")) if (folder / part).is_dir() else []
    if any(file.name.startswith(stem) and file.suffix == ".safetensors" for file in files):
        return
    pickled = [file for file in files if file.suffix in _PICKLED]
    if pickled:
        raise ModelError(
            "The weights of a generator are pickled, and not loaded: such a file can run any code",
            where=pickled[0],
            got=pickled[0].suffix,
            allowed=f"{part}/{stem}*.safetensors",
            todo="take a repository or revision with safetensors",
        )
    raise _no_checkpoint(folder, class_name, f"no weights of {part}")


def _no_checkpoint(folder: Path, class_name: str, got: str) -> ModelError:
    return ModelError(
        "A generator cannot be loaded",
        where=folder,
        got=got,
        allowed=f"a checkpoint of diffusers' {class_name}: model_index.json, and a folder with safetensors for each part",
        todo="name such a repository or folder, and check that it is complete: --params "
        "edit_frame0.model.name=/path/to/checkpoint (of another stage: its name in the place of edit_frame0)",
    )
