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


def test_a_jpeg_is_read() -> None:
    """As near as its compression lets it."""
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    assert np.abs(read(saved(flat, "JPEG", quality=95)).astype(int) - flat).max() <= 3


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA"])
def test_other_forms_of_8_bits_become_rgb(mode: str) -> None:
    """Grey, a palette, black and white; an alpha channel is left out."""
    image = Image.fromarray(PICTURE).convert(mode)
    np.testing.assert_array_equal(read(saved(image)), np.array(image.convert("RGB")))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims a size."""
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"")))
    body = b"".join(
        struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no image",
        saved(PICTURE)[:-200],
        saved(PICTURE, "GIF"),
        saved(PICTURE, "BMP"),
        saved(np.zeros((4, 4), np.uint16)),
        bomb(100_000, 100_000),
        bomb(8193, 8192),
        bomb(0, 5),
        bomb(64, 64),
    ],
    ids=["empty", "text", "cut", "gif", "bmp", "16 bits", "bomb", "large", "no width", "no pixels"],
)
def test_what_cannot_be_read_is_an_error(content: bytes) -> None:
    """Always of one kind, with the code of the table of the media."""
    with pytest.raises(MediaError) as caught:
        read(content)
    assert caught.value.code == MediaFault.UNDECODABLE


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
