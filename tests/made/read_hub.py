"""A hub on loopback that a dataset repository is read from: revisions, listings, files behind a store's signed addresses.

The store is the same server under another name (``localhost``): what is meant for the hub alone, such as a token, can be
told from what is sent to the store.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from xxhash import xxh3_128_hexdigest

REPOSITORY = "somebody/Sparkle"


@dataclass
class ReadHub:
    """What the hub has, and what it was asked for.

    Attributes:
        revisions: the folder of each commit, by its 40 digits.
        main: the commit that ``main`` stands for.
        token: who asks must send it; empty for a public repository.
        resolved: paths that it was asked where they lie, with the revision.
        read: ranges that the store was asked for.
        tokens_at_store: how many of those came with a token.
        expire_after: reads after which an address of the store is refused, once.
    """

    revisions: dict[str, Path]
    main: str
    token: str = ""
    resolved: list[tuple[str, str]] = field(default_factory=list)
    read: list[tuple[str, str | None]] = field(default_factory=list)
    tokens_at_store: int = 0
    expire_after: int | None = None
    url: str = ""
    signature: int = 0

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        name = r"/api/datasets/{owner}/{name}"
        app.router.add_get(name, self._info)
        app.router.add_get(name + "/revision/{revision}", self._info)
        app.router.add_get(name + r"/tree/{revision}/{path:.*}", self._tree)
        app.router.add_get(name + "/tree/{revision}", self._tree)
        app.router.add_post(name + "/paths-info/{revision}", self._paths)
        app.router.add_get(r"/datasets/{owner}/{name}/resolve/{revision}/{path:.*}", self._resolve)
        app.router.add_get(r"/store/{revision}/{path:.*}", self._store)
        return app

    def _commit(self, request: web.Request) -> str:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            raise web.HTTPUnauthorized(headers={"X-Error-Code": "RepoNotFound"})
        if f"{request.match_info['owner']}/{request.match_info['name']}" != REPOSITORY:
            raise web.HTTPNotFound(headers={"X-Error-Code": "RepoNotFound"})
        revision = request.match_info.get("revision", "main")
        commit = self.main if revision == "main" else revision
        if commit not in self.revisions:
            raise web.HTTPNotFound(headers={"X-Error-Code": "RevisionNotFound"})
        return commit

    async def _info(self, request: web.Request) -> web.Response:
        commit = self._commit(request)
        return web.json_response(
            {"id": REPOSITORY, "sha": commit, "private": False, "siblings": [], "tags": []}
        )

    async def _tree(self, request: web.Request) -> web.Response:
        root = self.revisions[self._commit(request)]
        folder = root / request.match_info.get("path", "")
        if not folder.is_dir():
            raise web.HTTPNotFound(headers={"X-Error-Code": "EntryNotFound"})
        return web.json_response([_entry(root, each) for each in sorted(folder.iterdir())])

    async def _paths(self, request: web.Request) -> web.Response:
        root = self.revisions[self._commit(request)]
        form = await request.post() if request.content_type != "application/json" else await request.json()
        paths = form.getall("paths") if hasattr(form, "getall") else form["paths"]
        return web.json_response([_entry(root, root / path) for path in paths if (root / path).exists()])

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        commit, path = self._commit(request), request.match_info["path"]
        self.resolved.append((path, request.match_info["revision"]))
        if not (self.revisions[commit] / path).is_file():
            raise web.HTTPNotFound(headers={"X-Error-Code": "EntryNotFound"})
        port = request.url.port
        raise web.HTTPFound(f"http://localhost:{port}/store/{commit}/{path}?signature={self.signature}")

    async def _store(self, request: web.Request) -> web.StreamResponse:
        if self.expire_after is not None and len(self.read) >= self.expire_after:
            self.expire_after = None
            self.signature += 1
        if request.query["signature"] != str(self.signature):
            raise web.HTTPForbidden
        self.read.append((request.match_info["path"], request.headers.get("Range")))
        self.tokens_at_store += "Authorization" in request.headers
        return web.FileResponse(self.revisions[request.match_info["revision"]] / request.match_info["path"])


def _entry(root: Path, path: Path) -> dict[str, object]:
    name = path.relative_to(root).as_posix()
    if path.is_dir():
        return {"type": "directory", "oid": xxh3_128_hexdigest(name.encode()), "size": 0, "path": name}
    content = path.read_bytes()
    return {"type": "file", "oid": xxh3_128_hexdigest(content), "size": len(content), "path": name}


@contextmanager
def serving_hub(hub: ReadHub) -> Iterator[ReadHub]:
    """The hub, in a thread of its own; its address is for ``HfFileSystem(endpoint=...)``."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner = web.AppRunner(hub.application())

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port: int = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        return port

    try:
        hub.url = f"http://127.0.0.1:{asyncio.run_coroutine_threadsafe(start(), loop).result()}"
        yield hub
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
