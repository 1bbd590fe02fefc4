"""Size and pixel format of H.264 video, from the parameter set that the mp4's index carries.

Source: ITU-T H.264, sections 7.3.2.1.1 and E.1.1; ISO/IEC 14496-15, section 5.3.3.1 (`avcC`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_SPS = 7  # type of the unit that holds a sequence parameter set
_WITH_CHROMA = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 144, 244})
"""Profiles whose parameter set says the chroma format and bit depth; the others are 4:2:0 in 8 bits."""
# Format 0 is grey, which FFmpeg decodes to 4:2:0 all the same.
_FORMATS = {0: "yuv420p", 1: "yuv420p", 2: "yuv422p", 3: "yuv444p"}
_CROP_UNITS = {0: (1, 1), 1: (2, 2), 2: (2, 1), 3: (1, 1)}
_EXTENDED_ASPECT_RATIO = 255


class H264Config(NamedTuple):
    """What a parameter set says: the size of the picture and its pixel format, as FFmpeg names it."""

    width_px: int
    height_px: int
    pixel_format: str


class _Bits:
    """Bits of a unit, the highest first; those after its end are an error."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        """The next ``count`` bits as a number."""
        if count > self._left:
            raise ValueError("the parameter set is cut off")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """The next number in Exp-Golomb code."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("a number of more than 32 bits")
        return (1 << zeros) - 1 + self.take(zeros)


@lru_cache(maxsize=256)
def read_avc_config(content: bytes) -> H264Config:
    """What the first parameter set of an ``avcC`` atom says. The clips of a release share a few of them.

    Raises:
        ValueError: it holds none, or one that is not understood.
    """
    if len(content) < 8 or content[0] != 1 or not content[5] & 0x1F:
        raise ValueError("no parameter set")
    length = int.from_bytes(content[6:8], "big")
    unit = content[8 : 8 + length]
    if len(unit) != length or length < 4 or unit[0] & 0x1F != _SPS:
        raise ValueError("no whole parameter set")
    return _read_sps(unit[1:].replace(b"\0\0\3", b"\0\0"))


def _read_sps(data: bytes) -> H264Config:
    profile = data[0]
    bits = _Bits(data[3:])
    bits.golomb()  # its number
    chroma, depth = _read_chroma(bits) if profile in _WITH_CHROMA else (1, 8)
    bits.golomb()  # length of frame numbers
    _skip_picture_order(bits)
    bits.golomb()  # reference frames
    bits.take(1)  # whether frame numbers may have gaps
    columns, rows = bits.golomb() + 1, bits.golomb() + 1
    is_frames_only = bits.take(1)
    if not is_frames_only:
        bits.take(1)
    bits.take(1)
    left, right, top, bottom = [bits.golomb() for _ in range(4)] if bits.take(1) else (0, 0, 0, 0)
    unit_x, unit_y = _CROP_UNITS[chroma]
    is_full_range = _read_full_range(bits) if bits.take(1) else False
    return H264Config(
        columns * 16 - (left + right) * unit_x,
        (rows * 16 - (top + bottom) * unit_y) * (2 - is_frames_only),
        _pixel_format(chroma, depth, is_full_range),
    )


def _read_chroma(bits: _Bits) -> tuple[int, int]:
    """Chroma format and bit depth."""
    chroma = bits.golomb()
    if chroma not in _FORMATS:
        raise ValueError(f"chroma format {chroma}")
    if chroma == 3 and bits.take(1):
        raise ValueError("separate colour planes")
    luma_depth, chroma_depth = bits.golomb() + 8, bits.golomb() + 8
    if chroma and luma_depth != chroma_depth:
        raise ValueError(f"bit depths {luma_depth} and {chroma_depth}")
    bits.take(1)  # lossless
    if bits.take(1):
        for number in range(8 if chroma != 3 else 12):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if number < 6 else 64)
    return chroma, luma_depth


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = 8
    for _ in range(size):
        code = bits.golomb()
        delta = (code + 1) // 2 if code % 2 else -(code // 2)
        following = (last + delta) % 256
        if not following:
            return
        last = following


def _skip_picture_order(bits: _Bits) -> None:
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 256)):
            bits.golomb()
    elif order != 2:
        raise ValueError(f"picture order type {order}")


def _read_full_range(bits: _Bits) -> bool:
    """Whether the usability information says that values take the full range of their bits."""
    if bits.take(1) and bits.take(8) == _EXTENDED_ASPECT_RATIO:
        bits.take(32)
    if bits.take(1):
        bits.take(1)
    if not bits.take(1):
        return False
    bits.take(3)
    is_full = bool(bits.take(1))
    if bits.take(1) and bits.take(24) & 0xFF == 0:
        raise ValueError("colours as RGB")  # 4:4:4 planes in another order, under another name
    return is_full


def _pixel_format(chroma: int, depth: int, is_full_range: bool) -> str:
    name = _FORMATS[chroma]
    if depth == 8:
        return name.replace("yuv", "yuvj") if is_full_range else name
    if depth not in {9, 10, 12, 14}:
        raise ValueError(f"{depth} bits")
    return f"{name}{depth}le"
