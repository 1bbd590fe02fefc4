"""The HTTP side of a model server, by the ``openai`` SDK: one request, one answer, and nothing of ours but what is listed.

Imported when a server is asked for the first time: the SDK takes half a second, and need not be installed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx2
import openai

from sparkle_curation.engine.io.json_text import NestedTooDeeplyError, read_json

SHOWN_CHARS = 200
_SENT_HEADERS = frozenset(
    {
        *("host", "accept", "accept-encoding", "connection", "user-agent"),
        *("authorization", "api-key", "content-type", "content-length", "transfer-encoding"),
    }
)
_SECRET_HEADERS = frozenset({"authorization", "api-key"})


class NoReplyError(Exception):
    """The server cannot be reached, or sent something else than was asked for: a proxy's page, or half a reply."""


class StatusError(Exception):
    """The server answered with a status that is no success.

    Args:
        status: of HTTP.
        text: what it said, its beginning.
        retry_after: what it said of how long to wait, if anything.
    """

    def __init__(self, status: int, text: str, retry_after: str | None) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text
        is_seconds = retry_after is not None and retry_after.isdecimal()
        self.retry_after_s = float(retry_after) if retry_after and is_seconds else 0.0


_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "sparkle-curation",
}
"""What each request has, beside the key."""


class _Client(openai.AsyncOpenAI):
    """The SDK's client without the headers that ``OPENAI_CUSTOM_HEADERS`` adds, which no argument takes off."""

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        """What each request has, beside the key."""
        return {**_HEADERS}


class _AzureClient(openai.AsyncAzureOpenAI):
    """The same for Azure, which has its addresses by deployment and a header of its own for the key."""

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        """What each request has, beside the key."""
        return {**_HEADERS}


@cache
def _certificates() -> ssl.SSLContext:
    """The certificates of this machine, read once: a client is made for each question that is asked alone."""
    return ssl.create_default_context()


class _Transport(httpx2.AsyncHTTPTransport):
    """Sends what is on the list: neither the SDK's facts about this machine, nor a key that is not ours.

    Args:
        secrets: the values that a header with a key may have.
        concurrency: most connections.
    """

    def __init__(self, secrets: Collection[str], concurrency: int) -> None:
        self._secrets = secrets
        super().__init__(
            verify=_certificates(),
            trust_env=False,
            limits=httpx2.Limits(max_connections=concurrency),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response to the request with the headers that may be sent; the SDK goes on reading its own of the request."""
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name in _SENT_HEADERS and (name not in _SECRET_HEADERS or value in self._secrets)
        ]
        sent = httpx2.Request(
            request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return await super().handle_async_request(sent)


class ServerClient:
    """A server that speaks the OpenAI chat protocol.

    All that the SDK would take from the environment is given here, or taken off what is sent: key, organisation, project,
    address, headers (``OPENAI_...``); proxies and ``.netrc`` are passed over. The SDK never asks twice.

    Args:
        url: base address, such as ``http://host:8000/v1``.
        key: sent as a bearer token; None sends none.
        timeout_s: longest wait for one answer, if none is given with the request.
        concurrency: most requests under way.
        azure_version: of Azure's API, whose deployments lie below the address; None for any other server.

    Raises:
        NoReplyError: the address is none.
    """

    def __init__(
        self, url: str, key: str | None, timeout_s: float, concurrency: int, azure_version: str | None = None
    ) -> None:
        http = openai.DefaultAsyncHttpxClient(
            trust_env=False,
            timeout=timeout_s,
            transport=_Transport([f"Bearer {key}", key] if key else [], concurrency),
        )
        self._client: openai.AsyncOpenAI
        try:
            if azure_version is not None:
                self._client = _AzureClient(
                    azure_endpoint=url,
                    api_version=azure_version,
                    api_key=key or "none",
                    admin_api_key="",
                    organization="",
                    project="",
                    max_retries=0,
                    timeout=timeout_s,
                    http_client=http,
                )
                return
            self._client = _Client(
                api_key=key or "none",
                admin_api_key="",
                organization="",
                project="",
                webhook_secret="",
                base_url=url,
                max_retries=0,
                timeout=timeout_s,
                http_client=http,
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise NoReplyError(_first_cause(error)) from error

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.close()

    async def list_models(self) -> Any:
        """The JSON of ``GET models``.

        Raises:
            StatusError: it is no success.
            NoReplyError: there is none, or it is not JSON.
        """
        async with _translated():
            raw = await self._client.models.with_raw_response.list()
            return _json(raw.http_response)

    async def complete(self, body: Mapping[str, Any], timeout_s: float) -> Any:
        """The JSON of ``POST chat/completions``.

        Args:
            body: the members that the SDK knows; and ``extra_body``, those that it does not.
            timeout_s: longest wait from the first byte sent to the last one received.

        Raises:
            StatusError: it is no success.
            NoReplyError: there is none in time, or it is not JSON.
        """
        async with _translated():
            async with asyncio.timeout(timeout_s):
                raw = await self._client.chat.completions.with_raw_response.create(**body)
            return _json(raw.http_response)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Errors of the SDK as those of this module, with their first cause: the SDK says "Connection error." of all."""
    try:
        yield
    except openai.APIStatusError as error:
        response = error.response
        raise StatusError(
            response.status_code, _text(response)[:SHOWN_CHARS], response.headers.get("Retry-After")
        ) from None
    except TimeoutError:
        raise NoReplyError("TimeoutError") from None
    except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
        raise NoReplyError(_first_cause(error)) from error


def _first_cause(error: BaseException) -> str:
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__


def _text(response: httpx2.Response) -> str:
    return response.content.decode(errors="replace")


def _json(response: httpx2.Response) -> Any:
    text = _text(response)
    try:
        return read_json(text)
    except NestedTooDeeplyError as error:
        raise NoReplyError(f"JSON whose {error}: {text[:SHOWN_CHARS]!r}") from None
    except ValueError:
        raise NoReplyError(f"not JSON: {text[:SHOWN_CHARS]!r}") from None
