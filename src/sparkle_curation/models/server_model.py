"""Any server that speaks the OpenAI chat protocol (vLLM, SGLang): a cluster of GPUs is one address."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NoReturn

import aiohttp
from PIL import Image as Pictures

from sparkle_curation.errors import ModelError
from sparkle_curation.models.questions import Image, Question, Reply, ReplyFault, Sampling

_REFUSALS = {400, 413, 422}
"""The server understood and does not want this question: asking again changes nothing."""
_KEY_REFUSED = {401, 403}
_SHOWN_CHARS = 200
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True)
class Server:
    """Where the model is, and how patiently it is asked.

    Attributes:
        url: base address, such as ``http://host:8000/v1``.
        model: name of the model as the server lists it.
        revision: commit of its weights, which the server does not tell; recorded.
        concurrency: most questions under way.
        timeout_s: longest wait for one reply.
        deadline_s: longest wait for a question, all tries together.
        api_key: sent as a bearer token; None sends none. Never shown.
    """

    url: str
    model: str
    revision: str | None = None
    concurrency: int = 16
    timeout_s: float = 120.0
    deadline_s: float = 600.0
    api_key: str | None = field(default=None, repr=False)


class ServerModel:
    """A ``VisionLanguageModel`` behind an HTTP server.

    Args:
        server: where it is.
        sampling: how replies are drawn.
    """

    def __init__(self, server: Server, sampling: Sampling) -> None:
        self._server = server
        self._sampling = sampling
        self._is_reached = False

    @property
    def provenance(self) -> Mapping[str, str]:
        """Model and sampling, as text by name; where the server stands is not part of it."""
        facts = {
            "backend": "server",
            "model": self._server.model,
            "revision": self._server.revision or "not told",
            **asdict(self._sampling),
        }
        return {name: str(value) for name, value in facts.items()}

    def load(self) -> None:
        """Ask the server for its models; this one must be among them."""
        if not self._is_reached:
            asyncio.run(self._find_model())
            self._is_reached = True

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies, in the order of the questions.

        Raises:
            ModelError: the key or the address is wrong, or not one of several questions got a reply.
        """
        self.load()
        replies = asyncio.run(self._ask_all(questions))
        if len(replies) > 1 and all(reply.fault is ReplyFault.NO_REPLY for reply in replies):
            raise ModelError(
                "The model server gives no replies",
                where=self._server.url,
                got=replies[0].detail,
                todo="look at the server's log; what was answered before is kept, so run the same command again",
            )
        return replies

    async def _find_model(self) -> None:
        async with self._session() as session:
            try:
                async with session.get(f"{self._base}/models") as response:
                    self._check_access(response.status, await _text(response))
                    listed = [model["id"] for model in (await _json(response))["data"]]
            except (aiohttp.ClientError, TimeoutError, _NotJsonError, KeyError, TypeError) as error:
                raise ModelError(
                    "The model server cannot be reached",
                    where=self._server.url,
                    got=_shown(error),
                    allowed="the base address of a server with the OpenAI chat protocol, such as http://host:8000/v1",
                    todo="check the address, and that the server has started",
                ) from error
        if self._server.model not in listed:
            raise ModelError(
                "The server does not have the model",
                where=self._server.url,
                got=self._server.model,
                allowed=", ".join(listed) or "it lists none",
                todo="take one of the models that it lists, or start the server with this one",
            )

    async def _ask_all(self, questions: Sequence[Question]) -> list[Reply]:
        replies: list[Reply | None] = [None] * len(questions)
        waiting = iter(enumerate(questions))

        async def work() -> None:
            for place, question in waiting:
                replies[place] = await self._ask_patiently(session, question)

        async with self._session() as session:
            workers = [
                asyncio.create_task(work()) for _ in range(min(self._server.concurrency, len(questions)))
            ]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        return [reply for reply in replies if reply is not None]

    async def _ask_patiently(self, session: aiohttp.ClientSession, question: Question) -> Reply:
        """A reply, asking again after a pause that doubles, until the deadline."""
        body = await asyncio.to_thread(self._body, question)
        deadline = time.monotonic() + self._server.deadline_s
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await self._ask_once(session, body, deadline - time.monotonic())
            except (aiohttp.ClientError, TimeoutError, _NotJsonError, _BusyError) as error:
                wait_s = max(pause_s * random.uniform(0.5, 1.5), getattr(error, "retry_after_s", 0.0))  # noqa: S311
                if time.monotonic() + wait_s >= deadline:
                    return Reply("", fault=ReplyFault.NO_REPLY, detail=_shown(error))
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _ask_once(self, session: aiohttp.ClientSession, body: bytes, left_s: float) -> Reply:
        timeout = aiohttp.ClientTimeout(total=min(self._server.timeout_s, max(left_s, 0.001)))
        async with session.post(f"{self._base}/chat/completions", data=body, timeout=timeout) as response:
            text = await _text(response)
            self._check_access(response.status, text)
            if response.status in _REFUSALS:
                return Reply("", fault=ReplyFault.REFUSED, detail=f"{response.status}: {text[:_SHOWN_CHARS]}")
            if not response.ok:
                raise _BusyError(
                    f"{response.status}: {text[:_SHOWN_CHARS]}", response.headers.get("Retry-After")
                )
            return _reply(await _json(response))

    def _check_access(self, status: int, text: str) -> None:
        if status in _KEY_REFUSED:
            self._refuse(
                "The model server does not take the key",
                status,
                text,
                "set MODEL_SERVER_API_KEY, or api_key in conf/local/credentials.yml",
            )
        if status == 404:
            self._refuse(
                "The model server does not know the address", status, text, "check that it ends in /v1"
            )

    def _refuse(self, what: str, status: int, text: str, todo: str) -> NoReturn:
        raise ModelError(what, where=self._server.url, got=f"{status}: {text[:_SHOWN_CHARS]}", todo=todo)

    def _body(self, question: Question) -> bytes:
        """The request; ``top_k`` is an extension that vLLM and SGLang share."""
        sampling = self._sampling
        body: dict[str, Any] = {
            "model": self._server.model,
            "messages": [{"role": "user", "content": [_content(part) for part in question.parts]}],
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k or -1,
            "presence_penalty": sampling.presence_penalty,
            "max_tokens": sampling.max_new_tokens,
            "seed": question.seed,
        }
        if question.schema:
            schema = {"name": "answer", "strict": True, "schema": json.loads(question.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return json.dumps(body).encode()

    def _session(self) -> aiohttp.ClientSession:
        headers = {"Content-Type": "application/json"}
        if self._server.api_key:
            headers["Authorization"] = f"Bearer {self._server.api_key}"
        timeout = aiohttp.ClientTimeout(total=self._server.timeout_s)
        return aiohttp.ClientSession(headers=headers, timeout=timeout)

    @property
    def _base(self) -> str:
        return self._server.url.rstrip("/")


class _BusyError(Exception):
    """The server cannot answer now."""

    def __init__(self, message: str, retry_after: str | None) -> None:
        super().__init__(message)
        is_seconds = retry_after is not None and retry_after.isdecimal()
        self.retry_after_s = float(retry_after) if retry_after and is_seconds else 0.0


class _NotJsonError(Exception):
    """The server sent something else: a proxy's page, or half a reply."""


async def _text(response: aiohttp.ClientResponse) -> str:
    return (await response.read()).decode(errors="replace")


async def _json(response: aiohttp.ClientResponse) -> Any:
    text = await _text(response)
    try:
        return json.loads(text)
    except ValueError:
        raise _NotJsonError(f"not JSON: {text[:_SHOWN_CHARS]!r}") from None


def _reply(value: Any) -> Reply:
    try:
        choice = value["choices"][0]
        text = choice["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise _NotJsonError(f"no reply in {str(value)[:_SHOWN_CHARS]}") from None
    return Reply((text or "").strip(), is_cut=choice.get("finish_reason") == "length")


def _content(part: Image | str) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    png = io.BytesIO()
    Pictures.fromarray(part).save(png, "PNG", compress_level=1)
    address = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
    return {"type": "image_url", "image_url": {"url": address}}


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
