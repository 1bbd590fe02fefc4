"""Weights from a hub: a real HTTP server on loopback that speaks its protocol, with a tiny checkpoint behind it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparkle_curation.errors import ModelError
from sparkle_curation.models.questions import Question, Sampling
from sparkle_curation.models.transformers_model import Device, TransformersModel
from sparkle_curation.models.weights import Weights

NAME, COMMIT = "Somebody/tiny", "0123456789abcdef" * 2 + "01234567"
UNSAFE = {"pytorch_model.bin": b"pickled", "modeling_tiny.py": b"raise SystemExit", "notes.md": b"Read me."}


class _Hub(BaseHTTPRequestHandler):
    """One repository at one commit."""

    files: dict[str, bytes]
    asked: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.asked.append(path)
        tree = f"/api/models/{NAME}/tree/{COMMIT}"
        file = path.removeprefix(f"/{NAME}/resolve/{COMMIT}/")
        if path == tree:
            self._send(json.dumps([_entry(name, data) for name, data in self.files.items()]).encode())
        elif path == f"/api/models/{NAME}/revision/{COMMIT}":
            siblings = [{"rfilename": name} for name in self.files]
            self._send(json.dumps({"id": NAME, "sha": COMMIT, "siblings": siblings}).encode())
        elif file in self.files:
            self._send(self.files[file], ETag=f'"{_digest(self.files[file])}"')
        elif NAME in path:
            self._send(b"", 404, **{"X-Error-Code": "RevisionNotFound"})
        else:
            self._send(b"", 404, **{"X-Error-Code": "RepoNotFound"})

    def _send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"X-Repo-Commit": COMMIT, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def _entry(name: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "path": name, "size": len(data), "oid": _digest(data)}


def _digest(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()  # noqa: S324 -- as the hub's own


@pytest.fixture
def hub(qwen3_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Hub]]:
    """The hub, which this process takes for the real one."""
    files = {path.name: path.read_bytes() for path in qwen3_checkpoint.iterdir()}
    handler = type("Hub", (_Hub,), {"files": files | UNSAFE, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    place = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", place)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
        f"{place}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
    )
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


def model_of(weights: Weights) -> TransformersModel:
    """The model, for short replies."""
    return TransformersModel(weights, Sampling(max_new_tokens=12), Device("cpu", "float32", 4))


def test_weights_are_fetched_once_and_no_code_with_them(hub: type[_Hub], qwen3_checkpoint: Path) -> None:
    """They give the replies of the folder that they were uploaded from; pickles and Python stay where they are."""
    question = Question((np.zeros((64, 64, 3), np.uint8), "Rate this."), 42)
    model = model_of(Weights(NAME, COMMIT))
    assert model.provenance["revision"] == COMMIT
    assert hub.asked == [], "describing it fetches nothing"
    assert model.ask([question]) == model_of(Weights(str(qwen3_checkpoint))).ask([question])
    fetched = {path.rsplit("/", 1)[1] for path in hub.asked if "/resolve/" in path}
    assert "model.safetensors" in fetched
    assert not fetched & set(UNSAFE)
    hub.asked.clear()
    hub.files.clear()  # whatever the hub says now, the commit is here
    model_of(Weights(NAME, COMMIT)).load()
    assert not any("safetensors" in path for path in hub.asked)


@pytest.mark.parametrize(
    ("name", "commit", "said"),
    [(NAME, "f" * 40, "RevisionNotFoundError"), ("Nobody/nothing", COMMIT, "RepositoryNotFoundError")],
)
def test_what_the_hub_does_not_have(hub: type[_Hub], name: str, commit: str, said: str) -> None:
    """One error that names both, and what to check."""
    with pytest.raises(ModelError, match="cannot be had") as error:
        model_of(Weights(name, commit)).load()
    assert f"{name} at {commit}" in str(error.value)
    assert said in str(error.value)
    assert "check name and revision" in str(error.value)
