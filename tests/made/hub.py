"""A hub on loopback: repositories of datasets with commits, large files in a store of their own, and faults on request.

It speaks what `huggingface_hub` and `datasets` ask for: info, tree, paths-info, resolve with ranges and redirects, making a
repository, preupload, LFS batch and upload, commit. Nothing behind it knows the network.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

TOKEN = "hf_a_token_of_nobody"  # noqa: S105 -- opens nothing but this server
_LFS_BYTES = 1 << 20
"""Files of this size and more are large ones, which the real hub tells by their endings too."""
_LFS_ENDINGS = (".parquet", ".tar", ".mp4", ".png", ".npz")
_BLOCK_BYTES = 64 << 10


@dataclass
class Fault:
    """What goes wrong with requests whose path holds a text.

    Attributes:
        where: that text.
        status: what is answered instead; 0 for the true answer, cut or halted.
        after_bytes: of a file, bytes after which the connection is cut; None for none.
        halts: whether it is not cut there but held, until the client goes away.
        times: how many requests are hit.
        method: of which method alone; empty for any.
    """

    where: str
    status: int = 0
    after_bytes: int | None = None
    halts: bool = False
    times: int = 1
    method: str = ""


@dataclass
class Asked:
    """One request: ``first_byte`` of its range, and how many bytes of a file were sent."""

    method: str
    path: str
    first_byte: int = 0
    sent: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Repository:
    """A dataset repository: its commits, the newest last, each with all its files by path.

    Attributes:
        tags: names of commits that hold what the history of the main branch has lost.
        ever: all files of all commits there ever were, by path and content.
    """

    is_private: bool = False
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    ever: list[tuple[str, bytes]] = field(default_factory=list)

    def commit(self, files: Mapping[str, bytes]) -> str:
        """A new commit with these files and no others; its name."""
        seed = f"{len(self.commits)}{sorted((path, blob_id(data)) for path, data in files.items())}"
        name = hashlib.sha1(seed.encode()).hexdigest()  # noqa: S324 -- as git's own
        self.commits.append((name, dict(files)))
        self.ever += files.items()
        return name

    @property
    def head(self) -> str:
        """The newest commit."""
        return self.commits[-1][0]

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """The commit of a revision: ``main``, or its name."""
        if revision == "main":
            return self.commits[-1]
        return next((each for each in self.commits if each[0] == revision), None)


def blob_id(data: bytes) -> str:
    """The name that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324 -- as git's own


def sha256(data: bytes) -> str:
    """The name that the store of large files gives to it."""
    return hashlib.sha256(data).hexdigest()


def is_large(path: str, size: int) -> bool:
    """Whether a file lies in the store of large files."""
    return size >= _LFS_BYTES or path.endswith(_LFS_ENDINGS)


ASKED, FAULT = web.RequestKey("asked", Asked), web.RequestKey("fault", Fault)
HAS_TOKEN = web.RequestKey("has_token", bool)


