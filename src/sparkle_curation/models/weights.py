"""Weights: which ones, pinned to a revision, fetched as safetensors, loaded without code from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import xxhash

from sparkle_curation.engine.io.server_faults import ServerFault, find_server_fault
from sparkle_curation.errors import ModelError

PINS: Mapping[str, str] = {
    "EditScore/EditScore-7B": "dcce052accfc75f2d48279c889a71755ecdf737b",
    "Qwen/Qwen2.5-VL-7B-Instruct": "cc594898137f460bfe9f0759e9844b3ce807cfb5",
    "Qwen/Qwen3-VL-4B-Instruct": "ebb281ec70b05090aa6165b016eac8ec08e71b17",
    "Qwen/Qwen3-VL-8B-Instruct": "0c351dd01ed87e9c1b53cbc748cba10e6187ff3b",
    "Qwen/Qwen3-VL-32B-Instruct": "0cfaf48183f594c314753d30a4c4974bc75f3ccb",
}
"""Repository -> commit of well-known models, for a run that names a model and no commit; as other public projects pin them.

A commit never moves, so a run today and one in a year ask the same weights; the hub refuses one that it lacks.
"""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SAFE_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
"""What a checkpoint needs. Not among them: pickled weights and Python code, which could do anything."""
_VOCABULARIES = (("tokenizer.json",), ("vocab.json", "merges.txt"))
_CHUNK_BYTES = 16 << 20


@dataclass(frozen=True)
class Weights:
    """The weights of a model, and of an adapter on top of it.

    Attributes:
        model: a repository on the model hub, ``Qwen/Qwen3-VL-8B-Instruct``, or a local folder.
        revision: the repository's commit; None for one that ``PINS`` knows, and for a local folder, which is known
            by its content.
        adapter: a LoRA adapter, named like ``model``; None for the model as it is.
        adapter_revision: the adapter's commit; None likewise.
    """

    model: str
    revision: str | None = None
    adapter: str | None = None
    adapter_revision: str | None = None

    @cached_property
    def provenance(self) -> Mapping[str, str]:
        """Names and revisions; a local folder's revision is the digest of its files.

        Raises:
            ModelError: a revision is no commit, or a folder is not there.
        """
        facts = {"model": _name(self.model), "revision": _revision(self.model, self.revision)}
        if self.adapter:
            facts |= {
                "adapter": _name(self.adapter),
                "adapter_revision": _revision(self.adapter, self.adapter_revision),
            }
        return facts


def find_device(name: str) -> str:
    """The device as torch calls it; to be looked for before gigabytes are fetched for it.

    Raises:
        ModelError: there is none.
    """
    import torch  # noqa: PLC0415

    if name.startswith("cpu"):
        return name
    if not torch.cuda.is_available():
        raise ModelError(
            "There is no GPU here",
            where=f"device={name}",
            got="torch finds no CUDA device",
            allowed="auto or cuda with a GPU, cpu for a small model",
            todo="run on a machine with a GPU; or ask a server: --params score.model.backend=server, or "
            "ground.model.backend=server; or --params score.model.device=cpu, or ground.model.device=cpu, or "
            "track.model.device=cpu, or edit_frame0.model.device=cpu and so on",
        )
    return "cuda:0" if name == "auto" else name


def load_processor(weights: Weights) -> Any:
    """The processor of the model, padding on the left, as a batch of replies needs it.

    Raises:
        ModelError: the model cannot be had.
    """
    import transformers  # noqa: PLC0415 -- loads torchvision, which only this needs

    folder = acquire(weights.model, weights.revision)
    # Without a vocabulary transformers makes an empty one up, and every text becomes nothing.
    if not any(all((folder / name).is_file() for name in names) for names in _VOCABULARIES):
        lacking = FileNotFoundError("tokenizer.json is not there, nor vocab.json with merges.txt")
        raise _broken(weights.model, folder, lacking)
    try:
        auto: Any = transformers.AutoProcessor
    except ImportError as error:
        raise ModelError(
            "Pictures cannot be prepared for a model: torchvision does not go with this torch, or is not there",
            got=str(error).splitlines()[0],
            allowed="torch and torchvision of one release, both for the CPU or both for the same CUDA",
            todo="pip install '.[gpu]' into a fresh environment",
        ) from error
    try:
        processor = auto.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise _broken(weights.model, folder, error) from error
    processor.tokenizer.padding_side = "left"
    return processor


def load_model(weights: Weights, place: str, dtype: str) -> Any:
    """The model at ``place``, with its adapter merged in.

    Raises:
        ModelError: the weights cannot be had.
    """
    import torch  # noqa: PLC0415
    from safetensors import SafetensorError  # noqa: PLC0415
    from transformers import AutoModelForImageTextToText  # noqa: PLC0415

    folder = acquire(weights.model, weights.revision)
    try:
        model: Any = AutoModelForImageTextToText.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            device_map=place,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise _broken(weights.model, folder, error) from error
    return _with_adapter(model, weights).eval()


def acquire(name: str, revision: str | None) -> Path:
    """The folder that holds the weights: the local one, or the hub's at that commit, fetched if it is not here.

    Raises:
        ModelError: they cannot be had.
    """
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    commit = _revision(name, revision)
    try:
        return Path(snapshot_download(name, revision=commit, allow_patterns=list(_SAFE_FILES)))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            "The weights of a model cannot be had",
            where=f"{name} at {commit}",
            got=f"{type(error).__name__}: {str(error).splitlines()[0]}",
            allowed="a repository and commit of the model hub, or a local folder",
            todo=_advice(find_server_fault(error)),
        ) from error


def newest_commit(name: str) -> str:
    """The commit that a repository of the hub stands at now, for a run that names none.

    Raises:
        ModelError: the hub does not say.
    """
    from httpx2 import HTTPError  # noqa: PLC0415 -- what the hub's client speaks through
    from huggingface_hub import HfApi  # noqa: PLC0415
    from huggingface_hub.errors import HFValidationError  # noqa: PLC0415

    try:
        commit = HfApi().model_info(name).sha
    except (HTTPError, HFValidationError, OSError) as error:
        raise ModelError(
            "The newest commit of a model cannot be had",
            where=name,
            got="no such folder, and no name of a repository"
            if isinstance(error, HFValidationError)
            else f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}",
            allowed="a repository of the model hub, or a local folder; with a revision the hub need not be asked",
            todo=_advice(find_server_fault(error)),
        ) from error
    return str(commit)


def is_pinned(name: str, revision: str | None) -> bool:
    """Whether it is known which weights these are: a local folder, a commit that is given, or one of ``PINS``."""
    return Path(name).is_dir() or revision is not None or name in PINS


def _advice(fault: ServerFault | None) -> str:
    """What to do where the hub does not give a model. It also says 401 of what is not there."""
    if fault and fault.status in {401, 403}:
        return "check name and revision; where the model has terms, accept them on its page and log in: hf auth login"
    way = f"{fault.todo}; or" if fault and fault.status not in {None, 404, 410} else "without a network,"
    return f"check name and revision; {way} copy the checkpoint here and name its folder"


def _with_adapter(model: Any, weights: Weights) -> Any:
    if weights.adapter is None:
        return model
    try:
        from peft import PeftModel  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            "An adapter cannot be loaded: peft is not installed",
            got=error,
            todo="pip install '.[gpu]'",
        ) from error
    folder = acquire(weights.adapter, weights.adapter_revision)
    if not (folder / "adapter_model.safetensors").is_file():
        raise ModelError(
            "An adapter has no safe weights",
            where=folder,
            allowed="adapter_model.safetensors",
            todo="take an adapter whose weights are safetensors; pickled ones can run any code and are not loaded",
        )
    try:
        return PeftModel.from_pretrained(model, folder).merge_and_unload()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            "An adapter does not go with the model",
            where=folder,
            got=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}",
            allowed=f"a LoRA adapter made for {weights.model}",
            todo="take the adapter's own base model, which its adapter_config.json names",
        ) from error


def _name(model: str) -> str:
    """The name without the machine's own folders."""
    return Path(model).name if Path(model).is_dir() else model


