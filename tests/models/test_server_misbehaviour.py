"""A server that hangs, fails, or answers with something else: one clear error, or one question without a reply."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from dataclasses import replace

import numpy as np
import pytest
from tests.models.loopback import KEY, NAME, Behaviour, serve

from sparkle_curation.errors import ModelError
from sparkle_curation.models.questions import Question, ReplyFault, Sampling
from sparkle_curation.models.servers import pauses
from sparkle_curation.models.servers.chat_client import NoReplyError, ServerClient
from sparkle_curation.models.servers.chat_model import Server, ServerModel

PATIENCE = {"timeout_s": 0.4, "deadline_s": 2.5}
HTML = "<html><body>502 Bad Gateway</body></html>"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pause of a question is a tenth of the one that servers are given: fifty tests would only wait."""
    monkeypatch.setattr(pauses, "_FIRST_PAUSE_S", 0.05)


def model_at(url: str, **settings: object) -> ServerModel:
    """A model behind the address, asked with little patience."""
    return ServerModel(replace(Server(url, NAME), **{**PATIENCE, **settings}), Sampling())  # type: ignore[arg-type]


def questions(count: int) -> list[Question]:
    """Questions with a picture each, told apart by their seeds."""
    return [Question((np.full((4, 4, 3), seed, np.uint8), f"Question {seed}"), seed) for seed in range(count)]


@pytest.mark.parametrize(
    "answer",
    [
        (500, "oh no", {}),
        (503, HTML, {"Retry-After": "0"}),
        (429, '{"error": "slow down"}', {"Retry-After": "1"}),
        (200, HTML, {}),
        (200, '{"choices": [', {}),
        (200, '{"choices": []}', {}),
        (200, '{"choices": [{"message": {}}]}', {}),
        (200, "[]", {}),
        (200, "7", {}),
        (200, '{"choices": null}', {}),
        (200, '{"choices": {"0": 1}}', {}),
        (200, '{"choices": ["a"]}', {}),
        (200, '{"choices": [{"message": "a"}]}', {}),
        (200, '{"choices": [{"message": {"content": {"text": "a"}}}]}', {}),
        (200, '{"choices": [{"message": {"content": 7}}]}', {}),
        (200, '{"choices": [{"message": {"content": []}}]}', {}),
        (200, '{"choices": [{"message": {"content": [{"type": "image_url"}, "a", null]}}]}', {}),
        (200, "[" * 100_000, {}),
        (200, HTML, {"Content-Type": "text/html"}),
        (200, "", {"Content-Type": "application/json"}),
    ],
)
def test_a_fault_that_passes_is_asked_again(answer: tuple[int, str, dict[str, str]]) -> None:
    """After a pause; the reply is then the server's, and the others are not affected."""
    behaviour = Behaviour(answers=[answer])
    with serve(None, behaviour) as url:
        replies = model_at(url).ask(questions(3))
    assert [reply.text for reply in replies] == ["a reply"] * 3
    assert len(behaviour.requests) == 4


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "plain"}, "plain"),
        ({"content": [{"type": "text", "text": "two "}, {"type": "text", "text": "parts"}]}, "two parts"),
        ({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "said"}]}, "said"),
        ({"content": "bad \ud83d"}, "bad �{d83d}"),
        ({"content": ""}, ""),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/html"])
def test_a_content_is_a_text_or_parts_of_which_texts_are_joined(
    content_type: str, message: dict[str, object], text: str
) -> None:
    """Whatever the server calls it; nothing is asked again."""
    answer = (200, json.dumps({"choices": [{"message": message}]}), {"Content-Type": content_type})
    behaviour = Behaviour(answers=[answer])
    with serve(None, behaviour) as url:
        (reply,) = model_at(url).ask(questions(1))
    assert (reply.text, reply.fault) == (text, None)
    assert len(behaviour.requests) == 1


def test_a_content_that_is_null_is_no_reply_at_once() -> None:
    """The same question would be thought about until the same end: the reason is told, and nothing is asked again."""
    body = {"choices": [{"message": {"content": None}, "finish_reason": "length"}]}
    behaviour = Behaviour(answers=[(200, json.dumps(body), {})])
    with serve(None, behaviour) as url:
        (reply,) = model_at(url).ask(questions(1))
    assert (reply.text, reply.fault, reply.is_cut) == ("", ReplyFault.NO_REPLY, True)
    assert reply.detail == "the message's content is null (finish_reason: length)"
    assert len(behaviour.requests) == 1


DEEP = "[" * 100_000 + "]" * 100_000


