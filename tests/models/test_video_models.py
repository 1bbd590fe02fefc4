"""Models that are shown videos: Gemini by its own API, and what Azure and servers with their own rules need."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from tests.bench.judging.loopback_judge import KEY, NAME, Asked, LoopbackJudge, Said, serving

from sparkle_curation.errors import ModelError, ParameterError
from sparkle_curation.models.choice import choose_video_model
from sparkle_curation.models.params import VideoModelParams
from sparkle_curation.models.questions import Question, ReplyFault, Sampling, Video, VisionLanguageModel
from sparkle_curation.models.servers.gemini_model import Gemini, GeminiModel

GREEDY = Sampling(temperature=0.0, top_p=1.0, top_k=None, max_new_tokens=64)
SCHEMA = json.dumps({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})
PICTURE = np.zeros((2, 3, 3), np.uint8)


@pytest.fixture
def loopback() -> Iterator[LoopbackJudge]:
    """Says a word."""
    with serving(LoopbackJudge(answer=lambda _asked: Said("word"))) as judge:
        yield judge


def make(url: str | None, backend: str, key: str | None = None, **params: object) -> VisionLanguageModel:
    """A model behind the address, asked with little patience."""
    usual = {"backend": backend, "name": NAME, "url": url, "timeout_s": 5.0, "deadline_s": 2.5}
    return choose_video_model(VideoModelParams(**{**usual, **params}), GREEDY, key, key)  # type: ignore[arg-type]


def question(schema: str | None = None) -> Question:
    """Two videos and a picture."""
    return Question(("Look.", Video(b"one", 2.5), Video(b"two"), PICTURE), 42, schema)


def test_gemini_is_told_rate_seed_and_schema(loopback: LoopbackJudge) -> None:
    """The rate of the one video that has one; no thought is taken for the answer, and its tokens are counted."""
    (reply,) = make(loopback.url, "gemini", KEY).ask([question(SCHEMA)])
    (asked,) = loopback.asked
    assert asked.path == f"/v1beta/models/{NAME}:generateContent"
    assert (asked.videos, asked.frame_rates, asked.pictures) == ((b"one", b"two"), (2.5, None), 1)
    assert asked.settings["seed"] == 42
    assert asked.settings["temperature"] == 0.0
    assert asked.settings["maxOutputTokens"] == 64
    assert asked.settings["responseMimeType"] == "application/json"
    assert asked.settings["responseJsonSchema"] == json.loads(SCHEMA)
    assert reply.text == "word"
    assert reply.usage is not None
    assert (reply.usage.model, reply.usage.finish_reason) == (NAME, "STOP")
    assert (reply.usage.tokens_in, reply.usage.tokens_out, reply.usage.tokens_thoughts) == (1000, 50, 200)


@pytest.mark.parametrize("key", [None, KEY])
def test_gemini_is_sent_nothing_of_the_environment(
    key: str | None, loopback: LoopbackJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, address, project or proxy that the SDK reads there, and nothing of the machine."""
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9/theirs")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://theirs:9")
    assert make(loopback.url, "gemini", key).ask([question()])[0].text == "word"
    headers = dict(loopback.asked[0].headers)
    assert headers.pop("x-goog-api-key", None) == key
    assert headers.pop("user-agent") == "sparkle-curation"
    assert set(headers) <= {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
    }


@pytest.mark.parametrize(
    ("said", "fault", "is_cut"),
    [
        (Said("", finish="content_filter"), ReplyFault.REFUSED, False),
        (Said("half", finish="content_filter"), ReplyFault.REFUSED, False),
        (Said("half a wo", finish="length"), None, True),
        (Said("", finish="length"), ReplyFault.NO_REPLY, True),
        (Said('{"error": {"message": "too large"}}', status=413), ReplyFault.REFUSED, False),
        (Said('{"error": {"message": "busy"}}', status=503), ReplyFault.NO_REPLY, False),
        (Said("<html>", status=500), ReplyFault.NO_REPLY, False),
    ],
)
@pytest.mark.parametrize("backend", ["gemini", "server"])
def test_what_is_no_reply_has_its_reason(
    backend: str, said: Said, fault: ReplyFault | None, is_cut: bool, loopback: LoopbackJudge
) -> None:
    """Stopped for what it says, too long, too large, or busy until the deadline: alike whoever says it."""
    loopback.answer = lambda _asked: said
    url = loopback.url if backend == "gemini" else loopback.openai_url
    (reply,) = make(url, backend, deadline_s=0.4).ask([question()])
    assert (reply.fault, reply.is_cut) == (fault, is_cut)


def test_a_fault_that_passes_is_asked_again(loopback: LoopbackJudge) -> None:
    """After a pause, and the others are not affected."""
    answers = [Said("<html>", status=502), Said("{}", status=429)]
    loopback.answer = lambda _asked: answers.pop(0) if answers else Said("word")
    replies = make(loopback.url, "gemini").ask([question()] * 3)
    assert [reply.text for reply in replies] == ["word"] * 3
    assert len(loopback.asked) == 5


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Said('{"error": {"code": 401, "message": "no"}}', status=401), "does not take the key"),
        (
            Said('{"error": {"code": 400, "details": [{"reason": "API_KEY_INVALID"}]}}', status=400),
            "does not take the key",
        ),
        (Said('{"error": {"code": 404, "message": "no such model"}}', status=404), "does not know the model"),
    ],
)
def test_a_wrong_key_or_model_ends_the_run(said: Said, told: str, loopback: LoopbackJudge) -> None:
    """At once, and no key is shown."""
    loopback.answer = lambda _asked: said
    with pytest.raises(ModelError, match=told) as error:
        make(loopback.url, "gemini", KEY).ask([question()])
    assert KEY not in str(error.value)