def _revision(model: str, revision: str | None) -> str:
    if Path(model).is_dir():
        return _digest(Path(model))
    commit = revision or PINS.get(model)
    if commit and _COMMIT.fullmatch(commit):
        return commit
    looks_local = model.startswith((".", "/", "~")) or model.count("/") != 1
    raise ModelError(
        "There is no such folder" if looks_local else "A model is not pinned to a commit",
        where=model,
        got=f"revision={revision}",
        allowed="a local folder, or a hub's repository with the 40 hexadecimal digits of a commit",
        todo="copy the commit from the model's page (Files and versions); a branch such as main moves",
    )


def _digest(folder: Path) -> str:
    """xxh3-128 of the names and bytes of all files that count; a checkpoint of diffusers has its parts in folders."""
    digest = xxhash.xxh3_128()
    find = folder.rglob if (folder / "model_index.json").is_file() else folder.glob
    for path in sorted({path for pattern in _SAFE_FILES for path in find(pattern)}):
        name = path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    return f"xxh3:{digest.hexdigest()}"


def _broken(model: str, folder: Path, error: Exception) -> ModelError:
    return ModelError(
        "A model cannot be loaded",
        where=folder,
        got=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}",
        allowed="a checkpoint of Qwen3-VL or Qwen2.5-VL with safetensors, processor and tokenizer",
        todo=f"check that {model} is one and complete",
    )
