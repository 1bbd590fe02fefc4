"""The HTTP side of Gemini, by the ``google-genai`` SDK: one request, one answer, and nothing of ours but what is listed.

Imported when Gemini is asked for the first time: the SDK takes a second, and need not be installed.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx2
import pydantic
from google import genai
from google.genai import errors, types

from sparkle_curation.models.questions import Part, Question, Sampling, Video
from sparkle_curation.models.servers.chat_requests import png_of

SHOWN_CHARS = 200
_SENT_HEADERS = frozenset(
    {
        *("host", "accept", "accept-encoding", "connection"),
        *("x-goog-api-key", "content-type", "content-length", "transfer-encoding"),
    }
)


class NoReplyError(Exception):
    """Gemini cannot be reached, or sent something else than was asked for."""


class StatusError(Exception):
    """Gemini answered with a status that is no success.

    Args:
        status: of HTTP.
        text: what it said.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:SHOWN_CHARS]}")
        self.status, self.text = status, text


@cache
def _certificates() -> ssl.SSLContext:
    """The certificates of this machine, read once: a client is made for each question that is asked alone."""
    return ssl.create_default_context()


class _Transport(httpx2.HTTPTransport):
    """Sends what is on the list: neither the SDK's facts about this machine, nor a key that is not ours."""

    def __init__(self, key: str | None, concurrency: int) -> None:
        self._key = key
        super().__init__(
            verify=_certificates(),
            trust_env=False,
            limits=httpx2.Limits(max_connections=concurrency),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response to the request with the headers that may be sent."""
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name in _SENT_HEADERS and (name != "x-goog-api-key" or value == self._key)
        ]
        headers.append(("user-agent", "sparkle-curation"))
        sent = httpx2.Request(
            request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return super().handle_request(sent)


class GeminiClient:
    """Gemini's own API. What the SDK would take from the environment is given here; the SDK never asks twice.

    Args:
        url: base address; None for Google's.
        key: None sends none.
        timeout_s: longest wait for one answer.
        concurrency: most requests under way.
    """

    def __init__(self, url: str | None, key: str | None, timeout_s: float, concurrency: int) -> None:
        http = httpx2.Client(
            trust_env=False,
            timeout=timeout_s,
            transport=_Transport(key, concurrency),
        )
        self._client = genai.Client(
            vertexai=False,
            api_key=key or "none",
            http_options=types.HttpOptions(
                base_url=url or "https://generativelanguage.googleapis.com/",
                api_version="v1beta",
                timeout=int(timeout_s * 1000),
                httpx_client=http,
            ),
        )

    def find_model(self, model: str) -> None:
        """Nothing, when Gemini knows the model.

        Raises:
            StatusError: it does not, or does not take the key.
            NoReplyError: it cannot be reached.
        """
        with _translated():
            self._client.models.get(model=model)

    def generate(
        self, model: str, question: Question, sampling: Sampling, unsent: Collection[str]
    ) -> types.GenerateContentResponse:
        """The answer to a question.

        Raises:
            StatusError: it is no success.
            NoReplyError: there is none in time, or none of Gemini's.
        """
        with _translated():
            return self._client.models.generate_content(
                model=model,
                contents=[types.Content(role="user", parts=[_part(part) for part in question.parts])],
                config=_config(question, sampling, unsent),
            )


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the SDK as those of this module."""
    try:
        yield
    except errors.APIError as error:
        raise StatusError(error.code, json.dumps(error.details, default=str)) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
        raise NoReplyError(_told(error)) from error
    except (pydantic.ValidationError, ValueError, RecursionError, TypeError, AttributeError) as error:
        # The SDK reads the JSON of whatever answered: a proxy's page, or half a reply.
        raise NoReplyError(f"not an answer of Gemini's: {_told(error)}") from error


def _told(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0][:SHOWN_CHARS]}" if lines else type(error).__name__


def _part(part: Part) -> types.Part:
    if isinstance(part, str):
        return types.Part(text=part)
    if isinstance(part, Video):
        rate = part.frame_rate
        return types.Part(
            inline_data=types.Blob(data=part.data, mime_type="video/mp4"),
            video_metadata=None if rate is None else types.VideoMetadata(fps=rate),
        )
    return types.Part(inline_data=types.Blob(data=png_of(part), mime_type="image/png"))


def _config(question: Question, sampling: Sampling, unsent: Collection[str]) -> types.GenerateContentConfig:
    settings: dict[str, Any] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k or None,
        "presence_penalty": sampling.presence_penalty or None,
        "seed": question.seed,
    }
    schema = json.loads(question.schema) if question.schema else None
    return types.GenerateContentConfig(
        **{name: value for name, value in settings.items() if name not in unsent},
        max_output_tokens=sampling.max_new_tokens,
        response_mime_type="application/json" if schema else None,
        response_json_schema=schema,
    )