def test_a_reply_that_is_nested_too_deeply_is_said_to_be() -> None:
    """It is JSON, so that it is none is not said; a refusal of that kind is one; and the others have their replies."""
    with serve(None, Behaviour(answers=[(200, DEEP, {})])) as url:
        client = ServerClient(url, None, 9.0, 1)
        body = {"model": NAME, "messages": []}
        with pytest.raises(
            NoReplyError, match=r"^JSON whose lists and objects are nested too deeply to be read"
        ):
            asyncio.run(client.complete(body, 9.0))
    with serve(None, Behaviour(answers=[(400, DEEP, {}), (200, DEEP, {})])) as url:
        replies = model_at(url, concurrency=1, deadline_s=9.0).ask(questions(3))
    assert [(reply.fault, reply.text) for reply in replies] == [
        (ReplyFault.REFUSED, ""),
        *[(None, "a reply")] * 2,
    ]


def test_models_that_are_listed_too_deeply_are_said_to_be() -> None:
    """The server was reached, and what it sends is named."""
    with serve(None, Behaviour(models=DEEP)) as url, pytest.raises(ModelError) as error:
        model_at(url).load()
    assert "nested too deeply" in str(error.value.got)


def test_a_shape_that_stays_is_no_reply_with_its_reason() -> None:
    """At the deadline, and without a traceback."""
    answers = [(200, '{"choices": [{"message": {"content": {"text": "\\ud83d"}}}]}', {})] * 50
    with serve(None, Behaviour(answers=answers)) as url:
        (reply,) = model_at(url, deadline_s=0.6).ask(questions(1))
    assert reply.fault is ReplyFault.NO_REPLY
    assert reply.detail == "content: not what it should be in the message: {'text': '\\ud83d'}"


@pytest.mark.parametrize(
    "models", ["[]", '{"data": {}}', '{"data": ["a"]}', '{"data": [{"id": 7}]}', "<html>"]
)
def test_a_list_of_models_of_another_shape(models: str) -> None:
    """It is no server of this protocol, and the error says what it sent."""
    with (
        serve(None, Behaviour(models=models)) as url,
        pytest.raises(ModelError, match="answers with something else than its list of models"),
    ):
        model_at(url).load()


@pytest.mark.parametrize("url", ["http://[bad/v1", "http://host:port/v1", "http://"])
def test_an_address_that_is_none(url: str) -> None:
    """Told as one that cannot be reached."""
    with pytest.raises(ModelError, match="cannot be reached"):
        model_at(url).load()


