"""The reader that the project's own is compared with: plain, slow, and written without a look at it."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from tests.ingest.made_lines import FIELDS, THEME

from sparkle_curation.spec.fields import Field, FieldType, ListOf, Struct


def plain_value(line: bytes, table: str) -> dict[str, Any] | None:
    """What a line is worth, found the plain way: its published members; None where it cannot be trusted."""
    try:
        record = json.loads(
            line.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant
        )
        members = _checked_struct(record, FIELDS[table])
        _check_text(json.dumps(record, ensure_ascii=False))
        json.dumps(record, allow_nan=False)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    name = members["id"]
    digits = name.removeprefix(f"Sparkle_{THEME}_")
    if len(name) - len(digits) != len(f"Sparkle_{THEME}_") or len(digits) != 6 or not _are_digits(digits):
        return None
    if "frame_indices" in members and not 0 < len(members["frame_indices"]) == len(members["editscore"]):
        return None
    return members


def plain_extras(line: bytes, table: str) -> dict[str, Any]:
    """The members of a trusted line that the card does not name, by their path, found the plain way."""

    def extras(value: Any, kind: FieldType, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if isinstance(kind, ListOf) and value is not None:
            for index, item in enumerate(value):
                found |= extras(item, kind.element, f"{path}[{index}]")
        elif isinstance(kind, Struct) and value is not None:
            kinds = {field.name: field.type for field in kind.fields}
            for name, item in value.items():
                below = f"{path}.{name}"
                found |= extras(item, kinds[name], below) if name in kinds else {below: item}
        return found

    return extras(json.loads(line), Struct(FIELDS[table]), "$")


def _are_digits(text: str) -> bool:
    return all(character in "0123456789" for character in text)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a member twice")
    return dict(pairs)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def _check_text(text: str) -> str:
    text.encode("utf-8")
    return text


def _checked_struct(record: Any, fields: tuple[Field, ...]) -> dict[str, Any]:
    if type(record) is not dict:
        raise TypeError("no object")
    return {field.name: _checked(_present(record, field), field.type, field) for field in fields}


def _present(record: dict[str, Any], field: Field) -> Any:
    value = record.get(field.name)
    if value is None and not field.is_optional:
        raise KeyError(field.name)
    return value


def _checked(value: Any, kind: FieldType, field: Field) -> Any:
    if value is None and kind is field.type and field.is_optional:
        return None
    if isinstance(kind, Struct):
        return _checked_struct(value, kind.fields)
    if isinstance(kind, ListOf):
        if type(value) is not list:
            raise TypeError("no list")
        return [_checked(item, kind.element, field) for item in value]
    if type(value) not in {"string": (str,), "float64": (int, float), "int32": (int,)}[kind]:
        raise TypeError("another type")
    return _check_text(value) if kind == "string" else _checked_number(value, kind, field)


def _checked_number(value: float, kind: FieldType, field: Field) -> float:
    number = float(value) if kind == "float64" else value
    lower = -math.inf if field.minimum is None else field.minimum
    upper = math.inf if field.maximum is None else field.maximum
    if (kind == "int32" and not -(2**31) <= number < 2**31) or not math.isfinite(number):
        raise ValueError("too many bits")
    if not lower <= number <= upper:
        raise ValueError("out of bounds")
    return number
