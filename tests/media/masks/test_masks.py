"""Masks are read as the card reads them, written so that they come back, and forged ones take no memory."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from tests.made.assets import ingested, sample, tar_bytes, write_files

from sparkle_curation.errors import AssetError, MediaError
from sparkle_curation.media.masks.masks import load_mask, save_mask
from sparkle_curation.spec.codes.media_faults import MediaFault
from synthetic.encode import mask_npz_bytes

Mask = NDArray[np.bool_]


def saved(mask: Mask) -> bytes:
    """A mask as this project writes it."""
    file = io.BytesIO()
    save_mask(file, mask)
    return file.getvalue()


def load(content: bytes) -> Mask:
    """The mask in these bytes."""
    return load_mask(io.BytesIO(content))


def published_load(content: bytes) -> Mask:
    """The mask as the dataset card says that one is read."""
    data = np.load(io.BytesIO(content))
    frames, height, width = data["shape"]
    return np.unpackbits(data["mask"])[: frames * height * width].reshape(frames, height, width).astype(bool)


MASKS = arrays.arrays(bool, arrays.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9))


@given(MASKS)
@settings(max_examples=60)
def test_what_is_saved_is_loaded_again(mask: Mask) -> None:
    """By us and by the card's own words; also where the bits do not fill the last byte."""
    content = saved(mask)
    found = load(content)
    assert (found.dtype, found.flags["C_CONTIGUOUS"]) == (np.bool_, True)
    np.testing.assert_array_equal(found, mask)
    np.testing.assert_array_equal(published_load(content), mask)


@given(
    MASKS,
    st.sampled_from([np.int64, np.int32, np.uint32, np.dtype(">i8"), np.int16, np.dtype(">u2")]),
    st.booleans(),
)
@settings(max_examples=60)
def test_what_is_published_is_loaded_alike(mask: Mask, kind: np.dtype, is_packed: bool) -> None:
    """Stored or deflated, with a shape of any integers."""
    content = npz(np.packbits(mask), np.array(mask.shape, kind), is_packed=is_packed)
    np.testing.assert_array_equal(load(content), published_load(content))


def test_the_masks_of_the_sample_are_loaded_alike(sample_release: Path, tmp_path: Path) -> None:
    """Straight from their shards."""
    store = ingested(sample_release, tmp_path)
    for number in (0, 4, 13):
        asset = store.find(f"Sparkle_location_{number:06d}", "source_video_mask")
        with store.open(asset) as file:
            np.testing.assert_array_equal(load_mask(file), published_load(store.read(asset)))


def test_a_mask_that_does_not_pack_is_loaded() -> None:
    """Noise takes more room deflated than plain."""
    mask = np.random.default_rng(1).random((20, 256, 512)) < 0.5
    np.testing.assert_array_equal(load(saved(mask)), mask)
    np.testing.assert_array_equal(load(mask_npz_bytes(mask)), mask)