@pytest.mark.parametrize("key", [None, KEY])
def test_nothing_of_the_environment_reaches_the_server(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, organisation, project, header or address that the SDK reads there, no proxy, and nothing of the machine."""
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", "theirs")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/theirs")
    added = (
        "X-Own: theirs",
        "authorization: theirs",
        "Host: theirs",
        "user-agent: theirs",
        "X-Odd: theirs \u00e9",
    )
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "\n".join(added))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://theirs:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    behaviour = Behaviour()
    with serve(None, behaviour) as url:
        assert model_at(url, api_key=key).ask(questions(1))[0].text == "a reply"
        for headers in behaviour.headers:
            assert headers.pop("authorization", None) == (key and f"Bearer {key}")
            assert headers.pop("host") == url.removeprefix("http://").removesuffix("/v1")
            assert "theirs" not in str(headers)
            known = {
                "accept",
                "accept-encoding",
                "connection",
                "content-length",
                "content-type",
                "user-agent",
            }
            assert headers.keys() <= known
    assert len(behaviour.headers) == 2
    assert behaviour.requests[0]["top_k"] == Sampling().top_k
    assert "extra_body" not in behaviour.requests[0]


def test_a_key_that_no_header_can_hold_is_not_shown() -> None:
    """Told before anything is asked."""
    behaviour = Behaviour()
    with serve(None, behaviour) as url, pytest.raises(ModelError, match="cannot be sent") as error:
        model_at(url, api_key="se\ncret").load()
    assert "cret" not in str(error.value).replace("credentials", "")
    assert behaviour.headers == []


def test_the_server_says_how_long_to_wait() -> None:
    """`Retry-After` is kept to, where it fits into the deadline."""
    with serve(None, Behaviour(answers=[(429, "", {"Retry-After": "1"})])) as url:
        start = time.monotonic()
        model_at(url).ask(questions(1))
    assert time.monotonic() - start >= 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_question_that_is_refused_is_not_asked_again(status: int) -> None:
    """It alone has no reply, and the server's words are kept."""
    behaviour = Behaviour(answers=[(status, "too long", {})])
    with serve(None, behaviour) as url:
        replies = model_at(url, concurrency=1).ask(questions(3))
    assert [reply.fault for reply in replies] == [ReplyFault.REFUSED, None, None]
    assert replies[0].detail == f"{status}: too long"
    assert len(behaviour.requests) == 3


def test_a_server_that_hangs_ends_at_the_deadline() -> None:
    """No question has a reply, of one or of several: a server that lists its models may fail at these alone."""
    with serve(None, Behaviour(delay_s=1.0)) as url:
        start = time.monotonic()
        (reply,) = model_at(url, deadline_s=1.2).ask(questions(1))
        took = time.monotonic() - start
        assert reply.fault is ReplyFault.NO_REPLY
        assert "Timeout" in (reply.detail or "")
        assert took < 1.2 + 1.5
        two = model_at(url, deadline_s=1.2)
        assert [each.fault for each in two.ask(questions(2))] == [ReplyFault.NO_REPLY] * 2


def test_a_server_that_goes_away_leaves_what_it_answered() -> None:
    """The first question has its reply, the second none."""
    answers = [(200, json.dumps({"choices": [{"message": {"content": "first"}}]}), {})]
    with serve(None, Behaviour(answers=[*answers, *[(500, "gone", {})] * 50])) as url:
        replies = model_at(url, concurrency=1).ask(questions(2))
    assert (replies[0].text, replies[1].fault) == ("first", ReplyFault.NO_REPLY)


def test_a_server_that_only_fails_is_not_waited_for_until_the_deadline() -> None:
    """Once its silence has lasted, each question is tried once, until the first reply; from then on it is waited for."""
    failing = (500, "broken", {})
    reply = (200, json.dumps({"choices": [{"message": {"content": "at last"}}]}), {})
    behaviour = Behaviour(answers=[failing, failing, reply, failing])
    with serve(None, behaviour) as url:
        model = model_at(url, concurrency=1, silence_s=0.0, deadline_s=60.0)
        found = [model.ask(questions(1))[0] for _ in range(4)]
    assert [each.fault for each in found] == [ReplyFault.NO_REPLY, ReplyFault.NO_REPLY, None, None]
    assert "500: broken" in (found[0].detail or "")
    assert len(behaviour.requests) == 5  # the last question twice


@pytest.mark.parametrize("count", [1, 2])
def test_a_server_that_is_gone_ends_the_run(count: int) -> None:
    """One that no longer lists its models: nobody waits for the deadline of each further question."""
    with serve(None) as url:
        model = model_at(url, deadline_s=0.4)
        assert model.ask(questions(1))[0].text == "a reply"
    with pytest.raises(ModelError, match="gives no replies"):
        model.ask(questions(count))


def test_nobody_listens() -> None:
    """The error names the address, and says to start the server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ModelError) as error:
        model_at(url).ask(questions(1))
    assert url in str(error.value)
    assert "start the server" in str(error.value)


def test_a_model_that_the_server_does_not_list() -> None:
    """The error lists those that it has."""
    with serve(None) as url, pytest.raises(ModelError) as error:
        model_at(url, model="other").load()
    assert NAME in str(error.value)


def test_an_address_without_the_api() -> None:
    """Nothing is asked again, since it would not help."""
    behaviour = Behaviour(answers=[(404, "not found", {})] * 9)
    with serve(None, behaviour) as url, pytest.raises(ModelError, match="does not know the address"):
        model_at(url, concurrency=1).ask(questions(2))
    assert len(behaviour.requests) == 1


@pytest.mark.parametrize("key", [None, "the-wrong-key"])
def test_a_key_that_is_refused_is_never_shown(key: str | None) -> None:
    """Neither in the error, nor in what describes the model."""
    with serve(None, Behaviour(needs_key=True)) as url:
        model = model_at(url, api_key=key)
        with pytest.raises(ModelError, match="does not take the key") as error:
            model.load()
    assert "the-wrong-key" not in str(error.value)
    assert "the-wrong-key" not in f"{model.provenance}{model!r}{Server('u', 'm', api_key=key)!r}"


def test_the_right_key_is_taken() -> None:
    """As a bearer token."""
    with serve(None, Behaviour(needs_key=True)) as url:
        assert model_at(url, api_key=KEY).ask(questions(1))[0].text == "a reply"


def test_no_more_are_under_way_than_allowed() -> None:
    """And as many as allowed, when there are enough."""
    behaviour = Behaviour(delay_s=0.05)
    with serve(None, behaviour) as url:
        model_at(url, concurrency=3).ask(questions(12))
    assert behaviour.most_under_way == 3
