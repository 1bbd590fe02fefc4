"""A tracked mask frame by frame, beside the released one: what the strip below the video is drawn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparkle_curation.errors import MediaError
from sparkle_curation.explorer.masks import pack_small
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.assets import Failure, read_asset
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.masks.measures import Mask
from sparkle_curation.media.tracking.measures import iou
from sparkle_curation.spec.layout import KIND


class Seen(NamedTuple):
    """Both masks of a sample, as the page takes them.

    Attributes:
        frames: what ``measure_frames`` gives.
        rerun: the tracked mask, as ``pack_small`` has it; None where it cannot be read.
        released: the released one; None where there is none.
        faults: by ``rerun`` and ``released``, why there is none, in words.
    """

    frames: dict[str, Any]
    rerun: bytes | None
    released: bytes | None
    faults: dict[str, str]


def see_masks(path: Path, store: AssetStore, sample_id: str) -> Seen:
    """The masks of a sample.

    Args:
        path: of the tracked mask.
        store: the release's own assets.
        sample_id: whose.
    """
    faults = {}
    rerun: Mask | None = None
    try:
        with path.open("rb") as file:
            rerun = load_mask(file)
    except OSError as error:
        faults["rerun"] = f"the tracked mask is not there: {error.strerror}. kedro run --pipelines track"
    except MediaError as error:
        faults["rerun"] = f"{error.what}: {error.got}. kedro run --pipelines track"
    found = read_asset(store, sample_id, KIND.mask, load_mask) if store.has(sample_id, KIND.mask) else None
    released = found if isinstance(found, np.ndarray) else None
    if released is None:
        faults["released"] = found.detail if isinstance(found, Failure) else "no released mask at hand"
    elif rerun is not None and rerun.shape != released.shape:
        sizes = " and ".join("x".join(map(str, each.shape)) for each in (rerun, released))
        faults["released"] = f"the released mask has other frames or another size: {sizes}"
        released = None
    small_rerun, small_released = (None if each is None else pack_small(each) for each in (rerun, released))
    return Seen(measure_frames(rerun, released), small_rerun, small_released, faults)


def measure_frames(mask: Mask | None, released: Mask | None) -> dict[str, list[float] | None]:
    """Values of each frame: the ``share`` of the picture that the mask covers, ``released_share``, and ``iou`` of the two.

    A frame that is empty in both has an IoU of 1, as in ``tracks``. None where there is nothing to measure.

    >>> measure_frames(np.array([[[1, 1]], [[0, 0]]], bool), np.array([[[1, 0]], [[0, 0]]], bool))
    {'share': [1.0, 0.0], 'released_share': [0.5, 0.0], 'iou': [0.5, 1.0]}
    """
    both = mask is not None and released is not None and mask.shape == released.shape
    return {
        "share": _shares(mask),
        "released_share": _shares(released),
        "iou": [
            1.0 if (value := iou(*frames)) is None else value for frames in zip(mask, released, strict=True)
        ]
        if both and mask is not None and released is not None
        else None,
    }


def _shares(mask: Mask | None) -> list[float] | None:
    return None if mask is None else [int(np.count_nonzero(frame)) / frame.size for frame in mask]
