"""A server that hangs, fails, or answers with something else: one clear error, or one question without a reply."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace

import numpy as np
import pytest
from tests.models.loopback import KEY, NAME, Behaviour, serve

from sparkle_curation.errors import ModelError
from sparkle_curation.models.questions import Question, ReplyFault, Sampling
from sparkle_curation.models.server_model import Server, ServerModel

PATIENCE = {"timeout_s": 0.4, "deadline_s": 2.5}
HTML = "<html><body>502 Bad Gateway</body></html>"


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
    ],
)
def test_a_fault_that_passes_is_asked_again(answer: tuple[int, str, dict[str, str]]) -> None:
    """After a pause; the reply is then the server's, and the others are not affected."""
    behaviour = Behaviour(answers=[answer])
    with serve(None, behaviour) as url:
        replies = model_at(url).ask(questions(3))
    assert [reply.text for reply in replies] == ["a reply"] * 3
    assert len(behaviour.requests) == 4


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
    """One question has no reply; of several, when none has one, the run is told to stop."""
    with serve(None, Behaviour(delay_s=1.0)) as url:
        start = time.monotonic()
        (reply,) = model_at(url).ask(questions(1))
        took = time.monotonic() - start
        assert reply.fault is ReplyFault.NO_REPLY
        assert "Timeout" in (reply.detail or "")
        assert took < PATIENCE["deadline_s"] + 1.5
        with pytest.raises(ModelError, match="gives no replies"):
            model_at(url).ask(questions(2))


def test_a_server_that_goes_away_leaves_what_it_answered() -> None:
    """The first question has its reply, the second none."""
    answers = [(200, json.dumps({"choices": [{"message": {"content": "first"}}]}), {})]
    with serve(None, Behaviour(answers=[*answers, *[(500, "gone", {})] * 50])) as url:
        replies = model_at(url, concurrency=1).ask(questions(2))
    assert (replies[0].text, replies[1].fault) == ("first", ReplyFault.NO_REPLY)


def test_nobody_listens() -> None:
    """The error names the address and what to check."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ModelError) as error:
        model_at(url).ask(questions(1))
    assert url in str(error.value)
    assert "has started" in str(error.value)


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
