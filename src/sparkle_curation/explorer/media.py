"""Media of a sample over HTTP: by kind and id alone, whole or a range, out of tars as out of files."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import NamedTuple

from aiohttp import web

from sparkle_curation.errors import SparkleError
from sparkle_curation.ingest.assets.store import Asset, AssetStore
from sparkle_curation.spec.layout import ASSET_KINDS
from sparkle_curation.spec.sample_ids import parse_sample_id

_PART_BYTES = 1 << 20
_TYPES: Mapping[str, str] = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def content_type(suffix: str) -> str:
    """What a browser is told that a file of a suffix is; what is no video and no picture is bytes."""
    return _TYPES.get(suffix.lower(), "application/octet-stream")


class ByteRange(NamedTuple):
    """A part of a file: its first byte, and how many."""

    start: int
    length: int


class RangeError(ValueError):
    """A range that is none, or that the file does not have."""


def parse_range(header: str, size: int) -> ByteRange:
    """What a ``Range`` asks of a file of ``size`` bytes.

    Raises:
        RangeError: it is no single range of bytes, ends before it starts, or starts behind the end.

    >>> parse_range("bytes=2-", 10), parse_range("bytes=-3", 10), parse_range("bytes=0-99", 10)
    (ByteRange(start=2, length=8), ByteRange(start=7, length=3), ByteRange(start=0, length=10))
    """
    match = _RANGE.fullmatch(header.strip())
    first, last = match.groups() if match else ("", "")
    if not first and not last:
        raise RangeError(header)
    if first:
        start, end = int(first), min(int(last) if last else size - 1, size - 1)
    else:
        start, end = max(size - int(last), 0), size - 1
    if start > end:
        raise RangeError(header)
    return ByteRange(start, end - start + 1)


async def send_media(request: web.Request, store: AssetStore) -> web.StreamResponse:
    """The asset of the ``kind`` and ``id`` in the request's path, or the range of it that is asked for.

    Raises:
        HTTPNotFound: there is no such asset, or its file went away; with the reason.
        HTTPRequestRangeNotSatisfiable: the range is none.
    """
    kind, sample_id = request.match_info["kind"], request.match_info["id"]
    if kind not in ASSET_KINDS or parse_sample_id(sample_id) is None:
        raise web.HTTPNotFound(text="There is no such kind of asset, or no such sample.")
    try:
        asset = await asyncio.to_thread(store.find, sample_id, kind)
        # Its first byte, so that what went away is told before a header is sent.
        await asyncio.to_thread(store.read_at, asset, 0, 1)
    except SparkleError as error:
        raise web.HTTPNotFound(text=f"{error.what}: {error.got}") from None
    wanted, status = ByteRange(0, asset.size), 200
    header = request.headers.get("Range")
    if header is not None:
        try:
            wanted, status = parse_range(header, asset.size), 206
        except RangeError:
            raise web.HTTPRequestRangeNotSatisfiable(
                headers={"Content-Range": f"bytes */{asset.size}"}
            ) from None
    response = web.StreamResponse(
        status=status,
        headers={
            "Accept-Ranges": "bytes",
            "Cache-Control": "no-store",  # the release may be exchanged under the same ids
            "Content-Length": str(wanted.length),
            "Content-Type": content_type(ASSET_KINDS[kind].suffix),
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )
    if status == 206:
        end = wanted.start + wanted.length - 1
        response.headers["Content-Range"] = f"bytes {wanted.start}-{end}/{asset.size}"
    await response.prepare(request)
    if request.method != "HEAD":
        await _send(response, store, asset, wanted)
    await response.write_eof()
    return response


async def _send(response: web.StreamResponse, store: AssetStore, asset: Asset, wanted: ByteRange) -> None:
    for offset in range(wanted.start, wanted.start + wanted.length, _PART_BYTES):
        length = min(_PART_BYTES, wanted.start + wanted.length - offset)
        await response.write(await asyncio.to_thread(store.read_at, asset, offset, length))
