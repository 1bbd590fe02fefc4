"""What `inspect` with `decode` calls whole, the readers of pictures and masks read, and nothing else: one rule for both."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from tests.media.made_clips import window
from tests.media.made_faults import (
    END,
    MASK,
    MASK_FAULTS,
    PIXELS,
    PNG,
    PNG_FAULTS,
    as_npz,
    chunk,
    header,
    idat,
    twice,
)

from sparkle_curation.errors import MediaError
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.probe.probes import Depth, probe
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.spec.codes.media_faults import MediaFault
from synthetic.encode import mask_npz_bytes

Reader = Callable[[BinaryIO], NDArray[Any]]
READERS: dict[str, Reader] = {"source_frame0": read_image, "source_video_mask": load_mask}


def inspected(kind: str, content: bytes, depth: Depth = Depth.DECODE) -> str | None:
    """The error that `inspect` finds."""
    return probe(kind, window(content), depth).error


def read(kind: str, content: bytes) -> str | None:
    """The error that who wants the pixels gets."""
    try:
        READERS[kind](io.BytesIO(content))
    except MediaError as error:
        return error.code
    return None


def packed_rows(filter_number: int) -> bytes:
    """The pixels, each row behind the number of a filter."""
    return zlib.compress(b"".join(bytes([filter_number]) + row.tobytes() for row in PIXELS))


def grey_of_16_bits() -> bytes:
    """A PNG as NumPy and Pillow make one of measured values."""
    target = io.BytesIO()
    Image.fromarray((np.arange(48 * 64).reshape(48, 64) * 20).astype(np.uint16)).save(target, "PNG")
    return target.getvalue()


def with_array(name: str, content: bytes) -> bytes:
    """The mask with another member."""
    target = io.BytesIO(MASK)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(name, content)
    return target.getvalue()


WHOLE = {
    "grey in 16 bits": ("source_frame0", grey_of_16_bits()),
    "bytes behind the end": ("source_frame0", PNG + b"junk" * 10),
    "an image behind the end": ("source_frame0", PNG + PNG),
    "zeros behind the end": ("source_frame0", PNG + bytes(100_000)),
    "a broken note": ("source_frame0", PNG[:33] + chunk(b"pHYs", b"x") + PNG[33:]),
    "a colour profile that is none": ("source_frame0", PNG[:33] + chunk(b"iCCP", b"x\0\0y") + PNG[33:]),
    "82 frames": ("source_video_mask", mask_npz_bytes(np.ones((82, 4, 4), bool))),
    "another array": ("source_video_mask", with_array("more.npy", b"any")),
}
BROKEN = {
    "a filter 9": ("source_frame0", header() + idat(packed_rows(9)) + END, MediaFault.UNDECODABLE),
    "a filter 5 in one row": (
        "source_frame0",
        header(1, 2) + idat(zlib.compress(b"\0abc\5abc")) + END,
        MediaFault.UNDECODABLE,
    ),
    "rows that end too soon": (
        "source_frame0",
        header(height=49) + idat(packed_rows(0)) + END,
        MediaFault.UNDECODABLE,
    ),
    "another checksum of the pixels": (
        "source_frame0",
        header() + idat(packed_rows(0)[:-4] + b"abcd") + END,
        MediaFault.UNDECODABLE,
    ),
    "two masks": ("source_video_mask", twice("mask.npy"), MediaFault.NO_MASK),
    "two shapes": ("source_video_mask", twice("shape.npy"), MediaFault.NO_MASK),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_whole_is_read(name: str) -> None:
    """Odd, but all that who reads it needs is there: no error by the header, by decoding or by reading."""
    kind, content = WHOLE[name]
    assert inspected(kind, content, Depth.INDEX) is None
    assert inspected(kind, content) is None
    assert read(kind, content) is None


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused(name: str) -> None:
    """With one code, by who inspects it and by who reads it."""
    kind, content, code = BROKEN[name]
    assert (inspected(kind, content), read(kind, content)) == (code, code)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        *(("source_frame0", content) for _, content in PNG_FAULTS.values()),
        *(("source_video_mask", content) for _, content in MASK_FAULTS.values()),
    ],
    ids=[*PNG_FAULTS, *(f"mask: {name}" for name in MASK_FAULTS)],
)
def test_what_the_header_shows_no_reader_takes(kind: str, content: bytes) -> None:
    """Each sort of the page of broken media, with its code."""
    error = inspected(kind, content, Depth.INDEX)
    assert error is not None
    assert read(kind, content) == error


def test_a_jpeg_is_no_png() -> None:
    """Whatever its name: what reads frames reads what the description says that they are."""
    target = io.BytesIO()
    Image.fromarray(PIXELS).save(target, "JPEG")
    assert inspected("source_frame0", target.getvalue(), Depth.INDEX) == MediaFault.NOT_PNG
    assert read("source_frame0", target.getvalue()) == MediaFault.NOT_PNG


NOISE = np.random.default_rng(5).integers(0, 256, (9, 11, 3), np.uint8)
SMALL = {
    "source_frame0": header(11, 9)
    + idat(zlib.compress(b"".join(b"\0" + row.tobytes() for row in NOISE)))
    + END,
    "source_video_mask": as_npz(mask=np.packbits(NOISE[..., 0] > 99), shape=np.array((3, 3, 11))),
}


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damage_is_judged_alike(data: st.DataObject) -> None:
    """Whatever bytes are changed, added or cut."""
    kind = data.draw(st.sampled_from(sorted(SMALL)))
    content = bytearray(SMALL[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.sampled_from([len(content), len(content) - 1, len(content) // 2]))
    changed = bytes(content[:end]) + data.draw(st.binary(max_size=20))
    assert inspected(kind, changed) == read(kind, changed)
