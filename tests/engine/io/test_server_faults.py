"""What keeps a server from giving anything is said as it is, whoever asks it: by real servers, names and ports."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import fsspec
import pytest

from sparkle_curation.datasets.variant.variant_store import VariantPaths, VariantStore
from sparkle_curation.engine.io import patience
from sparkle_curation.engine.io.server_faults import find_server_fault
from sparkle_curation.errors import ModelError, ReleaseError, ServerError, SparkleError, VersionError
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.ingest.sources_at_hand import NO_SOURCES, check_release
from sparkle_curation.models.questions import Sampling
from sparkle_curation.models.servers.chat_model import Server, ServerModel
from sparkle_curation.telling import in_words

PATHS = VariantPaths("a/prompts", "a/verdicts.parquet", "a/metrics.json", "a/n.csv", "a/u.csv", "a/s.csv")


class _Answers(BaseHTTPRequestHandler):
    """Answers each request with the status that its path begins with; a folder ``listed`` has another one in it."""

    def do_GET(self) -> None:
        _, status, *folders = self.path.split("/")
        if "listed" not in folders:
            self.send_error(int(status))
            return
        page = b'<a href="other/">other/</a>'
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_HEAD = do_GET  # noqa: N815 -- the name is the base class's

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def answering() -> Iterator[str]:
    """The address of a server; a status is the first name of a path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may pass is asked again without a pause."""
    monkeypatch.setattr(patience.ask_patiently, "__defaults__", ((0.0,),))


@contextmanager
def listening(answer: bytes | None) -> Iterator[str]:
    """The address of what takes connections, and sends some bytes and ends them; or says nothing, where it has None."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                taken.append(connection)
                if answer is not None:
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in taken:
                connection.close()


def open_version(url: str) -> object:
    """What `diff` does with a name."""
    store = VariantStore(data_root="/nowhere", repository=Path(), tracked_root="data", paths=PATHS)
    return store.open(url)


def load_model(url: str) -> object:
    """What `score` and `ground` begin with."""
    return ServerModel(Server(url, "m", timeout_s=0.5), Sampling()).load()


def closed_port() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def error_of(ask: Callable[[str], object], url: str) -> SparkleError:
    """What is told of an address."""
    with pytest.raises(SparkleError) as caught:
        ask(url)
    return caught.value


@pytest.mark.parametrize(
    ("status", "what", "todo"),
    [
        (401, "wants to know who asks", "USER:PASSWORD@ before the name of the host"),
        (403, "does not allow what it is asked for", "the right to read and list"),
        (410, "has nothing at the address", "how the address is written"),
        (429, "has too many requests", "wait a minute"),
        (500, "has a fault of its own", "the server's log"),
        (503, "has a fault of its own", "the server's log"),
        (504, "does not answer in time", "whether it is up"),
        (418, "does not give what it was asked for", "whether the address is right"),
    ],
)
def test_a_status_is_told(answering: str, status: int, what: str, todo: str) -> None:
    """Of a version, a release and a file system that nobody of ours opened."""
    url = f"{answering}/{status}/data"
    version = error_of(open_version, url)
    release = error_of(ReleaseFiles, url)
    with pytest.raises(aiohttp.ClientError) as caught:
        fsspec.filesystem("http", skip_instance_cache=True).cat_file(url)
    other = in_words(caught.value)
    assert isinstance(version, VersionError)
    assert isinstance(release, ServerError)
    assert isinstance(other, ServerError)
    for told in (version, release, other):
        assert what in told.what
        assert todo in str(told.todo)
        assert str(status) in str(told.got)
        assert str(told.where).startswith(url)


def test_nothing_at_an_address_is_told(answering: str) -> None:
    """As nothing, where a local folder of that kind would be made: behind a URL nothing can be."""
    for ask, kind in ((open_version, VersionError), (ReleaseFiles, ReleaseError)):
        told = error_of(ask, f"{answering}/404/data")
        assert isinstance(told, kind)
        assert "how the address is written" in str(told.todo)
        assert "kedro run" not in str(told.todo)


