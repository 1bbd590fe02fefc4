"""Any server that speaks the OpenAI chat protocol (vLLM, SGLang): a cluster of GPUs is one address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from sparkle_curation.engine.io.server_faults import fault_of_status, find_server_fault
from sparkle_curation.errors import ModelError
from sparkle_curation.models.questions import Question, Reply, ReplyFault, Sampling
from sparkle_curation.models.servers.chat_replies import ReplyShapeError, read_model_names, read_replies
from sparkle_curation.models.servers.chat_requests import VideoPart, find_refused_setting, make_body
from sparkle_curation.models.servers.pauses import Pauses
from sparkle_curation.models.servers.remote import (
    BUSY,
    SILENCE_S,
    Patience,
    RemoteModel,
    check_key,
    describe_remote,
    gone,
)
from sparkle_curation.models.servers.shared_requests import SharedRequests, group_alike

if TYPE_CHECKING:
    from sparkle_curation.models.servers.chat_client import ServerClient, StatusError

_REFUSALS = {400, 413, 422}
"""The server understood and does not want this question: asking again changes nothing."""
_KEY_REFUSED = {401, 403}
_BROKEN = 500
"""From here on what a server says is that it is broken, or that nobody is behind it."""
_NO_ADDRESS = {404, 410}
_KEY_TODO = "set MODEL_SERVER_API_KEY, or api_key in conf/local/credentials.yml"
_NO_LIST = "answers with something else than its list of models"
_ADDRESS = "check the address, that it ends in /v1, and that the server has started"


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
        silence_s: longest wait for a first reply of the server; one that has given any is waited for until the deadline.
        api_key: sent as a bearer token, to Azure in its own header; None sends none. Never shown.
        video_part: how a video is sent.
        azure_version: of the API of Azure, whose deployments the model is one of; None for any other server.
        optional: settings that are left out for the rest of a run where the server says that it does not take them.
        answers_per_request: most answers to one question in one request; None for all that are wanted.
    """

    url: str
    model: str
    revision: str | None = None
    concurrency: int = 16
    timeout_s: float = 120.0
    deadline_s: float = 600.0
    silence_s: float = SILENCE_S
    api_key: str | None = field(default=None, repr=False)
    video_part: VideoPart = "image_url"
    azure_version: str | None = None
    optional: tuple[str, ...] = ()
    answers_per_request: int | None = None


