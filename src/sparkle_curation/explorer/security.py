"""Who may ask the explorer for what: nobody from another site, and nobody writes without the token of this start."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

TOKEN_HEADER = "X-Explorer-Token"  # noqa: S105 -- the name of a header
_READING = ("GET", "HEAD")
_HEADERS = {
    "Cache-Control": "no-cache",  # modules of two versions of this project must not meet in one page
    # All of the page is ours, and text of the release stays text even if something of it were taken for HTML.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_own_host(header: str, bound: str) -> bool:
    """Whether a request's ``Host`` may be this server: an address, ``localhost`` or the name that it is bound to.

    A page of another site can make a browser ask this machine only under a name of its own (DNS rebinding), never under
    an address. The port is free, since a tunnel has another one.

    Args:
        header: the header, with or without a port.
        bound: what the server listens on; on the machine itself, addresses of other machines are foreign too.

    >>> [is_own_host(each, "127.0.0.1") for each in ("127.0.0.1:80", "localhost", "[::1]:4142", "a.example", "10.0.0.1")]
    [True, True, True, False, False]
    """
    name = header.rpartition(":")[0] if ":" in header.rpartition("]")[2] else header
    name = name.strip("[]").lower()
    if name in ("localhost", bound.lower()):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or not _is_loopback(bound)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def guard(host: str, token: str, *, is_read_only: bool) -> Middleware:
    """The middleware that refuses foreign hosts and writes without the token, and says how the page may be used."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_own_host(request.headers.get("Host", ""), host):
            raise web.HTTPForbidden(text="This address is not the explorer's.", headers=_HEADERS)
        if request.method not in _READING:
            if is_read_only:
                raise web.HTTPForbidden(text="The explorer was started with --read-only.", headers=_HEADERS)
            given = request.headers.get(TOKEN_HEADER, "")
            if not hmac.compare_digest(given.encode(), token.encode()):
                text = "Open the address that kedro explore prints: only its page may write."
                raise web.HTTPForbidden(text=text, headers=_HEADERS)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(_HEADERS)
            raise
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    return guarded