@pytest.mark.parametrize(
    ("status", "what", "todo"),
    [
        (401, "does not take the key", "MODEL_SERVER_API_KEY"),
        (403, "does not take the key", "MODEL_SERVER_API_KEY"),
        (404, "does not know the address", "/v1"),
        (410, "does not know the address", "/v1"),
        (429, "cannot be asked: it has too many requests", "wait a minute"),
        (500, "cannot be asked: it has a fault of its own", "the server's log"),
        (503, "cannot be asked: it has a fault of its own", "the server's log"),
    ],
)
def test_a_status_of_a_model_server_is_told(answering: str, status: int, what: str, todo: str) -> None:
    """It was reached, and that it was not is not said."""
    told = error_of(load_model, f"{answering}/{status}/v1")
    assert isinstance(told, ModelError)
    assert what in told.what
    assert todo in str(told.todo)


ASKED = [open_version, ReleaseFiles, load_model]


@pytest.mark.parametrize("ask", ASKED)
def test_a_name_that_is_not_found_is_told(ask: Callable[[str], object]) -> None:
    """No server has a name that ends so (RFC 2606)."""
    told = error_of(ask, "http://no-such-host.invalid/v1")
    assert "name is not found" in told.what
    assert "how the address is written" in str(told.todo)


@pytest.mark.parametrize("ask", ASKED)
def test_a_port_where_nobody_listens_is_told(ask: Callable[[str], object]) -> None:
    """The machine is there, and the server is not started."""
    told = error_of(ask, f"http://{closed_port()}/v1")
    assert "does not take the connection" in told.what
    assert "start the server" in str(told.todo)


@pytest.mark.parametrize("ask", ASKED)
def test_a_server_that_ends_the_connection_is_told(ask: Callable[[str], object]) -> None:
    """Before it said anything."""
    with listening(b"") as address:
        told = error_of(ask, f"http://{address}/v1")
    assert "ends the connection" in told.what


@pytest.mark.parametrize("ask", ASKED)
def test_a_server_without_tls_is_told(ask: Callable[[str], object]) -> None:
    """An address of https where http is spoken."""
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address:
        told = error_of(ask, f"https://{address}/v1")
    assert "speaks no TLS" in told.what
    assert "http://" in str(told.todo)


def test_a_server_that_is_silent_is_told() -> None:
    """By a model's client, and by the file system of a release and of a version."""
    with listening(None) as address:
        told = error_of(load_model, f"http://{address}/v1")
        assert "does not answer in time" in told.what
        slow = {"timeout": aiohttp.ClientTimeout(total=0.2)}
        web = fsspec.filesystem("http", client_kwargs=slow, skip_instance_cache=True)
        with pytest.raises(Exception) as caught:  # noqa: PT011 -- fsspec's own
            web.ls(f"http://{address}/data")
    fault = find_server_fault(caught.value)
    assert fault is not None
    assert fault.what == "A server does not answer in time"


def test_a_folder_above_that_refuses_does_not_hide_what_is_wrong(answering: str) -> None:
    """Looking for what was meant, a run passes over what it may not list."""
    files = ReleaseFiles(f"{answering}/403/listed/")
    with pytest.raises(ReleaseError, match="holds nothing of a release"):
        check_release(files, NO_SOURCES, allow_empty=False)


def test_what_is_of_a_file_is_of_no_server() -> None:
    """Nor is a defect; a refusal that fsspec tells of a store, with a text alone, is."""
    for error in (FileNotFoundError(2, "a"), PermissionError(13, "a"), BrokenPipeError(), KeyError("a")):
        assert find_server_fault(error) is None
    refused = find_server_fault(PermissionError("Access Denied"))
    assert refused is not None
    assert refused.what == "A server does not allow what it is asked for"
    assert find_server_fault(ssl.SSLCertVerificationError("self-signed certificate")) is not None
