"""Gemini by its own API: it looks at a video itself, at as many frames a second as it is told, and tells what it thought."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.errors import ModelError
from sparkle_curation.models.questions import Question, Reply, ReplyFault, Sampling, Usage
from sparkle_curation.models.servers.chat_requests import find_refused_setting
from sparkle_curation.models.servers.pauses import Pauses
from sparkle_curation.models.servers.remote import (
    SILENCE_S,
    Patience,
    RemoteModel,
    check_key,
    describe_remote,
    gone,
)

if TYPE_CHECKING:
    from sparkle_curation.models.servers.gemini_client import GeminiClient

_KEY_TODO = "set GEMINI_API_KEY, or api_key of gemini in conf/local/credentials.yml"
_REFUSALS = {400, 413, 422}
_KEY_REFUSED = {401, 403}
_BROKEN, _NOT_IMPLEMENTED = 500, 501
_STOPPED = {
    *("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR"),
}
"""Reasons for which a reply ends that are about what it says: it would end so again."""


@dataclass(frozen=True)
class Gemini:
    """Which Gemini, and how patiently it is asked.

    Attributes:
        model: its name, such as ``gemini-2.5-pro``.
        revision: a mark of one's own; recorded.
        url: base address; None for Google's.
        concurrency: most questions under way.
        timeout_s: longest wait for one reply.
        deadline_s: longest wait for a question, all tries together.
        silence_s: longest wait for a first reply; Gemini that has given any is waited for until the deadline.
        api_key: None sends none. Never shown.
        optional: settings that are left out for the rest of a run where Gemini says that it does not take them.
    """

    model: str
    revision: str | None = None
    url: str | None = None
    concurrency: int = 16
    timeout_s: float = 120.0
    deadline_s: float = 600.0
    silence_s: float = SILENCE_S
    api_key: str | None = field(default=None, repr=False)
    optional: tuple[str, ...] = ()


class GeminiModel(RemoteModel):
    """A model that Google runs.

    Args:
        gemini: which.
        sampling: how replies are drawn.
    """

    def __init__(self, gemini: Gemini, sampling: Sampling) -> None:
        super().__init__()
        self._gemini = gemini
        self._sampling = sampling
        self._client: GeminiClient | None = None
        self._unsent: tuple[str, ...] = ()
        self._patience = Patience(gemini.model, gemini.silence_s)
        self._lock = threading.Lock()

    @property
    def provenance(self) -> Mapping[str, str]:
        """Model and sampling, as text by name; which model answers is in each reply."""
        return describe_remote("gemini", self._gemini.model, self._gemini.revision, self._sampling)

    def load(self) -> None:
        """Make the client, and look for the model.

        Raises:
            ModelError: the package is not installed, Gemini cannot be reached, or does not know the key or the model.
        """
        with self._lock:
            if self._client is not None:
                return
            gemini = self._gemini
            check_key(gemini.api_key, "Gemini", gemini.url, _KEY_TODO)
            client = _sdk().GeminiClient(gemini.url, gemini.api_key, gemini.timeout_s, gemini.concurrency)
            self._find_model(client)
            self._client = client

    def _find_model(self, client: GeminiClient) -> None:
        sdk = _sdk()
        try:
            client.find_model(self._gemini.model)
        except sdk.StatusError as error:
            # What stands between us and Gemini may answer questions alone.
            if self._gemini.url is None or error.status not in (404, 405, 501):
                self._check_access(error)
                raise self._unreachable(error) from error
        except sdk.NoReplyError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> ModelError:
        return ModelError(
            "Gemini cannot be reached",
            where=self._where,
            got=error,
            allowed="null for Google's address, or the base address of what stands between",
            todo="check the address and the network; run the same command again",
        )

    def _ask_all(self, questions: Sequence[Question]) -> list[Reply]:
        if len(questions) < 2:
            return [self._ask_one(question) for question in questions]
        with ThreadPoolExecutor(min(self._gemini.concurrency, len(questions))) as threads:
            return list(threads.map(self._ask_one, questions))

    def _ask_one(self, question: Question) -> Reply:
        reply = self._ask_patiently(question)
        self._keep([question], [reply])
        return reply

    def _silence(self, detail: str | None) -> ModelError | None:
        return gone("Gemini", self._where, detail) if self._is_gone() else None

    def _is_gone(self) -> bool:
        """Whether Gemini does not even tell of the model."""
        sdk = _sdk()
        assert self._client is not None  # noqa: S101 -- ``ask`` has made it
        try:
            self._client.find_model(self._gemini.model)
        except sdk.NoReplyError:
            return True
        except sdk.StatusError as error:
            return bool(error.status >= _BROKEN and error.status != _NOT_IMPLEMENTED)
        return False

    @property
    def _where(self) -> str:
        return self._gemini.url or "the Gemini API"

    def _ask_patiently(self, question: Question) -> Reply:
        """A reply, asking again after a pause that doubles, until the deadline."""
        sdk, pauses = _sdk(), Pauses(self._gemini.deadline_s)
        assert self._client is not None  # noqa: S101 -- ``ask`` has made it
        while True:
            unsent = self._unsent
            try:
                answer = self._client.generate(self._gemini.model, question, self._sampling, unsent)
                reply = read_answer(answer, unsent)
            except sdk.StatusError as error:
                self._check_access(error)
                if error.status in _REFUSALS:
                    sent = [name for name in self._gemini.optional if name not in unsent]
                    setting = find_refused_setting(error.text, sent)
                    self._patience.note_reply()
                    if setting is None:
                        return Reply("", fault=ReplyFault.REFUSED, detail=str(error))
                    self._unsent = tuple(sorted({*self._unsent, setting}))
                    continue
                failed: Exception = error
            except (sdk.NoReplyError, _ShapeError) as error:
                failed = error
            else:
                self._patience.note_reply()
                return reply
            wait_s = pauses.next_s()
            if self._patience.is_over(failed) or wait_s is None:
                return Reply("", fault=ReplyFault.NO_REPLY, detail=str(failed))
            time.sleep(wait_s)

    def _check_access(self, error: Any) -> None:
        where = self._where
        # A wrong key is answered with 400, and told in the text.
        if error.status in _KEY_REFUSED or (error.status == 400 and "API_KEY_INVALID" in error.text):
            raise ModelError(
                "Gemini does not take the key",
                where=where,
                got=error,
                todo=_KEY_TODO,
            ) from error
        if error.status == 404:
            raise ModelError(
                "Gemini does not know the model",
                where=where,
                got=f"{self._gemini.model}; {error}",
                todo="take a name of Google's list of models; old ones are switched off",
            ) from error


class _ShapeError(Exception):
    """The answer holds neither a reply nor a reason."""


def read_answer(answer: Any, unsent: tuple[str, ...] = ()) -> Reply:
    """The reply that an answer holds: its first candidate's texts without its thoughts.

    A question that was blocked, and a reply that was stopped for what it says, is refused.

    Args:
        answer: as the SDK reads it.
        unsent: settings that the question was asked without.

    Raises:
        _ShapeError: there is neither a candidate nor a reason.
    """
    told = answer.usage_metadata
    candidate = answer.candidates[0] if answer.candidates else None
    finish = candidate.finish_reason.name if candidate and candidate.finish_reason else None
    blocked = answer.prompt_feedback and answer.prompt_feedback.block_reason
    usage = Usage(
        model=storable(answer.model_version) if answer.model_version else None,
        tokens_in=told and told.prompt_token_count,
        tokens_out=told and told.candidates_token_count,
        tokens_thoughts=told and told.thoughts_token_count,
        finish_reason=finish or (blocked.name if blocked else None),
        unsent=unsent,
    )
    if blocked:
        return Reply("", fault=ReplyFault.REFUSED, detail=f"blocked: {blocked.name}", usage=usage)
    if candidate is None:
        raise _ShapeError("no candidate in the answer")
    parts = (candidate.content and candidate.content.parts) or []
    text = "".join(part.text for part in parts if part.text and not part.thought).strip()
    if finish in _STOPPED:
        return Reply(text, fault=ReplyFault.REFUSED, detail=f"finish reason: {finish}", usage=usage)
    is_cut = finish == "MAX_TOKENS"
    if not text:
        said = f"an answer without a text (finish reason: {finish})"
        return Reply("", is_cut=is_cut, fault=ReplyFault.NO_REPLY, detail=said, usage=usage)
    return Reply(text, is_cut=is_cut, usage=usage)


def _sdk() -> ModuleType:
    """The module that imports the SDK.

    Raises:
        ModelError: the SDK is not installed.
    """
    try:
        from sparkle_curation.models.servers import gemini_client  # noqa: PLC0415 -- google-genai
    except ImportError as error:
        raise ModelError(
            "Gemini cannot be asked: the package is not installed",
            got=error,
            allowed="google-genai, or a server with the OpenAI chat protocol",
            todo="pip install '.[gemini]'",
        ) from error
    return gemini_client
