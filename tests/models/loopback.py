"""A real HTTP server on loopback with a model behind it, and the ways in which servers misbehave."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import numpy as np
from PIL import Image as Pictures

from sparkle_curation.models.questions import Question, Sampling, VisionLanguageModel

KEY = "the-right-key"
NAME = "tiny"


@dataclass
class Behaviour:
    """What the server does next.

    Attributes:
        answers: what it sends instead of a reply, as (status, body, headers), one a request, before it behaves.
        models: its list of models, where it is another than that of one.
        text: what it replies, where no model stands behind it.
        needs_key: whether a request without the key is turned away.
        say: what it replies to a request with a seed, where no model stands behind it, instead of ``text``.
        several: what it does with ``n``: nothing; draws each with the next seed, as vLLM does; draws all with the one seed;
            or refuses.
        most: answers to one request.
        delay_s: how long each reply takes.
        most_replies: so many are given, and then the key is refused; or, where it ``is_silent``, nothing more is said until
            ``is_freed``. None for no end.
        replied: the bodies of the requests that were replied to, in order.
        headers: the headers that came, in order, names in small letters.
        requests: the bodies that came, in order.
        under_way: requests being answered; ``most_under_way`` the largest number so far.
    """

    answers: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    models: str | None = None
    text: str = "a reply"
    say: Callable[[dict[str, Any], int], str] | None = None
    several: Literal["ignored", "drawn", "copies", "refused"] = "ignored"
    most: int = 8
    needs_key: bool = False
    delay_s: float = 0.0
    most_replies: int | None = None
    is_silent: bool = False
    is_freed: threading.Event = field(default_factory=threading.Event)
    replied: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def serve(model: VisionLanguageModel | None, behaviour: Behaviour | None = None) -> Iterator[str]:
    """The base address of a server that answers with ``model``, or with a fixed text where there is none."""
    behaviour = behaviour or Behaviour()
    handler = type("Handler", (_Handler,), {"model": model, "behaviour": behaviour, "turn": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        behaviour.is_freed.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    model: VisionLanguageModel | None
    behaviour: Behaviour
    turn: threading.Lock

    def do_GET(self) -> None:
        self._note_headers()
        if self._may_answer():
            self._send(200, self.behaviour.models or json.dumps({"data": [{"id": NAME}]}))

    def do_POST(self) -> None:
        self._note_headers()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        behaviour = self.behaviour
        with behaviour.lock:
            behaviour.requests.append(body)
            behaviour.under_way += 1
            behaviour.most_under_way = max(behaviour.most_under_way, behaviour.under_way)
            answer = behaviour.answers.pop(0) if behaviour.answers else None
            is_over = behaviour.most_replies is not None and len(behaviour.replied) >= behaviour.most_replies
            if not is_over and not answer:
                behaviour.replied.append(body)
        try:
            time.sleep(behaviour.delay_s)
            if is_over and behaviour.is_silent:
                behaviour.is_freed.wait(60)
            elif is_over:
                self._send(401, '{"error": "no money left"}')
            elif answer:
                self._send(answer[0], answer[1], answer[2])
            elif behaviour.several == "refused" and body.get("n", 1) > 1:
                self._send(400, '{"error": "n must be 1"}')
            elif self._may_answer():
                self._send(200, json.dumps({"choices": self._complete(body)}))
        finally:
            with behaviour.lock:
                behaviour.under_way -= 1

    def _note_headers(self) -> None:
        with self.behaviour.lock:
            self.behaviour.headers.append({name.lower(): value for name, value in self.headers.items()})

    def _may_answer(self) -> bool:
        if not self.behaviour.needs_key or self.headers["Authorization"] == f"Bearer {KEY}":
            return True
        self._send(401, '{"error": "no such key"}')
        return False

    def _complete(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        several, most = self.behaviour.several, self.behaviour.most
        count = 1 if several == "ignored" else min(body.get("n", 1), most)
        seeds = [body["seed"] + (number if several == "drawn" else 0) for number in range(count)]
        choices = [{"index": number, **self._choose(body, seed)} for number, seed in enumerate(seeds)]
        return choices[::-1]  # nobody promises their order

    def _choose(self, body: dict[str, Any], seed: int) -> dict[str, Any]:
        if self.model is None:
            text, is_cut = self.behaviour.text, False
            if self.behaviour.say is not None:
                text = self.behaviour.say(body, seed)
        else:
            with self.turn:
                reply = self.model.ask([_question({**body, "seed": seed})])[0]
            text, is_cut = reply.text, reply.is_cut
        return {"message": {"content": text}, "finish_reason": "length" if is_cut else "stop"}

    def _send(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        data = text.encode()
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        with suppress(BrokenPipeError, ConnectionResetError):  # who asked was killed
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def _question(body: dict[str, Any]) -> Question:
    parts: list[Any] = []
    for part in body["messages"][0]["content"]:
        if part["type"] == "text":
            parts.append(part["text"])
        else:
            data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
            parts.append(np.asarray(Pictures.open(io.BytesIO(data))))
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    return Question(tuple(parts), body["seed"], json.dumps(schema) if schema else None)


def sampling_of(body: dict[str, Any]) -> Sampling:
    """The sampling that a request asks for."""
    return Sampling(
        body["temperature"],
        body["top_p"],
        max(body["top_k"], 0),
        body["presence_penalty"],
        body["max_tokens"],
    )


def texts_of(questions: Sequence[Question]) -> list[str]:
    """The texts of the questions."""
    return [part for question in questions for part in question.parts if isinstance(part, str)]
