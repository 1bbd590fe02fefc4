"""What a judge's passes cost a server in prompts: requests and tokens counted, with and without several answers to one."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tests.models.loopback import NAME, Behaviour, serve

from sparkle_curation.models.choice import choose_model
from sparkle_curation.models.params import ModelParams
from sparkle_curation.models.questions import Sampling
from sparkle_curation.scoring.editscore.prompt_template import PromptTemplate
from sparkle_curation.scoring.editscore.score_scale import ScoreScale
from sparkle_curation.scoring.editscore.scoring import Candidate, ScoreSettings, Scoring, score

PICTURE_TOKENS, SIDE = 1000, 16
"""What the scripted server counts for a picture; of a text it counts the words."""
WORDS = PromptTemplate("Does it follow: <instruction>", "Is it natural?", "test")
FRAMES = [
    Candidate(
        *(np.full((SIDE, SIDE, 3), shade, np.uint8) for shade in (number, 100 + number)),
        edit_prompt="Dusk",
        is_quality_of_both=True,
    )
    for number in range(4)
]


def say(body: dict[str, Any], seed: int) -> str:
    """An answer by the seed."""
    del body
    return json.dumps({"reasoning": f"seed {seed}", "score": [20, seed % 26]})


def asked_of(behaviour: Behaviour, **settings: Any) -> list[Scoring]:
    """Four frames of a video, four passes, one request after the other."""
    with serve(None, behaviour) as url:
        params = ModelParams(name=NAME, backend="server", url=url, concurrency=1, **settings)
        model = choose_model(params, Sampling())
        return score(FRAMES, model, WORDS, ScoreSettings(ScoreScale(), has_labels=False))


def prompt_tokens(behaviour: Behaviour, *, is_cached: bool = False) -> int:
    """Tokens of all prompts; with a prefix cache only what no earlier prompt began with."""
    total, known = 0, set()
    for body in behaviour.requests:
        begun = ""
        for part in body["messages"][0]["content"]:
            begun += json.dumps(part)
            if not (is_cached and begun in known):
                total += PICTURE_TOKENS if part["type"] == "image_url" else len(part["text"].split())
            known.add(begun)
    return total


@pytest.fixture(scope="module")
def both() -> tuple[Behaviour, Behaviour]:
    """A server asked once a pass, and one that gives several answers."""
    one, several = Behaviour(say=say, several="drawn"), Behaviour(say=say, several="drawn")
    scorings = asked_of(one, answers_per_request=1), asked_of(several)
    assert [each.texts("SC") for each in scorings[0]] == [each.texts("SC") for each in scorings[1]]
    assert [each.answers_per_request for found in scorings for each in found] == [1] * 4 + [4] * 4
    return one, several


def test_three_quarters_of_requests_and_prompt_tokens_are_saved(both: tuple[Behaviour, Behaviour]) -> None:
    """Four frames, two questions: 32 requests become 8. A prompt is two pictures and four words to SC, three to PQ."""
    one, several = both
    assert (len(one.requests), len(several.requests)) == (32, 8)
    assert prompt_tokens(one) == 4 * 4 * (4 * PICTURE_TOKENS + 4 + 3) == 64_112
    assert prompt_tokens(several) == 16_028
    assert 1 - prompt_tokens(several) / prompt_tokens(one) == 0.75


def test_both_questions_begin_with_the_pictures(both: tuple[Behaviour, Behaviour]) -> None:
    """So a prefix cache finds them: of each pair of pictures only the words of the second question are new."""
    one, several = both
    assert prompt_tokens(several, is_cached=True) == 4 * (2 * PICTURE_TOKENS + 4 + 3) == 8_028
    assert prompt_tokens(one, is_cached=True) == 8_028
    pairs = zip(several.requests[::2], several.requests[1::2], strict=True)
    for first, second in pairs:
        shown = [body["messages"][0]["content"][:2] for body in (first, second)]
        assert shown[0] == shown[1]
        assert {part["type"] for part in shown[0]} == {"image_url"}
