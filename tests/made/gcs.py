"""Google Cloud Storage on loopback, which counts what it is asked for, wants a token, and is too busy for some reads."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

from gcp_storage_emulator.handlers.buckets import create_bucket
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage

BUCKET, TOKEN, OTHERS_TOKEN = "sparkle", "a-token-of-somebody", "a-token-of-somebody-else"
_SAID = {
    400: "Invalid bucket name: it is invalid",
    401: "Anonymous caller does not have storage.objects.list access",
    403: "Somebody else does not have storage.objects.list access",
    503: "We encountered an internal error. Please try again.",
}


@dataclass
class GcsServer:
    """A store with one bucket, private.

    Attributes:
        url: its address.
        busy_every: of so many reads one is answered with 503; 0 for none.
        asked: how many lists, facts of one object, and reads.
        facts: the objects whose facts were asked for.
        parts: the range of each read, by object.
        busy: how many reads were answered with 503.
    """

    url: str = ""
    busy_every: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    facts: list[str] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    busy: int = 0

    def upload(self, root: Path, prefix: str) -> str:
        """The address of a folder of the bucket with the files of a folder."""
        for path in sorted(root.rglob("*")):
            if path.is_file():
                name = quote(f"{prefix}/{path.relative_to(root).as_posix()}", safe="")
                address = f"{self.url}/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name}"
                headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/octet-stream"}
                urlopen(Request(address, path.read_bytes(), headers)).close()  # noqa: S310 -- on loopback
        return f"gs://{BUCKET}/{prefix}"

    def count(self, path: str, part: str | None) -> bool:
        """Note a request, and give whether the store is too busy for it."""
        kind = (
            "read"
            if path.startswith("/download/")
            else "list"
            if path.partition("?")[0].endswith("/o")
            else "facts"
        )
        self.asked[kind] += 1
        if kind == "facts":
            self.facts.append(path)
        if kind != "read":
            return False
        self.parts.append((path, part or ""))
        is_busy = bool(self.busy_every) and self.asked["read"] % self.busy_every == 0
        self.busy += is_busy
        return is_busy


class _Handler(RequestHandler):  # type: ignore[misc]
    def __init__(self, store: GcsServer, *arguments: object) -> None:
        self._store = store
        super().__init__(*arguments)

    def do_GET(self) -> None:  # noqa: N802 -- so called by http.server
        """As the store does, where it is let in and has the time."""
        token = self.headers.get("Authorization")
        if token != f"Bearer {TOKEN}":
            self._refuse(403 if token == f"Bearer {OTHERS_TOKEN}" else 401)
        elif "/b/NO_BUCKET" in self.path:
            self._refuse(400)
        elif self._store.count(self.path, self.headers.get("Range")):
            self._refuse(503)
        else:
            super().do_GET()

    def _refuse(self, status: int) -> None:
        body = json.dumps({"error": {"code": status, "message": _SAID[status]}}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # of connections that come at once; those above five would wait for seconds

    def handle_error(self, *_: object) -> None:
        """Nothing: who asks for a file and a folder at once takes the first answer and hangs up."""


@contextmanager
def serving_gcs() -> Iterator[GcsServer]:
    """The store, in threads of this process."""
    logging.getLogger("gcp_storage_emulator").setLevel(logging.CRITICAL)
    store, storage = GcsServer(), Storage(use_memory_fs=True)
    create_bucket(BUCKET, storage)
    server = _Server(("127.0.0.1", 0), partial(_Handler, store, storage))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    store.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
