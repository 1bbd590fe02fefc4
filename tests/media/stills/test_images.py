"""Images come as RGB arrays; what is none, or would take too much, is an error."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from tests.media.made_faults import END, header, idat

from sparkle_curation.errors import MediaError
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.spec.codes.media_faults import MediaFault

PICTURE = np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)


def saved(picture: NDArray[Any] | Image.Image, form: str = "PNG", **options: object) -> bytes:
    """The bytes of an image."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def read(content: bytes) -> NDArray[np.uint8]:
    """The image in these bytes."""
    return read_image(io.BytesIO(content))


def test_a_png_is_read_as_it_is() -> None:
    """Height before width, red first, wherever the file stands."""
    file = io.BytesIO(saved(PICTURE))
    file.seek(5)
    found = read_image(file)
    assert (found.shape, found.dtype) == ((24, 32, 3), np.uint8)
    np.testing.assert_array_equal(found, PICTURE)
    found[0, 0] = 0  # and may be written to


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA"])
def test_other_forms_of_8_bits_become_rgb(mode: str) -> None:
    """Grey, a palette, black and white; an alpha channel is left out."""
    image = Image.fromarray(PICTURE).convert(mode)
    np.testing.assert_array_equal(read(saved(image)), np.array(image.convert("RGB")))


def deep(colour: int, channels: int) -> tuple[NDArray[np.uint16], bytes]:
    """Pixels of 16 bits a channel, and a PNG of them."""
    pixels = np.random.default_rng(2).integers(0, 1 << 16, (6, 5, channels), np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return pixels, header(5, 6, 16, colour) + idat(zlib.compress(rows)) + END


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_of_16_bits_the_high_8_are_read(colour: int, channels: int) -> None:
    """In every form that a PNG has, grey too, which Pillow would cut off at 255."""
    pixels, content = deep(colour, channels)
    shown = pixels[..., :3] if channels > 2 else np.repeat(pixels[..., :1], 3, axis=2)
    np.testing.assert_array_equal(read(content), shown >> 8)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims a size."""
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"")))
    body = b"".join(
        struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + body


UNUSABLE = {
    "empty": (b"", MediaFault.EMPTY),
    "text": (b"no image", MediaFault.NOT_PNG),
    "cut": (saved(PICTURE)[:-200], MediaFault.TRUNCATED),
    "a jpeg": (saved(PICTURE, "JPEG"), MediaFault.NOT_PNG),
    "a gif": (saved(PICTURE, "GIF"), MediaFault.NOT_PNG),
    "a bomb": (bomb(100_000, 100_000), MediaFault.UNDECODABLE),
    "too large": (bomb(8193, 8192), MediaFault.UNDECODABLE),
    "no width": (bomb(0, 5), MediaFault.BAD_STRUCTURE),
    "no pixels": (bomb(64, 64), MediaFault.UNDECODABLE),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_cannot_be_read_is_an_error(name: str) -> None:
    """Always of one kind, with the code of the table of the media."""
    content, code = UNUSABLE[name]
    with pytest.raises(MediaError) as caught:
        read(content)
    assert caught.value.code == code


@pytest.mark.parametrize("size", [(100_000, 100_000), (8193, 8192)])
def test_a_claimed_size_is_not_taken(size: tuple[int, int]) -> None:
    """The header is enough to know: it is not the missing pixels that are told."""
    with pytest.raises(MediaError, match="pixels"):
        read(bomb(*size))


@given(st.data())
@settings(max_examples=150)
def test_damage_gives_an_image_or_an_error(data: st.DataObject) -> None:
    """Never an error of another kind, whatever is cut or flipped."""
    content = bytearray(saved(PICTURE))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(MediaError):
        assert read(bytes(content[: data.draw(st.integers(0, len(content)))])).shape[2] == 3
