"""An answer is two integers within the range, or it is none."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.engine.io.storable_text import storable
from sparkle_curation.model_jobs.answers import Answer, AnswerFault, parse_answer, parse_answers
from sparkle_curation.models.questions import Reply

TAKEN = [
    '{"reasoning": "Fine.", "score": [22, 20]}',
    '{"score": [0, 25], "reasoning": "The order does not matter."}',
    '```json\n{"reasoning": "In a fence.", "score": [22, 20]}\n```',
    '```\n{"reasoning": "Of no language.", "score":[22,20]}```',
    ' \n{"reasoning" : "Spaced \\u00e9 \\" }", "score" : [ 22 , 20 ] }\t',
    '{"score": [22, 20]}',
    '{"reasoning": 7, "note": null, "score": [22, 20]}',
    '{"reasoning": "half a pair: \\ud83d", "score": [22, 20]}',
    '{"reasoning": "half a pair: �{d83d}", "score": [22, 20]}',
    '{"reasoning": "it says </think> itself", "score": [22, 20]}',
    '<think>\nA dog? {"score": [1, 1]}\n</think>\n\n{"reasoning": "Fine.", "score": [22, 20]}',
    'A dog, I think.</think>```json\n{"score": [22, 20]}\n```',
]
REFUSED = [
    ("", AnswerFault.EMPTY),
    ("```json\n```", AnswerFault.EMPTY),
    ('{"reasoning": "There are 2 people and 3 trees', AnswerFault.NOT_JSON),
    ("8/10 in 2024", AnswerFault.NOT_JSON),
    ('Here you are: {"score": [22, 20]}', AnswerFault.NOT_JSON),
    ('{"score": [22, 20]} {"score": [3, 4]}', AnswerFault.NOT_JSON),
    ('{"reasoning": "a raw\nnewline", "score": [22, 20]}', AnswerFault.NOT_JSON),
    ('{"reasoning": "Fine.", "score": [022, 20]}', AnswerFault.NOT_JSON),
    ('{"reasoning": "Fine.", "score": [NaN, 20]}', AnswerFault.NOT_JSON),
    ('{"reasoning": "no quote, "score": [22, 20]}', AnswerFault.NOT_JSON),
    ("[" * 100_000, AnswerFault.NESTED_TOO_DEEPLY),
    (f'{{"score": [{"9" * 5000}, 1]}}', AnswerFault.NOT_JSON),
    ('<think>Is it {"score": [22, 20]}', AnswerFault.NOT_JSON),
    ("<think>Nothing.</think>", AnswerFault.EMPTY),
    ('<think>\n</think>Here: {"score": [22, 20]}', AnswerFault.NOT_JSON),
    ("[22, 20]", AnswerFault.NOT_AN_OBJECT),
    ("20", AnswerFault.NOT_AN_OBJECT),
    ('{"score": [1, 2], "score": [22, 20]}', AnswerFault.DUPLICATE_MEMBER),
    ('{"reasoning": "no scores"}', AnswerFault.NO_SCORE),
    ('{"score": "[22, 20]"}', AnswerFault.NOT_A_LIST),
    ('{"score": 22}', AnswerFault.NOT_A_LIST),
    ('{"score": []}', AnswerFault.NOT_TWO_SCORES),
    ('{"score": [22]}', AnswerFault.NOT_TWO_SCORES),
    ('{"score": [22, 20, 21]}', AnswerFault.NOT_TWO_SCORES),
    ('{"score": ["18/25", "20"]}', AnswerFault.NOT_WHOLE_NUMBERS),
    ('{"score": [true, 20]}', AnswerFault.NOT_WHOLE_NUMBERS),
    ('{"score": [20.5, 22]}', AnswerFault.NOT_WHOLE_NUMBERS),
    ('{"score": [20.0, 22]}', AnswerFault.NOT_WHOLE_NUMBERS),
    ('{"score": [26, 20]}', AnswerFault.OUT_OF_RANGE),
    ('{"reasoning": "Fine.", "score": [30, 20]}', AnswerFault.OUT_OF_RANGE),
    ('{"score": [-1, 20]}', AnswerFault.OUT_OF_RANGE),
]
texts = st.sampled_from([*TAKEN, *(text for text, _ in REFUSED)]) | st.text()


@pytest.mark.parametrize("text", TAKEN)
def test_what_the_prompt_asks_for_is_taken(text: str) -> None:
    """One object with two integers, in any spelling of JSON, alone or in a fence."""
    answer = parse_answer(text)
    assert isinstance(answer, Answer)
    assert answer.scores in {(22, 20), (0, 25)}


@pytest.mark.parametrize(("text", "fault"), REFUSED)
def test_what_is_no_answer_is_refused_with_its_reason(text: str, fault: AnswerFault) -> None:
    """Nothing is guessed from a text that another parser would take numbers from."""
    assert parse_answer(text) is fault


def test_the_range_is_that_of_the_score_scale() -> None:
    """The same answer is in one range and out of another."""
    assert parse_answer('{"score": [9, 10]}', score_range=10) == Answer((9, 10), None)
    assert parse_answer('{"score": [9, 11]}', score_range=10) is AnswerFault.OUT_OF_RANGE


@pytest.mark.parametrize("is_ascii", [True, False])
@given(reasoning=st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("\ud83d\udfff�{}d3"))))
def test_reasons_can_be_stored_whatever_the_judge_wrote(reasoning: str, is_ascii: bool) -> None:
    """The same whether half a surrogate pair was spelled out in the answer or stood in the server's own JSON."""
    said = json.dumps({"reasoning": reasoning, "score": [20, 21]}, ensure_ascii=is_ascii)
    answer = parse_answer(Reply(said).text)
    # Two halves that follow each other are one character once they went through JSON.
    read = json.loads(said)["reasoning"]
    assert answer == Answer((20, 21), storable(read))


