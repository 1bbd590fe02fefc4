"""Small clips of every make, encoded here, and the atoms in them."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from sparkle_curation.media.byte_window import ByteWindow, Reading

Atom = tuple[bytes, int, int]
"""Type of an atom, its first byte, and the first one after it."""

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"}


def window(content: bytes) -> ByteWindow:
    """Bytes as a window on a longer file, with other bytes before and after them."""
    held = b"before" + content + b"after"
    return ByteWindow(Reading(lambda offset, length: held[offset : offset + length]), 6, len(content))


@dataclass(frozen=True, kw_only=True)
class ClipPlan:
    """A clip of noise that moves.

    Attributes:
        frames: how many.
        size: width and height.
        codec: encoder.
        pixel_format: what is encoded.
        rate: frames a second.
        flags: `movflags` of the muxer, such as ``faststart``.
        codec_options: options of the encoder.
        times: when each frame is shown, in steps; None for one after another.
        rotation: degrees clockwise by which players shall turn it.
        has_sound: whether there is a track of sound before it.
        form: container.
    """

    frames: int = 9
    size: tuple[int, int] = (64, 48)
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    rate: Fraction = Fraction(16)
    flags: str = ""
    codec_options: Mapping[str, str] = field(default_factory=dict)
    times: Sequence[int] | None = None
    rotation: int = 0
    has_sound: bool = False
    form: str = "mp4"


def make_clip(**changes: Any) -> bytes:
    """The bytes of a clip that is as ``ClipPlan`` but for the changes."""
    plan = ClipPlan(**changes)
    # A file, not memory: moving the index to the start opens it again by its name.
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "clip")
        options = {"movflags": plan.flags} if plan.flags else {}
        with av.open(str(target), "w", format=plan.form, options=options) as container:
            sound = container.add_stream("aac", rate=16000, layout="mono") if plan.has_sound else None
            video = container.add_stream(plan.codec, rate=plan.rate)
            video.width, video.height = plan.size
            video.pix_fmt = plan.pixel_format
            video.options = {**({"crf": "40"} if plan.codec == "libx264" else {}), **plan.codec_options}
            if plan.rotation:
                video.set_display_rotation(-plan.rotation)
            if sound is not None:
                _encode_silence(container, sound)
            _encode_noise(container, video, plan)
        return target.read_bytes()


def _encode_silence(container: av.container.OutputContainer, sound: av.AudioStream) -> None:
    for start in range(0, 8192, 1024):
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        samples.sample_rate, samples.pts = 16000, start
        container.mux(sound.encode(samples))
    container.mux(sound.encode(None))


def _encode_noise(container: av.container.OutputContainer, video: av.VideoStream, plan: ClipPlan) -> None:
    for number in range(plan.frames):
        picture = av.VideoFrame.from_ndarray(_noise(number, plan.size), format="rgb24")
        picture.pts = plan.times[number] if plan.times else number
        picture.time_base = 1 / plan.rate
        container.mux(video.encode(picture))
    container.mux(video.encode(None))


def _noise(number: int, size: tuple[int, int]) -> np.ndarray:
    width, height = size
    still = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return np.roll(still, number, axis=1)


def walk_atoms(content: bytes, start: int = 0, end: int | None = None) -> Iterator[Atom]:
    """Every atom of a whole mp4, those within others too, parents first."""
    end = len(content) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, start)
        yield kind, start, start + size
        if kind in _CONTAINERS:
            yield from walk_atoms(content, start + 8, start + size)
        start += size


def find_atom(content: bytes, kind: bytes) -> Atom:
    """The first atom of a type."""
    return next(atom for atom in walk_atoms(content) if atom[0] == kind)


def patched(content: bytes, kind: bytes, offset: int, new: bytes) -> bytes:
    """The clip with bytes of one atom replaced; ``offset`` is counted behind the atom's header of 8 bytes."""
    _, start, end = find_atom(content, kind)
    place = start + 8 + offset
    if place + len(new) > end:
        raise ValueError("outside of the atom")
    return content[:place] + new + content[place + len(new) :]


def renamed(content: bytes, kind: bytes, new: bytes) -> bytes:
    """The clip with the first atom of a type under another type, so that nobody finds it."""
    _, start, _ = find_atom(content, kind)
    return content[: start + 4] + new + content[start + 8 :]
