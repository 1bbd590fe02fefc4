"""Masks of other forms become the published one."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.made.shapes import SIZE, mask_clip, run_lengths

from sparkle_curation.errors import MediaError
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.media.masks.other_masks import decode_run_lengths, make_mask
from sparkle_curation.spec.shape.description import RecordMedia

RLE = RecordMedia(rle="masks")


def made(contents: list[Any], media: RecordMedia, start: int = 0, frames: int | None = None) -> Any:
    """The mask of the npz."""
    return load_mask(io.BytesIO(make_mask(contents, media, start, frames)))


def test_a_video_of_masks_is_packed_frame_by_frame() -> None:
    """White is foreground, or black; the edges of the patch are where they were drawn, to a pixel of compression."""
    expected = np.zeros((3, SIZE[1], SIZE[0]), np.bool_)
    for number in range(3):
        expected[number, 20:44, 7 + number : 31 + number] = True
    for inverted in (False, True):
        found = made(
            [mask_clip(1, 3, inverted=inverted)], RecordMedia(path="m", masks="video", inverted=inverted)
        )
        assert found.shape == expected.shape
        assert (found != expected).mean() < 0.01


def test_pictures_are_packed_in_their_order() -> None:
    """Labels of 0 and 1 as well as shades of black and white."""
    contents = []
    for value in (1, 255):
        target = io.BytesIO()
        Image.fromarray(np.array([[0, value]], np.uint8)).save(target, "PNG")
        contents.append(target.getvalue())
    assert made(contents, RecordMedia(path="m", masks="png")).tolist() == [[[False, True]]] * 2


def test_run_lengths_stand_from_their_first_frame_on() -> None:
    """Frames before and behind them are empty, inverted or not."""
    mask = np.array([[True, False, False], [True, True, False]])
    found = made([run_lengths(mask)], RLE, start=1, frames=3)
    assert found.tolist() == [(mask & False).tolist(), mask.tolist(), (mask & False).tolist()]
    inverted = made([run_lengths(mask)], RecordMedia(rle="masks", inverted=True), start=1, frames=2)
    assert inverted.tolist() == [(mask & False).tolist(), (~mask).tolist()]


def test_cocos_short_text_is_read_by_columns_and_in_base64_too() -> None:
    """The text of lengths 6, 1, 40, 1, 1952 of 40x50 pixels, worked out by hand from the COCO API's rules."""
    # 6 is "6", 1 is "1"; 40 is 8 + 32 * 1: "X1"; from then on the difference to the one before last: 1 - 1 is "0",
    # 1952 - 40 is 1912 = 24 + 32 * 27 + 1024 * 1: "hk1".
    text = "61X10hk1"
    found = decode_run_lengths({"size": [40, 50], "counts": text})
    expected = np.zeros(2000, np.bool_)
    expected[[6, 47]] = True
    assert (found == expected.reshape(50, 40).T).all()
    again = decode_run_lengths({"size": [40, 50], "counts": base64.b64encode(text.encode()).decode()})
    assert (again == found).all()


@pytest.mark.parametrize(
    ("contents", "start", "frames", "said"),
    [
        ([{"size": [2, 2], "counts": [1]}], 0, None, "do not add up"),
        ([{"size": [2, 2], "counts": [-1, 5]}], 0, None, "do not add up"),
        ([{"size": [0, 2], "counts": []}], 0, None, "a size"),
        ([{"size": [1 << 20, 1 << 20], "counts": [1 << 40]}], 0, None, "pixels"),
        ([{"size": [2, 2], "counts": "é"}], 0, None, "neither"),
        ([{"counts": [4]}], 0, None, "without size"),
        ([{"size": [2, 2], "counts": [4]}], 2, 2, "from frame 2 on, of 2 frames"),
        ([{"size": [2, 2], "counts": [4]}, {"size": [1, 4], "counts": [4]}], 0, None, "2 sizes"),
        ([{"size": [2, 2], "counts": [4]}], 0, 1 << 40, "at most"),
    ],
)
def test_what_is_no_mask_is_refused(contents: list[Any], start: int, frames: int | None, said: str) -> None:
    """Before anything of a claimed size is taken."""
    with pytest.raises(MediaError, match=said):
        make_mask(contents, RLE, start, frames)
