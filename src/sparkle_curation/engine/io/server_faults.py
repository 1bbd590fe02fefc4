"""Why a server gives nothing, and what helps: it has no such name, refuses, is silent, does not allow it, has a fault.

It goes by what the errors of HTTP libraries have in common, so that none of them has to be there.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from sparkle_curation.errors import ServerError

_PACKAGES = frozenset(
    {
        *("aiohttp", "requests", "urllib3", "httpx", "httpx2", "httpcore", "httpcore2", "openai"),
        *("botocore", "aiobotocore", "gcsfs", "azure", "huggingface_hub"),
    }
)
"""Packages whose errors are those of a server."""
_OWN_ERRORS = (
    ConnectionRefusedError,
    ConnectionResetError,
    ConnectionAbortedError,
    socket.gaierror,
    ssl.SSLError,
)
"""Python's errors that only a connection has."""
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})
_SHOWN_CHARS = 200
_SAID_BY_GCS = re.compile("(Forbidden|Bad Request): ")
"""How gcsfs begins what it says of two refusals, in plain errors of Python's that have no number."""


class ServerFault(NamedTuple):
    """What a server, or the way to it, has.

    Attributes:
        what: as a sentence without its full stop.
        got: what was said.
        todo: what the person at the keyboard does next.
        status: of HTTP, where it answered.
    """

    what: str
    got: str
    todo: str
    status: int | None = None


class _Kind(NamedTuple):
    what: str
    todo: str


_NO_NAME = _Kind(
    "A server's name is not found",
    "see how the address is written, and whether this machine has a network (and the VPN that the name may need)",
)
_REFUSED = _Kind(
    "A server does not take the connection",
    "start the server, or see which port it listens on; then run again",
)
_UNREACHABLE = _Kind(
    "A server cannot be reached from here",
    "see whether this machine has a network, and the proxy or VPN that the address may need; then run again",
)
_SILENT = _Kind(
    "A server does not answer in time",
    "see whether it is up, and no firewall stands between; then run again: what was done stays done",
)
_CUT = _Kind(
    "A server ends the connection before it has answered",
    "run again: what was done stays done; if it stays so, see whether the address begins with the right one of http:// "
    "and https://, and look at the server's log",
)
_NO_HTTP = _Kind(
    "A server's answer is none of HTTP, or is longer than the server said of the one before",
    "see whether the server, or a proxy before it, sends the Content-Length that its answers have, and whether the address "
    "begins with the right one of http:// and https://; then run again: what was done stays done",
)
_UNTRUSTED = _Kind(
    "A server cannot prove who it is, or speaks no TLS",
    "see whether the address begins with the right one of http:// and https://, and whether the server's certificate is "
    "valid for this name; one of an authority of your own is trusted with SSL_CERT_FILE=/path/to/ca.pem",
)
_UNKNOWN_USER = _Kind(
    "A server wants to know who asks",
    "put USER:PASSWORD@ before the name of the host; or give what its kind of address reads: for s3:// key and secret of "
    "release_storage in conf/local/credentials.yml, or the settings of AWS; for gs:// a token there, or "
    "run gcloud auth application-default login; for hf:// a token there, or hf auth login",
)
_STORE_KEYS = (
    "give {what} of release_storage in conf/local/credentials.yml, or in the environment as {names}; "
    "or {whose}"
)
_S3_KEYS = _STORE_KEYS.format(
    what="key and secret", names="RELEASE_KEY and RELEASE_SECRET", whose="the settings of AWS"
)
_GOOGLE_KEYS = _STORE_KEYS.format(
    what="token", names="RELEASE_TOKEN", whose="run gcloud auth application-default login"
)
_IN_THE_ADDRESS = "put USER:PASSWORD@ before the name of the host"
_KEYS_BY_SCHEME = {
    "http": _IN_THE_ADDRESS,
    "https": _IN_THE_ADDRESS,
    "s3": _S3_KEYS,
    "s3a": _S3_KEYS,
    "gs": _GOOGLE_KEYS,
    "gcs": _GOOGLE_KEYS,
    "hf": "run hf auth login; or give token of release_storage in conf/local/credentials.yml, or in the environment as "
    "RELEASE_TOKEN",
}
"""How it is said who asks, where the kind of address is known."""
_NOT_ALLOWED = _Kind(
    "A server does not allow what it is asked for",
    "ask who runs it for the right to read and list this address, or see that the user is the right one; some servers "
    "give files and list no folders, and a folder must be listed",
)
_NOT_THERE = _Kind(
    "A server has nothing at the address",
    "see how the address is written: open it in a browser; a folder must be listed there",
)
_BUSY = _Kind("A server has too many requests", "wait a minute and run again: what was done stays done")
_FAILING = _Kind(
    "A server has a fault of its own",
    "look at the server's log, or tell who runs it; run again later: what was done stays done",
)
_OTHER = _Kind(
    "A server does not give what it was asked for",
    "see whether the address is right and the server answers, and run again: what was done stays done",
)
_BY_STATUS = {
    401: _UNKNOWN_USER,
    403: _NOT_ALLOWED,
    404: _NOT_THERE,
    407: _UNREACHABLE,
    408: _SILENT,
    410: _NOT_THERE,
    425: _BUSY,
    429: _BUSY,
    504: _SILENT,
}
_BY_NAME = {
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError"), _UNKNOWN_USER),
    **dict.fromkeys(("EndpointConnectionError", "ConnectError", "ConnectionError"), _UNREACHABLE),
    **dict.fromkeys(("ConnectTimeout", "ReadTimeout", "ConnectTimeoutError", "ReadTimeoutError"), _SILENT),
    **dict.fromkeys(("FSTimeoutError", "APITimeoutError", "TimeoutException"), _SILENT),
    **dict.fromkeys(("ClientPayloadError", "ServerDisconnectedError", "RemoteProtocolError"), _CUT),
    **dict.fromkeys(("ReadError", "ConnectionClosedError", "IncompleteRead"), _CUT),
    **dict.fromkeys(("BadHttpMessage", "LocalProtocolError"), _NO_HTTP),
}
"""Of errors that say no more than what they are called."""