def test_gemini_that_only_fails_is_not_waited_for_until_the_deadline(loopback: LoopbackJudge) -> None:
    """Once its silence has lasted, each question is tried once, until the first reply, as of any server."""
    answers = [Said("{}", status=500), Said("{}", status=500), Said("word"), Said("{}", status=500)]
    loopback.answer = lambda _asked: answers.pop(0) if answers else Said("word")
    model = GeminiModel(Gemini(NAME, url=loopback.url, silence_s=0.0, deadline_s=60.0), GREEDY)
    found = [model.ask([question()])[0] for _ in range(4)]
    assert [each.fault for each in found] == [ReplyFault.NO_REPLY, ReplyFault.NO_REPLY, None, None]
    assert len(loopback.asked) == 5  # the last question twice


def test_gemini_that_is_gone_ends_the_run() -> None:
    """What was answered is kept by who asks; questions that it fails at alone are replies without a text."""
    with serving(LoopbackJudge(answer=lambda _asked: Said("word"))) as judge:
        model = make(judge.url, "gemini", deadline_s=0.4)
        assert model.ask([question()])[0].text == "word"
    with pytest.raises(ModelError, match="Gemini gives no replies"):
        model.ask([question()])


def test_models_behind_servers_are_described_alike() -> None:
    """The same members, so that journals of both have the same columns; never the address."""
    described = [make("http://127.0.0.1:9/v1", backend).provenance for backend in ("gemini", "server")]
    assert [each.pop("backend") for each in map(dict, described)] == ["gemini", "server"]
    assert described[0] == {**described[1], "backend": "gemini"}
    assert described[0]["revision"] == "not told"


def test_gemini_that_cannot_be_reached_is_told_at_once() -> None:
    """Before anything is asked, and not after the deadline of a question."""
    with pytest.raises(ModelError, match="cannot be reached"):
        make("http://127.0.0.1:9", "gemini", deadline_s=600.0).load()
    with pytest.raises(ModelError, match="cannot be sent"):
        make(None, "gemini", "a\nkey").load()


def test_azure_has_addresses_and_a_header_of_its_own(loopback: LoopbackJudge) -> None:
    """The deployment in the path, the version of the API behind it, the key as `api-key`; it lists no models."""
    model = make(loopback.url, "server", KEY, azure_api_version="2024-10-21")
    (reply,) = model.ask([question()])
    assert reply.text == "word"
    (asked,) = loopback.asked
    assert asked.path == f"/openai/deployments/{NAME}/chat/completions?api-version=2024-10-21"
    assert asked.headers["api-key"] == KEY
    assert "authorization" not in asked.headers
    assert asked.videos == (b"one", b"two")


@pytest.mark.parametrize("part", ["image_url", "video_url"])
def test_a_video_is_sent_as_the_server_takes_it(part: str, loopback: LoopbackJudge) -> None:
    """As gateways to Gemini do, or vLLM; settings that few servers know are not sent."""
    make(loopback.openai_url, "server", video_part=part).ask([question()])
    (asked,) = loopback.asked
    assert asked.videos == (b"one", b"two")
    assert "top_k" not in asked.settings


@pytest.mark.parametrize("backend", ["gemini", "server"])
def test_settings_that_are_refused_are_left_out_one_by_one(backend: str, loopback: LoopbackJudge) -> None:
    """And told with each reply; a refusal of something else is one of the question."""
    url = loopback.url if backend == "gemini" else loopback.openai_url

    def answer(asked: Asked) -> Said:
        for name in ("seed", "temperature"):
            if name in asked.settings:
                told = {"error": {"code": 400, "message": f"Unsupported parameter: '{name}'", "param": name}}
                return Said(json.dumps(told), status=400)
        return Said("word")

    loopback.answer = answer
    model = make(url, backend)
    for _ in range(2):
        (reply,) = model.ask([question()])
        assert reply.text == "word"
        assert reply.usage is not None
        assert reply.usage.unsent == ("seed", "temperature")
    assert len(loopback.asked) == 3 + 1
    loopback.answer = lambda _asked: Said('{"error": {"code": 400, "message": "bad video"}}', status=400)
    assert model.ask([question()])[0].fault is ReplyFault.REFUSED


def test_the_longest_reply_has_another_name_for_models_that_think(loopback: LoopbackJudge) -> None:
    """`max_completion_tokens`, where `max_tokens` is refused."""

    def answer(asked: Asked) -> Said:
        if "max_tokens" in asked.settings:
            return Said(
                '{"error": {"message": "Use \'max_completion_tokens\' instead of \'max_tokens\'"}}',
                status=400,
            )
        return Said("word")

    loopback.answer = answer
    assert make(loopback.openai_url, "server").ask([question()])[0].text == "word"
    assert loopback.asked[-1].settings["max_completion_tokens"] == 64


def test_a_wrong_address_is_told() -> None:
    """Before anything is imported."""
    with pytest.raises(ParameterError, match="needs the server's address"):
        make("host:8000", "gemini")
    with pytest.raises(ParameterError, match="needs the server's address"):
        make(None, "server")
