"""What is wrong with one JSON line, in the words of the quarantine; or nothing.

The slow, careful reader: it is asked only about lines that the bulk reader could not vouch for.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from sparkle_curation.ingest.jsonl.line_limits import excess
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.fields import Field, FieldType, ListOf, Scalar, Struct

_MAX_SHOWN = 80


class LineFaultError(Exception):
    """The line cannot be trusted: a reason code, the member at fault, and what was found there."""

    def __init__(self, reason: Reason, detail: str, json_path: str | None = None) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, _printable(detail)
        self.json_path = None if json_path is None else _printable(json_path)


def examine_line(line: bytes, fields: tuple[Field, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The line's record and its extra members by JSON path.

    Args:
        line: one line without its newline.
        fields: the members that the card names.

    Raises:
        LineFaultError: the line is blank, not UTF-8, past the bounds of ``line_limits``, not JSON, not an object,
            or a member is missing, of another type, not finite, outside its bounds, or named twice; or an unknown
            member could not be kept as it is.

    >>> examine_line(b'{"id": "a", "note": 1}', (Field("id", "string", "Sample id."),))
    ({'id': 'a'}, {'$.note': 1})
    """
    text = _text(line)
    # Asked first: what Python's parser does with deep nesting depends on how deep its caller stands.
    too_much = excess(line)
    if too_much:
        raise LineFaultError(Reason.LINE_TOO_COMPLEX, too_much)
    record = _decode(text)
    if not isinstance(record, dict):
        raise LineFaultError(Reason.NOT_AN_OBJECT, f"got {_shown(record)}, allowed a JSON object", "$")
    extras: dict[str, Any] = {}
    examined = _examine_struct(record, fields, "$", extras)
    for path, value in extras.items():
        _require_whole_pairs(path, path)
        _examine_extra(value, path)
    _decode(text, object_pairs_hook=_unique_members)  # last, for it takes several times as long as all else
    return examined, extras


# ------------------------------------------------------------------ JSON, strictly
def _text(line: bytes) -> str:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} of the line, 0x{line[error.start]:02x}, is not UTF-8"
        raise LineFaultError(Reason.INVALID_UTF8, detail) from error
    if not text.strip():
        raise LineFaultError(Reason.BLANK_LINE, "got an empty line, allowed one JSON object a line")
    return text


def _decode(text: str, **options: Any) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, **options)
    except json.JSONDecodeError as error:
        raise LineFaultError(Reason.INVALID_JSON, f"{error.msg} (character {error.pos + 1})") from error
    except ValueError as error:  # Python reads no integer of more than 4300 digits
        raise LineFaultError(Reason.NOT_FINITE, "an integer has too many digits to be read") from error


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise LineFaultError(Reason.DUPLICATE_KEY, f"the member {twice!r} stands twice in one object")
    return members


def _refuse_constant(constant: str) -> NoReturn:
    raise LineFaultError(Reason.NOT_FINITE, f"got {constant}, allowed a finite number")


# ------------------------------------------------------------------ the shape that the card gives
def _examine_struct(
    record: dict[str, Any], fields: tuple[Field, ...], path: str, extras: dict[str, Any]
) -> dict[str, Any]:
    known = {field.name for field in fields}
    extras.update({f"{path}.{name}": value for name, value in record.items() if name not in known})
    return {
        field.name: _examine_member(record.get(field.name), field, f"{path}.{field.name}", extras)
        for field in fields
    }


def _examine_member(value: Any, field: Field, path: str, extras: dict[str, Any]) -> Any:
    if value is None:
        if field.is_optional:
            return None
        raise LineFaultError(Reason.MISSING_FIELD, f"{path} is absent or null; it is required", path)
    return _examine_value(value, field.type, field, path, extras)


def _examine_value(value: Any, kind: FieldType, field: Field, path: str, extras: dict[str, Any]) -> Any:
    if isinstance(kind, ListOf):
        _require(isinstance(value, list), value, "a list", path)
        items = enumerate(value)
        return [
            _examine_value(item, kind.element, field, f"{path}[{index}]", extras) for index, item in items
        ]
    if isinstance(kind, Struct):
        _require(isinstance(value, dict), value, "an object", path)
        return _examine_struct(value, kind.fields, path, extras)
    return _EXAMINE_SCALAR[kind](value, field, path)


def _examine_extra(value: Any, path: str) -> None:
    """Refuse an unknown member that ``extra_fields`` could not hold, for what a known one is refused for."""
    if isinstance(value, str):
        _require_whole_pairs(value, path)
    elif isinstance(value, float):
        _require_finite(value, value, path)
    elif isinstance(value, list):
        for item in value:
            _examine_extra(item, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            _require_whole_pairs(name, path)
            _examine_extra(item, path)


def _examine_text(value: Any, _field: Field, path: str) -> str:
    _require(isinstance(value, str), value, "a text", path)
    _require_whole_pairs(value, path)
    return str(value)


def _examine_float(value: Any, field: Field, path: str) -> float:
    _require(isinstance(value, int | float) and not isinstance(value, bool), value, "a number", path)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    _require_finite(number, value, path)
    _require_in_bounds(number, field, path)
    return number


def _examine_integer(value: Any, field: Field, path: str, *, bits: int) -> int:
    _require(isinstance(value, int) and not isinstance(value, bool), value, "an integer", path)
    _require(-(2 ** (bits - 1)) <= value < 2 ** (bits - 1), value, f"an integer of {bits} bits", path)
    _require_in_bounds(value, field, path)
    return int(value)


def _examine_boolean(value: Any, _field: Field, path: str) -> bool:
    _require(isinstance(value, bool), value, "true or false", path)
    return bool(value)


_EXAMINE_SCALAR: dict[Scalar, Callable[[Any, Field, str], Any]] = {
    "string": _examine_text,
    "float64": _examine_float,
    "int32": partial(_examine_integer, bits=32),
    "int64": partial(_examine_integer, bits=64),
    "bool": _examine_boolean,
}


def _require(is_right: bool, value: Any, allowed: str, path: str) -> None:
    if not is_right:
        raise LineFaultError(Reason.WRONG_TYPE, f"{path}: got {_shown(value)}, allowed {allowed}", path)


def _require_whole_pairs(text: str, path: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LineFaultError(Reason.INVALID_UTF8, f"{path} holds half a surrogate pair", path) from error


def _require_finite(number: float, value: Any, path: str) -> None:
    if not math.isfinite(number):
        raise LineFaultError(Reason.NOT_FINITE, f"{path}: got {_shown(value)}, allowed a finite number", path)


def _require_in_bounds(value: float, field: Field, path: str) -> None:
    lower = -math.inf if field.minimum is None else field.minimum
    upper = math.inf if field.maximum is None else field.maximum
    if lower <= value <= upper:
        return
    reason = Reason.SCORE_OUT_OF_RANGE if field.type == "float64" else Reason.NUMBER_OUT_OF_RANGE
    raise LineFaultError(reason, f"{path}: got {value:g}, allowed {lower:g} to {upper:g}", path)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _printable(text: str) -> str:
    r"""The text with half a surrogate pair, which no UTF-8 file can hold, shown as ``\uNNNN``."""
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")