@given(
    st.text(st.characters(codec="utf-8")),
    st.tuples(st.integers(0, 25), st.integers(0, 25)),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_an_answer_comes_back_as_it_was_written(
    reasoning: str, scores: tuple[int, int], is_ascii: bool, indent: int | None
) -> None:
    """Whatever the reason says, brackets and scores among it."""
    text = json.dumps({"reasoning": reasoning, "score": scores}, ensure_ascii=is_ascii, indent=indent)
    text = storable(text)
    assert parse_answer(text) == Answer(scores, storable(reasoning))
    assert parse_answers(pl.Series([text])).to_list() == [
        {"low": min(scores), "high": max(scores), "fault": None}
    ]


def plainly(text: str | None, score_range: int) -> dict[str, Any]:
    """What `parse_answers` shall give for a text."""
    answer = parse_answer(text or "", score_range)
    if isinstance(answer, Answer):
        return {"low": min(answer.scores), "high": max(answer.scores), "fault": None}
    return {"low": None, "high": None, "fault": answer.value}


@given(st.lists(texts | st.none(), max_size=6), st.sampled_from([10, 25, 100]))
def test_in_bulk_is_as_one_by_one(several: list[str | None], score_range: int) -> None:
    """The fast way takes nothing that the careful one refuses, and gives the same numbers."""
    bulk = parse_answers(pl.Series("raw", several, pl.String), score_range)
    assert bulk.name == "raw"
    assert bulk.to_list() == [plainly(text, score_range) for text in several]


@given(
    st.sampled_from([*TAKEN, *(text for text, _ in REFUSED if len(text) < 200)]),
    st.integers(0, 99),
    st.integers(1, 3),
    st.sampled_from(["", '"', "\\", "}", ",", "\x00", "0", "`", "\u2028"]),
)
def test_in_bulk_is_as_one_by_one_after_damage(text: str, start: int, length: int, put: str) -> None:
    """A few characters replaced anywhere: both ways still agree."""
    damaged = text[:start] + put + text[start + length :]
    assert parse_answers(pl.Series([damaged])).to_list() == [plainly(damaged, 25)]
