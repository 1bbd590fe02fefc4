"""Which members of a file the card does not name: told once a file, however many there are."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from sparkle_curation.spec.fields import Field, FieldType, ListOf, Scalar, Struct
from sparkle_curation.spec.licences import LICENCES_MEMBER

MAX_TOLD = 32
"""Members of a file that are told by name. A warning costs a row of the quarantine and a line of the log, so a file
whose every line has others must not have one for each."""

_MAX_PATH_CHARS = 200
_FURTHER_PATH = "$"


@dataclass(frozen=True)
class UnknownMember:
    """A member that the card does not name, and where it is.

    Attributes:
        path: its JSON path, cut where it is very long; ``$`` for all that are not told by name.
        name: what it is called in a message.
        first_line: line of the first row that has it.
        row_count: rows that have it.
    """

    path: str
    name: str
    first_line: int
    row_count: int


class UnknownMembers:
    """The unknown members of a file, noted row by row."""

    def __init__(self) -> None:
        self._lines: dict[str, array[int]] = {}
        self._further = array("i")

    def note(self, line: int, extras: str) -> None:
        """The row of ``line`` has these unknown members: JSON text of them by their path; licences of its own are known."""
        paths = {
            path if len(path) <= _MAX_PATH_CHARS else f"{path[:_MAX_PATH_CHARS]}…"
            for path in unknown_members([extras]) - {LICENCES_MEMBER}
        }
        for path in sorted(paths):
            if path in self._lines or len(self._lines) < MAX_TOLD:
                self._lines.setdefault(path, array("i")).append(line)
            elif not self._further or self._further[-1] != line:
                self._further.append(line)

    def told(self, retracted: Collection[int]) -> list[UnknownMember]:
        """The members to tell of, in the order in which they were met; rows of ``retracted`` lines do not count."""
        by_path = {**self._lines, _FURTHER_PATH: self._further}
        kept = {path: [line for line in lines if line not in retracted] for path, lines in by_path.items()}
        names = {_FURTHER_PATH: f"further members, beyond the {MAX_TOLD} told"}
        return [
            UnknownMember(path, names.get(path, path), lines[0], len(lines))
            for path, lines in kept.items()
            if lines
        ]


def plain_record(fields: tuple[Field, ...]) -> type[msgspec.Struct]:
    """The type of an object of these members and no others, at any depth; any of them may be null or absent.

    >>> plain = plain_record((Field("id", "string", "Sample id."),))
    >>> msgspec.json.decode('{"id": null}', type=plain) is not None
    True
    >>> msgspec.json.decode('{"id": "a", "note": 2}', type=plain)
    Traceback (most recent call last):
        ...
    msgspec.ValidationError: Object contains unknown field `note`
    """
    names = {f"member_{place}": field for place, field in enumerate(fields)}
    return msgspec.defstruct(
        "Plain",
        [(name, _shape(field.type) | None, None) for name, field in names.items()],
        rename={name: field.name for name, field in names.items()},
        forbid_unknown_fields=True,
        gc=False,  # a record is in no cycle, and following its parts takes longer than reading them
    )


_SHAPES: dict[Scalar, type] = {"string": str, "float64": float, "int32": int, "int64": int, "bool": bool}


def _shape(kind: FieldType) -> Any:
    """The type of a value."""
    if isinstance(kind, Struct):
        return plain_record(kind.fields)
    return list[_shape(kind.element) | None] if isinstance(kind, ListOf) else _SHAPES[kind]  # type: ignore[misc]


def unknown_members(extras: Iterable[str]) -> set[str]:
    """JSON paths of all unknown members, with list positions left out.

    >>> sorted(unknown_members(['{"$.editscore[3].x": 1}', '{"$.note": 2, "$.editscore[0].x": 1}']))
    ['$.editscore[...].x', '$.note']
    """
    return {re.sub(r"\[\d+\]", "[...]", path) for text in extras for path in json.loads(text)}
