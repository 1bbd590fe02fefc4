"""A field of a table, described once: its type, meaning, bounds and whether it may be missing.

From this one description follow the Arrow schema of the Parquet file, the strict decoder of a JSON line,
the bulk checks of a block, the expectations and the page ``docs/tables.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Scalar = Literal["string", "float64", "int32", "int64", "bool"]
"""``float`` is 64 bits, ``integer`` 32 bits, ``long`` 64 bits."""

_ARROW_SCALARS: dict[Scalar, pa.DataType] = {
    "string": pa.string(),
    "float64": pa.float64(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
}


@dataclass(frozen=True)
class Field:
    """One column of a table, or one member of a JSON object.

    Attributes:
        name: the published name, or ours with its unit.
        type: what a value is.
        description: one sentence for the reader of a table.
        is_optional: whether a value may be absent (null).
        minimum: smallest allowed value of the numbers in it, inclusive; None for no bound.
        maximum: largest allowed value, inclusive; None for no bound.
    """

    name: str
    type: FieldType
    description: str
    is_optional: bool = False
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Struct:
    """A JSON object with known members."""

    fields: tuple[Field, ...]


@dataclass(frozen=True)
class ListOf:
    """A JSON array whose elements are all of one type."""

    element: FieldType


FieldType = Scalar | Struct | ListOf


def arrow_type(field_type: FieldType) -> pa.DataType:
    """The Arrow type of a field type; nested lists and structs stay nested.

    >>> arrow_type(ListOf(ListOf("float64")))
    ListType(list<item: list<item: double>>)
    """
    if isinstance(field_type, ListOf):
        return pa.list_(arrow_type(field_type.element))
    if isinstance(field_type, Struct):
        return pa.struct([(field.name, arrow_type(field.type)) for field in field_type.fields])
    return _ARROW_SCALARS[field_type]


def arrow_schema(fields: tuple[Field, ...]) -> pa.Schema:
    """The Arrow schema of a table with these columns; each column carries its description as metadata."""
    return pa.schema(
        [
            pa.field(field.name, arrow_type(field.type), metadata={"description": field.description})
            for field in fields
        ]
    )


def walk(fields: tuple[Field, ...], prefix: str = "$") -> Iterator[tuple[str, Field]]:
    """Every field with its JSON path, parents before children.

    >>> inner = Field("overall", "float64", "a score")
    >>> [path for path, _ in walk((Field("editscore", ListOf(Struct((inner,))), "scores"),))]
    ['$.editscore', '$.editscore[...].overall']
    """
    for field in fields:
        path = f"{prefix}.{field.name}"
        yield path, field
        element = field.type
        while isinstance(element, ListOf):
            path, element = f"{path}[...]", element.element
        if isinstance(element, Struct):
            yield from walk(element.fields, path)
