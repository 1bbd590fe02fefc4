"""Nested columns taken apart keep what stands in which row."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkle_curation.expectations.columns.nested import Elements, exploded, lengths, rows_lacking
from sparkle_curation.spec.fields import Field, FieldType, ListOf, Struct

OBJECTS = ListOf(
    Struct(
        (
            Field("box", ListOf("float64"), ""),
            Field("label", "string", ""),
            Field("note", "string", "", is_optional=True),
        )
    )
)
DTYPE = pl.List(pl.Struct({"box": pl.List(pl.Float64), "label": pl.String, "note": pl.String}))
GOOD = {"box": [1.0, 2.0], "label": "dog", "note": None}

numbers = st.floats(allow_nan=False, allow_infinity=False)
lists = st.lists(st.none() | st.lists(st.none() | numbers, max_size=4), max_size=6)


@given(lists)
def test_every_element_is_found_once_in_its_row(values: list[Any]) -> None:
    """Absent and empty lists have none; absent elements are elements."""
    inside = Elements.of(pl.Series(values, dtype=pl.List(pl.Float64))).inside()
    expected = [(place, number) for place, row in enumerate(values) for number in row or []]
    assert inside.frame().rows() == expected


@given(lists)
def test_lengths_and_elements_add_up(values: list[Any]) -> None:
    """As many elements as the lengths say."""
    series = pl.Series(values, dtype=pl.List(pl.Float64))
    assert lengths(series).tolist() == [len(row or []) for row in values]
    assert len(exploded(series)) == lengths(series).sum()


def test_elements_are_counted_by_row() -> None:
    """A row without any has 0."""
    inside = Elements.of(pl.Series([[1.0, -1.0], [], [-1.0, -2.0]])).inside()
    assert inside.counted((inside.values < 0).to_numpy(), 3).to_list() == [1, 0, 2]


@pytest.mark.parametrize(
    "row",
    [
        None,
        [None],
        [GOOD, {**GOOD, "box": None}],
        [{**GOOD, "box": [1.0, None]}],
        [{**GOOD, "box": [float("nan")]}],
        [{**GOOD, "label": None}],
    ],
)
def test_what_is_absent_at_any_depth_is_found_in_its_row(row: object) -> None:
    """The rows beside it are not named."""
    column = pl.Series([[GOOD], row, [GOOD], []], dtype=DTYPE)
    assert lacking(column, OBJECTS) == {1}


def test_nothing_is_lacking_where_all_is_there() -> None:
    """An empty list is there, an optional member may be absent, and a table may be empty."""
    assert lacking(pl.Series([[GOOD], []], dtype=DTYPE), OBJECTS) == set()
    assert lacking(pl.Series([], dtype=DTYPE), OBJECTS) == set()


def lacking(column: pl.Series, field_type: FieldType) -> set[int]:
    """The rows that lack something."""
    return {row for rows in rows_lacking(Elements.of(column), field_type) for row in rows.tolist()}
