"""DiffSynth's profile beside what its loader and its trainer were seen to do with the same files.

``LOADED`` is what ``UnifiedDataset`` of ``diffsynth`` 2.1.12 gave of these very clips, told 832 x 480 and 81 frames
(29 November 2026, imageio 2.38.1, FFmpeg 9.0.2): frames, or None where it raised. All frames were 832 x 480. The package is
no dependency of this one.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import NamedTuple

import polars as pl
import pytest
from tests.loader.fabricated_pairs import Encode, clip, image
from tests.made.media import file, media
from tests.media.made_clips import window

from sparkle_curation.loader.kiwi_edit import loaded_frame_count
from sparkle_curation.media.probe.probes import probe
from sparkle_curation.spec.codes.profile_reasons import ProfileReason
from sparkle_curation.spec.layout import asset_path
from sparkle_curation.training.profiles.exporting import fit_pairs
from sparkle_curation.training.profiles.known import DIFFSYNTH
from sparkle_curation.training.profiles.pairs import describe_pairs
from sparkle_curation.training.profiles.profile import PRESETS

R = ProfileReason
PRESET = PRESETS["480p81"]
ID = "Sparkle_time_000001"


class Loaded(NamedTuple):
    """A pair, and what the loader gave of it.

    Attributes:
        control: the control video's file.
        edited: the edited one's.
        frames: of both; None where the loader raised.
        reasons: of the report, but for ``enlarged``, which all have.
        is_stricter: whether the loader takes the pair, and the profile leaves it out all the same.
    """

    control: Encode
    edited: Encode
    frames: tuple[int | None, int | None]
    reasons: tuple[ProfileReason, ...] = ()
    is_stricter: bool = False


def long(frames: int = 81, size: tuple[int, int] = (128, 72), fps: int = 16, rotation: int = 0) -> Encode:
    """The encoder of a clip of that many frames."""
    return partial(clip, frames=frames, size=size, fps=fps, rotation=rotation)


def half(seed: int) -> bytes:
    """A clip of which the second half, and so its index, is not there."""
    content = clip(seed, frames=81)
    return content[: len(content) // 2]


def but_a_byte(seed: int) -> bytes:
    """A clip without its last byte, which FFmpeg reads as it would the whole."""
    return clip(seed, frames=81)[:-1]


def timed(times: list[int]) -> Encode:
    """The encoder of a clip whose frames are shown at these milliseconds."""
    return partial(clip, frames=len(times), fps=1000, times=times)


RUSHED = timed([number * 62 for number in range(70)] + [69 * 62 + 1 + number for number in range(11)])
"""The last frames come so fast that FFmpeg leaves ten of them out: reading frame 71 raised."""
JITTER = timed([round(number * 62.5) for number in range(81)])

LOADED: dict[str, Loaded] = {
    "whole": Loaded(long(), long(), (81, 81)),
    "control longer by one": Loaded(long(82), long(), (81, 81)),
    "edited longer by one": Loaded(long(), long(82), (81, 81)),
    "control much longer": Loaded(long(100), long(), (81, 81)),
    "control one short": Loaded(long(80), long(), (77, 81), (R.OTHER_LENGTH,), is_stricter=True),
    "edited one short": Loaded(long(), long(80), (81, 77), (R.SHORTER,)),
    "short alike": Loaded(long(80), long(78), (77, 77), (R.SHORTER,)),
    "four frames": Loaded(long(4), long(4), (1, 1), (R.SHORTER,)),
    "control of four": Loaded(long(4), long(), (1, 81), (R.OTHER_LENGTH,), is_stricter=True),
    "edited of four": Loaded(long(), long(4), (81, 1), (R.SHORTER,)),
    "other rate": Loaded(long(fps=24), long(), (81, 81)),
    "upright": Loaded(long(size=(72, 128)), long(size=(72, 128)), (81, 81)),
    "upright control": Loaded(long(size=(72, 128)), long(), (81, 81), (R.OTHER_SHAPE,)),
    "turned control": Loaded(long(rotation=90), long(), (81, 81), (R.OTHER_SHAPE,)),
    "odd size": Loaded(long(size=(126, 70)), long(size=(126, 70)), (81, 81)),
    "rounded times": Loaded(JITTER, JITTER, (81, 81)),
    "rushed control": Loaded(RUSHED, long(), (None, 81), (R.FRAMES_RUN_OUT,)),
    "rushed": Loaded(RUSHED, RUSHED, (None, None), (R.FRAMES_RUN_OUT,)),
    "half a control": Loaded(half, long(), (None, 81), (R.BROKEN,)),
    "half an edited": Loaded(long(), half, (81, None), (R.BROKEN,)),
    "no video": Loaded(lambda _: b"no video " * 99, long(), (None, 81), (R.BROKEN,)),
    "nothing": Loaded(long(), lambda _: b"", (81, None), (R.BROKEN,)),
    "but a byte": Loaded(long(), but_a_byte, (81, 81), (R.BROKEN,), is_stricter=True),
    "picture": Loaded(partial(image, form="JPEG"), long(4), (1, 1), (R.BROKEN,), is_stricter=True),
}
"""Of a control of fewer frames the trainer fills the end with zeros, and says nothing; a longer one it cuts."""


@pytest.mark.parametrize("name", LOADED)
def test_the_profile_says_what_the_loader_does(name: str) -> None:
    """What it raised at, or trains in part without a control, is left out; of others the frames are as counted."""
    case = LOADED[name]
    encoders = (("source_video", case.control), ("edited_video", case.edited))
    files = [
        file(ID, kind, **asdict(probe(kind, window(encode(seed)))))
        for seed, (kind, encode) in enumerate(encoders)
    ]
    paths = {
        f"{end}_video": asset_path("time", kind, ID)
        for end, (kind, _) in zip(("src", "tgt"), encoders, strict=True)
    }
    row = {"id": ID, "theme": "time", "split": "train", "prompt": "Dusk", **paths}
    pairs = describe_pairs(pl.DataFrame([row]), media(*files), "source_video")
    fitted = fit_pairs(pairs, DIFFSYNTH, PRESET)
    assert [reason for reason in fitted.report["reason"] if reason != R.ENLARGED] == [*case.reasons]
    loads = None not in case.frames
    assert fitted.rows.height == int(loads and not case.is_stricter)
    counted = fitted.rows.select(
        loaded_frame_count(pl.col(f"{video}_frame_count"), PRESET.settings).alias(video)
        for video in ("control", "edited")
    )
    assert counted.rows() == [case.frames] * fitted.rows.height