class LoopbackHub:
    """The hub; ``serve`` gives its address. Its state may be looked at and changed at any time.

    Attributes:
        repositories: by their names.
        store: large files by their sha256; what is put in another's place here is a file that changed.
        asked: every request, in order.
        faults: what goes wrong next.
        needs_token: whether nothing at all is given without the token.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.store: dict[str, bytes] = {}
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.needs_token = False
        self.endpoint = ""

    # ------------------------------------------------------------------ what tests put there and look at
    def add(self, name: str, files: Mapping[str, bytes], *, is_private: bool = False) -> str:
        """A repository with these files as its newest commit; its name."""
        repository = self.repositories.setdefault(name, Repository(is_private))
        for path, data in files.items():
            if is_large(path, len(data)):
                self.store[sha256(data)] = data
        return repository.commit(files)

    def add_folder(self, name: str, folder: Path) -> str:
        """The same, of the files of a folder."""
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return self.add(name, {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})

    def sent_bytes(self, part: str = "") -> int:
        """Bytes of files that were sent, of those whose path holds the text."""
        return sum(each.sent for each in self.asked if part in each.path)

    def writes(self) -> list[str]:
        """Requests that change something, by method and path."""
        return [f"{each.method} {each.path}" for each in self.asked if each.method in {"PUT", "DELETE"}] + [
            f"POST {each.path}"
            for each in self.asked
            if each.method == "POST" and ("/commit/" in each.path or each.path == "/api/repos/create")
        ]

    # ------------------------------------------------------------------ answers
    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=1 << 30, middlewares=[self._middle])
        name = "/{owner}/{name}"
        api = f"/api/datasets{name}"
        app.router.add_get("/api/whoami-v2", self._whoami)
        app.router.add_post("/api/repos/create", self._create)
        app.router.add_post("/api/validate-yaml", self._validate)
        app.router.add_get(api, self._info)
        app.router.add_get(f"{api}/revision/{{revision}}", self._info)
        app.router.add_get(f"{api}/tree/{{revision}}", self._tree)
        app.router.add_get(f"{api}/tree/{{revision}}/{{folder:.+}}", self._tree)
        app.router.add_post(f"{api}/paths-info/{{revision}}", self._paths_info)
        app.router.add_post(f"{api}/preupload/{{revision}}", self._preupload)
        app.router.add_post(f"{api}/commit/{{revision}}", self._commit)
        app.router.add_get(f"{api}/refs", self._refs)
        app.router.add_post(f"{api}/super-squash/{{revision}}", self._squash)
        app.router.add_get(f"{api}/lfs-files", self._large_files)
        app.router.add_post(f"{api}/lfs-files/batch", self._delete_large)
        app.router.add_get(f"/datasets{name}/resolve/{{revision}}/{{path:.+}}", self._resolve)
        app.router.add_post(f"/datasets{name}.git/info/lfs/objects/batch", self._batch)
        app.router.add_get("/store/{oid}", self._stored)
        app.router.add_put("/store/{oid}", self._put)
        return app

    @web.middleware
    async def _middle(self, request: web.Request, handler: Any) -> web.StreamResponse:
        asked = Asked(request.method, request.path, headers=dict(request.headers))
        self.asked.append(asked)
        request[ASKED] = asked
        for fault in self.faults:
            if fault.times and fault.where in request.path and fault.method in {"", request.method}:
                fault.times -= 1
                if fault.status:
                    return web.json_response({"error": "as asked for"}, status=fault.status)
                request[FAULT] = fault
                break
        has_token = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        request[HAS_TOKEN] = has_token
        in_store = request.path.startswith("/store/")
        if self.needs_token and not has_token and not in_store:
            return _refusal(401, "")
        return await handler(request)  # type: ignore[no-any-return]

    def _repository(self, request: web.Request) -> Repository:
        name = f"{request.match_info['owner']}/{request.match_info['name']}"
        repository = self.repositories.get(name)
        if repository is None or (repository.is_private and not request[HAS_TOKEN]):
            raise _Refused(_refusal(404 if request[HAS_TOKEN] else 401, "RepoNotFound"))
        return repository

    def _revision(self, request: web.Request) -> tuple[str, dict[str, bytes]]:
        repository = self._repository(request)
        found = repository.at(request.match_info.get("revision", "main"))
        if found is None:
            raise _Refused(_refusal(404, "RevisionNotFound"))
        return found

    async def _whoami(self, request: web.Request) -> web.Response:
        return web.json_response({"name": "me", "type": "user"}, status=200 if request[HAS_TOKEN] else 401)

    async def _validate(self, _request: web.Request) -> web.Response:
        return web.json_response({"errors": [], "warnings": []})

    async def _create(self, request: web.Request) -> web.Response:
        if not request[HAS_TOKEN]:
            return _refusal(401, "")
        asked = await request.json()
        name = f"{asked.get('organization') or 'me'}/{asked['name']}"
        if name in self.repositories:
            return web.json_response(
                {"error": "You already created this dataset repo", "url": name}, status=409
            )
        self.add(
            name,
            {".gitattributes": b"*.parquet filter=lfs\n"},
            is_private=asked.get("visibility") == "private" or bool(asked.get("private")),
        )
        return web.json_response({"url": f"{self.endpoint}/datasets/{name}", "name": name, "id": name})

    async def _info(self, request: web.Request) -> web.Response:
        commit, files = self._revision(request)
        return web.json_response(
            {
                "id": f"{request.match_info['owner']}/{request.match_info['name']}",
                "sha": commit,
                "private": self._repository(request).is_private,
                "siblings": [{"rfilename": path} for path in files],
                "tags": [],
                "downloads": 0,
                "likes": 0,
            }
        )

    async def _refs(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
        kinds = {"branches": "heads", "tags": "tags", "converts": "convert", "pullRequests": "pr"}
        told: dict[str, list[dict[str, str]]] = {kind: [] for kind in kinds}
        for kind, name in (("branches", "main"), *(("tags", tag) for tag in repository.tags)):
            ref = {"name": name, "ref": f"refs/{kinds[kind]}/{name}", "targetCommit": repository.head}
            told[kind].append(ref)
        return web.json_response(told)

    async def _squash(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
        if not request[HAS_TOKEN]:
            return _refusal(403, "")
        repository.commits[:-1] = []
        return web.json_response({})

    async def _large_files(self, request: web.Request) -> web.Response:
        repository = self._repository(request)
        names = {sha256(data): path for path, data in repository.ever if is_large(path, len(data))}
        told = [
            {
                "fileOid": oid,
                "oid": oid,
                "filename": path,
                "pushedAt": "2026-11-28T00:00:00.000Z",
                "size": len(self.store[oid]),
            }
            for oid, path in names.items()
            if oid in self.store
        ]
        return web.json_response(told)

    async def _delete_large(self, request: web.Request) -> web.Response:
        self._repository(request)
        if not request[HAS_TOKEN]:
            return _refusal(403, "")
        for oid in (await request.json())["deletions"]["sha"]:
            del self.store[oid]
        return web.json_response({})

    async def _tree(self, request: web.Request) -> web.Response:
        _, files = self._revision(request)
        folder = request.match_info.get("folder", "")
        below = f"{folder}/" if folder else ""
        is_deep = request.query.get("recursive", "").lower() in {"1", "true"}
        entries, folders = [], set()
        for path, data in files.items():
            if not path.startswith(below):
                continue
            rest = path.removeprefix(below)
            parents = rest.split("/")[:-1]
            for depth in range(1, len(parents) + 1):
                if is_deep or depth == 1:
                    folders.add(below + "/".join(parents[:depth]))
            if is_deep or not parents:
                entries.append(_entry(path, data))
        if folder and not entries and not folders:
            return _refusal(404, "EntryNotFound")
        told = [
            {"type": "directory", "oid": blob_id(each.encode()), "size": 0, "path": each} for each in folders
        ]
        return web.json_response([*sorted(told, key=lambda each: str(each["path"])), *entries])

    async def _paths_info(self, request: web.Request) -> web.Response:
        _, files = self._revision(request)
        asked = (await request.json())["paths"]
        entries = [_entry(path, files[path]) for path in asked if path in files]
        entries += [
            {"type": "directory", "oid": blob_id(path.encode()), "size": 0, "path": path}
            for path in asked
            if path not in files and any(each.startswith(f"{path}/") for each in files)
        ]
        return web.json_response(entries)

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        commit, files = self._revision(request)
        data = files.get(request.match_info["path"])
        if data is None:
            return _refusal(404, "EntryNotFound", {"X-Repo-Commit": commit})
        headers = {"X-Repo-Commit": commit}
        if not is_large(request.match_info["path"], len(data)):
            return await _send(request, data, headers | {"ETag": f'"{blob_id(data)}"'})
        oid = sha256(data)
        linked = {
            "X-Linked-Etag": f'"{oid}"',
            "X-Linked-Size": str(len(data)),
            # Of another host, as the real store is: no token is sent there.
            "Location": f"{self.endpoint.replace('127.0.0.1', 'localhost')}/store/{oid}?signature=secret",
        }
        return web.Response(status=302, headers=headers | linked)

    async def _stored(self, request: web.Request) -> web.StreamResponse:
        oid = request.match_info["oid"]
        return await _send(request, self.store[oid], {"ETag": f'"{oid}"'})

    async def _put(self, request: web.Request) -> web.Response:
        data = await request.read()
        if sha256(data) != request.match_info["oid"]:
            return web.Response(status=400)
        self.store[request.match_info["oid"]] = data
        return web.Response()

    async def _preupload(self, request: web.Request) -> web.Response:
        _, there = self._revision(request)
        files = []
        for each in (await request.json())["files"]:
            old = there.get(each["path"])
            mode = "lfs" if is_large(each["path"], each["size"]) else "regular"
            oid = None if old is None else sha256(old) if mode == "lfs" else blob_id(old)
            files.append({"path": each["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return web.json_response({"files": files})

    async def _batch(self, request: web.Request) -> web.Response:
        self._repository(request)
        objects = []
        for each in (await request.json())["objects"]:
            actions = {"upload": {"href": f"{self.endpoint}/store/{each['oid']}"}}
            objects.append(each if each["oid"] in self.store else each | {"actions": actions})
        return web.json_response({"transfer": "basic", "objects": objects})

    async def _commit(self, request: web.Request) -> web.Response:
        if not request[HAS_TOKEN]:
            return _refusal(403, "")
        repository = self._repository(request)
        head, there = self._revision(request)
        files = dict(there)
        for line in (await request.read()).splitlines():
            item = json.loads(line)
            value = item["value"]
            match item["key"]:
                case "header" if value.get("parentCommit", head) != head:
                    return web.json_response({"error": "A commit has happened since"}, status=412)
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.store[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        name = repository.commit(files)
        owner = f"{request.match_info['owner']}/{request.match_info['name']}"
        return web.json_response(
            {
                "commitUrl": f"{self.endpoint}/datasets/{owner}/commit/{name}",
                "commitOid": name,
                "success": True,
            }
        )


class _Refused(web.HTTPException):
    status_code = 500

    def __init__(self, answer: web.Response) -> None:
        self.status_code = answer.status
        super().__init__(headers=answer.headers, text=answer.text)


def _refusal(status: int, code: str, headers: Mapping[str, str] | None = None) -> web.Response:
    told = {**({"X-Error-Code": code} if code else {}), **(headers or {})}
    return web.json_response({"error": code or "no"}, status=status, headers=told)


def _entry(path: str, data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": blob_id(data)}
    if is_large(path, len(data)):
        entry["lfs"] = {"oid": sha256(data), "size": len(data), "pointerSize": 130}
    return entry


async def _send(request: web.Request, data: bytes, headers: Mapping[str, str]) -> web.StreamResponse:
    """A file, or the range of it that is asked for; cut or held where a fault says so."""
    asked: Asked = request[ASKED]
    first, last, status = 0, len(data) - 1, 200
    if (wanted := request.headers.get("Range")) is not None:
        start, _, end = wanted.removeprefix("bytes=").partition("-")
        first, last, status = int(start), min(int(end or last), last), 206
        if first > last:
            return web.Response(status=416)
    asked.first_byte = first
    part = memoryview(data)[first : last + 1]
    answer = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(part))})
    if status == 206:
        answer.headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    await answer.prepare(request)
    if request.method == "HEAD":
        return answer
    fault: Fault | None = request.get(FAULT)
    limit = len(part) if fault is None or fault.after_bytes is None else fault.after_bytes
    for place in range(0, min(limit, len(part)), _BLOCK_BYTES):
        block = part[place : min(place + _BLOCK_BYTES, limit)]
        await answer.write(bytes(block))
        asked.sent += len(block)
    if limit < len(part):
        if fault is not None and fault.halts:
            await asyncio.sleep(3600)
        assert request.transport is not None
        request.transport.abort()
        return answer
    await answer.write_eof()
    return answer


@contextmanager
def serve(hub: LoopbackHub) -> Iterator[str]:
    """The address of the hub, while it answers in a thread of its own."""
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(hub.application(), handler_cancellation=True, shutdown_timeout=0.1)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(start())
    hub.endpoint = f"http://127.0.0.1:{port}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield hub.endpoint
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
