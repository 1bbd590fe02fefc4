"""Ways to spoil a good line of a JSONL file, by the reason that the quarantine should then give."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.tables.ingested import (
    JSONL_TABLES,
    SCORE_TABLES,
)
from sparkle_curation.spec.themes import THEMES

Spoil = Callable[[bytes], bytes]
"""A good line without its newline in, a spoilt one out."""
Record = dict[str, Any]
_DEPTH = 200


def _invalid_json(line: bytes) -> bytes:
    """The first colon between a name and its value is lost."""
    return line.replace(b'": ', b'" ', 1)


def _truncated_line(line: bytes) -> bytes:
    """Only the first two thirds of the characters are there."""
    text = line.decode()
    return text[: 2 * len(text) // 3].encode()


def _invalid_utf8(line: bytes) -> bytes:
    return line.replace(b'"prompt": "', b'"prompt": "\xff', 1)


def _duplicate_key(line: bytes) -> bytes:
    return b'{"prompt": "another one", ' + line[1:]


def _wrong_type(record: Record) -> None:
    """A number stands in quotes; in a line without numbers, the prompt is one."""
    if not _change_number(record, str):
        record["prompt"] = 7


def _not_finite(record: Record) -> None:
    _change_number(record, lambda _: math.nan)


def _score_out_of_range(record: Record) -> None:
    # 12.5 is what EditScore itself gives for an answer outside its range (half of 25, not scaled).
    _change_number(record, lambda _: 12.5)


def _bad_sample_id(record: Record) -> None:
    """The id is that of the next theme."""
    theme = record["id"].split("_")[1]
    other = THEMES[(THEMES.index(theme) + 1) % len(THEMES)]
    record["id"] = record["id"].replace(theme, other)


def _missing_field(record: Record) -> None:
    del record["prompt"]


def _number_out_of_range(record: Record) -> None:
    record["frame_indices"][0] = -1


def _unequal_lengths(record: Record) -> None:
    record["frame_indices"].pop()


def _no_frames(record: Record) -> None:
    record["frame_indices"], record["editscore"] = [], []


def _prompt_differs(record: Record) -> None:
    record["prompt"] += " Keep the hat."


def _unknown_field(record: Record) -> None:
    record["note"] = "not in the card"


def _changed(change: Callable[[Record], None]) -> Spoil:
    """A change of the record as a change of the line."""

    def spoil(line: bytes) -> bytes:
        record = json.loads(line)
        change(record)
        return json.dumps(record, ensure_ascii=False).encode()

    return spoil


def _deep(line: bytes) -> bytes:
    """A further member holds lists in lists."""
    return line[:-1] + b', "note": ' + b"[" * _DEPTH + b"]" * _DEPTH + b"}"


FAULTS: dict[str, Spoil] = {
    Reason.BLANK_LINE.value: lambda _: b"",
    Reason.INVALID_UTF8.value: _invalid_utf8,
    Reason.INVALID_JSON.value: _invalid_json,
    Reason.LINE_TOO_COMPLEX.value: _deep,
    Reason.TRUNCATED_LINE.value: _truncated_line,
    Reason.NOT_AN_OBJECT.value: lambda line: b"[" + line + b"]",
    Reason.DUPLICATE_KEY.value: _duplicate_key,
    Reason.MISSING_FIELD.value: _changed(_missing_field),
    Reason.WRONG_TYPE.value: _changed(_wrong_type),
    Reason.NOT_FINITE.value: _changed(_not_finite),
    Reason.SCORE_OUT_OF_RANGE.value: _changed(_score_out_of_range),
    Reason.NUMBER_OUT_OF_RANGE.value: _changed(_number_out_of_range),
    Reason.BAD_SAMPLE_ID.value: _changed(_bad_sample_id),
    Reason.UNEQUAL_LENGTHS.value: _changed(_unequal_lengths),
    Reason.NO_FRAMES.value: _changed(_no_frames),
    Reason.PROMPT_DIFFERS.value: _changed(_prompt_differs),
    Reason.UNKNOWN_FIELD.value: _changed(_unknown_field),
}
"""Reason code -> what makes a good line have that fault.

``truncated_line`` is one only on the last line of a file without a newline after it; anywhere else the same bytes
are ``invalid_json``. The faults of ``prompt_differs`` and ``unknown_field`` are warnings: their rows are kept.
"""

_SCORE_TABLES = set(SCORE_TABLES)
_TABLES_OF_FAULT: dict[str, set[str]] = {
    Reason.NOT_FINITE.value: set(JSONL_TABLES),
    Reason.SCORE_OUT_OF_RANGE.value: _SCORE_TABLES,
    Reason.NUMBER_OUT_OF_RANGE.value: {"edited_video_scores"},
    Reason.UNEQUAL_LENGTHS.value: {"edited_video_scores"},
    Reason.NO_FRAMES.value: {"edited_video_scores"},
}
"""Tables whose lines can have a fault, where not all can."""


def faults_of(table: str) -> dict[str, Spoil]:
    """The faults that a line read for ``table`` can have; ``annotations`` stands for the metadata JSONL.

    >>> "no_frames" in faults_of("edited_video_scores"), "no_frames" in faults_of("grounding_r1")
    (True, False)
    """
    return {
        reason: spoil
        for reason, spoil in FAULTS.items()
        if reason not in _TABLES_OF_FAULT or table in _TABLES_OF_FAULT[reason]
    }


def _change_number(record: Record, change: Callable[[float], object]) -> bool:
    """Whether there was a number to change: the first one among the scores, or else in the line."""
    return _change_first(record.get("editscore", record), change)


def _change_first(node: Any, change: Callable[[float], object]) -> bool:
    items = list(node.items() if isinstance(node, dict) else enumerate(node))
    for key, value in items:
        if isinstance(value, int | float):
            node[key] = change(value)
            return True
        if isinstance(value, dict | list) and _change_first(value, change):
            return True
    return False
