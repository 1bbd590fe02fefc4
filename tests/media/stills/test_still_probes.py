"""Images and masks are told by their headers; what is cut, odd or made to do harm is noticed."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.media.made_clips import window
from tests.media.made_faults import (
    END,
    MASK,
    MASK_BITS,
    MASK_FAULTS,
    PIXELS,
    PNG,
    PNG_FAULTS,
    chunk,
    header,
    idat,
)

from sparkle_curation.media.facts import MediaFacts
from sparkle_curation.media.masks.header import MaskHeader, read_mask_header
from sparkle_curation.media.probe.probes import Depth, probe
from sparkle_curation.spec.codes.media_faults import MediaFault
from synthetic.encode import mask_npz_bytes, png_bytes


def read_png(content: bytes, depth: Depth = Depth.INDEX) -> MediaFacts:
    """What the probe says of an image."""
    return probe("source_frame0", window(content), depth)


def read_mask(content: bytes, depth: Depth = Depth.INDEX) -> MediaFacts:
    """What the probe says of a mask."""
    return probe("source_video_mask", window(content), depth)


def as_png(image: Image.Image) -> bytes:
    """An image as another library writes it."""
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


# ------------------------------------------------------------------ images
@pytest.mark.parametrize(
    ("mode", "pixel_format"),
    [
        ("RGB", "rgb24"),
        ("RGBA", "rgba"),
        ("L", "gray"),
        ("LA", "ya8"),
        ("P", "pal8"),
        ("1", "monob"),
        ("I;16", "gray16be"),
    ],
)
def test_images_of_every_mode_are_reported(mode: str, pixel_format: str) -> None:
    """Size and pixel format as FFmpeg names it, and nothing that a still does not have."""
    image = Image.fromarray(PIXELS).convert("L" if mode == "I;16" else mode)
    content = as_png(
        image.convert(mode) if mode != "I;16" else Image.fromarray(np.zeros((48, 64), np.uint16))
    )
    facts = read_png(content, Depth.DECODE)
    assert (facts.width_px, facts.height_px, facts.codec, facts.pixel_format) == (64, 48, "png", pixel_format)
    assert (facts.frame_count, facts.fps, facts.duration_s) == (None, None, None)
    assert (facts.probe, facts.error) == ("png", None)
    assert facts.frames_hash


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (64, 48)])
def test_interlaced_images_are_whole(size: tuple[int, int]) -> None:
    """Seven passes instead of one, some of them without a pixel; a row less is too few."""
    width, height = size
    picture = PIXELS[:height, :width]
    rows = [
        b"\0" + row.tobytes()
        for left, top, step_x, step_y in PASSES
        for row in picture[top::step_y, left::step_x]
        if row.size
    ]
    content = header(width, height, methods=(0, 0, 1)) + idat(zlib.compress(b"".join(rows))) + END
    assert (np.asarray(Image.open(io.BytesIO(content))) == picture).all()
    assert read_png(content, Depth.DECODE).error is None
    shorter = header(width, height, methods=(0, 0, 1)) + idat(zlib.compress(b"".join(rows[:-1]))) + END
    assert read_png(shorter, Depth.DECODE).error == MediaFault.UNDECODABLE


def test_the_sample_s_images_and_masks_are_whole(sample_release: Path) -> None:
    """Every loose one, decoded."""
    for suffix, kind in (("png", "edited_frame0"), ("npz", "source_video_mask")):
        paths = sorted(sample_release.rglob(f"*.{suffix}"))[::4]
        assert paths
        for path in paths:
            facts = probe(kind, window(path.read_bytes()), Depth.DECODE)
            assert (facts.width_px, facts.height_px, facts.error) == (128, 72, None)


def test_little_of_a_long_image_is_read() -> None:
    """Twelve bytes for each chunk: of an image of chunks of 8 KB less than a hundredth."""
    noise = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
    whole = png_bytes(noise)
    start, body = whole.index(b"IDAT") + 4, 8192
    length = int.from_bytes(whole[start - 8 : start - 4], "big")
    pieces = [
        whole[place : min(place + body, start + length)] for place in range(start, start + length, body)
    ]
    content = whole[: start - 8] + b"".join(map(idat, pieces)) + chunk(b"IEND", b"")
    opened = window(content)
    assert probe("source_frame0", opened).error is None
    assert opened.bytes_read < len(content) / 100
    assert Image.open(io.BytesIO(content)).size == (1280, 720)


@pytest.mark.parametrize("name", PNG_FAULTS)
def test_each_fault_of_an_image_has_its_code(name: str) -> None:
    """And says what was found."""
    fault, content = PNG_FAULTS[name]
    facts = read_png(content)
    assert facts.error == fault, facts
    assert facts.error_detail


def test_an_image_cut_anywhere_is_noticed() -> None:
    """At every byte."""
    content = png_bytes(PIXELS[:4, :4])
    for end in range(1, len(content)):
        assert read_png(content[:end]).error in {MediaFault.TRUNCATED, MediaFault.NOT_PNG}, end


def test_a_flipped_pixel_is_seen_by_its_checksum() -> None:
    """Not by the header alone: only decoding reads the pixels."""
    place = PNG.index(b"IDAT") + 100
    flipped = PNG[:place] + bytes([PNG[place] ^ 4]) + PNG[place + 1 :]
    assert read_png(flipped).error is None
    assert read_png(flipped, Depth.HASH).error is None
    assert read_png(flipped, Depth.DECODE).error == MediaFault.BAD_CHECKSUM


def test_pixels_that_cannot_be_unpacked_are_reported() -> None:
    """Their checksum is right, and they are none."""
    content = header() + idat(b"no zlib at all") + END
    assert read_png(content).error is None
    assert read_png(content, Depth.DECODE).error == MediaFault.UNDECODABLE


def test_pixels_that_end_too_soon_are_reported() -> None:
    """Ten rows of the 48 that the header promises; FFmpeg would fill up the rest."""
    content = header() + idat(zlib.compress(bytes(10 * (1 + 64 * 3)))) + END
    assert read_png(content).error is None
    assert read_png(content, Depth.DECODE).error == MediaFault.UNDECODABLE


def test_a_header_that_claims_gigabytes_is_not_decoded() -> None:
    """Forty thousand by forty thousand pixels in a hundred bytes."""
    facts = read_png(header(40_000, 40_000) + idat(zlib.compress(bytes(1000))) + END, Depth.DECODE)
    assert facts.error == MediaFault.UNDECODABLE
    assert "40000x40000" in (facts.error_detail or "")


def test_the_index_hash_of_an_image_is_of_its_checksums() -> None:
    """Another pixel is another hash, though no pixel is read."""
    other = PIXELS.copy()
    other[5, 5] ^= 1
    assert read_png(PNG).index_hash == read_png(png_bytes(PIXELS)).index_hash
    assert read_png(PNG).index_hash != read_png(png_bytes(other)).index_hash


# ------------------------------------------------------------------ masks
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed], ids=["stored", "packed"])
@pytest.mark.parametrize("integer", [np.int64, np.int32])
def test_masks_of_every_make_are_reported(save: object, integer: type) -> None:
    """As NumPy writes them, packed or not; the shape as integers of any width."""
    target = io.BytesIO()
    save(target, mask=np.packbits(MASK_BITS), shape=np.array(MASK_BITS.shape, integer))  # type: ignore[operator]
    facts = read_mask(target.getvalue(), Depth.DECODE)
    assert (facts.frame_count, facts.height_px, facts.width_px) == (5, 9, 7)
    assert (facts.codec, facts.probe, facts.error, facts.fps) == ("npz", "npz", None, None)
    assert facts.frames_hash


def test_the_header_of_a_mask_is_for_whoever_reads_it() -> None:
    """By a function that reads, and the length of the file."""
    header = read_mask_header(lambda offset, length: MASK[offset : offset + length], len(MASK))
    assert header == MaskHeader(5, 9, 7, -(-5 * 9 * 7 // 8), header.index_hash)


def test_little_of_a_long_mask_is_read() -> None:
    """Its mask is not unpacked."""
    noise = np.random.default_rng(0).random((20, 100, 100)) > 0.5
    opened = window(mask_npz_bytes(noise))
    assert probe("source_video_mask", opened).frame_count == 20
    assert opened.bytes_read < 12_000 < opened.size


@pytest.mark.parametrize("name", MASK_FAULTS)
def test_each_fault_of_a_mask_has_its_code(name: str) -> None:
    """And says what was found."""
    fault, content = MASK_FAULTS[name]
    facts = read_mask(content)
    assert facts.error == fault, facts
    assert facts.error_detail


def test_a_mask_cut_anywhere_is_noticed() -> None:
    """At every byte."""
    for end in range(1, len(MASK)):
        assert read_mask(MASK[:end]).error in {MediaFault.TRUNCATED, MediaFault.NOT_NPZ}, end


def test_a_flipped_bit_of_a_mask_is_seen_by_its_checksum() -> None:
    """Not by the header alone: only decoding unpacks the mask."""
    stored = io.BytesIO()
    np.savez(stored, mask=np.packbits(MASK_BITS), shape=np.array(MASK_BITS.shape))
    content = stored.getvalue()
    place = content.index(np.packbits(MASK_BITS).tobytes())
    flipped = content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]
    assert read_mask(flipped).error is None
    assert read_mask(flipped, Depth.DECODE).error == MediaFault.BAD_CHECKSUM


def test_the_hash_of_a_mask_is_of_what_is_unpacked() -> None:
    """Packed or not it is one mask; another bit is another."""
    packed, stored, other = io.BytesIO(), io.BytesIO(), io.BytesIO()
    bits = np.packbits(MASK_BITS)
    np.savez_compressed(packed, mask=bits, shape=np.array(MASK_BITS.shape))
    np.savez(stored, mask=bits, shape=np.array(MASK_BITS.shape))
    bits[3] ^= 1
    np.savez(other, mask=bits, shape=np.array(MASK_BITS.shape))
    one, same, different = (read_mask(file.getvalue(), Depth.DECODE) for file in (packed, stored, other))
    assert one.frames_hash == same.frames_hash != different.frames_hash
    assert len({facts.index_hash for facts in (one, same, different)}) == 3


# ------------------------------------------------------------------ anything at all
@pytest.mark.parametrize(("kind", "whole"), [("source_frame0", PNG), ("source_video_mask", MASK)])
@given(data=st.data())
def test_mutated_files_give_a_row(kind: str, whole: bytes, data: st.DataObject) -> None:
    """Whatever the bytes are: facts that make sense or an error, never a crash or a huge read."""
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.one_of(st.integers(0, 120), st.integers(len(content) - 250, len(content) - 1)))
        new = data.draw(
            st.sampled_from([b"\xff", b"\0", b"\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0", b"PK\1\2"])
        )
        content[place : place + len(new)] = new[: len(content) - place]
    facts = probe(kind, window(bytes(content)), data.draw(st.sampled_from([Depth.INDEX, Depth.DECODE])))
    if facts.error is None:
        assert (facts.width_px or 0) > 0
        assert facts.index_hash
    else:
        assert facts.error in set(MediaFault)
        assert facts.error_detail
