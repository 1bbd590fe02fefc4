r"""A judge's answer to a rubric, read strictly: an integer for each dimension or a reason why not, and never a guess.

The published evaluator takes ``4.7`` for 4 and the last of two lines that disagree, and refuses ``4/5``, bullets, bold and
the heading of its own rubric. Here a form is taken where it can mean one thing only, with a flag that says which it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sparkle_curation.bench.judging.rubric import Rubric
from sparkle_curation.model_jobs.answers import answer_body, refuse_constant
from sparkle_curation.spec.codes.bench_answers import AnswerFlag, BenchAnswerFault


@dataclass(frozen=True)
class BenchAnswer:
    """An answer to a rubric.

    Attributes:
        scores: by key, as they were given.
        flags: forms that were taken though others were asked for, in the order of ``AnswerFlag``.
    """

    scores: Mapping[str, int]
    flags: tuple[AnswerFlag, ...] = ()


@dataclass(frozen=True)
class NoAnswer:
    """Why a text is none.

    Attributes:
        fault: as a code.
        detail: the dimension, and what stands there.
    """

    fault: BenchAnswerFault
    detail: str


class _NotReadError(Exception):
    """The text is no answer."""

    def __init__(self, fault: BenchAnswerFault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault


def parse_answer(text: str, rubric: Rubric) -> BenchAnswer | NoAnswer:
    r"""The answer that ``text`` is, or the first reason why it is none.

    Each dimension needs one line that begins with its name, then a separator and an integer of the scale. Any other text is
    passed over: the reasons. What a model thought before does not count, nor does a fence around all of it.

    >>> rubric = Rubric(title="t", scale=(1, 5), text="t.txt", dimensions=[{"key": "a", "names": ["Care"]}])
    >>> parse_answer("Brief reasoning: fine\nCare: 4.", rubric)
    BenchAnswer(scores={'a': 4}, flags=())
    >>> parse_answer("- **Care**: 4/5", rubric).flags
    (<AnswerFlag.BULLET: 'bullet'>, <AnswerFlag.BOLD: 'bold'>, <AnswerFlag.OUT_OF: 'out_of'>)
    >>> parse_answer("Care: 4.7", rubric)
    NoAnswer(fault=<BenchAnswerFault.NOT_WHOLE: 'not_whole'>, detail='Care: 4.7')
    """
    body = answer_body(text)
    if not body:
        return NoAnswer(BenchAnswerFault.EMPTY, "nothing was said")
    flags: set[AnswerFlag] = set()
    try:
        found = _of_json(body, rubric, flags) if body.startswith("{") else _of_lines(body, rubric, flags)
        scores = _one_each(found, rubric, flags)
    except _NotReadError as error:
        return NoAnswer(error.fault, str(error)[:_SHOWN_CHARS])
    return BenchAnswer(scores, tuple(flag for flag in AnswerFlag if flag in flags))


_SHOWN_CHARS = 200
_BULLET = re.compile(r"^(?:[-*+•‣◦–—]|>)\s+")  # noqa: RUF001 -- dashes as models write them
_NUMBERING = re.compile(r"^\(?\d{1,2}[.)]\s+")
_MARKS = re.compile(r"\*\*|__|`|^#{1,6}\s+|^\*(?=\w)|(?<=\w)\*(?=\s|:|$)")
_PARENTHESIS = re.compile(r"^\s*\([^()]*\)")
_SEPARATOR = re.compile(r"^\s*(:|：|\||=|->|→|–|—|-)\s*")  # noqa: RUF001 -- the colon of Chinese text
_NUMBER = re.compile(r"^([-+]?[0-9]+(?:[.,][0-9]+)*)")
_OUT_OF = re.compile(r"^\s*(?:/|out of)\s*([0-9]{1,9})", re.IGNORECASE)
_OTHER_NUMBER = re.compile(
    r"[\d½¼¾%]|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|half)\b", re.IGNORECASE
)
_REMARK = re.compile(r"^(?:[-,;:.–—]|\()\s*\w")  # noqa: RUF001 -- dashes as models write them


def _one_each(found: Mapping[str, list[int]], rubric: Rubric, flags: set[AnswerFlag]) -> dict[str, int]:
    """The score of each dimension, of which an answer may have given more than one.

    Raises:
        _NotReadError: a dimension has none, or two that disagree.
    """
    scores: dict[str, int] = {}
    for dimension in rubric.dimensions:
        given = found.get(dimension.key, [])
        if not given:
            raise _NotReadError(BenchAnswerFault.MISSING, f"no score for {dimension.name}")
        if len(set(given)) > 1:
            told = " and ".join(map(str, given))
            raise _NotReadError(BenchAnswerFault.CONTRADICTION, f"{dimension.name}: {told}")
        if len(given) > 1:
            flags.add(AnswerFlag.REPEATED)
        scores[dimension.key] = given[0]
    return scores


# ------------------------------------------------------------------ lines
def _of_lines(body: str, rubric: Rubric, flags: set[AnswerFlag]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for line in body.splitlines():
        for key, rest, seen in _named(line, rubric):
            found.setdefault(key, []).append(_score(rest, line.strip(), rubric, seen))
            flags |= seen
    return found


def _named(line: str, rubric: Rubric) -> Iterator[tuple[str, str, set[AnswerFlag]]]:
    """The dimension that a line begins with, what stands behind its name and separator, and in which form."""
    plain, flags = _unmarked(line)
    # The longest name first: one may be the beginning of another.
    names = sorted(
        ((name, dimension) for dimension in rubric.dimensions for name in dimension.names),
        key=lambda pair: -len(pair[0]),
    )
    for name, dimension in names:
        if plain[: len(name)].casefold() != name.casefold():
            continue
        rest = plain[len(name) :]
        if name != dimension.name:
            flags.add(AnswerFlag.HEADING)
        if plain[: len(name)] != name:
            flags.add(AnswerFlag.CASE)
        if heading := _PARENTHESIS.match(rest):
            flags.add(AnswerFlag.HEADING)
            rest = rest[heading.end() :]
        if separator := _SEPARATOR.match(rest):
            if separator[1] != ":":
                flags.add(AnswerFlag.TABLE if separator[1] == "|" else AnswerFlag.SEPARATOR)
            yield dimension.key, rest[separator.end() :].strip().rstrip("|").strip(), flags
        return  # without a separator it is a sentence, or a heading of the reasons


def _unmarked(line: str) -> tuple[str, set[AnswerFlag]]:
    """The line without bullets, numbers and marks of Markdown, and which of them it had."""
    flags: set[AnswerFlag] = set()
    plain = line.strip()
    if plain.startswith("|"):
        flags.add(AnswerFlag.TABLE)
        plain = plain.strip("|").strip()
    # Twice: bold may hold the number, as in **1. Name**, or stand behind it.
    for _ in range(2):
        for pattern, flag in (
            (_BULLET, AnswerFlag.BULLET),
            (_NUMBERING, AnswerFlag.NUMBERED),
            (_MARKS, AnswerFlag.BOLD),
        ):
            bare = pattern.sub("", plain).strip()
            if bare != plain:
                flags.add(flag)
                plain = bare
    return plain, flags


def _score(rest: str, line: str, rubric: Rubric, flags: set[AnswerFlag]) -> int:
    """The integer that stands behind a name.

    Raises:
        _NotReadError: there is none, or something else could be meant too.
    """
    number = _NUMBER.match(rest)
    if number is None:
        raise _NotReadError(BenchAnswerFault.NO_NUMBER, line)
    digits, behind = number[1], rest[number.end() :]
    if re.fullmatch(r"[-+]?[0-9]+\.0+", digits):
        flags.add(AnswerFlag.DECIMAL)
        digits = digits.partition(".")[0]
    if not re.fullmatch(r"[-+]?[0-9]{1,9}", digits):
        raise _NotReadError(BenchAnswerFault.NOT_WHOLE, line)
    if out_of := _OUT_OF.match(behind):
        if int(out_of[1]) != rubric.scale[1]:
            raise _NotReadError(BenchAnswerFault.OTHER_SCALE, line)
        flags.add(AnswerFlag.OUT_OF)
        behind = behind[out_of.end() :]
    behind = behind.strip()
    if _OTHER_NUMBER.search(behind):
        raise _NotReadError(BenchAnswerFault.SEVERAL_NUMBERS, line)
    # Words that follow at once may say what the number counts: "4 frames are torn", "4th".
    if behind.strip("."):
        if not _REMARK.match(behind):
            raise _NotReadError(BenchAnswerFault.NO_NUMBER, line)
        flags.add(AnswerFlag.REMARK)
    return _in_range(int(digits), line, rubric)


def _in_range(score: int, line: str, rubric: Rubric) -> int:
    if not rubric.scale[0] <= score <= rubric.scale[1]:
        raise _NotReadError(BenchAnswerFault.OUT_OF_RANGE, line)
    return score


# ------------------------------------------------------------------ JSON
def _of_json(body: str, rubric: Rubric, flags: set[AnswerFlag]) -> dict[str, list[int]]:
    """The scores of an object whose members are called as dimensions or their keys, itself or its member ``scores``."""
    flags.add(AnswerFlag.JSON)
    pairs: list[tuple[str, Any]] = []
    try:
        # A member that stands twice comes twice, as a line would.
        pairs = _flat(json.loads(body, object_pairs_hook=_Pairs, parse_constant=refuse_constant))
    except (ValueError, RecursionError) as error:
        raise _NotReadError(BenchAnswerFault.MISSING, f"no JSON: {error}") from error
    names = {
        name.casefold(): dimension.key
        for dimension in rubric.dimensions
        for name in (*dimension.names, dimension.key)
    }
    found: dict[str, list[int]] = {}
    for name, value in pairs:
        key = names.get(name.casefold())
        if key is None:
            continue
        said = f"{name}: {value}"
        if isinstance(value, str):
            (score,) = [_score(value.strip(), said, rubric, flags)]
        elif type(value) is int:
            score = _in_range(value, said, rubric)
        elif isinstance(value, float):
            if not value.is_integer():
                raise _NotReadError(BenchAnswerFault.NOT_WHOLE, said)
            flags.add(AnswerFlag.DECIMAL)
            score = _in_range(int(value), said, rubric)
        else:
            raise _NotReadError(BenchAnswerFault.NO_NUMBER, said)
        found.setdefault(key, []).append(score)
    return found


class _Pairs(list[tuple[str, Any]]):
    """The members of an object, in their order, each as often as it stands there."""


def _flat(value: object) -> list[tuple[str, Any]]:
    if not isinstance(value, _Pairs):
        raise ValueError("no object")  # noqa: TRY004 -- one kind of error for all that is no such answer
    pairs: list[tuple[str, Any]] = []
    for name, member in value:
        pairs += (
            _flat(member) if name.casefold() == "scores" and isinstance(member, _Pairs) else [(name, member)]
        )
    return pairs


def answer_schema(rubric: Rubric) -> str:
    """The JSON schema of an answer: a reason, then an integer of the scale for each dimension."""
    low, high = rubric.scale
    score = {"type": "integer", "minimum": low, "maximum": high}
    properties = {"reasoning": {"type": "string"}, **{each.name: score for each in rubric.dimensions}}
    return json.dumps(
        {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    )
