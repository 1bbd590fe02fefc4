"""Parts of files of a repository on the hub, of one commit, read from where the hub says that they lie.

``HfFileSystem`` fetches 5 MB for any part, and asks the hub anew for each request where the file is; here the hub is asked
once for a file, and then the store behind it, until its address expires.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import fsspec

from sparkle_curation.engine.io.remote.http_ranges import part_of, range_headers, redirected
from sparkle_curation.engine.io.remote.ranges import Range

if TYPE_CHECKING:
    from huggingface_hub import HfFileSystem

_EXPIRED = frozenset({400, 401, 403})
_MOST_HOPS = 5


@dataclass
class _Place:
    """Where a file lies: its address, and whether the hub's own."""

    url: str = ""
    is_hub: bool = True
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class HubRanges:
    """A ``RangeSource`` for files of repositories.

    Args:
        hub: the file system, for its endpoint and token.
    """

    def __init__(self, hub: HfFileSystem) -> None:
        self._hub = hub
        self._web: Any = fsspec.filesystem("https")
        self._places: dict[str, _Place] = {}

    async def fetch(self, part: Range) -> bytes:
        """The bytes of the part; see ``RangeSource``."""
        place = self._places.setdefault(part.path, _Place())
        if not place.url:
            async with place.lock:  # the others wait for the first to find out
                if not place.url:
                    return await self._find(place, part)
        found = await self._at(place.url, part, is_hub=place.is_hub, may_expire=not place.is_hub)
        if isinstance(found, bytes):
            return found
        async with place.lock:
            return await self._find(place, part)

    async def _find(self, place: _Place, part: Range) -> bytes:
        """The part, and in passing where the file lies."""
        url, is_hub = self._url(part.path), True
        for _ in range(_MOST_HOPS):
            found = await self._at(url, part, is_hub=is_hub)
            if isinstance(found, bytes):
                place.url, place.is_hub = url, is_hub
                return found
            url = found
            is_hub = url.startswith(f"{self._hub.endpoint}/")
        raise FileNotFoundError(f"{part.path}: more than {_MOST_HOPS} redirections")

    async def _at(self, url: str, part: Range, *, is_hub: bool, may_expire: bool = False) -> bytes | str:
        """The part from an address, or the address that this one points to; empty for one that expired."""
        from yarl import URL  # noqa: PLC0415 -- aiohttp's

        # The token is for the hub alone, and not for the store behind it, whose address is signed.
        own = self._token_header() if is_hub else {}
        session = await self._web.set_session()
        headers = {**own, **range_headers(part)}
        async with session.get(URL(url, encoded=True), headers=headers, allow_redirects=False) as response:
            if (place := redirected(response)) is not None:
                return place
            if may_expire and response.status in _EXPIRED:
                return ""
            return await part_of(response, part)

    def _token_header(self) -> dict[str, str]:
        from huggingface_hub import get_token  # noqa: PLC0415 -- 0.3 s, and for the hub alone

        token = self._hub.token
        token = get_token() if token is None or token is True else token
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _url(self, path: str) -> str:
        from huggingface_hub import hf_hub_url  # noqa: PLC0415 -- 0.3 s, and for the hub alone

        found: Any = self._hub.resolve_path(path)
        if not hasattr(found, "repo_id"):  # a bucket, which has no commits
            return f"{self._hub.endpoint}/buckets/{found.bucket_id}/resolve/{found.path}"
        return hf_hub_url(
            found.repo_id,
            found.path_in_repo,
            repo_type=found.repo_type,
            revision=found.revision,
            endpoint=self._hub.endpoint,
        )


def pin_commit(hub: HfFileSystem, path: str) -> tuple[str, str | None]:
    """The path at the commit that its revision stands for now, and that commit; as it is, and None, where there are none.

    Raises:
        FileNotFoundError: there is no such repository or revision.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415 -- 0.3 s, and for the hub alone

    found: Any = hub.resolve_path(path)
    if not hasattr(found, "repo_id"):
        return path, None
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    info: Any = api.repo_info(found.repo_id, repo_type=found.repo_type, revision=found.revision)
    kind = "" if found.repo_type == "model" else f"{found.repo_type}s/"
    return f"{kind}{found.repo_id}@{info.sha}/{found.path_in_repo}".rstrip("/"), info.sha
