"""S3 on loopback, which counts what it is asked for and is too busy for every so many reads."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET, KEY, SECRET = "sparkle", "key-of-somebody", "a-secret-of-somebody"
_BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


@dataclass
class S3Server:
    """A store with one bucket.

    Attributes:
        url: its address.
        busy_every: of so many reads one is answered with 503; 0 for none.
        asked: how many requests of each method.
        busy: how many were answered with 503.
    """

    url: str = ""
    busy_every: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    busy: int = 0

    def application(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """The store, counted."""

        def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            method = "LIST" if "list-type" in environ["QUERY_STRING"] else environ["REQUEST_METHOD"]
            self.asked[method] += 1
            if method == "GET" and self.busy_every and self.asked["GET"] % self.busy_every == 0:
                self.busy += 1
                start(
                    "503 Slow Down",
                    [("Content-Type", "application/xml"), ("Content-Length", str(len(_BUSY)))],
                )
                return [_BUSY]
            return app(environ, start)

        return answer

    def upload(self, root: Path, prefix: str) -> str:
        """The address of a folder of the bucket with the files of a folder."""
        client = botocore.session.Session().create_client(
            "s3", "us-east-1", endpoint_url=self.url, aws_access_key_id=KEY, aws_secret_access_key=SECRET
        )
        client.create_bucket(Bucket=BUCKET)
        for path in sorted(root.rglob("*")):
            if path.is_file():
                name = f"{prefix}/{path.relative_to(root).as_posix()}"
                client.put_object(Bucket=BUCKET, Key=name, Body=io.BytesIO(path.read_bytes()))
        return f"s3://{BUCKET}/{prefix}"


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nothing: a line for each request would fill the report of a test."""


@contextmanager
def serving_s3() -> Iterator[S3Server]:
    """The store, in threads of this process."""
    store = S3Server()
    app = store.application(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    store.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
