"""A mask small enough to be sent while a person waits: a bit a pixel, and of a large one not every pixel."""

from __future__ import annotations

import asyncio
import struct
from typing import BinaryIO

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from sparkle_curation.errors import SparkleError
from sparkle_curation.ingest.assets.store import AssetStore
from sparkle_curation.media.masks.masks import load_mask
from sparkle_curation.spec.layout import KIND
from sparkle_curation.spec.sample_ids import parse_sample_id

_WIDTH_PX = 320
"""How wide it is at least, where the mask is."""


def small_mask(file: BinaryIO) -> bytes:
    """Frames, height and width (uint32, little-endian), then a bit a pixel, each frame from a byte of its own."""
    return pack_small(load_mask(file))


def pack_small(whole: NDArray[np.bool_]) -> bytes:
    """``small_mask`` of a mask, bool [T, H, W]."""
    step = max(whole.shape[2] // _WIDTH_PX, 1)
    mask = whole[:, step // 2 :: step, step // 2 :: step]
    bits = np.packbits(mask.reshape(mask.shape[0], -1), axis=1)
    return struct.pack("<3I", *mask.shape) + bits.tobytes()


async def send_mask(request: web.Request, store: AssetStore) -> web.Response:
    """The small mask of the sample in the request's path.

    Raises:
        HTTPNotFound: there is none, or it cannot be read; with the reason.
    """
    sample_id = request.match_info["id"]
    if parse_sample_id(sample_id) is None or not KIND.mask:
        raise web.HTTPNotFound(text="There is no such sample, or the dataset has no masks.")

    def read() -> bytes:
        with store.open(store.find(sample_id, KIND.mask)) as file:
            return small_mask(file)

    try:
        body = await asyncio.to_thread(read)
    except SparkleError as error:
        raise web.HTTPNotFound(text=f"{error.what}: {error.got}") from None
    response = web.Response(body=body, content_type="application/octet-stream")
    response.enable_compression()
    return response