class ServerModel(RemoteModel):
    """A model behind an HTTP server.

    Args:
        server: where it is.
        sampling: how replies are drawn.
    """

    def __init__(self, server: Server, sampling: Sampling) -> None:
        super().__init__()
        self._server = server
        self._sampling = sampling
        self._is_reached = False
        self._unsent: tuple[str, ...] = ()
        self._patience = Patience("the model server", server.silence_s)
        self._shared = SharedRequests(server.answers_per_request, is_drawn=sampling.temperature > 0)

    def __reduce__(self) -> tuple[type[ServerModel], tuple[Server, Sampling]]:
        """To another process goes who is asked; what was found out of the server is found out anew there."""
        return ServerModel, (self._server, self._sampling)

    @property
    def provenance(self) -> Mapping[str, str]:
        """Model and sampling, as text by name; where the server stands is not part of it."""
        return describe_remote("server", self._server.model, self._server.revision, self._sampling)

    def load(self) -> None:
        """Ask the server for its models; this one must be among them. Azure does not list its deployments."""
        if not self._is_reached and self._server.azure_version is None:
            asyncio.run(self._find_model())
            self._is_reached = True

    def _ask_all(self, questions: Sequence[Question]) -> list[Reply]:
        return asyncio.run(self._ask_together(questions)) if questions else []

    def _silence(self, detail: str | None) -> ModelError | None:
        return gone("The model server", self._server.url, detail) if asyncio.run(self._is_gone()) else None

    async def _is_gone(self) -> bool:
        """Whether the server does not even tell its models; of Azure, which lists no deployments, that is not known."""
        if self._server.azure_version is not None:
            return False
        sdk = _sdk()
        async with self._client() as client:
            try:
                await client.list_models()
            except sdk.NoReplyError:
                return True
            except sdk.StatusError as error:
                return bool(error.status >= _BROKEN)
        return False

    async def _find_model(self) -> None:
        sdk = _sdk()
        async with self._client() as client:
            try:
                listed = read_model_names(await client.list_models())
            except sdk.StatusError as error:
                self._check_access(error)
                fault = fault_of_status(error.status, str(error))
                raise self._unasked(
                    f"cannot be asked: {_within(fault.what)}", fault.got, fault.todo
                ) from error
            except sdk.NoReplyError as error:
                raise self._unreachable(error) from error
            except ReplyShapeError as error:
                raise self._unasked(_NO_LIST, error, _ADDRESS) from error
        if self._server.model not in listed:
            raise ModelError(
                "The server does not have the model",
                where=self._server.url,
                got=self._server.model,
                allowed=", ".join(listed) or "it lists none",
                todo="take one of the models that it lists, or start the server with this one",
            )

    async def _ask_together(self, questions: Sequence[Question]) -> list[Reply]:
        replies: list[Reply | None] = [None] * len(questions)

        async def answer(places: Sequence[int]) -> None:
            found = await self._ask_alike(client, [questions[place] for place in places])
            for place, reply in zip(places, found, strict=True):
                replies[place] = reply

        async def work() -> None:
            for places in waiting:
                await answer(places)

        async with self._client() as client:
            groups = group_alike(questions)
            if not self._shared.is_known and (first := next((one for one in groups if len(one) > 1), None)):
                await answer(first)  # alone: what the server does with it decides how the others are asked
                groups.remove(first)
            waiting = iter(groups)
            workers = [asyncio.create_task(work()) for _ in range(min(self._server.concurrency, len(groups)))]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        return [reply for reply in replies if reply is not None]

    async def _ask_alike(self, client: ServerClient, questions: Sequence[Question]) -> list[Reply]:
        """The replies to questions that differ by their seed alone, by as few requests as the server lets."""
        replies: list[Reply] = []
        while waiting := questions[len(replies) :]:
            found = await self._ask_patiently(client, waiting[0], self._shared.count(len(waiting)))
            self._keep(waiting[: len(found)], found)
            replies += found
        return replies

    async def _ask_patiently(self, client: ServerClient, question: Question, answers: int) -> list[Reply]:
        """Up to so many replies, at least one, asking again after a pause that doubles, until the deadline."""
        sdk = _sdk()
        pauses = Pauses(self._server.deadline_s)
        while True:
            unsent = self._unsent
            body = await asyncio.to_thread(self._body, question, unsent, answers)
            try:
                replies = await self._ask_once(client, body, pauses.left_s)
            except (sdk.StatusError, sdk.NoReplyError, ReplyShapeError) as error:
                status = getattr(error, "status", 0)
                if answers > 1 and status >= _BROKEN and status not in BUSY:
                    return await self._ask_for_one(client, question, answers, str(error), is_sure=False)
                wait_s = pauses.next_s(getattr(error, "retry_after_s", 0.0))
                if self._patience.is_over(error) or wait_s is None:
                    return [Reply("", fault=ReplyFault.NO_REPLY, detail=str(error))] * answers
                await asyncio.sleep(wait_s)
                continue
            self._patience.note_reply()
            if replies is None:
                continue
            if answers > 1 and len(replies) == 1 and replies[0].fault is ReplyFault.REFUSED:
                return await self._ask_for_one(client, question, answers, replies[0].detail, is_sure=True)
            taken = self._shared.take(answers, replies)
            return [reply.from_request(len(taken), unsent) for reply in taken]

    async def _ask_for_one(
        self, client: ServerClient, question: Question, answers: int, detail: str | None, *, is_sure: bool
    ) -> list[Reply]:
        """The reply to a question of which several were asked for in vain; what fails at one as well, fails at all."""
        (reply,) = await self._ask_patiently(client, question, 1)
        if reply.fault is not None:
            return [reply] * answers
        self._shared.note_refused(detail, is_sure=is_sure)
        return [reply]

    async def _ask_once(
        self, client: ServerClient, body: Mapping[str, Any], left_s: float
    ) -> list[Reply] | None:
        """The replies; None where the question is to be asked again at once, without a setting that was refused."""
        try:
            return read_replies(await client.complete(body, min(self._server.timeout_s, left_s)))
        except _sdk().StatusError as error:
            self._check_access(error)
            if error.status not in _REFUSALS:
                raise
            sent = [
                name for name in self._server.optional if name in body or name in body.get("extra_body", {})
            ]
            setting = find_refused_setting(error.text, sent)
            if setting is None:
                return [Reply("", fault=ReplyFault.REFUSED, detail=str(error))]
            self._unsent = tuple(sorted({*self._unsent, setting}))
            return None

    def _body(self, question: Question, unsent: Sequence[str], answers: int) -> dict[str, Any]:
        server = self._server
        return make_body(server.model, question, self._sampling, server.video_part, unsent, answers)

    def _check_access(self, error: StatusError) -> None:
        if error.status in _KEY_REFUSED:
            self._refuse(
                "The model server does not take the key",
                error,
                _KEY_TODO,
            )
        if error.status in _NO_ADDRESS:
            todo = "check that it ends in /v1"
            if self._server.azure_version is not None:
                todo = (
                    "check the endpoint, which ends before /openai, the deployment and the version of the API"
                )
            self._refuse("The model server does not know the address", error, todo)

    def _refuse(self, what: str, error: StatusError, todo: str) -> NoReturn:
        raise ModelError(what, where=self._server.url, got=error, todo=todo) from error

    def _unreachable(self, error: Exception) -> ModelError:
        if error.__cause__ is None:  # it was reached, and what it sent is not what was asked for
            return self._unasked(_NO_LIST, error, _ADDRESS)
        fault = find_server_fault(error.__cause__)
        if fault is None:
            return self._unasked("cannot be reached", error, _ADDRESS)
        return self._unasked(f"cannot be reached: {_within(fault.what)}", error, fault.todo)

    def _unasked(self, what: str, got: object, todo: str) -> ModelError:
        return ModelError(
            f"The model server {what}",
            where=self._server.url,
            got=got,
            allowed="the base address of a server with the OpenAI chat protocol, such as http://host:8000/v1",
            todo=todo,
        )

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[ServerClient]:
        """A client for one run of the event loop.

        Raises:
            ModelError: the address is none, or the key is none that could be sent.
        """
        server = self._server
        check_key(server.api_key, "the model server", server.url, _KEY_TODO)
        sdk = _sdk()
        try:
            client = sdk.ServerClient(
                server.url.rstrip("/"),
                server.api_key,
                server.timeout_s,
                server.concurrency,
                server.azure_version,
            )
        except sdk.NoReplyError as error:
            raise self._unreachable(error) from error
        try:
            yield client
        finally:
            await client.close()


def _within(sentence: str) -> str:
    return sentence.replace("A server's", "its").replace("A server", "it")


def _sdk() -> ModuleType:
    """The module that imports the SDK.

    Raises:
        ModelError: the SDK is not installed.
    """
    try:
        from sparkle_curation.models.servers import chat_client  # noqa: PLC0415 -- openai
    except ImportError as error:
        raise ModelError(
            "A model server cannot be asked: the package is not installed",
            got=error,
            allowed="openai, or a model in this process",
            todo="pip install '.[server]', or let the model compute here: backend=transformers",
        ) from error
    return chat_client
