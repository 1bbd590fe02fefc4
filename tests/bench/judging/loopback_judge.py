"""A judge behind a real HTTP server on loopback, which speaks OpenAI's chat protocol, Azure's and Gemini's."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import xxhash

NAME = "loopback-judge"
KEY = "the-right-key"
DIMENSIONS = (
    "Instruction Compliance",
    "Overall Visual Quality",
    "Foreground Integrity",
    "Foreground Motion Consistency",
    "Background Dynamics",
    "Background Visual Quality",
)


@dataclass(frozen=True)
class Asked:
    """One request, whatever protocol it came by.

    Attributes:
        path: of the request.
        texts: that were said.
        videos: that were shown.
        pictures: how many were shown.
        frame_rates: of the videos, as told.
        settings: seed, temperature and the like, as they were sent.
        headers: names in small letters.
    """

    path: str
    texts: tuple[str, ...]
    videos: tuple[bytes, ...]
    pictures: int
    frame_rates: tuple[float | None, ...]
    settings: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True)
class Said:
    """What the judge answers.

    Attributes:
        text: the answer.
        finish: why it ends, in OpenAI's word.
        status: of HTTP; another one than 200 sends ``text`` as it is.
        model: that answers; None does not tell.
    """

    text: str
    finish: str = "stop"
    status: int = 200
    model: str | None = NAME


def lines(*scores: object, names: tuple[str, ...] = DIMENSIONS, form: str = "{name}: {score}") -> str:
    """An answer as it is asked for."""
    told = [form.format(name=name, score=score) for name, score in zip(names, scores, strict=True)]
    return "\n".join(["Brief reasoning: it is what it is.", *told])


def sensible(asked: Asked) -> Said:
    """Scores that follow from the videos, the same each time."""
    digest = xxhash.xxh3_64_digest(b"\0".join(asked.videos) + str(asked.pictures).encode())
    return Said(lines(*(1 + byte % 5 for byte in digest[: len(DIMENSIONS)])))


@dataclass
class LoopbackJudge:
    """What the server does.

    Attributes:
        answer: what is said to a request.
        tokens: of a question, an answer and the thoughts before it.
        delay_s: how long each answer takes.
        asked: the requests that came, in order.
        url: of the server, without a path.
    """

    answer: Callable[[Asked], Said] = sensible
    tokens: tuple[int, int, int] = (1000, 50, 200)
    delay_s: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def openai_url(self) -> str:
        """The base address of OpenAI's protocol."""
        return f"{self.url}/v1"


@contextmanager
def serving(judge: LoopbackJudge | None = None) -> Iterator[LoopbackJudge]:
    """The judge, reachable."""
    judge = judge or LoopbackJudge()
    handler = type("Handler", (_Handler,), {"judge": judge})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    judge.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield judge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    judge: LoopbackJudge

    def do_GET(self) -> None:
        told = {"name": f"models/{NAME}"} if "/v1beta/" in self.path else {"data": [{"id": NAME}]}
        self._send(200, json.dumps(told))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        is_gemini = ":generateContent" in self.path
        asked = (_of_gemini if is_gemini else _of_openai)(self.path, body, headers)
        with self.judge.lock:
            self.judge.asked.append(asked)
        said = self.judge.answer(asked)
        time.sleep(self.judge.delay_s)
        if said.status != 200:
            self._send(said.status, said.text)
            return
        told = (_as_gemini if is_gemini else _as_openai)(said, self.judge.tokens)
        self._send(200, json.dumps(told))

    def _send(self, status: int, text: str) -> None:
        data = text.encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):  # who asked was killed
            pass

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


# ------------------------------------------------------------------ OpenAI
def _of_openai(path: str, body: dict[str, Any], headers: dict[str, str]) -> Asked:
    content = body["messages"][0]["content"]
    media = [part[part["type"]]["url"] for part in content if part["type"] != "text"]
    files = [base64.b64decode(url.partition(",")[2]) for url in media]
    is_video = [url.startswith("data:video/") for url in media]
    videos = tuple(file for file, is_one in zip(files, is_video, strict=True) if is_one)
    settings = {name: value for name, value in body.items() if name not in ("messages", "model")}
    texts = tuple(part["text"] for part in content if part["type"] == "text")
    rates = (None,) * len(videos)
    return Asked(path, texts, videos, is_video.count(False), rates, settings, headers)


def _as_openai(said: Said, tokens: tuple[int, int, int]) -> dict[str, Any]:
    message = {"content": said.text or None}
    usage = {
        "prompt_tokens": tokens[0],
        "completion_tokens": tokens[1] + tokens[2],
        "completion_tokens_details": {"reasoning_tokens": tokens[2]},
    }
    told = {"choices": [{"message": message, "finish_reason": said.finish}], "usage": usage}
    return told if said.model is None else told | {"model": said.model}


# ------------------------------------------------------------------ Gemini
_FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "PROHIBITED_CONTENT"}


def _of_gemini(path: str, body: dict[str, Any], headers: dict[str, str]) -> Asked:
    parts = body["contents"][0]["parts"]
    media = [part for part in parts if "inlineData" in part]
    # The SDK writes some names with an underscore; Google's servers take both.
    videos = [part for part in media if part["inlineData"]["mime_type"] == "video/mp4"]
    return Asked(
        path,
        tuple(part["text"] for part in parts if "text" in part),
        tuple(base64.urlsafe_b64decode(part["inlineData"]["data"]) for part in videos),
        len(media) - len(videos),
        tuple(part.get("videoMetadata", {}).get("fps") for part in videos),
        body.get("generationConfig", {}),
        headers,
    )


def _as_gemini(said: Said, tokens: tuple[int, int, int]) -> dict[str, Any]:
    usage = {
        "promptTokenCount": tokens[0],
        "candidatesTokenCount": tokens[1],
        "thoughtsTokenCount": tokens[2],
    }
    parts = [{"text": "I think: Instruction Compliance: 1", "thought": True}]
    parts += [{"text": said.text}] if said.text else []
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": _FINISH[said.finish]}
    told = {"candidates": [candidate], "usageMetadata": usage}
    return told if said.model is None else told | {"modelVersion": said.model}
