"""Masks of other forms, packed as the published ones: a video of masks, a picture a frame, run lengths of COCO."""

from __future__ import annotations

import base64
import binascii
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparkle_curation.errors import MediaError
from sparkle_curation.media.decode.streaming import stream_frames
from sparkle_curation.media.limits import MAX_MASK_PIXELS
from sparkle_curation.media.masks.masks import save_mask
from sparkle_curation.media.stills.images import read_image
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.shape.description import RecordMedia

Mask = NDArray[np.bool_]

_HALF = 128
"""From here on a grey is foreground."""


def make_mask(contents: Sequence[Any], media: RecordMedia, start: int, frames: int | None) -> bytes:
    """The npz of the masks.

    Args:
        contents: run lengths, one a frame; or the content of a video, or of pictures in the order of frames.
        media: how they are written.
        start: frame of the video that the first mask is of.
        frames: of the video; None for those up to the last mask.

    Raises:
        MediaError: they cannot be read, have several sizes, or do not fit the frames.
    """
    if media.rle:
        masks = [decode_run_lengths(each) for each in contents]
    elif media.masks == "video":
        masks = [frame >= _HALF for frame in _greys(contents[0])]
    else:
        masks = [_of_picture(each) for each in contents]
    if not masks:
        raise _unfit("no frame")
    sizes = {mask.shape for mask in masks}
    if len(sizes) > 1:
        raise _unfit(f"masks of {len(sizes)} sizes, {' and '.join(map(str, sorted(sizes)[:2]))}")
    count = frames if frames is not None else start + len(masks)
    if start + len(masks) > count:
        raise _unfit(f"{len(masks)} masks from frame {start} on, of {count} frames")
    height, width = sizes.pop()
    if count * height * width > MAX_MASK_PIXELS:
        raise _unfit(
            f"{count} frames of {width}x{height} pixels; at most {MAX_MASK_PIXELS:,} pixels are taken"
        )
    whole = np.zeros((count, height, width), np.bool_)
    for place, mask in enumerate(masks):
        whole[start + place] = ~mask if media.inverted else mask
    file = io.BytesIO()
    save_mask(file, whole)
    return file.getvalue()


def decode_run_lengths(record: Any) -> Mask:
    """The mask of run lengths as COCO writes them: by columns, of 0 and 1 in turn, as numbers or as its short text.

    Source: the COCO API, ``maskApi.c``, ``rleFrString`` and ``rleDecode``. The short text may stand in base64.

    Raises:
        MediaError: it is none.

    >>> decode_run_lengths({"size": [2, 2], "counts": [1, 2, 1]}).tolist()
    [[False, True], [True, False]]
    """
    if not isinstance(record, dict) or not {"size", "counts"} <= record.keys():
        raise _unfit("run lengths without size and counts")
    size, counts = record["size"], record["counts"]
    if not (
        isinstance(size, list) and len(size) == 2 and all(isinstance(each, int) and each > 0 for each in size)
    ):
        raise _unfit(f"a size of {str(size)[:80]}; allowed [height, width]")
    height, width = size
    if height * width > MAX_MASK_PIXELS:
        raise _unfit(f"{width}x{height} pixels")
    lengths = counts if isinstance(counts, list) else _lengths_of_text(counts, height * width)
    if not all(isinstance(each, int) and each >= 0 for each in lengths) or sum(lengths) != height * width:
        raise _unfit(f"run lengths that do not add up to {height}x{width} pixels")
    values: Mask = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(width, height).T


def _lengths_of_text(counts: Any, pixels: int) -> list[int]:
    if not isinstance(counts, str):
        raise _unfit(f"counts of type {type(counts).__name__}")
    lengths = _lengths(counts)
    if lengths is None or sum(lengths) != pixels:
        try:
            text = base64.b64decode(counts, validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            raise _unfit("counts that are neither COCO's short text nor base64 of it") from None
        lengths = _lengths(text)
    return lengths or []


_FIRST, _LAST, _MORE, _SIGN, _BITS, _PAYLOAD = 48, 111, 0x20, 0x10, 5, 0x1F


def _lengths(text: str) -> list[int] | None:
    """The numbers of COCO's short text: five bits a letter, from the fourth on as the difference to the one before last."""
    lengths: list[int] = []
    number, shift = 0, 0
    for letter in map(ord, text):
        if not _FIRST <= letter <= _LAST or shift > 6 * _BITS:
            return None
        bits = letter - _FIRST
        number |= (bits & _PAYLOAD) << shift
        shift += _BITS
        if bits & _MORE:
            continue
        if bits & _SIGN:
            number -= 1 << shift
        lengths.append(number + (lengths[-2] if len(lengths) > 2 else 0))
        number, shift = 0, 0
    return None if shift else lengths


def _of_picture(content: bytes) -> Mask:
    grey = read_image(io.BytesIO(content)).max(axis=-1)
    least = 1 if grey.max(initial=0) <= 1 else _HALF  # of labels 0 and 1, or of shades
    return np.asarray(grey >= least, np.bool_)


def _greys(content: bytes) -> list[NDArray[np.uint8]]:
    found, pixels = [], 0
    for frame in stream_frames(io.BytesIO(content)):
        grey = frame.picture.max(axis=-1)
        pixels += math.prod(grey.shape)
        if pixels > MAX_MASK_PIXELS:
            raise _unfit(f"a video of more than {MAX_MASK_PIXELS:,} pixels")
        found.append(grey)
    return found


def _unfit(got: str) -> MediaError:
    return MediaError("Masks cannot be packed", code=MediaFault.UNDECODABLE, got=got)