def find_server_fault(error: BaseException) -> ServerFault | None:
    """What an error says of a server; None where it is of none. The most exact of what it comes from is taken.

    >>> find_server_fault(ConnectionRefusedError(111, "Connection refused")).what
    'A server does not take the connection'
    >>> find_server_fault(FileNotFoundError(2, "No such file")) is None
    True
    """
    if not _is_of_a_server(error):
        return None
    causes = list(_causes(error))
    what, todo = next((found for cause in causes if (found := _kind(cause))), None) or next(
        (found for cause in causes if (found := _named(cause))), _OTHER
    )
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    statuses = (status for cause in causes if (status := status_of(cause)) is not None)
    return ServerFault(what, _shown(said), todo, next(statuses, None))


def server_error(address: str, error: BaseException) -> ServerError | None:
    """The error for what a server did not give; None for an error of no server."""
    fault = find_server_fault(error)
    if fault is None:
        return None
    is_unknown_user = fault.what == _UNKNOWN_USER.what
    keys = _KEYS_BY_SCHEME.get(address.partition("://")[0]) if is_unknown_user else None
    return ServerError(
        fault.what,
        where=address,
        got=fault.got,
        allowed="a local folder, or a URL whose files this machine may list and read",
        todo=keys or fault.todo,
    )


def fault_of_status(status: int, said: str) -> ServerFault:
    """What a server has that answers with a status of HTTP that is no success."""
    what, todo = _of_status(status) or _OTHER
    return ServerFault(what, _shown(said), todo, status)


def _shown(said: str) -> str:
    line = " ".join(said.split())  # many send a page
    return line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…"


def _is_of_a_server(error: BaseException) -> bool:
    package = type(error).__module__.partition(".")[0]
    # Of stores, fsspec tells a refusal as this, with a text alone; of files it has the system's number.
    is_refusal = (
        isinstance(error, PermissionError)
        and error.errno is None
        and not re.search(r"(?i)errno|os error", str(error))
    )
    return (
        package in _PACKAGES
        or isinstance(error, _OWN_ERRORS)
        or type(error).__name__ == "FSTimeoutError"
        or is_refusal
        or _refusal_of_gcs(error) is not None
    )


def _refusal_of_gcs(error: BaseException) -> _Kind | None:
    found = _SAID_BY_GCS.match(str(error)) if type(error) in {OSError, ValueError} else None
    return found and (_NOT_ALLOWED if found[1] == "Forbidden" else _NOT_THERE)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, then what it comes from, the deepest last; libraries keep that in one of three places."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = getattr(each, "os_error", None) or each.__cause__ or each.__context__


def _kind(error: BaseException) -> _Kind | None:
    status = status_of(error)
    if status is not None:
        return _of_status(status)
    if kind := _refusal_of_gcs(error):
        return kind
    number = getattr(error, "errno", None)
    kinds = (
        (isinstance(error, socket.gaierror), _NO_NAME),
        (isinstance(error, ConnectionRefusedError) or number == errno.ECONNREFUSED, _REFUSED),
        (number in _NO_WAY, _UNREACHABLE),
        (isinstance(error, ssl.SSLError), _UNTRUSTED),
        (isinstance(error, TimeoutError) or number == errno.ETIMEDOUT, _SILENT),
        (isinstance(error, ConnectionResetError | ConnectionAbortedError), _CUT),
        (isinstance(error, PermissionError), _NOT_ALLOWED),
    )
    return next((kind for is_it, kind in kinds if is_it), None)


def _named(error: BaseException) -> _Kind | None:
    return next((_BY_NAME[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _BY_NAME), None)


def _of_status(status: int) -> _Kind | None:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return _FAILING if status >= 500 else None


def status_of(error: BaseException) -> int | None:
    """The status of HTTP that an error has, of a fault; each library keeps it elsewhere."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict):  # of AWS
        response = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    # Asked one after the other: where there is a status, some warn of who asks for the code, which is Google's.
    found = chain(
        [getattr(response, "status_code", response)],
        (getattr(error, name, None) for name in ("status", "status_code", "code")),
    )
    return next((each for each in found if isinstance(each, int) and 400 <= each < 600), None)
