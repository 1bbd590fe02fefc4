"""Parameter sets of H.264 are read bit by bit, whatever numbers they hold."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.media.mp4.h264_config import H264Config, read_avc_config


class Bits:
    """Writes bits, the highest first."""

    def __init__(self) -> None:
        self._text = ""

    def put(self, *numbers: tuple[int, int]) -> Bits:
        """Numbers in so many bits each."""
        self._text += "".join(f"{number:0{width}b}" for number, width in numbers)
        return self

    def golomb(self, *numbers: int) -> Bits:
        """Numbers in Exp-Golomb code."""
        for number in numbers:
            digits = f"{number + 1:b}"
            self._text += "0" * (len(digits) - 1) + digits
        return self

    def unit(self, header: bytes) -> bytes:
        """A unit of these bits: with a stop bit, and a 3 in between where bytes would look like the start of another."""
        text = f"{self._text}1"
        text += "0" * (-len(text) % 8)
        content = header + int(text, 2).to_bytes(len(text) // 8, "big")
        return re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", content)


def avc_config(unit: bytes) -> bytes:
    """The content of an atom avcC with one parameter set."""
    return bytes([1, 100, 0, 31, 0xFF, 0xE1]) + len(unit).to_bytes(2, "big") + unit


def high_profile(
    *,
    columns: int = 80,
    rows: int = 45,
    crop: tuple[int, int, int, int] | None = None,
    chroma: int = 1,
    depth: int = 8,
    order: int = 0,
    is_frames_only: bool = True,
    is_full_range: bool | None = None,
) -> bytes:
    """A parameter set of profile High, as bytes."""
    bits = Bits().golomb(0, chroma)
    if chroma == 3:
        bits.put((0, 1))
    bits.golomb(depth - 8, depth - 8).put((0, 1), (0, 1)).golomb(0, order)
    if order == 0:
        bits.golomb(2)
    elif order == 1:
        bits.put((0, 1)).golomb(5, 7, 2, 1, 1)
    bits.golomb(4).put((0, 1)).golomb(columns - 1, rows - 1).put((is_frames_only, 1))
    if not is_frames_only:
        bits.put((1, 1))
    bits.put((1, 1), (crop is not None, 1))
    if crop:
        bits.golomb(*crop)
    bits.put((is_full_range is not None, 1))
    if is_full_range is not None:
        bits.put(
            (1, 1), (255, 8), (4, 16), (3, 16), (1, 1), (0, 1), (1, 1), (5, 3), (is_full_range, 1), (0, 1)
        )
    return bits.unit(bytes([0x67, 100, 0, 31]))


def test_a_set_says_size_and_format() -> None:
    """1280x720 in whole blocks; 1080 rows are 68 blocks less eight rows."""
    assert read_avc_config(avc_config(high_profile())) == H264Config(1280, 720, "yuv420p")
    full_hd = high_profile(columns=120, rows=68, crop=(0, 0, 0, 4))
    assert read_avc_config(avc_config(full_hd)) == H264Config(1920, 1080, "yuv420p")


@given(
    columns=st.integers(1, 1 << 28),
    rows=st.integers(1, 1 << 28),
    crop=st.none() | st.tuples(*[st.integers(0, 7)] * 4),
    chroma=st.sampled_from([1, 2, 3]),
    depth=st.sampled_from([8, 10]),
    order=st.sampled_from([0, 1, 2]),
    is_frames_only=st.booleans(),
    is_full_range=st.none() | st.booleans(),
)
def test_what_is_written_is_read(**fields: object) -> None:
    """Of any size, so also where the bytes would look like the start of a unit."""
    found = read_avc_config(avc_config(high_profile(**fields)))  # type: ignore[arg-type]
    left, right, top, bottom = fields["crop"] or (0, 0, 0, 0)  # type: ignore[misc]
    unit_x, unit_y = {1: (2, 2), 2: (2, 1), 3: (1, 1)}[fields["chroma"]]  # type: ignore[index]
    fields_a_frame = 1 if fields["is_frames_only"] else 2
    assert found.width_px == fields["columns"] * 16 - (left + right) * unit_x  # type: ignore[operator]
    assert found.height_px == (fields["rows"] * 16 - (top + bottom) * unit_y) * fields_a_frame  # type: ignore[operator]
    name = {1: "yuv420p", 2: "yuv422p", 3: "yuv444p"}[fields["chroma"]]  # type: ignore[index]
    if fields["depth"] == 10:
        name += "10le"
    elif fields["is_full_range"]:
        name = name.replace("yuv", "yuvj")
    assert found.pixel_format == name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        avc_config(b""),
        avc_config(high_profile())[:-5],
        avc_config(high_profile()[:6]),
        avc_config(b"\x68" + high_profile()[1:]),
        bytes([1, 100, 0, 31, 0xFF, 0xE0, 0, 0]),
        avc_config(high_profile(chroma=4)),
        avc_config(high_profile(depth=11)),
        avc_config(high_profile(order=3)),
        avc_config(b"\x67" + bytes(60)),
    ],
    ids=[
        "empty",
        "no set",
        "cut atom",
        "cut set",
        "another unit",
        "no set counted",
        "chroma",
        "depth",
        "order",
        "zeros",
    ],
)
def test_what_is_not_understood_is_said(content: bytes) -> None:
    """So that another reader is asked; never a guess."""
    with pytest.raises(ValueError, match=r"\w"):
        read_avc_config(content)


@given(content=st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing else is raised."""
    for data in (content, avc_config(b"\x67" + content)):
        try:
            assert read_avc_config(data).pixel_format
        except ValueError:
            continue
