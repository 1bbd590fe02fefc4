"""A judge's answer, read strictly: two integers or a reason why not, and never a guess.

EditScore's own parsers take what looks like numbers: of a truncated text the first ones, of ``8/10 in 2024``
three, of two objects a mixture, booleans for 0 and 1, and where they find nothing they put in a number of their
own (``editscore/__init__.py``). Here an answer is what its prompt asks for, or it is none.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

import polars as pl

from sparkle_curation.engine.io.json_text import NestedTooDeeplyError, read_json
from sparkle_curation.engine.io.storable_text import original, storable

SCORE_COUNT = 2
_JSON_SPACE = " \t\r\n"


class AnswerFault(StrEnum):
    """Why a text is no answer."""

    EMPTY = "empty"
    NOT_JSON = "not_json"
    NESTED_TOO_DEEPLY = "nested_too_deeply"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_MEMBER = "duplicate_member"
    NO_SCORE = "no_score"
    NOT_A_LIST = "not_a_list"
    NOT_TWO_SCORES = "not_two_scores"
    NOT_WHOLE_NUMBERS = "not_whole_numbers"
    OUT_OF_RANGE = "out_of_range"


@dataclass(frozen=True)
class Answer:
    """An answer as its prompt asks for it.

    Attributes:
        scores: the two scores, integers from 0 to the score range.
        reasoning: the judge's reasons, storable; None where the answer has none, or not as text.
    """

    scores: tuple[int, int]
    reasoning: str | None


def parse_answer(text: str, score_range: int = 25) -> Answer | AnswerFault:
    r"""The answer that ``text`` is, or the first reason why it is none.

    Taken is one JSON object, alone or in one Markdown fence, whose ``score`` is a list of exactly two integers
     from 0 to ``score_range``. Other members are passed over; one that stands twice is not. What a model
    thought before it does not count (``answer_body``).

    Args:
        text: storable, as a reply, a journal or a release has it.
        score_range: the highest score.

    >>> parse_answer('{"reasoning": "Fine.", "score": [22, 20]}')
    Answer(scores=(22, 20), reasoning='Fine.')
    >>> parse_answer('```json\n{"score": [22, 20]}\n```')
    Answer(scores=(22, 20), reasoning=None)
    >>> parse_answer('{"score": [26, 20]}')
    <AnswerFault.OUT_OF_RANGE: 'out_of_range'>
    >>> parse_answer("There are 2 people and 3 trees")
    <AnswerFault.NOT_JSON: 'not_json'>
    """
    body = answer_body(text)
    if not body:
        return AnswerFault.EMPTY
    try:
        value = read_json(body, _DECODER.decode)
    except _DuplicateMemberError:
        return AnswerFault.DUPLICATE_MEMBER
    except NestedTooDeeplyError:
        return AnswerFault.NESTED_TOO_DEEPLY
    except ValueError:
        return AnswerFault.NOT_JSON
    return _answer(value, score_range)


def parse_answers(texts: pl.Series, score_range: int = 25) -> pl.Series:
    """``parse_answer`` of each text, as structs of ``low``, ``high`` (the two scores in order of size), ``fault``.

    A null text is an empty one. The usual form is recognised in bulk, a hundred times as fast as by Python;
    only the others are parsed one by one.
    """
    texts = texts.fill_null("")
    ending = texts.str.tail(_ENDING_CHARS)
    scores = pl.DataFrame(
        {
            "first": ending.str.extract(_ENDING, 1).cast(pl.Int16),
            "second": ending.str.extract(_ENDING, 2).cast(pl.Int16),
        }
    )
    is_plain = (
        texts.str.contains(_PLAIN) & (scores["first"] <= score_range) & (scores["second"] <= score_range)
    ).fill_null(value=False)
    plain = scores.select(
        pl.min_horizontal("first", "second").alias("low"),
        pl.max_horizontal("first", "second").alias("high"),
        pl.lit(None, pl.String).alias("fault"),
    )
    odd = (~is_plain).arg_true()
    if len(odd):
        rows = [_row(parse_answer(text, score_range)) for text in texts.gather(odd)]
        parsed = pl.DataFrame(rows, schema=plain.schema, orient="row")
        plain = plain.with_columns(plain[name].scatter(odd, parsed[name]) for name in plain.columns)
    return plain.to_struct(texts.name)


ANSWER_TYPE = pl.Struct({"low": pl.Int16, "high": pl.Int16, "fault": pl.String})
"""What ``parse_answers`` gives for each text."""

_S = "[ \t\r\n]*"
_STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"'
_NUMBER = "(?:0|[1-9][0-9]?)"
_BODY = rf'\{{{_S}"reasoning"{_S}:{_S}{_STRING}{_S},{_S}"score"{_S}:{_S}\[{_S}{_NUMBER}{_S},{_S}{_NUMBER}{_S}\]{_S}\}}'
_PLAIN = rf"\A{_S}(?:{_BODY}|```(?:json)?{_S}{_BODY}{_S}```){_S}\z"
"""The usual form: the reason, then two numbers; whatever it matches, ``parse_answer`` takes or finds out of range."""
_ENDING = rf"\[{_S}({_NUMBER}){_S},{_S}({_NUMBER}){_S}\]{_S}\}}[ \t\r\n`]*\z"
_ENDING_CHARS = 48
_FENCE = re.compile(r"```(?:json)?(.*)```", re.DOTALL)
_THOUGHT_END = "</think>"
_BEGINS_ANSWER = ("{", "[", "`")
"""An answer may say ``</think>`` itself: it is none of its thoughts then."""


class _DuplicateMemberError(Exception):
    """An object names a member twice."""


def answer_body(text: str) -> str:
    """The JSON of an answer as the model wrote it: without its thoughts, without one Markdown fence around it.

    A model that thinks writes ``<think>...</think>`` first; where its template has begun the thought already, the end
    alone. All up to the last ``</think>`` is cut off, as Qwen's own examples do; the text that is kept of the reply has it.

    >>> answer_body("<think>A 7? </think> ```json {} ```")
    '{}'
    """
    text = original(text).strip(_JSON_SPACE)
    if not text.startswith(_BEGINS_ANSWER):
        text = text.rpartition(_THOUGHT_END)[2].strip(_JSON_SPACE)
    match = _FENCE.fullmatch(text)
    return match[1].strip(_JSON_SPACE) if match else text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _DuplicateMemberError
    return members


def refuse_constant(constant: str) -> NoReturn:
    """Stop at ``NaN`` and ``Infinity``, which Python's decoder would take and JSON does not have."""
    raise ValueError(constant)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=refuse_constant)


def _answer(value: object, score_range: int) -> Answer | AnswerFault:
    if not isinstance(value, dict):
        return AnswerFault.NOT_AN_OBJECT
    if "score" not in value:
        return AnswerFault.NO_SCORE
    scores = _scores(value["score"], score_range)
    if isinstance(scores, AnswerFault):
        return scores
    reasoning = value.get("reasoning")
    return Answer(scores, storable(reasoning) if isinstance(reasoning, str) else None)


def _scores(value: object, score_range: int) -> tuple[int, int] | AnswerFault:
    if not isinstance(value, list):
        return AnswerFault.NOT_A_LIST
    if len(value) != SCORE_COUNT:
        return AnswerFault.NOT_TWO_SCORES
    if not all(type(score) is int for score in value):  # a boolean is an int of its own type
        return AnswerFault.NOT_WHOLE_NUMBERS
    if not all(0 <= score <= score_range for score in value):
        return AnswerFault.OUT_OF_RANGE
    return value[0], value[1]


def _row(answer: Answer | AnswerFault) -> tuple[int | None, int | None, str | None]:
    if isinstance(answer, AnswerFault):
        return None, None, answer.value
    return min(answer.scores), max(answer.scores), None
