"""Web servers on this machine, with and without byte ranges."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar


class PlainHandler(SimpleHTTPRequestHandler):
    """A web server that knows no byte ranges and sends whole files."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the base class's
        """Says nothing."""


class RangeHandler(PlainHandler):
    """A web server that sends the byte range that it is asked for."""

    def do_GET(self) -> None:
        """One range of a file, or what the base class sends."""
        byte_range = self.headers.get("Range")
        if byte_range is None:
            super().do_GET()
            return
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        first, last = (int(number) for number in byte_range.removeprefix("bytes=").split("-"))
        part = content[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.end_headers()
        self.wfile.write(part)


class FailingHandler(RangeHandler):
    """A web server that answers some requests with a fault: ``faults`` are taken one a request, as statuses; 0 is none."""

    faults: ClassVar[list[int]] = []

    def send_head(self) -> Any:
        """Of HEAD, and of GET without a range."""
        return None if self._fails() else super().send_head()

    def do_GET(self) -> None:
        """Of GET with a range."""
        if self.headers.get("Range") is None or not self._fails():
            super().do_GET()

    def _fails(self) -> bool:
        status = self.faults.pop(0) if self.faults else 0
        if status:
            self.send_error(status)
        return bool(status)


@contextmanager
def serving(folder: Path, handler: type[SimpleHTTPRequestHandler]) -> Iterator[str]:
    """The URL under which a folder is served on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
