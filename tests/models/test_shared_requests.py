"""Answers that share a request: as many requests and tokens as it takes, whatever the server does with ``n``."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.models.loopback import NAME, Behaviour, serve

from sparkle_curation.models.questions import Question, Reply, ReplyFault, Sampling
from sparkle_curation.models.servers.chat_model import Server, ServerModel

PICTURES = tuple(np.full((8, 8, 3), shade, np.uint8) for shade in (1, 2))
PASSES = 4


def say(body: dict[str, Any], seed: int) -> str:
    """A text by the question and the seed alone."""
    return f"{body['messages'][0]['content'][-1]['text']} by {seed}"


def questions(*texts: str, seed: int = 42, passes: int = PASSES) -> list[Question]:
    """Each text asked some times, pass by pass, as the passes of a judge are."""
    return [Question((*PICTURES, text), seed + number) for number in range(passes) for text in texts]


def ask(
    behaviour: Behaviour, asked: list[Question], *, temperature: float = 0.7, **server: Any
) -> list[Reply]:
    """The replies of a server that behaves so."""
    with serve(None, behaviour) as url:
        settings = {"timeout_s": 20.0, "deadline_s": 60.0} | server
        return ServerModel(replace(Server(url, NAME), **settings), Sampling(temperature)).ask(asked)


def asked_for(behaviour: Behaviour) -> list[tuple[int, int]]:
    """Of each request the seed, and how many answers it asked for."""
    return sorted((body["seed"], body.get("n", 1)) for body in behaviour.requests)


def alone(asked: list[Question]) -> list[str]:
    """What is said where each pass is a request of its own, with its own seed."""
    return [f"{question.parts[-1]} by {question.seed}" for question in asked]


def test_passes_share_a_request() -> None:
    """Two questions of four passes are two requests; each drawn with the next seed, the answers are the very same."""
    behaviour, asked = Behaviour(say=say, several="drawn"), questions("SC", "PQ")
    replies = ask(behaviour, asked)
    assert asked_for(behaviour) == [(42, 4), (42, 4)]
    assert [reply.text for reply in replies] == alone(asked)
    assert {reply.of_request for reply in replies} == {PASSES}


@pytest.mark.parametrize("several", ["ignored", "refused", "copies"])
def test_a_server_that_cannot_is_asked_once_a_pass(several: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It is noticed at the first request and told once; every pass has its own seed, and nothing of one was copied."""
    behaviour, asked = Behaviour(say=say, several=several), questions("SC", "PQ", "UV")
    replies = ask(behaviour, asked)
    assert [reply.text for reply in replies] == alone(asked)
    assert {reply.of_request for reply in replies} == {1}
    tried = asked_for(behaviour)
    assert [count for _, count in tried if count > 1] == [PASSES]
    assert len(tried) == len(asked) + (several == "refused")
    (told,) = [each.getMessage() for each in caplog.records if "asked once a pass" in each.getMessage()]
    assert {"ignored": "gives one answer", "refused": "n must be 1", "copies": "4 copies"}[several] in told


def test_what_is_lacking_is_asked_for() -> None:
    """Two of four are given: the request for the others begins with the next seed."""
    behaviour, asked = Behaviour(say=say, several="drawn", most=2), questions("SC", "PQ")
    replies = ask(behaviour, asked)
    assert asked_for(behaviour) == [(42, 4), (42, 4), (44, 2), (44, 2)]
    assert [reply.text for reply in replies] == alone(asked)
    assert {reply.of_request for reply in replies} == {2}


def test_no_more_are_asked_for_than_is_said() -> None:
    """``answers_per_request``: with 1 there is a request a pass."""
    for most, requests in ((1, 8), (3, 4), (9, 2)):
        behaviour, asked = Behaviour(say=say, several="drawn"), questions("SC", "PQ")
        assert [reply.text for reply in ask(behaviour, asked, answers_per_request=most)] == alone(asked)
        assert len(behaviour.requests) == requests


def test_equal_answers_are_answers_where_nothing_is_drawn_or_others_differed() -> None:
    """At temperature 0 all are equal; a server that has given several that differ may give equal ones too."""
    behaviour = Behaviour(text="the same", several="drawn")
    replies = ask(behaviour, questions("SC", "PQ"), temperature=0)
    assert len(behaviour.requests) == 2
    assert {reply.of_request for reply in replies} == {PASSES}
    mixed = Behaviour(
        say=lambda body, seed: "same" if "PQ" in say(body, seed) else say(body, seed), several="drawn"
    )
    replies = ask(mixed, questions("SC", "PQ"))
    assert len(mixed.requests) == 2
    assert [reply.text for reply in replies[1::2]] == ["same"] * PASSES


def test_one_failure_is_no_proof(caplog: pytest.LogCaptureFixture) -> None:
    """A server that breaks down once is asked for one answer, and for several again after it."""
    behaviour = Behaviour(answers=[(500, "oh no", {})], say=say, several="drawn")
    asked = questions("SC", "PQ")
    assert [reply.text for reply in ask(behaviour, asked)] == alone(asked)
    assert asked_for(behaviour) == [(42, 1), (42, 4), (42, 4), (43, 3)]
    assert "once a pass" not in caplog.text


def test_a_server_that_breaks_down_at_several_is_asked_once_a_pass() -> None:
    """After three that went well when one was asked for; nothing waits for its deadline."""
    behaviour = Behaviour(say=say)

    class Broken(list):  # type: ignore[type-arg]
        """Fails each request for several."""

        def __bool__(self) -> bool:
            return behaviour.requests[-1].get("n", 1) > 1

        def pop(self, _place: Any = 0) -> Any:
            return (500, "n", {})

    behaviour.answers = Broken()
    asked = questions("SC", "PQ")
    assert [reply.text for reply in ask(behaviour, asked, concurrency=1)] == alone(asked)
    assert [count for _, count in asked_for(behaviour) if count > 1] == [4, 3, 2]


def test_what_is_refused_whatever_is_asked_for_is_refused_once() -> None:
    """A question that no request gets an answer to tells nothing of the server, and costs two requests."""
    behaviour = Behaviour(answers=[(400, "no such picture", {})] * 2, say=say, several="drawn")
    replies = ask(behaviour, questions("SC", "PQ"), concurrency=1)
    assert [reply.fault for reply in replies] == [ReplyFault.REFUSED, None] * PASSES
    assert [body.get("n", 1) for body in behaviour.requests] == [4, 1, 4]


def test_a_choice_that_is_none_is_asked_for_again() -> None:
    """The others count; of an answer that a filter stopped nothing is asked again."""
    choices = [
        {"index": 1, "message": {"content": "SC by 43"}},
        {"index": 0, "message": {"content": "SC by 42"}},
        {"index": 2, "message": {}},
        {"index": 3, "message": {"content": ""}, "finish_reason": "content_filter"},
    ]
    behaviour = Behaviour(answers=[(200, json.dumps({"choices": choices}), {})], say=say, several="drawn")
    replies = ask(behaviour, questions("SC"))
    assert [reply.text for reply in replies] == ["SC by 42", "SC by 43", "", "SC by 45"]
    assert replies[2].fault is ReplyFault.REFUSED
    assert asked_for(behaviour) == [(42, 4), (45, 1)]
