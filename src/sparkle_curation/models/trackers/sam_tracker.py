"""SAM 3 and SAM 2 by transformers: objects followed from boxes, the encoder run once for each frame of a clip.

Source of the method: dataset card and paper, "BAIT", which tracks with SAM 3. Source of the classes: transformers,
``Sam3TrackerVideoModel`` and ``Sam2VideoModel``. Describing the tracker imports nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparkle_curation.errors import ModelError
from sparkle_curation.models.device_names import name_device
from sparkle_curation.models.memory_errors import is_out_of_memory
from sparkle_curation.models.trackers.tracker import Box, ClipTracker, Frames, Mask, OutOfMemoryError
from sparkle_curation.models.weights import Weights, acquire, find_device

_CLASSES: Mapping[str, tuple[str, str]] = {
    "sam3": ("Sam3TrackerVideoModel", "Sam3TrackerVideoProcessor"),
    "sam2": ("Sam2VideoModel", "Sam2VideoProcessor"),
}
"""Model and processor of transformers by what the ``model_type`` of a checkpoint begins with."""


class Device(NamedTuple):
    """Where and how a tracker computes.

    Attributes:
        name: ``cuda``, ``cuda:1``, ``cpu``; ``auto`` takes a GPU and fails without one.
        dtype: ``bfloat16`` or ``float32``.
        is_cache_offloaded: whether what the encoder made of the frames is held in main memory: 5.4 GB for 81 frames of SAM 3
            in bfloat16; no mask depends on it.
    """

    name: str = "auto"
    dtype: str = "bfloat16"
    is_cache_offloaded: bool = False


@dataclass
class SamTracker:
    """A ``Tracker`` with its weights in this process.

    Attributes:
        weights: which weights, of SAM 3 or SAM 2.
        device: where it computes.
        mask_threshold: logit above which a pixel is the object's.
    """

    weights: Weights
    device: Device
    mask_threshold: float = 0.0
    _loaded: _Loaded | None = None

    @property
    def provenance(self) -> Mapping[str, str]:
        """Weights, number format and threshold, as text by name."""
        facts = {
            **self.weights.provenance,
            "dtype": self.device.dtype,
            "mask_threshold": repr(self.mask_threshold),
        }
        return {"backend": "transformers", **facts}

    def name_device(self) -> str:
        """Of the GPU or the processor."""
        return name_device(self.device.name)

    def load(self) -> None:
        """Load the weights onto the device."""
        self._model()

    @contextmanager
    def open(self, frames: Frames) -> Iterator[ClipTracker]:
        """The clip, with a place for what the encoder makes of each of its frames."""
        loaded = self._model()
        with _telling_memory(loaded):
            session = loaded.processor.init_video_session(
                video=frames,
                inference_device=loaded.place,
                inference_state_device="cpu" if self.device.is_cache_offloaded else loaded.place,
                processing_device=loaded.place,
                video_storage_device="cpu",
                max_vision_features_cache_size=len(frames),
                dtype=getattr(loaded.torch, self.device.dtype),
            )
        try:
            yield _SamClip(loaded, session, frames.shape[:3], self.mask_threshold)
        finally:
            session.reset_inference_session()

    def _model(self) -> _Loaded:
        if self._loaded is None:
            self._loaded = _load(self.weights, self.device)
        return self._loaded


class _Loaded(NamedTuple):
    torch: Any
    model: Any
    processor: Any
    place: str


@dataclass
class _SamClip:
    """A ``ClipTracker``.

    Attributes:
        loaded: the model.
        session: what transformers holds of the clip.
        shape: frames, height and width of the clip.
        mask_threshold: logit above which a pixel is the object's.
    """

    loaded: _Loaded
    session: Any
    shape: tuple[int, ...]
    mask_threshold: float

    def track(self, frame_index: int, boxes: Sequence[Box]) -> Mask:
        """The union of the objects in each frame."""
        self.session.reset_tracking_data()  # the encoder's results stay
        union = np.zeros(self.shape, np.bool_)
        with _telling_memory(self.loaded), self.loaded.torch.inference_mode():
            self.loaded.processor.add_inputs_to_inference_session(
                self.session,
                frame_idx=frame_index,
                obj_ids=list(range(len(boxes))),  # own ids: labels repeat
                input_boxes=[[list(map(float, box)) for box in boxes]],
            )
            for is_backwards in (False, True):
                for found in self.loaded.model.propagate_in_video_iterator(
                    self.session, start_frame_idx=frame_index, reverse=is_backwards
                ):
                    union[found.frame_idx] |= self._union(found.pred_masks)
        return union

    def _union(self, logits: Any) -> Mask:
        """Of the logits of one frame, (objects, 1, side, side): where any object is, at the size of the clip."""
        (masks,) = self.loaded.processor.post_process_masks(
            [logits.float()], [list(self.shape[1:])], mask_threshold=self.mask_threshold
        )
        union: Mask = masks.flatten(0, 1).any(0).cpu().numpy()
        return union


def _load(weights: Weights, device: Device) -> _Loaded:
    try:
        import torch  # noqa: PLC0415
        import transformers  # noqa: PLC0415
    except ImportError as error:
        raise _no_packages(error) from error
    from safetensors import SafetensorError  # noqa: PLC0415 -- comes with transformers

    place = find_device(device.name)
    folder = acquire(weights.model, weights.revision)
    names = _CLASSES[_family(folder)]
    try:  # each is imported when it is asked for: torchvision may be that of another torch, transformers too old
        model_class, processor_class = (getattr(transformers, name) for name in names)
    except (ImportError, AttributeError, RuntimeError) as error:
        raise _no_packages(error) from error
    try:
        processor = processor_class.from_pretrained(folder, local_files_only=True)
        model = model_class.from_pretrained(
            folder,
            dtype=getattr(torch, device.dtype),
            device_map=place,
            use_safetensors=True,
            local_files_only=True,
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise _no_tracker(
            folder, f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
        ) from error
    return _Loaded(torch, model.eval(), processor, place)


def _no_packages(error: Exception) -> ModelError:
    cause: BaseException = error
    while cause.__cause__ is not None:  # transformers says that a module cannot be imported, and not why
        cause = cause.__cause__
    return ModelError(
        "A tracker cannot run in this process: its packages are not installed, or do not fit each other",
        got=next(iter(str(cause).splitlines()), ""),
        allowed="torch, torchvision of the same build, and transformers",
        todo="pip install '.[gpu]' into a fresh environment",
    )


def _family(folder: Path) -> str:
    """``sam3`` or ``sam2``, as the checkpoint says."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _no_tracker(folder, f"config.json: {error}") from error
    kind = str(config.get("model_type") if isinstance(config, dict) else None)
    for family in _CLASSES:
        if kind.startswith(family):
            return family
    raise _no_tracker(folder, f"a checkpoint of {kind}")


def _no_tracker(folder: Path, got: str) -> ModelError:
    return ModelError(
        "A tracker cannot be loaded",
        where=folder,
        got=got,
        allowed="a checkpoint of SAM 3 or SAM 2 for transformers: config.json, safetensors and the processor's settings",
        todo="--params track.model.name=facebook/sam2.1-hiera-large, which anyone may download, or a folder with one",
    )


@contextmanager
def _telling_memory(loaded: _Loaded) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        if loaded.place.startswith("cuda"):
            loaded.torch.cuda.empty_cache()
        raise OutOfMemoryError(next(iter(str(error).splitlines()), "")) from error
