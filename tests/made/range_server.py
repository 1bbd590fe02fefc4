"""A web server of byte ranges on asyncio: it counts what it is asked for, waits before it answers, and has faults on demand.

As a context of a test it runs in a thread; ``python -m tests.made.range_server FOLDER --delay-ms 25`` runs it in a
process of its own, which prints its address, and tells and forgets its counts at ``/.counts``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

CUT, WHOLE, SHIFTED, HALTED, SHORT = "cut", "whole", "shifted", "halted", "short"
"""Faults beside the statuses of HTTP: half of a body, the whole file, another range, silence in it, half of its length."""
COUNTS_PATH = "/.counts"
_MOST_OPEN = 128


@dataclass(frozen=True)
class Asked:
    """One request: the file's path from the folder, and the bytes asked for, the last one among them; None for all."""

    method: str
    path: str
    range: tuple[int, int] | None = None


Fault = Callable[[Asked, int], int | str | None]
"""Given a request and how many came before it: a status, one of the other faults, or None for none."""


@dataclass
class RangeServer:
    """What a server has, and what it was asked for.

    Attributes:
        root: the folder.
        delay_s: how long it waits before each answer.
        fault: what is wrong with an answer.
        has_versions: whether it tells versions of a file apart, by an ETag.
        asked: all requests, in order.
        most_at_once: requests that were waiting for their answer at one time.
        url: its address.
    """

    root: Path
    delay_s: float = 0.0
    fault: Fault = lambda _asked, _number: None
    asked: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""
    has_versions: bool = True
    waiting: int = 0
    handles: dict[str, int] = field(default_factory=dict)

    @property
    def ranges(self) -> list[Asked]:
        """The requests for a part of a file."""
        return [each for each in self.asked if each.range is not None]

    def handle(self, path: str) -> int | None:
        """An open file; None where there is none."""
        if path not in self.handles:
            full = self.root / path
            if not full.is_file():
                return None
            if len(self.handles) >= _MOST_OPEN:
                os.close(self.handles.pop(next(iter(self.handles))))
            self.handles[path] = os.open(full, os.O_RDONLY)
        return self.handles[path]

    def close(self) -> None:
        """Let go of the files."""
        while self.handles:
            os.close(self.handles.popitem()[1])


class _Connection(asyncio.Protocol):
    def __init__(self, server: RangeServer) -> None:
        self._server, self._data = server, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head, self._data = self._data[:end], self._data[end + 4 :]
            self._take(head.decode("latin-1"))

    def _take(self, head: str) -> None:
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        said = headers.get("range", "").removeprefix("bytes=")
        start, _, last = said.partition("-")
        asked = Asked(method, unquote(target).lstrip("/"), (int(start), int(last)) if said else None)
        server = self._server
        if target == COUNTS_PATH:
            self._counts()
            return
        fault = server.fault(asked, len(server.asked))
        server.asked.append(asked)
        server.waiting += 1
        server.most_at_once = max(server.most_at_once, server.waiting)
        if server.delay_s:
            asyncio.get_running_loop().call_later(server.delay_s, self._answer, asked, fault)
        else:
            self._answer(asked, fault)

    def _counts(self) -> None:
        server = self._server
        counts = {"ranges": len(server.ranges), "all": len(server.asked), "at_once": server.most_at_once}
        server.asked, server.most_at_once = [], 0
        self._send(200, json.dumps(counts).encode())

    def _answer(self, asked: Asked, fault: int | str | None) -> None:
        self._server.waiting -= 1
        if self._transport.is_closing():
            return
        if isinstance(fault, int):
            self._send(fault, b"a fault", is_head=asked.method == "HEAD")
            return
        if fault == HALTED:
            self._send(200, b"<html>", length=1000)
            return
        folder = self._server.root / asked.path
        handle = self._server.handle(asked.path)
        if handle is None:
            is_there = folder.is_dir()
            self._send(
                200 if is_there else 404,
                _listing(folder) if is_there else b"",
                is_head=asked.method == "HEAD",
            )
            return
        self._send_file(asked, handle, fault)

    def _send_file(self, asked: Asked, handle: int, fault: str | None) -> None:
        status = os.fstat(handle)
        size, version = status.st_size, f'ETag: "{status.st_mtime_ns}-{status.st_size}"\r\n'
        etag = version if self._server.has_versions else ""
        if asked.range is None or fault == WHOLE:
            is_head = asked.method == "HEAD"
            content = b"" if is_head else os.pread(handle, size, 0)
            self._send(200, content, f"Content-Type: video/mp4\r\n{etag}", is_head=is_head, length=size)
            return
        start, last = asked.range
        if start >= size:
            self._send(416, b"", f"Content-Range: bytes */{size}\r\n")
            return
        last = min(last, size - 1)
        shift = 1 if fault == SHIFTED else 0
        content = os.pread(handle, last - start + 1, start + shift)
        more = f"Content-Range: bytes {start + shift}-{last + shift}/{size}\r\n{etag}"
        length = len(content) // 2 if fault == SHORT else None
        self._send(206, content, more, is_cut=fault == CUT, length=length)

    def _send(
        self,
        status: int,
        content: bytes,
        more: str = "Content-Type: text/html\r\n",
        *,
        is_head: bool = False,
        is_cut: bool = False,
        length: int | None = None,
    ) -> None:
        size = len(content) if length is None else length
        head = f"HTTP/1.1 {status} -\r\nContent-Length: {size}\r\n{more}\r\n".encode()
        if is_cut:
            self._transport.write(head + content[: len(content) // 2])
            self._transport.close()
        else:
            self._transport.write(head if is_head else head + content)


def _listing(folder: Path) -> bytes:
    names = sorted(each.name + ("/" if each.is_dir() else "") for each in folder.iterdir())
    links = "".join(f'<a href="{quote(name)}">{name}</a>\n' for name in names)
    return f"<html><body>{links}</body></html>".encode()


async def _start(server: RangeServer) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: _Connection(server), "127.0.0.1", 0, backlog=1024)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    return listening


@contextmanager
def serving_ranges(
    root: Path, *, delay_s: float = 0.0, fault: Fault = lambda _asked, _number: None
) -> Iterator[RangeServer]:
    """A server of a folder, in a thread of its own."""
    server = RangeServer(root, delay_s, fault)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        listening = asyncio.run_coroutine_threadsafe(_start(server), loop).result()
        yield server
        loop.call_soon_threadsafe(listening.close)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        server.close()


async def _serve(root: Path, delay_s: float) -> None:
    server = RangeServer(root, delay_s)
    listening = await _start(server)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await listening.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--delay-ms", type=float, default=0)
    options = parser.parse_args()
    asyncio.run(_serve(options.folder, options.delay_ms / 1000))
