"""A release of small real clips in which each row has one fault of its own, or none.

All numbers are a tenth of the release's: 128x72 stands for 1280x720, and 13 frames for 81.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from sparkle_curation.spec.layout import annotations_csv_path, asset_path
from sparkle_curation.spec.tables.preflight import PairReason

THEME = "style"
NUM_FRAMES, MAX_PIXELS = 13, 128 * 72
R = PairReason
Encode = Callable[[int], bytes]
"""Gives the bytes of a file whose pictures another seed makes others."""


def clip(
    seed: int,
    frames: int = 13,
    size: tuple[int, int] = (128, 72),
    fps: int = 16,
    rotation: int = 0,
    times: list[int] | None = None,
) -> bytes:
    """An H.264 mp4 of noise."""
    target = io.BytesIO()
    width, height = size
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "45"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if rotation:
            stream.set_display_rotation(-rotation)
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(np.roll(noise, number, axis=1), format="rgb24")
            picture.pts, picture.time_base = (times or range(frames))[number], Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return target.getvalue()


def image(seed: int, form: str = "PNG", size: tuple[int, int] = (128, 72), frames: int = 1) -> bytes:
    """Pictures of one colour each."""
    target = io.BytesIO()
    colours = [(seed % 256, number * 9, 99) for number in range(frames)]
    first, *others = [Image.new("RGB", size, colour) for colour in colours]
    more: dict[str, Any] = {"save_all": True, "append_images": others} if others else {}
    first.save(target, form, **more)
    return target.getvalue()


def cut(seed: int, left_out: Callable[[bytes], int]) -> bytes:
    """A clip without its end."""
    content = clip(seed)
    return content[: len(content) - left_out(content)]


@dataclass(frozen=True)
class Case:
    """A row of the CSV, and what is to be found of it.

    Attributes:
        name: what it is.
        reasons: what the preflight says.
        source: file at the source's path; None for none.
        edited: the same of the edited video.
        near_duplicate: name of the case whose seeds it shares, so that equal encoders give copies.
        cells: cells of the CSV that are not the usual ones, with ``{id}`` and ``{near_duplicate}`` filled in.
        files: further files by path, filled in too.
        is_stricter: whether the loader takes the row, and the preflight drops it all the same.
    """

    name: str
    reasons: tuple[PairReason, ...] = ()
    source: Encode | None = clip
    edited: Encode | None = clip
    near_duplicate: str | None = None
    cells: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, Encode], ...] = ()
    is_stricter: bool = False


def both(encode: Encode) -> dict[str, Encode]:
    """The encoder for source and edited video."""
    return {"source": encode, "edited": encode}


def at(extension: str) -> str:
    """The path of a source video with another extension."""
    return f"{THEME}/source_video/{{id}}.{extension}"


_UNEVEN = [number * 62 for number in range(11)] + [621, 622]
"""Milliseconds; the last frames come so fast that FFmpeg, at 16 frames a second, leaves them out."""
_JITTER = [round(number * 62.5) for number in range(13)]
"""16 frames a second in whole milliseconds: all are written."""
_PAUSED = [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13]
"""Steps of 1/16 s; one frame is shown twice as long, and written twice."""
_STILL = f"intermediate_data/{THEME}/source_frame0/{{id}}.png"
_EDITED_STILL = f"intermediate_data/{THEME}/edited_frame0/{{id}}.png"

CASES: tuple[Case, ...] = (
    # ------------------------------------------------------------ loads
    Case("good"),
    Case("shorter", **both(partial(clip, frames=9))),
    Case("longer", **both(partial(clip, frames=17))),
    Case("larger", **both(partial(clip, size=(192, 108)))),
    Case("upright", **both(partial(clip, rotation=90))),
    Case("dotted", cells=(("src_video", f"./{THEME}/./source_video/{{id}}.mp4"),)),
    Case("jitter", **both(partial(clip, fps=1000, times=_JITTER))),
    # ------------------------------------------------------------ replaced
    Case("source missing", (R.MISSING_FILE,), source=None),
    Case("edited missing", (R.MISSING_FILE,), edited=None),
    Case("nothing in it", (R.CORRUPT_FILE,), edited=lambda _: b""),
    Case("text", (R.CORRUPT_FILE,), source=lambda _: b"no video " * 99),
    Case("half", (R.CORRUPT_FILE,), edited=partial(cut, left_out=lambda content: len(content) // 2)),
    Case("extension", (R.WRONG_EXTENSION,), cells=(("src_video", at("m4v")),), files=((at("m4v"), clip),)),
    Case("NaN path", (R.NO_PATH,), cells=(("tgt_video", "NA"),)),
    Case("absolute", (R.OUTSIDE_RELEASE,), cells=(("src_video", "/nowhere/{id}.mp4"),)),
    Case("climbs", (R.OUTSIDE_RELEASE,), cells=(("tgt_video", f"{THEME}/../../{{id}}.mp4"),)),
    Case("narrower", (R.SIZE_MISMATCH,), edited=partial(clip, size=(96, 72))),
    Case("turned", (R.SIZE_MISMATCH,), source=partial(clip, rotation=270)),
    Case("fewer frames", (R.FRAME_COUNT_MISMATCH,), edited=partial(clip, frames=12)),
    Case("still and clip", (R.FRAME_COUNT_MISMATCH, R.READ_AS_IMAGE), source=partial(clip, frames=4)),
    Case("uneven", (R.FRAMES_RUN_OUT, R.UNEVEN_ALIKE), **both(partial(clip, fps=1000, times=_UNEVEN))),
    Case("tiny", (R.TOO_SMALL,), **both(partial(clip, size=(24, 24)))),
    # ------------------------------------------------------------ dropped although the loader takes it
    Case("flat", (R.TOO_FLAT,), **both(partial(clip, size=(128, 24))), is_stricter=True),
    Case("last byte", (R.DOUBTFUL_FILE,), edited=partial(cut, left_out=lambda _: 1), is_stricter=True),
    Case("named mp4", (R.DOUBTFUL_FILE,), **both(partial(image, form="JPEG")), is_stricter=True),
    Case(
        "paused in one",
        (R.UNEVEN_FRAMES, R.UNEQUAL_FPS),
        edited=partial(clip, times=_PAUSED),
        is_stricter=True,
    ),
    Case(
        "jpg on disk",
        (R.UNKNOWN_FILE, R.IMAGE_FILE, R.READ_AS_IMAGE),
        edited=partial(clip, frames=1),
        cells=(("src_video", at("jpg")),),
        files=((at("jpg"), partial(image, form="JPEG")),),
        is_stricter=True,
    ),
    Case(
        "gif on disk",
        (R.UNKNOWN_FILE,),
        cells=(("src_video", at("gif")),),
        files=((at("gif"), partial(image, form="GIF", frames=13)),),
        is_stricter=True,
    ),
    # ------------------------------------------------------------ accepted, and bad
    Case("paused", (R.UNEVEN_ALIKE,), **both(partial(clip, times=_PAUSED))),
    Case("faster", (R.UNEQUAL_FPS,), edited=partial(clip, fps=24)),
    Case("cut alike", (R.UNEQUAL_FRAME_COUNTS,), partial(clip, frames=12), edited=partial(clip, frames=10)),
    Case("over alike", (R.UNEQUAL_FRAME_COUNTS,), partial(clip, frames=15), edited=partial(clip, frames=13)),
    Case("cropped alike", (R.UNEQUAL_SIZES,), edited=partial(clip, size=(128, 64))),
    Case("three frames", (R.READ_AS_IMAGE,), **both(partial(clip, frames=3))),
    Case(
        "stills",
        (R.ANOTHER_KIND, R.IMAGE_FILE),
        cells=(("src_video", _STILL), ("tgt_video", _EDITED_STILL)),
        files=((_STILL, image), (_EDITED_STILL, lambda seed: image(seed + 1))),
    ),
    Case("NaN prompt", (R.PROMPT_READ_AS_NAN,), cells=(("prompt", "null"),)),
    Case(
        "one file",
        (R.SOURCE_EQUALS_TARGET, R.ANOTHER_KIND),
        cells=(("tgt_video", f"{THEME}/source_video/{{id}}.mp4"),),
    ),
    Case("copies", (R.SOURCE_EQUALS_TARGET,), edited=lambda seed: clip(seed - 1)),
    Case(
        "others' edit",
        (R.ANOTHER_SAMPLE,),
        near_duplicate="good",
        cells=(("tgt_video", f"{THEME}/edited_video/{{near_duplicate}}.mp4"),),
    ),
    Case("row", (R.DUPLICATE_ROW,), cells=(("prompt", "again"),)),
    Case("row again", (R.DUPLICATE_ROW,), near_duplicate="row", cells=(("prompt", "again"),)),
    Case("edit", (R.DUPLICATE_EDIT,), cells=(("prompt", "and again"),)),
    Case(
        "edit again",
        (R.DUPLICATE_EDIT,),
        edited=lambda seed: clip(seed + 500),
        near_duplicate="edit",
        cells=(("prompt", "and again"),),
    ),
)
"""Every case; the encoders of source and edited video get seeds that differ by one."""

_NAMES = [case.name for case in CASES]


def id_of(name: str) -> str:
    """The sample id of a case."""
    return f"Sparkle_{THEME}_{_NAMES.index(name):06d}"


def write_release(root: Path) -> None:
    """Write the CSV and the clips of all cases."""
    rows = [_cells(case) for case in CASES]
    for case in CASES:
        _write_files(case, root)
    path = root / annotations_csv_path(THEME)
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _cells(case: Case) -> dict[str, str]:
    own = id_of(case.name)
    usual = {
        "prompt": f"prompt of {case.name}",
        "src_video": asset_path(THEME, "source_video", own),
        "tgt_video": asset_path(THEME, "edited_video", own),
        "task": own,
    }
    return usual | {name: _filled(text, case) for name, text in case.cells}


def _write_files(case: Case, root: Path) -> None:
    seed = 2 * _NAMES.index(case.near_duplicate or case.name)
    videos = (("source_video", case.source, seed), ("edited_video", case.edited, seed + 1))
    wanted = [(asset_path(THEME, kind, id_of(case.name)), encode, own) for kind, encode, own in videos]
    wanted += [(_filled(path, case), encode, seed) for path, encode in case.files]
    for path, encode, own in wanted:
        if encode is not None:
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(encode(own))


def _filled(text: str, case: Case) -> str:
    return text.format(
        id=id_of(case.name), near_duplicate=id_of(case.near_duplicate) if case.near_duplicate else ""
    )
