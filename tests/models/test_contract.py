"""What every model does, whatever is behind it: one test for both back ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.models.loopback import NAME, serve

from sparkle_curation.models.questions import Question, Sampling, VisionLanguageModel

SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "reasoning": {"type": "string", "pattern": '^[^"\\\\\\x00-\\x1f]{0,12}$'},
            "score": {
                "type": "array",
                "items": {"type": "integer", "minimum": 0, "maximum": 25},
                "minItems": 2,
                "maxItems": 2,
            },
        },
        "required": ["reasoning", "score"],
        "additionalProperties": False,
    }
)
SAMPLING = Sampling(max_new_tokens=96)
SHORT = Sampling(max_new_tokens=8)

MakeModel = Callable[[Sampling], VisionLanguageModel]


def _local(checkpoint: Path, sampling: Sampling) -> VisionLanguageModel:
    from sparkle_curation.models.transformers_model import Device, TransformersModel  # noqa: PLC0415
    from sparkle_curation.models.weights import Weights  # noqa: PLC0415

    return TransformersModel(Weights(str(checkpoint)), sampling, Device("cpu", "float32", batch_size=3))


@pytest.fixture(scope="module", params=["transformers", "server"])
def make_model(request: pytest.FixtureRequest, checkpoint: Path) -> Iterator[MakeModel]:
    """A function that makes a model with the same weights behind either back end."""
    if request.param == "transformers":
        yield lambda sampling: _local(checkpoint, sampling)
        return
    from contextlib import ExitStack  # noqa: PLC0415

    from sparkle_curation.models.servers.chat_model import Server, ServerModel  # noqa: PLC0415

    with ExitStack() as stack:

        def make(sampling: Sampling) -> VisionLanguageModel:
            url = stack.enter_context(serve(_local(checkpoint, sampling)))
            return ServerModel(Server(url, NAME), sampling)

        yield make


def _questions(schema: str | None = SCHEMA) -> list[Question]:
    rng = np.random.default_rng(5)
    pictures = [rng.integers(0, 255, (64, 96 + 32 * place, 3), np.uint8) for place in range(2)]
    return [
        Question((pictures[0], "Rate this."), 42, schema),
        Question((pictures[0], pictures[1], "Rate the second against the first. " * 4), 42, schema),
        Question(("<img1>: ", pictures[1], "Rate this."), 43, schema),
        Question((pictures[0], "Rate this."), 43, schema),
    ]


def test_replies_come_in_the_order_of_the_questions_and_follow_their_schema(make_model: MakeModel) -> None:
    """Each reply is the JSON that its schema asks for, and the same as when its question is asked alone."""
    model = make_model(SAMPLING)
    questions = _questions()
    replies = model.ask(questions)
    for reply in replies:
        answer = json.loads(reply.text)
        assert reply.fault is None
        assert not reply.is_cut
        assert [0 <= score <= 25 for score in answer["score"]] == [True, True]
    assert [model.ask([question])[0] for question in questions] == replies


def test_the_seed_decides(make_model: MakeModel) -> None:
    """The same question with another seed gets another reply, with the same seed the same."""
    model = make_model(SAMPLING)
    first, _, _, other = model.ask(_questions())
    assert first.text != other.text
    assert model.ask(_questions()[:1]) == [first]


def test_a_reply_that_is_too_long_says_so(make_model: MakeModel) -> None:
    """A reply is cut at the most tokens allowed, and marked."""
    reply = make_model(SHORT).ask(_questions()[:1])[0]
    assert reply.is_cut
    assert reply.fault is None


def test_images_matter(make_model: MakeModel) -> None:
    """Another picture gives another reply: the picture reaches the model."""
    model = make_model(SAMPLING)
    dark, light = (np.full((64, 64, 3), shade, np.uint8) for shade in (0, 255))
    replies = model.ask([Question((picture, "Rate this."), 1, SCHEMA) for picture in (dark, light)])
    assert replies[0] != replies[1]


def test_no_question_needs_nothing(make_model: MakeModel) -> None:
    """No questions give no replies."""
    assert make_model(SAMPLING).ask([]) == []


def test_provenance_tells_what_replies_depend_on(make_model: MakeModel) -> None:
    """Two models alike have the same provenance, one with another temperature has not; no path is in it."""
    same, other = make_model(SAMPLING).provenance, make_model(Sampling(temperature=0.1)).provenance
    assert same == make_model(SAMPLING).provenance
    assert same != other
    assert not any("/" in value for value in same.values())
