"""Parts of files of a web server, by HTTP's ranges, whose answers are compared with what was asked for.

Source: RFC 9110, sections 14 and 15.3.7 and 15.5.17.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sparkle_curation.engine.io.remote.ranges import Range
from sparkle_curation.errors import ReleaseError

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from fsspec.implementations.http import HTTPFileSystem

_NOT_THERE, _NOTHING_THERE_ANY_MORE, _BEHIND_THE_END = 404, 410, 416
_WHOLE, _PART = 200, 206
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class HttpRanges:
    """A ``RangeSource`` for addresses of http and https.

    Args:
        web: the file system, whose session, headers and settings are used.
    """

    def __init__(self, web: HTTPFileSystem) -> None:
        self._web = web

    async def fetch(self, part: Range) -> bytes:
        """The bytes of the part; see ``RangeSource``."""
        session = await self._web.set_session()
        options = {**self._web.kwargs}
        headers = {**options.pop("headers", {}), **range_headers(part)}
        async with session.get(self._web.encode_url(part.path), headers=headers, **options) as response:
            return await part_of(response, part)


def range_headers(part: Range) -> Mapping[str, str]:
    """What asks for a part; packed on the way, its offsets would be those of the packed bytes."""
    return {"Range": f"bytes={part.start}-{part.end - 1}", "Accept-Encoding": "identity"}


async def part_of(response: ClientResponse, part: Range) -> bytes:
    """The bytes of an answer, which must be those of the part; the body of any other one is not read.

    Raises:
        FileNotFoundError: the server has no such file.
        ReleaseError: it sends the whole file, or another part.
        aiohttp.ClientError: it has a fault, or breaks off.
    """
    if response.status in {_NOT_THERE, _NOTHING_THERE_ANY_MORE}:
        raise FileNotFoundError(part.path)
    if response.status == _BEHIND_THE_END:
        return b""
    response.raise_for_status()
    total = _length_of_file(response, part)
    if total is not None and total <= part.start:
        return b""
    body: bytes = await response.read()
    wanted = part.end - part.start if total is None else min(part.end, total) - part.start
    if len(body) > wanted or (total is not None and len(body) < wanted):
        raise _another_part(part, f"{len(body)} bytes of a file of {total or 'unknown'} bytes")
    return body


def _length_of_file(response: ClientResponse, part: Range) -> int | None:
    """The length that the server says the file has; None where it says none."""
    said = response.headers.get("Content-Range", "")
    if response.status == _WHOLE:
        # Who does not know ranges sends everything: right only where everything was asked for.
        length = response.content_length
        if part.start or length is None or length > part.end:
            raise _another_part(
                part, f"the whole file, of {'unknown length' if length is None else f'{length} bytes'}"
            )
        return length
    found = _CONTENT_RANGE.fullmatch(said.strip())
    if response.status != _PART or found is None or int(found[1]) != part.start:
        raise _another_part(part, f"status {response.status}, Content-Range: {said or 'none'}")
    return None if found[3] == "*" else int(found[3])


def _another_part(part: Range, got: str) -> ReleaseError:
    return ReleaseError(
        "The server does not send the part of a file that it is asked for",
        where=part.path,
        got=got,
        allowed=f"the {part.end - part.start} bytes from byte {part.start}",
        todo="use a server that knows byte ranges, or copy the release to a local folder",
    )


def redirected(response: ClientResponse) -> str | None:
    """The address that an answer points to, absolute; None where it is no redirection."""
    place: Any = response.headers.get("Location")
    if response.status not in {301, 302, 303, 307, 308} or not place:
        return None
    from yarl import URL  # noqa: PLC0415 -- aiohttp's, which who reads local files does not load

    return str(response.url.join(URL(place, encoded=True)))
