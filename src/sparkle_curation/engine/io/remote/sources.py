"""Which way parts of files are asked for, by the file system that knows their server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import fsspec
from fsspec.asyn import AsyncFileSystem

from sparkle_curation.engine.io.remote.gcs_ranges import GCS, GcsRanges, ask_once, without_grpc
from sparkle_curation.engine.io.remote.http_ranges import HttpRanges
from sparkle_curation.engine.io.remote.hub_ranges import HubRanges
from sparkle_curation.engine.io.remote.ranges import Range, RangeReader, RangeSource
from sparkle_curation.engine.io.remote.settings import RemoteSettings
from sparkle_curation.errors import ReleaseError

_HTTP = frozenset({"http", "https"})
_BEHIND_THE_END = frozenset({"InvalidRange", "RequestedRangeNotSatisfiable"})


_MEMBERS = frozenset({"endpoint_url", "key", "secret", "token"})
_MEMBERS_OF = {
    **dict.fromkeys(("s3", "s3a"), _MEMBERS),
    **dict.fromkeys(GCS, frozenset({"endpoint_url", "token"})),
    "hf": frozenset({"token"}),
}
"""Members of the credentials that only some file systems know; one that is set for another protocol is left out."""


class AsyncRanges:
    """A ``RangeSource`` for file systems of fsspec that read without a thread each, such as that of S3."""

    def __init__(self, fs: AsyncFileSystem) -> None:
        self._fs = fs

    async def fetch(self, part: Range) -> bytes:
        """The bytes of the part; see ``RangeSource``."""
        try:
            found: bytes = await self._fs._cat_file(part.path, start=part.start, end=part.end)
        except Exception as error:
            if _is_behind_the_end(error):
                return b""
            raise
        return _at_most(found, part)


class ThreadRanges:
    """A ``RangeSource`` for any other file system of fsspec, on threads."""

    def __init__(self, fs: fsspec.AbstractFileSystem, threads: int) -> None:
        self._fs = fs
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="ranges")

    async def fetch(self, part: Range) -> bytes:
        """The bytes of the part; see ``RangeSource``."""
        ask = partial(self._fs.cat_file, part.path, start=part.start, end=part.end)
        return _at_most(await asyncio.get_running_loop().run_in_executor(self._threads, ask), part)


def open_file_system(
    root: str, settings: RemoteSettings, given: Mapping[str, Any]
) -> tuple[fsspec.AbstractFileSystem, str]:
    """The file system of a root, with no listing of before, and the root's path in it; arguments as ``storage_options``."""
    fs, path = fsspec.core.url_to_fs(root, **storage_options(root, settings, given))
    # fsspec keeps one file system per process with its listings: an earlier run's would hide a changed file.
    fs.invalidate_cache()
    if protocols(fs) & GCS:
        ask_once(fs)
    return fs, path.rstrip("/")


def is_folder(fs: fsspec.AbstractFileSystem, path: str) -> bool:
    """Whether there is a folder; raises what the server said, which fsspec takes for there being none."""
    if not protocols(fs) & GCS:
        return bool(fs.isdir(path))
    try:
        return bool(fs.info(path)["type"] == "directory")
    except FileNotFoundError:
        return False


def open_stream(fs: fsspec.AbstractFileSystem, path: str) -> Any:
    """A file open for reading, of which nothing is read but by its ``cache.fetcher``, where it has one."""
    # That of GCS would read ahead in tasks of its own, whose faults nobody asks again after.
    return fs.open(path, "rb", **({"cache_type": "readahead"} if protocols(fs) & GCS else {}))


def range_reader(fs: fsspec.AbstractFileSystem, settings: RemoteSettings) -> RangeReader:
    """What reads parts of files of a file system."""
    names = protocols(fs)
    loop = fs.loop if isinstance(fs, AsyncFileSystem) else None
    source: RangeSource
    if names & _HTTP:
        source = HttpRanges(fs)
    elif "hf" in names:
        source = HubRanges(fs)
    elif names & GCS:
        source = GcsRanges(fs)
    elif loop is not None and not fs.asynchronous:
        source = AsyncRanges(fs)
    else:
        source = ThreadRanges(fs, settings.requests)
    return RangeReader(source, settings, loop)


def protocols(fs: fsspec.AbstractFileSystem) -> frozenset[str]:
    """The names that a file system goes by in addresses."""
    return frozenset((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)


def storage_options(root: str, settings: RemoteSettings, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the file system of a root is opened with: what was given, and as many connections as requests.

    Args:
        root: a local folder, for which nothing is needed, or an fsspec URL.
        settings: how many requests, and how long one may be silent: listings and whole texts are read by the file system
            itself, whose own patience is minutes.
        given: of the credentials, options of the file system's own.
    """
    protocol = fsspec.core.split_protocol(root)[0]
    if protocol in {None, "file", "local"}:
        return {}
    others = _MEMBERS - _MEMBERS_OF.get(protocol, frozenset())
    options = {name: value for name, value in given.items() if name not in others}
    if protocol in {"s3", "s3a"}:  # botocore opens ten, unless it is told
        own = dict(options.get("config_kwargs") or {})
        options["config_kwargs"] = {
            "max_pool_connections": max(10, settings.requests),
            "connect_timeout": settings.timeout_s,
            "read_timeout": settings.timeout_s,
            **own,
        }
    elif protocol in GCS:
        without_grpc()
    elif protocol in _HTTP:
        from aiohttp import ClientTimeout  # noqa: PLC0415 -- which who reads local files does not load

        own = dict(options.get("client_kwargs") or {})
        # Of each wait and not of a whole answer: a text of gigabytes takes its time.
        patience = ClientTimeout(total=None, sock_connect=settings.timeout_s, sock_read=settings.timeout_s)
        options["client_kwargs"] = {"timeout": patience, **own}
    return options


def _at_most(found: bytes, part: Range) -> bytes:
    if len(found) > part.end - part.start:
        raise ReleaseError(
            "The server does not send the part of a file that it is asked for",
            where=part.path,
            got=f"{len(found)} bytes",
            allowed=f"the {part.end - part.start} bytes from byte {part.start}",
            todo="use a server that knows byte ranges, or copy the release to a local folder",
        )
    return found


def _is_behind_the_end(error: BaseException) -> bool:
    each: BaseException | None = error
    while each is not None:
        response = getattr(each, "response", None)
        code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
        if code in _BEHIND_THE_END or getattr(each, "status", getattr(each, "code", None)) in {416, "416"}:
            return True
        each = each.__cause__ or each.__context__
    return False