def test_a_mask_of_the_real_size_takes_little_more_than_itself() -> None:
    """81 frames of 1280x720: the bits, an eighth of it, are all that is held beside it."""
    mask = np.zeros((81, 720, 1280), bool)
    mask[:, 100:600, 300:900] = True
    content = saved(mask)
    tracemalloc.start()
    found = load(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.3 * mask.size
    assert (found == mask).all()


def test_the_place_of_the_file_does_not_matter() -> None:
    """It may have been read before."""
    file = io.BytesIO()
    mask = np.ones((2, 3, 4), bool)
    save_mask(file, mask)
    np.testing.assert_array_equal(load_mask(file), mask)


@pytest.mark.parametrize(
    "mask", [np.ones((2, 3), bool), np.ones((2, 3, 4), np.uint8), np.ones((0, 3, 4), bool)], ids=str
)
def test_what_is_no_mask_is_not_saved(mask: Mask) -> None:
    """A fault of the caller."""
    with pytest.raises(ValueError, match="allowed is bool"):
        saved(mask)


# ------------------------------------------------------------------ forged and broken
def npy(array: np.ndarray) -> bytes:
    """An array as NumPy writes it, also of objects."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=True)
    return file.getvalue()


def zipped(members: list[tuple[str, bytes]], *, is_packed: bool = True) -> bytes:
    """A zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def npz(mask: np.ndarray, shape: object, *, is_packed: bool = True) -> bytes:
    """An archive with both arrays."""
    return zipped([("mask.npy", npy(mask)), ("shape.npy", npy(np.asarray(shape)))], is_packed=is_packed)


def claiming(shape: tuple[int, int, int]) -> bytes:
    """An archive of a few bytes whose headers and directory agree on a mask of any size."""
    length = -(-shape[0] * shape[1] * shape[2] // 8)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (length,)})
    content = zipped([("mask.npy", header.getvalue() + b"x"), ("shape.npy", npy(np.array(shape)))])
    return with_length(content, len(header.getvalue()) + length)


def with_length(content: bytes, length: int) -> bytes:
    """The archive, whose directory claims another length of its first member."""
    place = content.index(b"PK\1\2") + 24
    return content[:place] + length.to_bytes(4, "little") + content[place + 4 :]


BITS = np.packbits(np.ones((5, 9, 7), bool))
ARRAYS = [("mask.npy", npy(BITS)), ("shape.npy", npy(np.array([5, 9, 7])))]
FORGED = {
    "no archive": (b"no archive", MediaFault.NOT_NPZ),
    "empty": (b"", MediaFault.EMPTY),
    "cut": (npz(BITS, (5, 9, 7))[:-30], MediaFault.TRUNCATED),
    "no mask": (zipped([("shape.npy", npy(np.array([5, 9, 7])))]), MediaFault.NO_MASK),
    "no shape": (zipped([("mask.npy", npy(BITS))]), MediaFault.NO_MASK),
    "a mask twice": (zipped([*ARRAYS, ARRAYS[0]]), MediaFault.NO_MASK),
    "a shape twice": (zipped([*ARRAYS, ARRAYS[1]]), MediaFault.NO_MASK),
    "a mask of objects": (npz(np.array([{}], object), (5, 9, 7)), MediaFault.NO_MASK),
    "a shape of objects": (npz(BITS, np.array([5, 9, 7], object)), MediaFault.NO_MASK),
    "a mask of numbers": (npz(BITS.astype(np.int16), (5, 9, 7)), MediaFault.NO_MASK),
    "a shape of two": (npz(BITS, (5, 9)), MediaFault.NO_MASK),
    "a shape of fractions": (npz(BITS, (5.0, 9.0, 7.0)), MediaFault.NO_MASK),
    "a negative shape": (npz(BITS, (-5, -9, 7)), MediaFault.NO_MASK),
    "a shape of nothing": (npz(BITS[:0], (0, 9, 7)), MediaFault.NO_MASK),
    "a long shape": (
        zipped([("mask.npy", npy(BITS)), ("shape.npy", npy(np.array([5, 9, 7])) + bytes(1 << 24))]),
        MediaFault.BAD_STRUCTURE,
    ),
    "a byte too few": (npz(BITS[:-1], (5, 9, 7)), MediaFault.MASK_LENGTH),
    "a byte too many": (npz(np.append(BITS, np.uint8(0)), (5, 9, 7)), MediaFault.MASK_LENGTH),
    "a product that wraps": (npz(BITS, (1 << 31, 1 << 31, 4)), MediaFault.NO_MASK),
    "a forged length": (claiming((81, 1000, 1000)), MediaFault.BAD_CHECKSUM),
    "a forged length beyond measure": (claiming((80, 10_000, 10_000)), MediaFault.NO_MASK),
    "a forged length of endless frames": (claiming((8_000_000, 10, 100)), MediaFault.NO_MASK),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_mask_is_an_error_and_takes_no_memory(
    name: str, assert_small: Callable[[], AbstractContextManager[None]]
) -> None:
    """Each with the code of the table of the media."""
    content, code = FORGED[name]
    with assert_small(), pytest.raises(MediaError) as caught:
        load(content)
    assert caught.value.code == code


def test_a_bomb_is_not_unpacked(assert_small: Callable[[], AbstractContextManager[None]]) -> None:
    """A hundred megabytes of zeros in a hundred kilobytes, where the directory claims forty bytes."""
    packed = npz(np.zeros(100 << 20, np.uint8), (5, 9, 7))
    for content in (packed, with_length(packed, 168), with_length(npz(BITS, (5, 9, 7)), 168 + (100 << 20))):
        with assert_small(), pytest.raises(MediaError):
            load(content)


def test_a_mask_is_as_long_as_it_says() -> None:
    """The published ones have 81 frames at most; whether it fits its video is for `consistency` to say."""
    assert load(saved(np.ones((82, 4, 4), bool))).shape == (82, 4, 4)


def test_other_arrays_are_passed_over() -> None:
    """As NumPy does: what reads a mask asks for two arrays by name."""
    content = zipped([("more.npy", npy(BITS)), *ARRAYS, ("notes.txt", b"text")])
    np.testing.assert_array_equal(load(content), published_load(content))


@given(st.data())
@settings(max_examples=200)
def test_damage_gives_the_mask_or_an_error(data: st.DataObject) -> None:
    """Never another mask, and never an error of another kind: a checksum vouches for every bit."""
    mask = np.random.default_rng(3).random((3, 20, 30)) < 0.3
    content = bytearray(saved(mask))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(MediaError):
        np.testing.assert_array_equal(load(bytes(content)), mask)


def test_a_cut_shard_is_an_error_of_the_shard(tmp_path: Path) -> None:
    """And not one of the mask, which nobody has seen."""
    content = saved(np.random.default_rng(1).random((9, 64, 64)) < 0.5)
    shard = "intermediate_data/time_source_video_mask_part00.tar"
    member = "time/source_video_mask/Sparkle_time_000001.npz"
    write_files(tmp_path / "release", {shard: tar_bytes([(member, content)])})
    store = ingested(tmp_path / "release", tmp_path)
    os.truncate(tmp_path / "release" / shard, 512 + 1000)
    asset = store.find(sample(1), "source_video_mask")
    with store.open(asset) as file, pytest.raises(AssetError, match="is cut"):
        load_mask(file)
